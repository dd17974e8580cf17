package auth_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// publicURL is where the tests' server would be.
const publicURL = "https://fieldwarden.example.com"

// provider is a real OIDC provider whose id tokens a test may forge.
type provider struct {
	*mockoidc.MockOIDC
	// now is the tests' clock: the provider's tokens are dated by it.
	now func() time.Time
	// forge makes another id token of the provider's claims; nil leaves it.
	forge func(claims jwt.MapClaims) string
	// fetched counts requests for the provider's keys.
	fetched atomic.Int32
}

func newProvider(t *testing.T, now func() time.Time) *provider {
	t.Helper()
	m, err := mockoidc.NewServer(nil)
	require.NoError(t, err)
	p := &provider{MockOIDC: m, now: now}
	require.NoError(t, m.AddMiddleware(p.tamper))
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, m.Start(listener, nil))
	t.Cleanup(func() { require.NoError(t, m.Shutdown()) })
	return p
}

func (p *provider) tamper(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == mockoidc.JWKSEndpoint {
			p.fetched.Add(1)
		}
		if r.URL.Path != mockoidc.TokenEndpoint {
			next.ServeHTTP(w, r)
			return
		}
		recorded := httptest.NewRecorder()
		next.ServeHTTP(recorded, r)
		var tokens map[string]any
		if json.Unmarshal(recorded.Body.Bytes(), &tokens) == nil && tokens["id_token"] != nil {
			tokens["id_token"] = p.dated(tokens["id_token"].(string))
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(recorded.Code)
		_ = json.NewEncoder(w).Encode(tokens)
	})
}

// dated makes an id token anew, by the tests' clock and as forge wants it.
func (p *provider) dated(idToken string) string {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(idToken, claims); err != nil {
		return err.Error()
	}
	claims["iat"], claims["nbf"], claims["exp"] = p.now().Unix(), p.now().Unix(), p.now().Add(time.Hour).Unix()
	if p.forge != nil {
		return p.forge(claims)
	}
	made, err := p.Keypair.SignJWT(claims)
	if err != nil {
		return err.Error()
	}
	return made
}

// sign makes a token as the provider does.
func sign(t *testing.T, key *mockoidc.Keypair, claims jwt.Claims) string {
	t.Helper()
	token, err := key.SignJWT(claims)
	require.NoError(t, err)
	return token
}

// signNone makes a token that nobody signed.
func signNone(t *testing.T, claims jwt.Claims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
	require.NoError(t, err)
	return token
}

// signWithPublicKey makes a token whose HMAC key is the provider's public key, which
// everybody knows.
func signWithPublicKey(t *testing.T, key *mockoidc.Keypair, claims jwt.Claims) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.PublicKey)
	require.NoError(t, err)
	id, err := key.KeyID()
	require.NoError(t, err)
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	token.Header["kid"] = id
	text, err := token.SignedString(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	require.NoError(t, err)
	return text
}

// newBox makes a box with a key of its own.
func newBox(t *testing.T) *secret.Box {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.json")
	require.NoError(t, secret.Generate(path))
	keys, err := secret.Load("file:" + path)
	require.NoError(t, err)
	box, err := secret.NewBox(keys)
	require.NoError(t, err)
	return box
}

// client reaches the provider, which is on this machine, under the guard.
func (p *provider) client(t *testing.T) *http.Client {
	t.Helper()
	at, err := url.Parse(p.Issuer())
	require.NoError(t, err)
	guarded, err := netguard.New(netguard.Config{Allow: []string{at.Host}})
	require.NoError(t, err)
	return guarded.HTTP()
}

// withProvider makes a service whose people sign in with a provider.
func withProvider(t *testing.T, s *store.Store, p *provider) *auth.Service {
	t.Helper()
	service, err := auth.New(auth.Config{
		Store: s, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), PublicURL: publicURL, Box: newBox(t),
		OIDC: &auth.OIDCConfig{
			Issuer: p.Issuer(), ClientID: p.ClientID, ClientSecret: crm.Secret(p.ClientSecret),
			Scopes: []string{"openid", "email", "profile", "groups"}, CSMClaim: "groups", CSMValue: "vendor-csm", HTTP: p.client(t),
		},
	})
	require.NoError(t, err)
	return service
}

// attempt is a sign-in that has come back from the provider.
type attempt struct{ callback auth.OIDCCallback }

// begin starts a sign-in of a user and goes to the provider and back.
func (p *provider) begin(t *testing.T, service *auth.Service, user mockoidc.User, returnPath, workspaceID string) attempt {
	t.Helper()
	p.QueueUser(user)
	target, cookie, err := service.BeginOIDC(t.Context(), returnPath, workspaceID)
	require.NoError(t, err)
	asked, err := url.Parse(target)
	require.NoError(t, err)
	require.Equal(t, "S256", asked.Query().Get("code_challenge_method"))
	require.Equal(t, publicURL+"/signin/oidc/callback", asked.Query().Get("redirect_uri"))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	require.NoError(t, err)
	answer, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	back, err := answer.Location()
	require.NoError(t, err)
	return attempt{auth.OIDCCallback{Cookie: cookie, State: back.Query().Get("state"), Code: back.Query().Get("code")}}
}

// signIn signs a user in and fails the test when that is refused.
func (p *provider) signIn(t *testing.T, service *auth.Service, user mockoidc.User) auth.SignedIn {
	t.Helper()
	in, err := service.FinishOIDC(t.Context(), p.begin(t, service, user, "", "").callback)
	require.NoError(t, err)
	return in
}

// person is somebody at the provider.
func person(subject, email string, groups ...string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: subject, Email: email, EmailVerified: true, Groups: groups}
}

// addMember makes a member by hand.
func addMember(t *testing.T, s *store.Store, workspaceID, email string, role principal.Role) *ent.Member {
	t.Helper()
	var made *ent.Member
	inTx(t, s, workspaceID, func(tx *store.Tx, ctx txContext) (err error) {
		made, err = tx.Ent().Member.Create().SetWorkspaceID(workspaceID).SetCreatedAt(tx.Now()).
			SetEmail(email).SetEmailKey(email).SetRole(role).Save(ctx)
		return err
	})
	return made
}
