package integration_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connect "github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// vendor is an OAuth server that answers what a test says, and remembers what it
// was asked.
type vendor struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []asked
	answer func(path string, form url.Values) (status int, body map[string]any)
}

type asked struct {
	path string
	form url.Values
}

func newVendor(t *testing.T, answer func(path string, form url.Values) (int, map[string]any)) *vendor {
	t.Helper()
	v := &vendor{answer: answer}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		v.mu.Lock()
		defer v.mu.Unlock()
		v.asked = append(v.asked, asked{path: r.URL.Path, form: r.PostForm})
		status, body := v.answer(r.URL.Path, r.PostForm)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}))
	t.Cleanup(v.Close)
	return v
}

// set changes what the server answers.
func (v *vendor) set(answer func(path string, form url.Values) (int, map[string]any)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answer = answer
}

// requests are what was asked so far.
func (v *vendor) requests() []asked {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]asked{}, v.asked...)
}

// entra describes a CRM whose address only the configuration tells.
func entra() crm.Manifest {
	return crm.Manifest{
		Name: "dynamics365", Title: "Dynamics 365", AllowedHosts: []string{"login.microsoftonline.com", "*.crm.dynamics.com"},
		ConfigSchema: json.RawMessage(`{"type":"object","additionalProperties":false,"required":["environmentUrl"],"properties":{
			"environmentUrl":{"type":"string","title":"Environment URL","description":"Its address, such as https://contoso.crm.dynamics.com.","format":"uri","pattern":"^https://"},
			"tenant":{"type":"string","default":"organizations"},
			"region":{"type":"string","pattern":"^[a-z]{4}$"},
			"password":{"type":"string","writeOnly":true}}}`),
		Environments: []crm.EnvironmentSpec{{Environment: crm.Production, OAuth: crm.OAuthSpec{
			AuthorizeURL: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
			TokenURL:     "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
			Scopes:       []string{"{environmentUrl}/user_impersonation", "offline_access", "openid"}, PKCE: true, Endpoint: "{environmentUrl}",
			Grants:                  []crm.GrantType{crm.GrantAuthorizationCode, crm.GrantClientCredentials},
			ClientCredentialsScopes: []string{"{environmentUrl}/.default"}, RevokedCodes: []string{"interaction_required"}, RetryCodes: []string{"90015"},
		}}},
	}
}

// hubspot describes a CRM that offers introspection and optional scopes.
func hubspot() crm.Manifest {
	return crm.Manifest{
		Name: "hubspot", Title: "HubSpot", AllowedHosts: []string{"app.hubspot.com", "api.hubapi.com"},
		Environments: []crm.EnvironmentSpec{{Environment: crm.Production, OAuth: crm.OAuthSpec{
			AuthorizeURL: "https://app.hubspot.com/oauth/authorize", TokenURL: "https://api.hubapi.com/oauth/v3/token",
			IntrospectURL: "https://api.hubapi.com/oauth/introspect", Endpoint: "https://api.hubapi.com",
			Scopes: []string{"oauth", "contacts.read"}, OptionalScopes: []string{"leads.read"}, RevokedCodes: []string{"BAD_REFRESH_TOKEN"},
		}}},
	}
}

// use makes the house's Service talk to another vendor's connector.
func (h *house) use(manifest crm.Manifest, server *vendor) {
	h.t.Helper()
	h.connectors.manifest = manifest
	slot := connect.Slot(manifest.Name, crm.Production)
	client, err := netguard.New(netguard.Config{Allow: []string{server.Listener.Addr().String()}, Timeout: 5 * time.Second})
	require.NoError(h.t, err)
	h.remake(func(c *connect.Config) {
		c.HTTP = client
		c.Endpoints = map[string]string{slot: server.URL}
		c.OAuthClients = map[string]connect.OAuthClient{slot: {ID: clientID, Secret: clientSecret}}
	})
}

func tokenFor(form url.Values) (int, map[string]any) {
	return http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": 3599, "access_token": "canary.access", "refresh_token": "canary.refresh", "scope": form.Get("scope"),
	}
}

