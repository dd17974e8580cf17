package auth_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jonboulle/clockwork"
	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestAMemberIsBoundToTheIdentityOfTheFirstSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		idp := newProvider(t, s.Clock().Now)
		service := withProvider(t, s, idp)
		ctx, workspace := storetest.Workspace(t, s)
		ann := addMember(t, s, workspace.ID, "ann@example.com", principal.RoleAdmin)
		bob := addMember(t, s, workspace.ID, "bob@example.com", principal.RoleOwner)
		who, _, err := act(t, service, idp.signIn(t, service, person("sub-ann", "Ann@Example.com")), "")
		require.NoError(t, err)
		require.Equal(t, ann.ID, who.ID)
		row, err := s.Read().Member.Get(ctx, ann.ID)
		require.NoError(t, err)
		require.Equal(t, []string{idp.Issuer(), "sub-ann"}, []string{row.Issuer, row.Subject})
		require.NotNil(t, row.LastSeenAt)

		// A changed address at the provider moves nobody, neither to another member ...
		who, _, err = act(t, service, idp.signIn(t, service, person("sub-ann", "bob@example.com")), "")
		require.NoError(t, err)
		require.Equal(t, ann.ID, who.ID)
		// ... nor another person to a member who is bound.
		_, err = service.FinishOIDC(t.Context(), idp.begin(t, service, person("sub-eve", "ann@example.com"), "", "").callback)
		require.Equal(t, fault.SignInRefused, fault.CodeOf(err))
		row, err = s.Read().Member.Get(ctx, bob.ID)
		require.NoError(t, err)
		require.Empty(t, row.Subject)
	})
}

func TestWhoIsNotKnownIsNotLetIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		idp := newProvider(t, s.Clock().Now)
		service := withProvider(t, s, idp)
		ctx, workspace := storetest.Workspace(t, s)
		clock.Advance(time.Second)
		_, other := storetest.Workspace(t, s)
		addMember(t, s, workspace.ID, "ann@example.com", principal.RoleAdmin)
		unverified := person("sub-ann", "ann@example.com")
		unverified.EmailVerified = false
		for name, user := range map[string]mockoidc.User{"a stranger": person("sub-eve", "eve@example.com"), "an unverified address": unverified} {
			a := idp.begin(t, service, user, "", other.ID)
			_, err := service.FinishOIDC(t.Context(), a.callback)
			require.Equal(t, fault.SignInRefused, fault.CodeOf(err), name)
			requireNoSecrets(ctx, t, s, a.callback.Cookie, crm.Secret(a.callback.Code))
		}
		n, err := s.Read().AuditEntry.Query().Where(auditentry.OutcomeEQ(crm.AuditDenied), auditentry.FaultCode("SIGN_IN_REFUSED")).Count(ctx)
		require.NoError(t, err)
		require.Equal(t, 2, n, "audited in the operator's workspace")
		n, err = s.Read().Member.Query().Where(member.SubjectNEQ("")).Count(ctx)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestSigningInAcceptsInvitations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		idp := newProvider(t, s.Clock().Now)
		service := withProvider(t, s, idp)
		_, first := storetest.Workspace(t, s)
		_, second := storetest.Workspace(t, s)
		_, stale := storetest.Workspace(t, s)
		invite(t, s, service, stale.ID, "ann@example.com", principal.RoleOwner)
		clock.Advance(auth.InvitationTime)
		invite(t, s, service, first.ID, "ann@example.com", principal.RoleViewer)
		clock.Advance(time.Minute)
		ticket := invite(t, s, service, second.ID, "ann@example.com", principal.RoleAdmin)
		in, err := service.FinishOIDC(t.Context(), idp.begin(t, service, person("sub-ann", "ann@example.com"), "/x?y=1", second.ID).callback)
		require.NoError(t, err)
		require.Equal(t, "/x?y=1", in.ReturnPath)
		who, session, err := act(t, service, in, "")
		require.NoError(t, err)
		require.Equal(t, second.ID, who.WorkspaceID, "the workspace that was asked for")
		require.Equal(t, principal.RoleAdmin, who.Role)
		who, _, err = act(t, service, in, first.ID)
		require.NoError(t, err)
		require.Equal(t, principal.RoleViewer, who.Role)
		_, _, err = act(t, service, in, stale.ID)
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		_, err = service.AcceptInvitation(t.Context(), ticket, "Eve")
		require.Equal(t, fault.InvitationInvalid, fault.CodeOf(err))
		_ = session
	})
}

