package auth_test

import (
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jonboulle/clockwork"
	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// withJWT makes a service that takes a provider's JWTs.
func withJWT(t *testing.T, s *store.Store, p *provider) *auth.Service {
	t.Helper()
	service, err := auth.New(auth.Config{
		Store: s, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), PublicURL: publicURL,
		JWT: &auth.JWTConfig{Issuer: p.Issuer(), Audience: "fieldwarden", HTTP: p.client(t)},
	})
	require.NoError(t, err)
	return service
}

// claimsAt are good claims at an instant.
func claimsAt(p *provider, now time.Time) jwt.MapClaims {
	return jwt.MapClaims{
		"iss": p.Issuer(), "aud": []string{"other", "fieldwarden"}, "sub": "sub-ann", "email": "ann@example.com", "email_verified": true,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

func TestAJWTStandsForAMember(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		idp := newProvider(t, s.Clock().Now)
		service := withJWT(t, s, idp)
		_, workspace := storetest.Workspace(t, s)
		_, other := storetest.Workspace(t, s)
		ann := addMember(t, s, workspace.ID, "ann@example.com", principal.RoleAdmin)
		token := crm.Secret(sign(t, idp.Keypair, claimsAt(idp, clock.Now())))
		who, session, err := service.Authenticate(t.Context(), auth.Credentials{Bearer: token})
		require.NoError(t, err)
		require.Equal(t, principal.Principal{ID: ann.ID, Kind: principal.KindMember, Name: "ann@example.com", WorkspaceID: workspace.ID, Role: principal.RoleAdmin}, who)
		_, _, err = service.Authenticate(t.Context(), auth.Credentials{Bearer: token, Workspace: other.ID})
		require.Equal(t, fault.NotFound, fault.CodeOf(err))

		done := session.Done()
		run(t, service, clock)
		clock.Advance(time.Hour)
		requireLive(t, done) // the leeway
		clock.Advance(time.Minute)
		requireEnded(t, done)
		_, _, err = service.Authenticate(t.Context(), auth.Credentials{Bearer: token})
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
	})
}

// TestForgedJWTs get the same answer as every other bad token.
func TestForgedJWTs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		idp, foreign := newProvider(t, s.Clock().Now), newProvider(t, s.Clock().Now)
		strangerKey, err := mockoidc.RandomKeypair(2048)
		require.NoError(t, err)
		foreign.Keypair = strangerKey
		service := withJWT(t, s, idp)
		_, workspace := storetest.Workspace(t, s)
		addMember(t, s, workspace.ID, "ann@example.com", principal.RoleAdmin)
		now := clock.Now()
		good := sign(t, idp.Keypair, claimsAt(idp, now))
		_, _, err = service.Authenticate(t.Context(), auth.Credentials{Bearer: crm.Secret(good)})
		require.NoError(t, err)

		with := func(changes jwt.MapClaims) string {
			claims := claimsAt(idp, now)
			maps.Copy(claims, changes)
			return sign(t, idp.Keypair, claims)
		}
		parts := strings.Split(good, ".")
		for name, token := range map[string]string{
			"expired":             with(jwt.MapClaims{"iat": now.Add(-2 * time.Hour).Unix(), "nbf": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-time.Minute).Unix()}),
			"no end":              with(jwt.MapClaims{"exp": nil}),
			"not yet":             with(jwt.MapClaims{"nbf": now.Add(time.Minute).Unix()}),
			"from the future":     with(jwt.MapClaims{"iat": now.Add(time.Minute).Unix()}),
			"too long a life":     with(jwt.MapClaims{"exp": now.Add(25 * time.Hour).Unix()}),
			"long, without start": with(jwt.MapClaims{"iat": nil, "exp": now.Add(25 * time.Hour).Unix()}),
			"another audience":    with(jwt.MapClaims{"aud": "other"}),
			"another issuer":      with(jwt.MapClaims{"iss": foreign.Issuer()}),
			"no subject":          with(jwt.MapClaims{"sub": ""}),
			"nobody here":         with(jwt.MapClaims{"sub": "sub-eve", "email": "eve@example.com"}),
			"unverified address":  with(jwt.MapClaims{"email_verified": false}),
			"not signed":          signNone(t, claimsAt(idp, now)),
			"the key as a secret": signWithPublicKey(t, idp.Keypair, claimsAt(idp, now)),
			"signed by another":   sign(t, foreign.Keypair, claimsAt(idp, now)),
			"another's own":       sign(t, foreign.Keypair, claimsAt(foreign, now)),
			"changed":             parts[0] + "." + parts[1][:len(parts[1])-2] + "AA." + parts[2],
			"no signature":        parts[0] + "." + parts[1] + ".",
			"no JWT":              "a.b.c",
			"huge":                strings.Repeat("a", 1<<20),
		} {
			_, session, err := service.Authenticate(t.Context(), auth.Credentials{Bearer: crm.Secret(token)})
			require.Equal(t, fault.Unauthenticated, fault.CodeOf(err), "%s: %v", name, err)
			require.Nil(t, session.Done(), name)
			require.Equal(t, "UNAUTHENTICATED: The credential is missing or not valid.", err.Error(), name)
		}
		require.LessOrEqual(t, idp.fetched.Load(), int32(3), "forged tokens do not make us hammer the provider")
	})
}

func TestANewKeyOfTheProviderIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		idp := newProvider(t, s.Clock().Now)
		service := withJWT(t, s, idp)
		_, workspace := storetest.Workspace(t, s)
		addMember(t, s, workspace.ID, "ann@example.com", principal.RoleAdmin)
		old := crm.Secret(sign(t, idp.Keypair, claimsAt(idp, clock.Now())))
		authenticate := func(token crm.Secret) error {
			_, _, err := service.Authenticate(t.Context(), auth.Credentials{Bearer: token})
			return err
		}
		require.NoError(t, authenticate(old))
		key, err := mockoidc.RandomKeypair(2048)
		require.NoError(t, err)
		idp.Keypair = key
		require.NoError(t, authenticate(crm.Secret(sign(t, key, claimsAt(idp, clock.Now())))))
		clock.Advance(59 * time.Minute)
		require.Error(t, authenticate(old), "the provider withdrew the key")
	})
}