func TestAConfigurationFillsURLsAndScopes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		server := newVendor(t, func(_ string, form url.Values) (int, map[string]any) { return tokenFor(form) })
		h.use(entra(), server)
		config := json.RawMessage(`{"environmentUrl":"https://contoso.crm.dynamics.com/"}`)
		started, err := h.Start(h.ctx, connect.StartInput{Connector: "dynamics365", Environment: crm.Production, Config: config, IdempotencyKey: h.key()})
		require.NoError(t, err)
		link, err := url.Parse(started.SignInURL)
		require.NoError(t, err)
		redirect, cookie, err := h.OpenSignIn(t.Context(), link.Query().Get("ticket"))
		require.NoError(t, err)
		authorize, err := url.Parse(redirect)
		require.NoError(t, err)
		require.Equal(t, "/organizations/oauth2/v2.0/authorize", authorize.Path)
		require.Equal(t, "https://contoso.crm.dynamics.com/user_impersonation offline_access openid", authorize.Query().Get("scope"))
		_, err = h.Callback(t.Context(), connect.CallbackInput{State: authorize.Query().Get("state"), Code: "code", BrowserCookie: cookie})
		require.NoError(t, err)
		row := h.row(started.IntegrationID)
		require.Equal(t, server.URL, row.Endpoint)
		require.JSONEq(t, string(config), string(row.Config))
		h.requireNoSecrets()
	})
}

func TestAConfigurationThatIsWrongChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		h.use(entra(), newVendor(t, func(_ string, form url.Values) (int, map[string]any) { return tokenFor(form) }))
		for config, want := range map[string]struct {
			code fault.Code
			text string
		}{
			``:                     {fault.BadInput, "environmentUrl"},
			`[]`:                   {fault.BadInput, "JSON object"},
			`{"environmentUrl":7}`: {fault.BadInput, "config.environmentUrl"},
			`{"environmentUrl":"http://contoso.crm.dynamics.com"}`: {fault.BadInput, "config.environmentUrl: the value does not have the form that is wanted. " +
				"Environment URL: Its address, such as https://contoso.crm.dynamics.com."},
			`{"environmentUrl":"contoso"}`:                                {fault.BadInput, "wanted. Environment URL: Its address"},
			`{"environmentUrl":"https://c.crm.dynamics.com","region":""}`: {fault.BadInput, "config.region: the value does not have the form that is wanted."},
			`{"environmentUrl":"`:                                         {fault.BadInput, "JSON object"},
			`{"surprise":"x"}`:                                            {fault.BadInput, "config"},
			`{"environmentUrl":"https://contoso.crm.dynamics.com","password":"secret"}`:                 {fault.ConnectorUnsupported, "password"},
			`{"environmentUrl":"https://contoso.crm.dynamics.com/path"}`:                                {fault.BadInput, "https://host"},
			`{"environmentUrl":"https://user@contoso.crm.dynamics.com"}`:                                {fault.BadInput, "https://host"},
			`{"environmentUrl":"https://evil.example"}`:                                                 {fault.HostBlocked, "evil.example"},
			`{"environmentUrl":"https://crm.dynamics.com.evil.example"}`:                                {fault.HostBlocked, "evil.example"},
			`{"environmentUrl":"https://contoso.crm.dynamics.com:8443@evil.example"}`:                   {fault.BadInput, "https://host"},
			`{"environmentUrl":"https://c.crm.dynamics.com","x":"` + strings.Repeat("x", 20_000) + `"}`: {fault.BadInput, "bytes"},
		} {
			_, err := h.Start(h.ctx, connect.StartInput{Connector: "dynamics365", Environment: crm.Production, Config: json.RawMessage(config), IdempotencyKey: h.key()})
			require.True(t, fault.Is(err, want.code), "%s: %v", config, err)
			require.ErrorContains(t, err, want.text, config)
			require.NotContains(t, err.Error(), "^", "no regular expression")
		}
		_, err := h.Start(h.ctx, connect.StartInput{
			Connector: "dynamics365", Environment: crm.Production, IdempotencyKey: h.key(), Grant: "PASSWORD",
			Config: json.RawMessage(`{"environmentUrl":"https://contoso.crm.dynamics.com"}`),
		})
		require.True(t, fault.Is(err, fault.ConnectorUnsupported), "%v", err)
		require.Zero(t, s.Read().Integration.Query().CountX(h.ctx))
	})
}

// A tenant is one path segment, whatever it holds.
func TestAPropertyCannotLeaveItsSegment(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		server := newVendor(t, func(_ string, form url.Values) (int, map[string]any) { return tokenFor(form) })
		h.use(entra(), server)
		_, err := h.Start(h.ctx, connect.StartInput{
			Connector: "dynamics365", Environment: crm.Production, IdempotencyKey: h.key(), Grant: crm.GrantClientCredentials,
			Config: json.RawMessage(`{"environmentUrl":"https://contoso.crm.dynamics.com","tenant":"../../x?y=z#"}`),
		})
		require.NoError(t, err)
		require.Equal(t, "/../../x?y=z#/oauth2/v2.0/token", server.requests()[0].path)
	})
}

