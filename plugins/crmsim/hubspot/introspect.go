package hubspot

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// introspection says what a token is good for.
type introspection struct {
	Active    bool     `json:"active"`
	TokenUse  string   `json:"token_use"`
	TokenType string   `json:"token_type"`
	HubID     int64    `json:"hub_id"`
	UserID    int64    `json:"user_id"`
	AppID     int64    `json:"app_id"`
	ClientID  string   `json:"client_id"`
	User      string   `json:"user"`
	HubDomain string   `json:"hub_domain"`
	Scopes    []string `json:"scopes"`
	ExpiresIn int      `json:"expires_in,omitempty"` // refresh tokens do not expire
	Private   bool     `json:"is_private_distribution"`
	Signed    signed   `json:"signed_access_token"`
}

// signed is the content of the signed token inside the answers about tokens.
type signed struct {
	ExpiresAt      int64  `json:"expiresAt"`
	Scopes         string `json:"scopes"`
	HubID          int64  `json:"hubId"`
	UserID         int64  `json:"userId"`
	AppID          int64  `json:"appId"`
	Signature      string `json:"signature"`
	ScopeToScope   string `json:"scopeToScopeGroupPks"`
	NewSignature   string `json:"newSignature"`
	Hublet         string `json:"hublet"`
	TrialScopes    string `json:"trialScopes"`
	TrialScopePks  string `json:"trialScopeToScopeGroupPks"`
	UserLevel      bool   `json:"isUserLevel"`
	InstallingUser int64  `json:"installingUserId"`
	ServiceAccount bool   `json:"isServiceAccount"`
	Distribution   bool   `json:"isPrivateDistribution"`
}

// introspect serves POST …/token/introspect for access and refresh tokens.
func (s *Simulator) introspect(r *http.Request) reply {
	if wrong := s.readForm(r); wrong != nil {
		return wrong.reply()
	}
	s.journal.Bump(control.CountIntrospections)
	value, now := formToken(r), s.config.Clock.Now()
	answer := introspection{Active: true, TokenType: "bearer", ClientID: s.config.ClientID, AppID: s.config.AppID}
	var held *grant
	if found, ok := s.grants.session(value); ok && (found.expires.IsZero() || now.Before(found.expires)) && !found.grant.private {
		held, answer.TokenUse, answer.ExpiresIn = found.grant, "access_token", int(found.expires.Sub(now)/time.Second)
		answer.Signed = s.signed(held, found.expires)
	} else if found, ok := s.grants.held(value); ok {
		held, answer.TokenUse = found, "refresh_token"
		answer.Signed = s.signed(held, now.Add(s.config.AccessTokenTTL))
	} else {
		return jsonReply(http.StatusOK, map[string]bool{"active": false})
	}
	answer.HubID, answer.UserID, answer.Scopes = held.portal, held.user, s.grants.inForce(held)
	answer.User, answer.HubDomain = s.installer(), hubDomain
	return jsonReply(http.StatusOK, answer)
}

const hubDomain = world.MailDomain

// installer is the mail address of the user who installed the app.
func (s *Simulator) installer() string { return s.store.world.User(0).Email }

func (s *Simulator) signed(held *grant, expires time.Time) signed {
	return signed{
		ExpiresAt: expires.UnixMilli(), Scopes: "simulated", HubID: held.portal, UserID: held.user, AppID: s.config.AppID,
		Signature: "simulated", ScopeToScope: "simulated", NewSignature: "simulated", Hublet: "na1",
		UserLevel: s.portal.userLevel(), InstallingUser: held.user,
	}
}

// tokenInfo is the older answer about an access token.
type tokenInfo struct {
	Token     string   `json:"token"`
	User      string   `json:"user"`
	HubDomain string   `json:"hub_domain"`
	Scopes    []string `json:"scopes"`
	Signed    signed   `json:"signed_access_token"`
	TokenType string   `json:"token_type"`
	UserID    int64    `json:"user_id"`
	Private   bool     `json:"is_private_distribution"`
	HubID     int64    `json:"hub_id"`
	ExpiresIn int      `json:"expires_in"`
	AppID     int64    `json:"app_id"`
}

// accessTokenInfo serves GET /oauth/v1/access-tokens/{token}: whoever knows a token may ask about it.
func (s *Simulator) accessTokenInfo(r *http.Request) reply {
	s.journal.Bump(control.CountIntrospections)
	value, now := lastSegment(r), s.config.Clock.Now()
	found, ok := s.grants.session(value)
	if !ok || found.grant.private || now.After(found.expires) {
		return failure(http.StatusNotFound, "OBJECT_NOT_FOUND", "access token not found")
	}
	return jsonReply(http.StatusOK, tokenInfo{
		Token: value, User: s.installer(), HubDomain: hubDomain, Scopes: s.grants.inForce(found.grant),
		Signed: s.signed(found.grant, found.expires), TokenType: "access", UserID: found.grant.user,
		HubID: found.grant.portal, ExpiresIn: int(found.expires.Sub(now) / time.Second), AppID: s.config.AppID,
	})
}

// refreshTokenInfo serves GET /oauth/v1/refresh-tokens/{token}.
func (s *Simulator) refreshTokenInfo(r *http.Request) reply {
	value := lastSegment(r)
	held, ok := s.grants.held(value)
	if !ok {
		return failure(http.StatusNotFound, "OBJECT_NOT_FOUND", "refresh token not found")
	}
	return jsonReply(http.StatusOK, map[string]any{
		"token": value, "user": s.installer(), "hub_domain": hubDomain, "scopes": s.grants.inForce(held),
		"token_type": "refresh", "user_id": held.user, "hub_id": held.portal, "client_id": s.config.ClientID,
	})
}

// privateTokenInfo serves the token info of private apps.
func (s *Simulator) privateTokenInfo(r *http.Request) reply {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxForm))
	if err != nil {
		return badJSON(err)
	}
	var body struct {
		TokenKey string `json:"tokenKey"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return badJSON(err)
	}
	s.journal.Bump(control.CountIntrospections)
	found, ok := s.grants.session(body.TokenKey)
	if !ok || !found.grant.private {
		return failure(http.StatusNotFound, "OBJECT_NOT_FOUND", "private app token not found")
	}
	return jsonReply(http.StatusOK, map[string]any{
		"userId": found.grant.user, "hubId": found.grant.portal, "appId": s.config.AppID + 1,
		"scopes": s.grants.inForce(found.grant),
	})
}
