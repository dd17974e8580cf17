package integration_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

const (
	clientID     = "canary-client-id"
	clientSecret = "canary-client-secret"
)

// crmServer is the OAuth side of a CRM: it checks PKCE, rotates refresh tokens and,
// like Salesforce, revokes the whole authorization when an old one is shown again.
type crmServer struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	codes   map[string]url.Values // authorize request of each code
	access  map[string]bool       // access tokens that are good
	current string                // the refresh token that is good
	dead    map[string]bool       // refresh tokens that were rotated away
	issued  int

	tallies
	// extra is merged into each token answer.
	extra map[string]any
	// before runs before a token request is looked at.
	before func()
	// instead answers a token request in the server's stead when it returns true.
	instead func(w http.ResponseWriter, form url.Values) bool
	// after runs when a token request was honoured and before its answer is written;
	// when it returns true, it has written the answer.
	after func(w http.ResponseWriter) bool
}

// tallies is what happened so far.
type tallies struct {
	// exchanges and refreshes count the requests, returned the tokens given back.
	exchanges, refreshes, returned int
	// revoked says that the authorization has ended.
	revoked bool
}

func newCRM(t *testing.T) *crmServer {
	c := &crmServer{t: t, codes: map[string]url.Values{}, access: map[string]bool{}, dead: map[string]bool{}, extra: map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /services/oauth2/token", c.token)
	mux.HandleFunc("POST /services/oauth2/revoke", func(http.ResponseWriter, *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.returned++
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

// approve plays the consent page: it returns what the browser brings back.
func (c *crmServer) approve(authorizeURL string) (state, code string) {
	u, err := url.Parse(authorizeURL)
	require.NoError(c.t, err)
	require.Equal(c.t, c.URL+"/services/oauth2/authorize", u.Scheme+"://"+u.Host+u.Path)
	query := u.Query()
	require.Equal(c.t, "code", query.Get("response_type"))
	require.Equal(c.t, clientID, query.Get("client_id"))
	require.Equal(c.t, "S256", query.Get("code_challenge_method"))
	c.mu.Lock()
	defer c.mu.Unlock()
	code = fmt.Sprintf("canary-code-%d", len(c.codes))
	c.codes[code] = query
	return query.Get("state"), code
}

// accepts reports whether an access token is good, as the CRM's API would.
func (c *crmServer) accepts(token crm.Secret) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.access[token.Reveal()] && !c.revoked
}

// expire ends all access tokens.
func (c *crmServer) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.access = map[string]bool{}
}

// tally returns what happened so far.
func (c *crmServer) tally() tallies {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tallies
}

// set changes how the server behaves.
func (c *crmServer) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func (c *crmServer) token(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	before := c.before
	c.mu.Unlock()
	if before != nil {
		before()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_request", "unreadable form")
		return
	}
	form := r.PostForm
	if form.Get("grant_type") == "refresh_token" {
		c.refreshes++
	} else {
		c.exchanges++
	}
	if c.instead != nil && c.instead(w, form) {
		return
	}
	if form.Get("client_id") != clientID || form.Get("client_secret") != clientSecret {
		refuse(w, "invalid_client", "invalid client credentials")
		return
	}
	if problem := c.spend(form); problem != "" {
		refuse(w, "invalid_grant", problem)
		return
	}
	c.issued++
	access := fmt.Sprintf("00D000000000001!canary.access.%d", c.issued)
	c.current = fmt.Sprintf("5Aepcanary.refresh.%d", c.issued)
	c.access[access] = true
	if c.after != nil && c.after(w) {
		return
	}
	answer := map[string]any{
		"access_token": access, "refresh_token": c.current, "token_type": "Bearer", "scope": "refresh_token api openid",
		"instance_url": c.URL, "issued_at": "1762345678901",
	}
	for name, value := range c.extra {
		if answer[name] = value; value == nil {
			delete(answer, name)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// spend takes the grant, or says why not.
func (c *crmServer) spend(form url.Values) string {
	if form.Get("grant_type") == "refresh_token" {
		old := form.Get("refresh_token")
		switch {
		case c.dead[old]:
			c.revoked = true
			return "expired access/refresh token"
		case c.revoked || old != c.current:
			return "expired access/refresh token"
		}
		c.dead[old] = true
		return ""
	}
	asked, ok := c.codes[form.Get("code")]
	if !ok {
		return "invalid authorization code"
	}
	delete(c.codes, form.Get("code"))
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") {
		return "invalid code verifier"
	}
	if form.Get("redirect_uri") != asked.Get("redirect_uri") {
		return "redirect_uri must match"
	}
	c.revoked = false // a new authorization
	return ""
}

func refuse(w http.ResponseWriter, code, description string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description})
}

// drop ends the connection without an answer.
func drop(w http.ResponseWriter) bool {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = connection.Close()
	}
	return true
}