func TestAnAppSignsInAsItself(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		server := newVendor(t, func(_ string, form url.Values) (int, map[string]any) {
			status, body := tokenFor(form)
			delete(body, "refresh_token")
			return status, body
		})
		h.use(entra(), server)
		in := connect.StartInput{
			Connector: "dynamics365", Environment: crm.Production, IdempotencyKey: h.key(), Grant: crm.GrantClientCredentials,
			Config: json.RawMessage(`{"environmentUrl":"https://contoso.crm.dynamics.com","tenant":"contoso"}`),
		}
		started, err := h.Start(h.ctx, in)
		require.NoError(t, err)
		require.Empty(t, started.SignInURL)
		require.Equal(t, crm.IntegrationOnboarding, h.row(started.IntegrationID).State)
		again, err := h.Start(h.ctx, in)
		require.NoError(t, err)
		require.Equal(t, started, again)
		first := server.requests()
		require.Len(t, first, 1, "the same key asks for no other token")
		require.Equal(t, "/contoso/oauth2/v2.0/token", first[0].path)
		require.Equal(t, "https://contoso.crm.dynamics.com/.default", first[0].form.Get("scope"))

		// A token near its end is asked for again, the same way.
		clock.Advance(time.Hour)
		require.NoError(t, h.Call(h.ctx, started.IntegrationID, func(context.Context, string, crm.Target) error { return nil }))
		renewed := server.requests()
		require.Len(t, renewed, 2)
		require.Equal(t, "client_credentials", renewed[1].form.Get("grant_type"))
		require.Empty(t, renewed[1].form.Get("refresh_token"))
		h.requireNoSecrets()
	})
}

func TestAnAppThatCannotSignInLeavesADraftWithTheReason(t *testing.T) {
	t.Parallel()
	const noTenant = "AADSTS90002: Tenant 'contoso' not found."
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		for _, c := range []struct {
			status int
			body   map[string]any
			want   fault.Code
			says   string
		}{
			{http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_codes": []int{7000215}}, fault.OAuthClientMissing, "invalid_client"},
			{http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_codes": []int{90002}, "error_description": noTenant}, fault.CRMInvalidRequest, noTenant[:len(noTenant)-1]},
		} {
			h := newHouse(t, s)
			h.use(entra(), newVendor(t, func(string, url.Values) (int, map[string]any) { return c.status, c.body }))
			_, err := h.Start(h.ctx, connect.StartInput{
				Connector: "dynamics365", Environment: crm.Production, IdempotencyKey: h.key(), Grant: crm.GrantClientCredentials,
				Config: json.RawMessage(`{"environmentUrl":"https://contoso.crm.dynamics.com","tenant":"contoso"}`),
			})
			require.True(t, fault.Is(err, c.want), "%v", err)
			found, _ := fault.From(err)
			require.Contains(t, found.WhatToDo(), "configuration, too: config.tenant, config.environmentUrl.")
			row := s.Read().Integration.Query().OnlyX(h.ctx)
			require.Equal(t, crm.IntegrationDraft, row.State)
			require.Contains(t, row.StateReason, c.says)
		}
	})
}

func TestTheManifestsCodesOfRefusedTokens(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		for name, c := range map[string]struct {
			manifest crm.Manifest
			body     map[string]any
			want     fault.Code
		}{
			"interaction":   {entra(), map[string]any{"error": "interaction_required", "error_codes": []int{50076}}, fault.CRMGrantRevoked},
			"throttled":     {entra(), map[string]any{"error": "invalid_grant", "error_codes": []int{90015}}, fault.CRMUnavailable},
			"without error": {hubspot(), map[string]any{"status": "BAD_REFRESH_TOKEN", "message": "gone"}, fault.CRMGrantRevoked},
			"unknown":       {hubspot(), map[string]any{"status": "BAD_DAY"}, fault.CRMInvalidRequest},
		} {
			h := newHouse(t, s)
			server := newVendor(t, func(path string, form url.Values) (int, map[string]any) {
				if strings.HasSuffix(path, "introspect") {
					return http.StatusOK, map[string]any{"active": true}
				}
				return tokenFor(form)
			})
			h.use(c.manifest, server)
			id := h.signIn(c.manifest.Name)
			server.set(func(string, url.Values) (int, map[string]any) { return http.StatusBadRequest, c.body })
			clock.Advance(2 * time.Hour)
			err := h.Call(h.ctx, id, func(context.Context, string, crm.Target) error { return nil })
			require.True(t, fault.Is(err, c.want), "%s: %v", name, err)
		}
	})
}

