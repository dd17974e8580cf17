package auth_test

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// txContext is the context of a transaction.
type txContext = context.Context

func inTx(t *testing.T, s *store.Store, workspaceID string, do func(*store.Tx, txContext) error) {
	t.Helper()
	ctx := principal.System(t.Context(), workspaceID, "test")
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error { return do(tx, ctx) }))
}

// act is who a cookie stands for in a workspace; empty for its home.
func act(t *testing.T, service *auth.Service, in auth.SignedIn, workspaceID string) (principal.Principal, auth.Session, error) {
	t.Helper()
	return service.Authenticate(t.Context(), auth.Credentials{Cookie: in.Cookie, Workspace: workspaceID})
}

// ticketOf reads the ticket out of a link.
func ticketOf(t *testing.T, link string) crm.Secret {
	t.Helper()
	u, err := url.Parse(link)
	require.NoError(t, err)
	return crm.Secret(u.Query().Get("ticket"))
}

// invite makes an open invitation and returns its ticket.
func invite(t *testing.T, s *store.Store, service *auth.Service, workspaceID, email string, role principal.Role) crm.Secret {
	t.Helper()
	ticket, hash := service.NewInvitationTicket()
	inTx(t, s, workspaceID, func(tx *store.Tx, ctx txContext) error {
		return tx.Ent().Invitation.Create().SetWorkspaceID(workspaceID).SetCreatedAt(tx.Now()).SetEmail(email).SetOpenKey(email).
			SetRole(role).SetTicketHash(hash).SetInvitedBy("mbr_1").SetExpiresAt(tx.Now().Add(auth.InvitationTime)).Exec(ctx)
	})
	return ticket
}

// run runs a service's poll until the test ends.
func run(t *testing.T, service *auth.Service, clock *clockwork.FakeClock) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	require.NoError(t, clock.BlockUntilContext(t.Context(), 1))
}

func TestTheFirstOwnerComesByALinkThatWorksOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		service := newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		link, err := service.FirstOwnerLink(t.Context(), workspace.ID)
		require.NoError(t, err)
		other, err := service.FirstOwnerLink(t.Context(), workspace.ID)
		require.NoError(t, err)
		require.NotEqual(t, link, other)
		ticket := ticketOf(t, link)

		for range 3 { // looking uses nothing up
			info, err := service.LookAtLink(t.Context(), ticket)
			require.NoError(t, err)
			require.Equal(t, auth.LinkInfo{Workspace: "Test", FirstOwner: true}, info)
		}
		for _, bad := range []auth.Person{{Name: "Ann"}, {Email: "no address"}, {Email: "a@b.example", Name: strings.Repeat("x", 201)}} {
			_, err = service.UseLink(t.Context(), ticket, bad)
			require.Equal(t, fault.BadInput, fault.CodeOf(err))
		}
		origin := principal.Origin{Interface: auth.InterfaceSignIn, Address: "192.0.2.7", UserAgent: "Browser", RequestID: "r1"}
		in, err := service.UseLink(principal.WithOrigin(t.Context(), origin), ticket, auth.Person{Name: "Ann", Email: " Ann@Example.com "})
		require.NoError(t, err)
		who, session, err := act(t, service, in, "")
		require.NoError(t, err)
		require.Equal(t, principal.RoleOwner, who.Role)
		require.Equal(t, principal.KindMember, who.Kind)
		require.Equal(t, "Ann", who.Name)
		require.Equal(t, workspace.ID, who.WorkspaceID)
		requireLive(t, session.Done())

		for _, spent := range []crm.Secret{ticket, ticketOf(t, other), "", "x"} {
			_, err = service.UseLink(t.Context(), spent, auth.Person{Email: "eve@example.com"})
			require.Equal(t, fault.SignInLinkInvalid, fault.CodeOf(err))
			_, err = service.LookAtLink(t.Context(), spent)
			require.Equal(t, fault.SignInLinkInvalid, fault.CodeOf(err))
		}
		again, err := service.FirstOwnerLink(t.Context(), workspace.ID)
		require.NoError(t, err)
		require.Empty(t, again, "there is an owner")

		entry, err := s.Read().AuditEntry.Query().Where(auditentry.Action("session.begin"), auditentry.OutcomeEQ(crm.AuditSucceeded)).Only(ctx)
		require.NoError(t, err)
		require.Equal(t, who.ID, entry.Actor)
		require.Equal(t, []string{"sign-in", "192.0.2.7", "Browser", "r1"}, []string{entry.Interface, entry.Address, entry.UserAgent, entry.RequestID})
		denied, err := s.Read().AuditEntry.Query().Where(auditentry.OutcomeEQ(crm.AuditDenied), auditentry.FaultCode("SIGN_IN_LINK_INVALID")).Count(ctx)
		require.NoError(t, err)
		require.Equal(t, 4, denied)
		requireNoSecrets(ctx, t, s, ticket, in.Cookie)
		_ = clock
	})
}

