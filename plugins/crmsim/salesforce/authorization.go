package salesforce

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// authorizations holds what users allowed the app to do, and the tokens that prove it.
type authorizations struct {
	clock    clockwork.Clock
	orgID    string
	tokenTTL time.Duration
	codeTTL  time.Duration
	limit    int // per user; negative means any number

	mu      sync.Mutex
	rotate  bool
	open    []*authorization // oldest first
	codes   map[string]*code
	access  map[string]session
	refresh map[string]*authorization // the current refresh tokens
	retired map[string]*authorization // rotated away; using one is an attack
	count   func(name string)         // notes what happened
}

// authorization is one user's approval of the app.
type authorization struct {
	login   login
	scopes  []string
	revoked bool
}

type session struct {
	authorization *authorization
	expires       time.Time
}

// code is an authorization code waiting to be redeemed.
type code struct {
	login                  login
	scopes                 []string
	redirectURI, challenge string
	expires                time.Time
	used                   bool
}

// tokens are what the token endpoint hands out; refresh is empty when there is no new one to hand out.
type tokens struct {
	login           login
	access, refresh string
	scopes          []string
}

func newAuthorizations(c Config, count func(name string)) *authorizations {
	return &authorizations{
		clock: c.Clock, orgID: c.OrgID, tokenTTL: c.AccessTokenTTL, codeTTL: c.CodeTTL, limit: c.MaxAuthorizations,
		rotate: c.RotateRefreshTokens, codes: map[string]*code{}, access: map[string]session{},
		refresh: map[string]*authorization{}, retired: map[string]*authorization{}, count: count,
	}
}

// opaque makes an unguessable token of n random bytes.
func opaque(prefix string, n int) string {
	random := make([]byte, n)
	_, _ = rand.Read(random) // never fails since Go 1.24
	return prefix + base64.RawURLEncoding.EncodeToString(random)
}

// issueCode remembers an approval and returns the code that proves it.
func (a *authorizations) issueCode(who login, scopes []string, redirectURI, challenge string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock.Now()
	for value, c := range a.codes {
		if now.Sub(c.expires) > time.Hour {
			delete(a.codes, value)
		}
	}
	value := opaque("aPrx", 48)
	a.codes[value] = &code{login: who, scopes: scopes, redirectURI: redirectURI, challenge: challenge, expires: now.Add(a.codeTTL)}
	return value
}

// redeem exchanges a code for tokens, once.
func (a *authorizations) redeem(value, redirectURI, verifier string) (tokens, *oauthError) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok := a.codes[value]
	switch {
	case !ok:
		return tokens{}, badGrant("invalid authorization code")
	case c.used || a.clock.Now().After(c.expires):
		return tokens{}, badGrant("expired authorization code")
	case c.redirectURI != redirectURI:
		return tokens{}, &oauthError{Code: "redirect_uri_mismatch", Description: "redirect_uri must match configuration"}
	case !verifies(c.challenge, verifier):
		return tokens{}, badGrant("invalid code verifier")
	}
	c.used = true
	a.count(control.CountCodesRedeemed)
	granted := &authorization{login: c.login, scopes: c.scopes}
	a.open = append(a.open, granted)
	for own := a.openOf(c.login); a.limit > 0 && len(own) > a.limit; own = own[1:] {
		a.revokeLocked(own[0])
	}
	issued := tokens{login: granted.login, access: a.newAccess(granted), scopes: granted.scopes}
	if slices.Contains(c.scopes, "refresh_token") || slices.Contains(c.scopes, "offline_access") {
		issued.refresh = a.newRefresh(granted)
	}
	return issued, nil
}

// openOf lists a user's authorizations, the oldest first.
func (a *authorizations) openOf(who login) []*authorization {
	var own []*authorization
	for _, open := range a.open {
		if open.login == who {
			own = append(own, open)
		}
	}
	return own
}