// signIn connects the connector in use through a browser.
func (h *house) signIn(connector string) string {
	h.t.Helper()
	in := connect.StartInput{Connector: connector, Environment: crm.Production, IdempotencyKey: h.key()}
	if connector == "dynamics365" {
		in.Config = json.RawMessage(`{"environmentUrl":"https://contoso.crm.dynamics.com"}`)
	}
	started, err := h.Start(h.ctx, in)
	require.NoError(h.t, err)
	link, err := url.Parse(started.SignInURL)
	require.NoError(h.t, err)
	redirect, cookie, err := h.OpenSignIn(h.t.Context(), link.Query().Get("ticket"))
	require.NoError(h.t, err)
	authorize, err := url.Parse(redirect)
	require.NoError(h.t, err)
	_, err = h.Callback(h.t.Context(), connect.CallbackInput{State: authorize.Query().Get("state"), Code: "code", BrowserCookie: cookie})
	require.NoError(h.t, err)
	return started.IntegrationID
}

func TestTheHostIntrospectsForCallsThatJudgeAToken(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		inactive := false
		var server *vendor
		answer := func(path string, form url.Values) (int, map[string]any) {
			if !strings.HasSuffix(path, "introspect") {
				inactive = false
				return tokenFor(form)
			}
			return http.StatusOK, map[string]any{
				"active": !inactive, "token_use": "access_token", "hub_id": 42, "scopes": []string{"oauth", "contacts.read"},
				"access_token": "canary.access", "signed_access_token": map[string]any{"isUserLevel": true, "signature": "canary.access"},
			}
		}
		server = newVendor(t, answer)
		h.use(hubspot(), server)
		id := h.signIn("hubspot")
		authorized := server.requests()
		require.Len(t, authorized, 2, "the token, and whose it is")
		require.Equal(t, "canary.access", authorized[1].form.Get("token"))
		require.Equal(t, clientSecret, authorized[1].form.Get("client_secret"))

		var seen []json.RawMessage
		call := func(_ context.Context, _ string, target crm.Target) error {
			seen = append(seen, target.Introspection)
			return nil
		}
		require.NoError(t, h.Call(h.ctx, id, call))
		require.Empty(t, seen[0], "an ordinary call asks for nothing")
		require.NoError(t, h.Introspecting().Call(h.ctx, id, call))
		require.JSONEq(t, `{"active":true,"token_use":"access_token","hub_id":42,"scopes":["oauth","contacts.read"],"signed_access_token":{"isUserLevel":true}}`, string(seen[1]))

		// A token that has ended is refreshed before the call is made.
		server.mu.Lock()
		inactive = true
		server.mu.Unlock()
		require.NoError(t, h.Introspecting().Call(h.ctx, id, call))
		require.Len(t, seen, 3)
		h.requireNoSecrets()
	})
}

func TestAnIntrospectionThatFailsIsNeverARefusedToken(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		for name, c := range map[string]struct {
			status int
			body   map[string]any
			want   fault.Code
		}{
			"down":      {http.StatusBadGateway, nil, fault.CRMBadResponse},
			"limited":   {http.StatusTooManyRequests, nil, fault.CRMRateLimited},
			"our fault": {http.StatusBadRequest, map[string]any{"error": "invalid_client"}, fault.OAuthClientMissing},
			"nonsense":  {http.StatusOK, map[string]any{"hello": "world"}, fault.CRMBadResponse},
		} {
			h := newHouse(t, s)
			server := newVendor(t, func(path string, form url.Values) (int, map[string]any) {
				if strings.HasSuffix(path, "introspect") {
					return http.StatusOK, map[string]any{"active": true}
				}
				return tokenFor(form)
			})
			h.use(hubspot(), server)
			id := h.signIn("hubspot")
			server.set(func(string, url.Values) (int, map[string]any) { return c.status, c.body })
			err := h.Introspecting().Call(h.ctx, id, func(context.Context, string, crm.Target) error { return nil })
			require.True(t, fault.Is(err, c.want), "%s: %v", name, err)
			require.Equal(t, crm.IntegrationOnboarding, h.row(id).State, name)
		}
	})
}