// requireNoSecrets asserts that the audit holds none of some secrets.
func requireNoSecrets(ctx context.Context, t *testing.T, s *store.Store, secrets ...crm.Secret) {
	t.Helper()
	rows, err := s.Read().AuditEntry.Query().All(ctx)
	require.NoError(t, err)
	for _, row := range rows {
		for _, hidden := range secrets {
			require.NotContains(t, row.String()+string(row.Before)+string(row.After), hidden.Reveal())
		}
	}
}

func TestALinkSignsAMemberInAndExpires(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		service := newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		bob := addMember(t, s, workspace.ID, "bob@example.com", principal.RoleViewer)
		system := principal.System(t.Context(), workspace.ID, "admin socket")
		_, err := service.MemberLink(ctx, workspace.ID, "bob@example.com")
		require.Equal(t, fault.Forbidden, fault.CodeOf(err), "an admin is not the operator")
		_, err = service.MemberLink(system, workspace.ID, "eve@example.com")
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		link, err := service.MemberLink(system, workspace.ID, "BOB@example.com")
		require.NoError(t, err)
		late, err := service.MemberLink(system, workspace.ID, "bob@example.com")
		require.NoError(t, err)

		in, err := service.UseLink(t.Context(), ticketOf(t, link), auth.Person{})
		require.NoError(t, err)
		who, _, err := act(t, service, in, "")
		require.NoError(t, err)
		require.Equal(t, bob.ID, who.ID)
		_, err = service.UseLink(t.Context(), ticketOf(t, link), auth.Person{})
		require.Equal(t, fault.SignInLinkInvalid, fault.CodeOf(err))
		clock.Advance(24 * time.Hour)
		_, err = service.UseLink(t.Context(), ticketOf(t, late), auth.Person{})
		require.Equal(t, fault.SignInLinkInvalid, fault.CodeOf(err))
	})
}

func TestAnInvitationMakesAMemberOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		service := newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		ticket := invite(t, s, service, workspace.ID, "carl@example.com", principal.RoleAdmin)
		late := invite(t, s, service, workspace.ID, "late@example.com", principal.RoleAdmin)
		info, err := service.LookAtInvitation(t.Context(), ticket)
		require.NoError(t, err)
		require.Equal(t, auth.InvitationInfo{Workspace: "Test", Email: "carl@example.com", Role: principal.RoleAdmin}, info)
		in, err := service.AcceptInvitation(t.Context(), ticket, "Carl")
		require.NoError(t, err)
		who, _, err := act(t, service, in, "")
		require.NoError(t, err)
		require.Equal(t, principal.RoleAdmin, who.Role)
		_, err = service.AcceptInvitation(t.Context(), ticket, "Carl")
		require.Equal(t, fault.InvitationInvalid, fault.CodeOf(err))
		clock.Advance(auth.InvitationTime)
		_, err = service.AcceptInvitation(t.Context(), late, "Late")
		require.Equal(t, fault.InvitationInvalid, fault.CodeOf(err))
		n, err := s.Read().Member.Query().Count(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

// TestALinkProvesNoAddress: whoever gives out links of one workspace could otherwise
// look into every other workspace, by an address of their choice.
func TestALinkProvesNoAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		service := newService(t, s)
		_, mine := storetest.Workspace(t, s)
		_, theirs := storetest.Workspace(t, s)
		addMember(t, s, theirs.ID, "victim@example.com", principal.RoleOwner)
		link, err := service.FirstOwnerLink(t.Context(), mine.ID)
		require.NoError(t, err)
		asOwner, err := service.UseLink(t.Context(), ticketOf(t, link), auth.Person{Email: "victim@example.com"})
		require.NoError(t, err)
		invited, err := service.AcceptInvitation(t.Context(), invite(t, s, service, mine.ID, "victim2@example.com", principal.RoleAdmin), "x")
		require.NoError(t, err)
		addMember(t, s, theirs.ID, "victim2@example.com", principal.RoleOwner)
		for _, in := range []auth.SignedIn{asOwner, invited} {
			_, _, err = act(t, service, in, theirs.ID)
			require.Equal(t, fault.NotFound, fault.CodeOf(err))
			_, _, err = act(t, service, in, mine.ID)
			require.NoError(t, err)
		}
	})
}

func TestASessionEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		service := newService(t, s)
		_, workspace := storetest.Workspace(t, s)
		system := principal.System(t.Context(), workspace.ID, "admin socket")
		addMember(t, s, workspace.ID, "bob@example.com", principal.RoleAdmin)
		begin := func() auth.SignedIn {
			link, err := service.MemberLink(system, workspace.ID, "bob@example.com")
			require.NoError(t, err)
			in, err := service.UseLink(t.Context(), ticketOf(t, link), auth.Person{})
			require.NoError(t, err)
			return in
		}
		requireEndedSession := func(in auth.SignedIn) {
			t.Helper()
			_, _, err := act(t, service, in, "")
			require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
		}
		idle := begin()
		clock.Advance(auth.DefaultSessionIdle)
		requireEndedSession(idle)

		busy := begin()
		for range 11 { // an hour less than the session's lifetime
			clock.Advance(time.Hour)
			_, _, err := act(t, service, busy, "")
			require.NoError(t, err)
		}
		clock.Advance(time.Hour)
		requireEndedSession(busy)

		out := begin()
		_, session, err := act(t, service, out, "")
		require.NoError(t, err)
		done := session.Done()
		require.NoError(t, service.SignOut(t.Context(), out.Cookie))
		requireEnded(t, done)
		requireEndedSession(out)
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(service.SignOut(t.Context(), out.Cookie)))
	})
}

