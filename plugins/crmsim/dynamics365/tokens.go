package dynamics365

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Entra error codes that a refresh token can end with.
const (
	codeRevoked      = 50173  // the grant was revoked
	codeIdle         = 700082 // unused for too long
	codeInvalidGrant = 70000
)

// SecretState says what is the matter with the client secret.
type SecretState string

// The states of the client secret.
const (
	SecretValid   SecretState = "VALID"
	SecretExpired SecretState = "EXPIRED" // AADSTS7000222
	SecretRotated SecretState = "ROTATED" // the known one is wrong now: AADSTS7000215
)

// session is what an access token stands for.
type session struct {
	audience string
	appOnly  bool
	expires  time.Time
}

// grant is an approval by a user. ended is the error code that its refresh tokens meet, 0 while it is good.
type grant struct {
	scopes   []string
	resource string
	ended    int
}

type code struct {
	grant                  *grant
	redirectURI, challenge string
	expires                time.Time
	used                   bool
}

// tokens is Entra's memory: codes, access and refresh tokens.
type tokens struct {
	clock    clockwork.Clock
	tenantID string
	tokenTTL time.Duration
	codeTTL  time.Duration

	mu      sync.Mutex
	secret  SecretState
	codes   map[string]*code
	access  map[string]session
	refresh map[string]*grant
	grants  []*grant
}

func newTokens(c Config) *tokens {
	return &tokens{
		clock: c.Clock, tenantID: c.TenantID, tokenTTL: c.AccessTokenTTL, codeTTL: c.CodeTTL, secret: SecretValid,
		codes: map[string]*code{}, access: map[string]session{}, refresh: map[string]*grant{},
	}
}

// opaque makes an unguessable text.
func opaque(prefix string, n int) string {
	random := make([]byte, n)
	_, _ = rand.Read(random) // never fails since Go 1.24
	return prefix + base64.RawURLEncoding.EncodeToString(random)
}

func (t *tokens) issueCode(g grant, redirectURI, challenge string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	value := opaque("0.AX", 48)
	t.codes[value] = &code{grant: &g, redirectURI: redirectURI, challenge: challenge, expires: t.clock.Now().Add(t.codeTTL)}
	return value
}

// redeem exchanges a code, once.
func (t *tokens) redeem(value, redirectURI, verifier string) (*grant, *entraError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.codes[value]
	switch {
	case !ok:
		return nil, badGrant(codeInvalidGrant, "The provided value for the 'code' parameter is not valid.")
	case c.used:
		return nil, badGrant(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.")
	case t.clock.Now().After(c.expires):
		return nil, badGrant(70008, "The provided authorization code or refresh token has expired due to inactivity.")
	case c.redirectURI != redirectURI:
		return nil, &entraError{"invalid_client", 500112, "The reply address '" + redirectURI + "' does not match the one of the authorization request."}
	case c.challenge != "" && !verifies(c.challenge, verifier):
		return nil, badGrant(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
	}
	c.used = true
	t.grants = append(t.grants, c.grant)
	return c.grant, nil
}

func verifies(challenge, verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// renew finds the grant behind a refresh token, which stays good.
func (t *tokens) renew(value string) (*grant, *entraError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, ok := t.refresh[value]
	switch {
	case !ok:
		return nil, badGrant(codeInvalidGrant, "The provided value for the 'refresh_token' parameter is not valid.")
	case g.ended == codeRevoked:
		return nil, badGrant(codeRevoked, "The provided grant has expired due to it being revoked, a fresh auth token is needed.")
	case g.ended != 0:
		return nil, badGrant(g.ended, "The refresh token has expired due to inactivity.")
	}
	return g, nil
}

// issueAccess makes an access token in the shape of a JWT. It carries no signature: nobody but us has to trust it.
func (t *tokens) issueAccess(audience, clientID, user string, scopes string, appOnly bool) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	claims := map[string]any{
		"aud": audience, "iss": "https://sts.windows.net/" + t.tenantID + "/", "iat": now.Unix(), "nbf": now.Unix(),
		"exp": now.Add(t.tokenTTL).Unix(), "appid": clientID, "tid": t.tenantID, "ver": "1.0",
		"oid": madeID("entra:" + user), "uti": opaque("", 12),
	}
	if !appOnly {
		claims["scp"], claims["upn"] = scopes, user
	}
	body, _ := json.Marshal(claims) // texts and numbers always encode
	value := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"none"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(body) + "." + opaque("", 24)
	for old, s := range t.access {
		if now.After(s.expires) {
			delete(t.access, old)
		}
	}
	t.access[value] = session{audience, appOnly, now.Add(t.tokenTTL)}
	return value
}

func (t *tokens) issueRefresh(g *grant) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	value := opaque("0.AR", 64)
	t.refresh[value] = g
	return value
}

// session finds what an access token that is still good stands for.
func (t *tokens) session(value string) (session, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.access[value]
	return s, ok && !t.clock.Now().After(s.expires)
}

// killAccess ends every access token; refresh tokens stay good.
func (t *tokens) killAccess() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.access)
	clear(t.access)
	return n
}

// end makes every refresh token fail with a code; revoking ends access tokens too. It returns how many grants ended.
func (t *tokens) end(code int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, g := range t.grants {
		if g.ended == 0 {
			g.ended = code
			n++
		}
	}
	t.grants = nil
	if code == codeRevoked {
		clear(t.access)
	}
	return n
}

func (t *tokens) secretState() SecretState {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.secret
}

func (t *tokens) setSecret(state SecretState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.secret = state
}
