package auth_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// patience is how long a signal that must come is waited for.
const patience = 10 * time.Second

func newService(t *testing.T, s *store.Store) *auth.Service {
	t.Helper()
	service, err := auth.New(auth.Config{Store: s, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	require.NoError(t, err)
	return service
}

func issue(t *testing.T, ctx context.Context, service *auth.Service, name string, ttl time.Duration) auth.Issued {
	t.Helper()
	who, _ := principal.From(ctx)
	issued, err := service.Issue(ctx, auth.IssueInput{WorkspaceID: who.WorkspaceID, Name: name, Role: principal.RoleAdmin, TTL: ttl})
	require.NoError(t, err)
	return issued
}

func requireEnded(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("the session did not end")
	}
}

func requireLive(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
		t.Fatal("the session ended")
	default:
	}
}

func TestATokenStandsForItsWorkspaceAndRole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		service := newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		issued, err := service.Issue(ctx, auth.IssueInput{WorkspaceID: workspace.ID, Name: "ci", Role: principal.RoleViewer, TTL: time.Hour})
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(issued.Token.Reveal(), "fw_"))
		require.Equal(t, clock.Now().Add(time.Hour), issued.ExpiresAt.UTC())

		who, session, err := service.Authenticate(t.Context(), auth.Credentials{Bearer: issued.Token})
		require.NoError(t, err)
		require.Equal(t, principal.Principal{ID: issued.ID, Kind: principal.KindService, Name: "ci", WorkspaceID: workspace.ID, Role: principal.RoleViewer}, who)
		requireLive(t, session.Done())

		listed, err := service.List(ctx, workspace.ID)
		require.NoError(t, err)
		require.Len(t, listed, 1)
		require.Empty(t, listed[0].Hash)
		audited, err := s.Read().AuditEntry.Query().Where(auditentry.Action("token.issue")).Only(ctx)
		require.NoError(t, err)
		require.Equal(t, issued.ID, audited.Target)
		require.NotContains(t, string(audited.After), issued.Token.Reveal())
	})
}

// TestEveryBadTokenGetsTheSameAnswer: an outsider learns nothing of tokens that
// once were.
func TestEveryBadTokenGetsTheSameAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		service := newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		expired, revoked := issue(t, ctx, service, "expired", time.Minute), issue(t, ctx, service, "revoked", 0)
		require.NoError(t, service.Revoke(ctx, workspace.ID, "revoked"))
		clock.Advance(time.Minute)
		var answers []string
		for _, token := range []crm.Secret{
			expired.Token, revoked.Token, "", "fw_", "fw_" + crm.Secret(strings.Repeat("A", 43)), expired.Token + "x",
			crm.Secret(strings.ToUpper(expired.Token.Reveal())), "Bearer " + revoked.Token, crm.Secret(strings.Repeat("x", 1<<16)),
		} {
			_, session, err := service.Authenticate(t.Context(), auth.Credentials{Bearer: token})
			require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
			require.Nil(t, session.Done())
			answers = append(answers, err.Error())
		}
		for _, answer := range answers {
			require.Equal(t, answers[0], answer)
		}
	})
}

func TestRevocationEndsSessionsHereAtOnceAndElsewhereAtTheNextPoll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		here, elsewhere := newService(t, s), newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		revoked, other, expiring := issue(t, ctx, here, "revoked", 0), issue(t, ctx, here, "other", 0), issue(t, ctx, here, "expiring", 7*time.Second)
		session := func(service *auth.Service, token auth.Issued) <-chan struct{} {
			_, session, err := service.Authenticate(t.Context(), auth.Credentials{Bearer: token.Token})
			require.NoError(t, err)
			return session.Done()
		}
		near, far, kept, soon := session(here, revoked), session(elsewhere, revoked), session(elsewhere, other), session(elsewhere, expiring)

		running, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- elsewhere.Run(running) }()
		require.NoError(t, clock.BlockUntilContext(t.Context(), 1))

		require.NoError(t, here.Revoke(ctx, workspace.ID, revoked.ID))
		requireEnded(t, near)
		requireLive(t, far)
		clock.Advance(auth.DefaultPollInterval)
		requireEnded(t, far)
		requireLive(t, soon)
		clock.Advance(auth.DefaultPollInterval)
		requireEnded(t, soon)
		requireLive(t, kept)

		stop()
		require.NoError(t, <-ended)
		require.NoError(t, here.Revoke(ctx, workspace.ID, "revoked"), "revoking again changes nothing")
		n, err := s.Read().AuditEntry.Query().Where(auditentry.Action("token.revoke")).Count(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

func TestIssueRefusesBadInput(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		service := newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		_, foreign := storetest.Workspace(t, s)
		viewer := principal.With(t.Context(), principal.Principal{ID: "tok", WorkspaceID: workspace.ID, Role: principal.RoleViewer})
		good := auth.IssueInput{WorkspaceID: workspace.ID, Name: "n", Role: principal.RoleAdmin}
		for name, c := range map[string]struct {
			ctx    context.Context
			change func(*auth.IssueInput)
			want   fault.Code
		}{
			"nobody":             {t.Context(), func(*auth.IssueInput) {}, fault.Unauthenticated},
			"a viewer":           {viewer, func(*auth.IssueInput) {}, fault.Forbidden},
			"another workspace":  {ctx, func(in *auth.IssueInput) { in.WorkspaceID = foreign.ID }, fault.NotFound},
			"no workspace":       {ctx, func(in *auth.IssueInput) { in.WorkspaceID = "" }, fault.NotFound},
			"no name":            {ctx, func(in *auth.IssueInput) { in.Name = "" }, fault.BadInput},
			"a long name":        {ctx, func(in *auth.IssueInput) { in.Name = strings.Repeat("é", 201) }, fault.BadInput},
			"the system's role":  {ctx, func(in *auth.IssueInput) { in.Role = principal.RoleSystem }, fault.BadInput},
			"an end in the past": {ctx, func(in *auth.IssueInput) { in.TTL = -1 }, fault.BadInput},
		} {
			in := good
			c.change(&in)
			_, err := service.Issue(c.ctx, in)
			require.Equal(t, c.want, fault.CodeOf(err), "%s: %v", name, err)
		}
		require.Equal(t, fault.NotFound, fault.CodeOf(service.Revoke(ctx, workspace.ID, "unknown")))
		require.Equal(t, fault.Forbidden, fault.CodeOf(service.Revoke(viewer, workspace.ID, "n")))
		_, err := service.List(viewer, workspace.ID)
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	})
}