func TestVendorSideStaffReadAcrossWorkspaces(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		idp := newProvider(t, s.Clock().Now)
		service := withProvider(t, s, idp)
		_, operator := storetest.Workspace(t, s)
		clock.Advance(time.Second)
		_, customer := storetest.Workspace(t, s)
		in := idp.signIn(t, service, person("sub-csm", "casey@vendor.example", "engineering", "vendor-csm"))
		who, _, err := act(t, service, in, "")
		require.NoError(t, err)
		require.Equal(t, principal.Principal{
			ID: "csm:sub-csm", Kind: principal.KindCSM, Name: "casey@vendor.example", WorkspaceID: operator.ID, Role: principal.RoleCSM, Via: "csm",
		}, who)
		who, _, err = act(t, service, in, customer.ID)
		require.NoError(t, err)
		require.Equal(t, customer.ID, who.WorkspaceID)
		require.Equal(t, principal.RoleCSM, who.Role)
		_, _, err = act(t, service, in, "wks_none")
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		_, err = service.FinishOIDC(t.Context(), idp.begin(t, service, person("sub-eng", "eng@vendor.example", "engineering"), "", "").callback)
		require.Equal(t, fault.SignInRefused, fault.CodeOf(err))

		token, err := service.Issue(principal.System(t.Context(), operator.ID, "admin socket"), auth.IssueInput{WorkspaceID: operator.ID, Name: "csm", Role: principal.RoleCSM})
		require.NoError(t, err)
		who, _, err = service.Authenticate(t.Context(), auth.Credentials{Bearer: token.Token, Workspace: customer.ID})
		require.NoError(t, err)
		require.Equal(t, "csm", who.Via)
		require.Equal(t, customer.ID, who.WorkspaceID)
	})
}

// TestForgedSignIns: whatever is not the provider's answer to the sign-in that this
// browser began lets nobody in.
func TestForgedSignIns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		idp := newProvider(t, s.Clock().Now)
		service := withProvider(t, s, idp)
		ctx, workspace := storetest.Workspace(t, s)
		addMember(t, s, workspace.ID, "ann@example.com", principal.RoleOwner)
		ann := person("sub-ann", "ann@example.com")
		stranger, err := mockoidc.RandomKeypair(2048)
		require.NoError(t, err)
		set := func(key string, value any) func(jwt.MapClaims) string {
			return func(claims jwt.MapClaims) string {
				claims[key] = value
				return sign(t, idp.Keypair, claims)
			}
		}
		for name, forge := range map[string]func(jwt.MapClaims) string{
			"another nonce":    set("nonce", "x"),
			"no nonce":         set("nonce", nil),
			"another issuer":   set("iss", "https://login.example.com"),
			"another audience": set("aud", "other"),
			"expired":          set("exp", clock.Now().Add(-time.Second).Unix()),
			"no subject":       set("sub", ""),
			"not signed":       func(claims jwt.MapClaims) string { return signNone(t, claims) },
			"another key":      func(claims jwt.MapClaims) string { return sign(t, stranger, claims) },
			"the key as a secret": func(claims jwt.MapClaims) string {
				return signWithPublicKey(t, idp.Keypair, claims)
			},
			"no token": func(jwt.MapClaims) string { return "" },
		} {
			a := idp.begin(t, service, ann, "", "")
			idp.forge = forge
			_, err := service.FinishOIDC(t.Context(), a.callback)
			require.Equal(t, fault.SignInFailed, fault.CodeOf(err), "%s: %v", name, err)
			idp.forge = nil
		}

		mine, theirs := idp.begin(t, service, ann, "", ""), idp.begin(t, service, ann, "", "")
		for name, change := range map[string]func(*auth.OIDCCallback){
			"the state of another browser":  func(c *auth.OIDCCallback) { c.State = theirs.callback.State },
			"the cookie of another browser": func(c *auth.OIDCCallback) { c.Cookie = theirs.callback.Cookie },
			"no cookie":                     func(c *auth.OIDCCallback) { c.Cookie = "" },
			"no state":                      func(c *auth.OIDCCallback) { c.State = "" },
			"a broken cookie":               func(c *auth.OIDCCallback) { c.Cookie = "B" + c.Cookie[1:] },
			"another provider":              func(c *auth.OIDCCallback) { c.Issuer = "https://login.example.com" },
			"a refusal":                     func(c *auth.OIDCCallback) { c.Error = "access_denied" },
			"the code of another sign-in":   func(c *auth.OIDCCallback) { c.Code = theirs.callback.Code },
		} {
			callback := mine.callback
			change(&callback)
			_, err := service.FinishOIDC(t.Context(), callback)
			require.Equal(t, fault.SignInFailed, fault.CodeOf(err), "%s: %v", name, err)
		}
		_, err = service.FinishOIDC(t.Context(), mine.callback)
		require.NoError(t, err, "the right one still works")
		_, err = service.FinishOIDC(t.Context(), mine.callback)
		require.Equal(t, fault.SignInFailed, fault.CodeOf(err), "a code works once")
		late := idp.begin(t, service, ann, "", "")
		clock.Advance(10 * time.Minute)
		_, err = service.FinishOIDC(t.Context(), late.callback)
		require.Equal(t, fault.SignInFailed, fault.CodeOf(err), "it took too long")

		n, err := s.Read().Session.Query().Count(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

func TestABrowserIsSentNowhereElse(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"": "/", "/": "/", "/graphiql/": "/graphiql/", "/a?b=c#d": "/a?b=c#d",
		"https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/", "evil": "/",
		"/\t/evil.example": "/", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: x=y": "/", "https:/evil.example": "/",
	} {
		require.Equal(t, want, auth.LocalPath(path), "%q", path)
	}
}