// TestLiveConnectionsEndWithTheirCredential also when another process ends it.
func TestLiveConnectionsEndWithTheirCredential(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		here, elsewhere := newService(t, s), newService(t, s)
		_, workspace := storetest.Workspace(t, s)
		system := principal.System(t.Context(), workspace.ID, "admin socket")
		open := func(name string) (*ent.Member, auth.SignedIn, <-chan struct{}, <-chan struct{}) {
			row := addMember(t, s, workspace.ID, name+"@example.com", principal.RoleAdmin)
			link, err := here.MemberLink(system, workspace.ID, row.Email)
			require.NoError(t, err)
			in, err := here.UseLink(t.Context(), ticketOf(t, link), auth.Person{})
			require.NoError(t, err)
			_, near, err := act(t, here, in, "")
			require.NoError(t, err)
			_, far, err := act(t, elsewhere, in, "")
			require.NoError(t, err)
			return row, in, near.Done(), far.Done()
		}
		removed, removedIn, removedNear, removedFar := open("removed")
		changed, changedIn, changedNear, changedFar := open("changed")
		_, outIn, outNear, outFar := open("out")
		_, _, keptNear, keptFar := open("kept")
		run(t, elsewhere, clock)

		inTx(t, s, workspace.ID, func(tx *store.Tx, ctx txContext) error {
			if err := tx.Ent().Member.UpdateOneID(removed.ID).SetRemovedAt(tx.Now()).ClearEmailKey().Exec(ctx); err != nil {
				return err
			}
			return here.RevokeMemberSessions(ctx, tx, removed.ID)
		})
		requireEnded(t, removedNear)
		inTx(t, s, workspace.ID, func(tx *store.Tx, ctx txContext) error {
			return tx.Ent().Member.UpdateOneID(changed.ID).SetRole(principal.RoleViewer).Exec(ctx)
		})
		require.NoError(t, here.SignOut(t.Context(), outIn.Cookie))
		requireEnded(t, outNear)
		for _, done := range []<-chan struct{}{removedFar, changedFar, outFar} {
			requireLive(t, done)
		}
		clock.Advance(auth.DefaultPollInterval)
		for _, done := range []<-chan struct{}{removedFar, changedFar, outFar} {
			requireEnded(t, done)
		}
		requireLive(t, keptNear)
		requireLive(t, keptFar)
		requireLive(t, changedNear) // its own process polls too, which does not run here

		_, _, err := act(t, here, removedIn, "")
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
		who, _, err := act(t, here, changedIn, "")
		require.NoError(t, err)
		require.Equal(t, principal.RoleViewer, who.Role, "the role is read at each request")
	})
}

// TestAnOperatorNamesTheOwner in the configuration.
func TestAnOperatorNamesTheOwner(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		service := newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		require.Equal(t, fault.ConfigInvalid, fault.CodeOf(service.EnsureOwner(t.Context(), workspace.ID, "nobody")))
		require.NoError(t, service.EnsureOwner(t.Context(), workspace.ID, "Olga@example.com"))
		require.NoError(t, service.EnsureOwner(t.Context(), workspace.ID, "other@example.com"), "there is one")
		row, err := s.Read().Member.Query().Where(member.RoleEQ(principal.RoleOwner)).Only(ctx)
		require.NoError(t, err)
		require.Equal(t, "olga@example.com", row.Email)
	})
}

func TestSessionsThatAreLongOverAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		service := newService(t, s)
		ctx, workspace := storetest.Workspace(t, s)
		link, err := service.FirstOwnerLink(t.Context(), workspace.ID)
		require.NoError(t, err)
		_, err = service.UseLink(t.Context(), ticketOf(t, link), auth.Person{Email: "ann@example.com"})
		require.NoError(t, err)
		count := func() int {
			sessions, err := s.Read().Session.Query().Count(ctx)
			require.NoError(t, err)
			links, err := s.Read().SignInLink.Query().Count(ctx)
			require.NoError(t, err)
			return sessions + links
		}
		require.NoError(t, service.TidySessions(t.Context()))
		require.Equal(t, 2, count())
		clock.Advance(9 * 24 * time.Hour)
		require.NoError(t, service.TidySessions(t.Context()))
		require.Zero(t, count())
	})
}

func TestSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	logger := slog.New(slog.DiscardHandler)
	for name, c := range map[string]auth.Config{
		"a short session": {Logger: logger, SessionLifetime: time.Second},
		"no client":       {Logger: logger, OIDC: &auth.OIDCConfig{Issuer: "https://login.example.com"}},
		"no issuer URL":   {Logger: logger, OIDC: &auth.OIDCConfig{Issuer: "login", ClientID: "x"}},
		"HMAC":            {Logger: logger, JWT: &auth.JWTConfig{Issuer: "https://login.example.com", Audience: "x", Algorithms: []string{"HS256"}}},
		"none":            {Logger: logger, JWT: &auth.JWTConfig{Issuer: "https://login.example.com", Audience: "x", Algorithms: []string{"none"}}},
	} {
		_, err := auth.New(c)
		require.Equal(t, fault.ConfigInvalid, fault.CodeOf(err), name)
	}
}