func TestANameIsFreeAgainWhenItsTokenHasEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		service := newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		first := issue(t, ctx, service, "dev", 0)
		_, err := service.Issue(ctx, auth.IssueInput{WorkspaceID: workspace.ID, Name: "dev", Role: principal.RoleViewer})
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		require.NoError(t, service.Revoke(ctx, workspace.ID, "dev"))
		second := issue(t, ctx, service, "dev", 0)
		require.NotEqual(t, first.Token.Reveal(), second.Token.Reveal())
		_, _, err = service.Authenticate(t.Context(), auth.Credentials{Bearer: first.Token})
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
		_, _, err = service.Authenticate(t.Context(), auth.Credentials{Bearer: second.Token})
		require.NoError(t, err)
	})
}

func TestMiddleware(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		service := newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		token := issue(t, ctx, service, "web", 0).Token.Reveal()
		refuse := func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusUnauthorized)
		}
		handler := service.Middleware(refuse)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who, _ := principal.From(r.Context())
			_, _ = w.Write([]byte(who.WorkspaceID))
			if who.WorkspaceID != "" {
				requireLive(t, auth.SessionFrom(r.Context()).Done())
			}
		}))
		for name, c := range map[string]struct {
			headers []string
			status  int
			body    string
		}{
			"no token":        {nil, 200, ""},
			"a token":         {[]string{"Bearer " + token}, 200, workspace.ID},
			"lower case":      {[]string{"bearer  " + token}, 200, workspace.ID},
			"a wrong token":   {[]string{"Bearer fw_wrong"}, 401, "UNAUTHENTICATED"},
			"another scheme":  {[]string{"Basic " + token}, 401, "UNAUTHENTICATED"},
			"only the scheme": {[]string{"Bearer "}, 401, "UNAUTHENTICATED"},
			"an empty header": {[]string{""}, 401, "UNAUTHENTICATED"},
			"two tokens":      {[]string{"Bearer " + token, "Bearer " + token}, 401, "UNAUTHENTICATED"},
		} {
			request := httptest.NewRequest(http.MethodPost, "/graphql?access_token="+token, nil)
			request.Header["Authorization"] = c.headers
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			require.Equal(t, c.status, answer.Code, name)
			require.Contains(t, answer.Body.String(), c.body, name)
			require.NotContains(t, answer.Body.String(), token, name)
		}
	})
}

func TestEnsureWorkspaceMakesItOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		service := newService(t, s)
		in := auth.WorkspaceInput{Name: "Default", Edition: crm.EditionCore, PackageKey: "sales", TimeZone: "Europe/Berlin"}
		first, err := service.EnsureWorkspace(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, "Europe/Berlin", first.TimeZone)
		in.Edition = crm.EditionAdvanced
		again, err := service.EnsureWorkspace(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		require.Equal(t, crm.EditionCore, again.Edition)
		issue(t, principal.System(t.Context(), first.ID, "cli"), service, "first", 0)
		for _, bad := range []auth.WorkspaceInput{
			{Name: "", Edition: crm.EditionCore, PackageKey: "p", TimeZone: "UTC"},
			{Name: "x", Edition: "GOLD", PackageKey: "p", TimeZone: "UTC"},
			{Name: "x", Edition: crm.EditionCore, PackageKey: "", TimeZone: "UTC"},
			{Name: "x", Edition: crm.EditionCore, PackageKey: "p", TimeZone: "Mars/Olympus"},
			{Name: "x", Edition: crm.EditionCore, PackageKey: "p", TimeZone: ""},
		} {
			_, err := service.EnsureWorkspace(t.Context(), bad)
			require.Equal(t, fault.ConfigInvalid, fault.CodeOf(err), "%+v: %v", bad, err)
		}
	})
}