// verifies checks a PKCE verifier against an S256 challenge. Without a challenge nothing needs to be shown.
func verifies(challenge, verifier string) bool {
	if challenge == "" {
		return true
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// renew exchanges a refresh token for an access token. With rotation on, the refresh token is replaced; using a
// replaced one revokes the whole authorization, because either the caller or a thief holds a stolen token.
func (a *authorizations) renew(value string) (tokens, *oauthError) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if stolen, ok := a.retired[value]; ok {
		if !stolen.revoked {
			a.count(control.CountRefreshTokenReuses)
			a.revokeLocked(stolen)
		}
		return tokens{}, badGrant("expired access/refresh token")
	}
	granted, ok := a.refresh[value]
	if !ok {
		return tokens{}, badGrant("expired access/refresh token")
	}
	a.count(control.CountTokenRefreshes)
	issued := tokens{login: granted.login, access: a.newAccess(granted), scopes: granted.scopes}
	if a.rotate {
		delete(a.refresh, value)
		a.retired[value] = granted
		issued.refresh = a.newRefresh(granted)
	}
	return issued, nil
}

func (a *authorizations) newAccess(granted *authorization) string {
	now := a.clock.Now()
	if len(a.access) > 4096 {
		for value, s := range a.access {
			if now.After(s.expires) {
				delete(a.access, value)
			}
		}
	}
	value := opaque(a.orgID[:15]+"!AQ", 60)
	a.access[value] = session{granted, now.Add(a.tokenTTL)}
	return value
}

func (a *authorizations) newRefresh(granted *authorization) string {
	value := opaque("5Aep861", 48)
	a.refresh[value] = granted
	return value
}

// session finds the authorization behind an access token that is still good.
func (a *authorizations) session(value string) (*authorization, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.access[value]
	if !ok || s.authorization.revoked || a.clock.Now().After(s.expires) {
		return nil, false
	}
	return s.authorization, true
}

// tokenFacts are what introspection tells of a token that is good; expires is zero for refresh tokens.
type tokenFacts struct {
	login   login
	kind    string
	scopes  []string
	expires time.Time
}

// introspect looks at a token without using it.
func (a *authorizations) introspect(value string) (tokenFacts, bool) {
	a.count(control.CountIntrospections)
	if granted, ok := a.session(value); ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		return tokenFacts{granted.login, "access_token", granted.scopes, a.access[value].expires}, true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if granted, ok := a.refresh[value]; ok {
		return tokenFacts{login: granted.login, kind: "refresh_token", scopes: granted.scopes}, true
	}
	return tokenFacts{}, false
}

// revokeToken ends one access token, or with a refresh token the whole authorization.
func (a *authorizations) revokeToken(value string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count(control.CountRevokeCalls)
	if _, ok := a.access[value]; ok {
		delete(a.access, value)
		return true
	}
	granted, ok := a.refresh[value]
	if ok {
		a.revokeLocked(granted)
	}
	return ok
}

func (a *authorizations) revokeLocked(granted *authorization) {
	granted.revoked = true
	a.count(control.CountAuthorizationsRevoked)
	a.open = slices.DeleteFunc(a.open, func(other *authorization) bool { return other == granted })
	for value, other := range a.refresh {
		if other == granted {
			delete(a.refresh, value)
		}
	}
	for value, s := range a.access {
		if s.authorization == granted {
			delete(a.access, value)
		}
	}
}

// killAccess ends every access token; refresh tokens stay good.
func (a *authorizations) killAccess() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.access)
	clear(a.access)
	return n
}

// revokeAll does what an administrator does with "Revoke all" on the app: access and refresh tokens are dead.
func (a *authorizations) revokeAll() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.open)
	for len(a.open) > 0 {
		a.revokeLocked(a.open[0])
	}
	return n
}

func (a *authorizations) setRotation(on bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rotate = on
}

// rotates says whether refresh tokens are replaced when they are used.
func (a *authorizations) rotates() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rotate
}

// opened counts the authorizations that are not revoked.
func (a *authorizations) opened() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.open)
}
