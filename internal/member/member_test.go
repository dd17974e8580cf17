package member_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/idempotencykey"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/member"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// roles are all that can act; the order is their strength, CSM apart.
func roles() []principal.Role {
	return []principal.Role{principal.RoleSystem, principal.RoleOwner, principal.RoleAdmin, principal.RoleViewer, principal.RoleCSM}
}

// given are the roles that somebody may try to give.
func given() []principal.Role { return append(roles(), "", "ROOT", "owner") }

// mayGive is the rule in the words of the requirement: managers give member roles,
// and only an owner (or the system) gives OWNER.
func mayGive(actor, role principal.Role) fault.Code {
	manages := actor == principal.RoleSystem || actor == principal.RoleOwner || actor == principal.RoleAdmin
	switch {
	case !manages:
		return fault.Forbidden
	case role != principal.RoleOwner && role != principal.RoleAdmin && role != principal.RoleViewer:
		return fault.BadInput
	case role == principal.RoleOwner && actor == principal.RoleAdmin:
		return fault.Forbidden
	default:
		return ""
	}
}

// mayChange: managers change members, and only an owner (or the system) changes one.
func mayChange(actor, target principal.Role) fault.Code {
	manages := actor == principal.RoleSystem || actor == principal.RoleOwner || actor == principal.RoleAdmin
	if !manages || target == principal.RoleOwner && actor == principal.RoleAdmin {
		return fault.Forbidden
	}
	return ""
}

func TestWhoMayGiveAndChangeWhat(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.add("first@example.com", principal.RoleOwner) // so that nobody here is the last one
		n := 0
		fresh := func(role principal.Role) string {
			n++
			return f.add(fmt.Sprintf("m%d@example.com", n), role)
		}
		for _, actor := range roles() {
			for _, role := range given() {
				n++
				f.as(actor)
				_, err := f.invite(fmt.Sprintf("i%d@example.com", n), role)
				require.Equal(t, mayGive(actor, role), fault.CodeOf(err), "%s invites %q", actor, role)
			}
			for _, target := range principal.MemberRoles() {
				for _, role := range given() {
					id := fresh(target)
					f.as(actor)
					err := f.setRole(id, role)
					want := mayGive(actor, role)
					if want == "" {
						want = mayChange(actor, target)
					}
					require.Equal(t, want, fault.CodeOf(err), "%s makes %s %q", actor, target, role)
					if want != "" {
						require.Equal(t, target, f.get(id).Role)
					} else {
						require.Equal(t, role, f.get(id).Role)
					}
				}
				id := fresh(target)
				f.as(actor)
				want := mayChange(actor, target)
				require.Equal(t, want, fault.CodeOf(f.update(id, new("N"), nil)), "%s renames %s", actor, target)
				require.Equal(t, want, fault.CodeOf(f.update(id, nil, new(fmt.Sprintf("new%d@example.com", n)))), "%s readdresses %s", actor, target)
				f.as(principal.RoleOwner)
				invited, err := f.invite(fmt.Sprintf("r%d@example.com", n), target)
				require.NoError(t, err)
				f.as(actor)
				err = f.members.RevokeInvitation(f.ctx, member.RevokeInvitationInput{InvitationID: invited.ID, IdempotencyKey: f.key()})
				require.Equal(t, want, fault.CodeOf(err), "%s revokes an invitation of %s", actor, target)
				require.Equal(t, want, fault.CodeOf(f.remove(id)), "%s removes %s", actor, target)
				require.Equal(t, want == "", f.get(id).RemovedAt != nil)
			}
		}
	})
}

// TestNarrowTokensDoNotManage: a role is not enough where the token leaves it out.
func TestNarrowTokensDoNotManage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s).as(principal.RoleAdmin, principal.ScopeRead, principal.ScopeConfigure)
		id := f.add("a@example.com", principal.RoleViewer)
		_, err := f.invite("b@example.com", principal.RoleViewer)
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		require.Equal(t, fault.Forbidden, fault.CodeOf(f.setRole(id, principal.RoleAdmin)))
		require.Equal(t, fault.Forbidden, fault.CodeOf(f.remove(id)))
		_, err = f.members.CreateToken(f.ctx, member.CreateTokenInput{Name: "n", Role: principal.RoleViewer, IdempotencyKey: f.key()})
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	})
}

func TestInvite(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.add("ann@example.com", principal.RoleAdmin)
		in := member.InviteInput{Email: " Bob@Example.com ", Role: principal.RoleViewer, IdempotencyKey: "once"}
		invited, err := f.members.Invite(f.ctx, in)
		require.NoError(t, err)
		ticket, found := strings.CutPrefix(invited.AcceptURL.Reveal(), "https://fw.example/signin/invitation?ticket=")
		require.True(t, found, invited.AcceptURL.Reveal())
		info, err := f.auth.LookAtInvitation(t.Context(), crm.Secret(ticket))
		require.NoError(t, err)
		require.Equal(t, auth.InvitationInfo{Workspace: f.workspace.Name, Email: "bob@example.com", Role: principal.RoleViewer}, info)
		again, err := f.members.Invite(f.ctx, in)
		require.NoError(t, err)
		require.Equal(t, member.Invited{ID: invited.ID}, again, "the link is shown once")
		saved, err := s.Read().IdempotencyKey.Query().Where(idempotencykey.Key("once")).Only(f.reader())
		require.NoError(t, err)
		require.NotContains(t, string(saved.Answer), ticket)

		row, err := s.Read().Invitation.Get(f.reader(), invited.ID)
		require.NoError(t, err)
		require.Equal(t, "bob@example.com", row.Email)
		require.WithinDuration(t, clock.Now().Add(auth.InvitationTime), row.ExpiresAt, 0)
		entries := f.audited("inviteMember")
		require.Len(t, entries, 1)
		require.JSONEq(t, `{"email":"bob@example.com","role":"VIEWER"}`, string(entries[0].After))
		require.Equal(t, []string{invited.ID + ` {"event":"INVITED"}`}, compacted(t, f.told("member")))

		_, err = f.invite("BOB@example.com", principal.RoleAdmin)
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		_, err = f.invite("ann@EXAMPLE.com", principal.RoleAdmin)
		require.Equal(t, fault.Conflict, fault.CodeOf(err))
		for _, bad := range []string{"", "bob", "bob@example.com, eve@example.com", "Bob <bob@example.com>"} {
			_, err = f.invite(bad, principal.RoleViewer)
			require.Equal(t, fault.BadInput, fault.CodeOf(err), bad)
		}

		require.NoError(t, f.members.RevokeInvitation(f.ctx, member.RevokeInvitationInput{InvitationID: invited.ID, IdempotencyKey: f.key()}))
		require.Equal(t, fault.NotFound, fault.CodeOf(f.members.RevokeInvitation(f.ctx, member.RevokeInvitationInput{InvitationID: invited.ID, IdempotencyKey: f.key()})))
		second, err := f.invite("bob@example.com", principal.RoleAdmin)
		require.NoError(t, err, "a revoked invitation is not open")
		clock.Advance(auth.InvitationTime)
		third, err := f.invite("bob@example.com", principal.RoleAdmin)
		require.NoError(t, err, "one whose time is over is not open")
		require.NotEqual(t, second.ID, third.ID)
	})
}

// compacted gives JSON one form on both databases.
func compacted(t *testing.T, lines []string) []string {
	t.Helper()
	for i, line := range lines {
		subject, payload, _ := strings.Cut(line, " ")
		var value any
		require.NoError(t, json.Unmarshal([]byte(payload), &value))
		text, err := json.Marshal(value)
		require.NoError(t, err)
		lines[i] = subject + " " + string(text)
	}
	return lines
}

func TestChangesAreAuditedAndTold(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		id := f.add("ann@example.com", principal.RoleViewer)
		require.NoError(t, f.setRole(id, principal.RoleAdmin))
		require.NoError(t, f.setRole(id, principal.RoleAdmin), "the same again changes nothing")
		require.NoError(t, f.update(id, new(" Ann "), new("ANN.Lee@example.com")))
		require.NoError(t, f.update(id, new("Ann"), new("ann.lee@example.com")), "the same again changes nothing")
		require.NoError(t, f.remove(id))
		require.Equal(t, fault.NotFound, fault.CodeOf(f.remove(id)))
		require.Equal(t, fault.NotFound, fault.CodeOf(f.setRole(id, principal.RoleViewer)))
		require.Equal(t, fault.NotFound, fault.CodeOf(f.update(id, new("x"), nil)))

		require.Equal(t, []string{
			id + ` {"event":"ROLE_CHANGED","memberId":"` + id + `"}`, id + ` {"event":"UPDATED","memberId":"` + id + `"}`,
			id + ` {"event":"REMOVED","memberId":"` + id + `"}`,
		}, compacted(t, f.told("member")))
		role, update, removed := f.audited("setMemberRole"), f.audited("updateMember"), f.audited("removeMember")
		require.Len(t, role, 1)
		require.Len(t, update, 1)
		require.Len(t, removed, 1)
		require.JSONEq(t, `{"email":"ann@example.com","role":"VIEWER"}`, string(role[0].Before))
		require.JSONEq(t, `{"email":"ann@example.com","role":"ADMIN"}`, string(role[0].After))
		require.JSONEq(t, `{"email":"ann@example.com","role":"ADMIN"}`, string(update[0].Before))
		require.JSONEq(t, `{"email":"ann.lee@example.com","name":"Ann","role":"ADMIN"}`, string(update[0].After))
		require.JSONEq(t, `{"email":"ann.lee@example.com","name":"Ann","role":"ADMIN"}`, string(removed[0].Before))

		_, err := f.invite("ann.lee@example.com", principal.RoleViewer)
		require.NoError(t, err, "a removed member's address is free")
		row := f.get(id)
		require.NotNil(t, row.RemovedAt)
		require.Equal(t, "ann.lee@example.com", row.Email, "the row stays, for the history")
	})
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		id := f.add("ann@example.com", principal.RoleViewer)
		f.add("bob@example.com", principal.RoleViewer)
		_, err := f.invite("open@example.com", principal.RoleViewer)
		require.NoError(t, err)
		for name, c := range map[string]struct {
			name, email *string
			want        fault.Code
		}{
			"nothing":          {nil, nil, fault.BadInput},
			"a long name":      {new(strings.Repeat("é", 201)), nil, fault.BadInput},
			"a control":        {new("a\nb"), nil, fault.BadInput},
			"no address":       {nil, new("nobody"), fault.BadInput},
			"another member's": {nil, new("BOB@example.com"), fault.Conflict},
			"an invited one's": {nil, new("open@example.com"), fault.Conflict},
		} {
			require.Equal(t, c.want, fault.CodeOf(f.update(id, c.name, c.email)), name)
		}
		other := newFixture(t, s)
		require.Equal(t, fault.NotFound, fault.CodeOf(other.update(id, new("x"), nil)), "of another workspace")
		require.Equal(t, fault.NotFound, fault.CodeOf(other.remove(id)))
		require.Equal(t, fault.NotFound, fault.CodeOf(other.setRole(id, principal.RoleAdmin)))
		require.Equal(t, "ann@example.com", f.get(id).Email)
	})
}

func TestTheLastOwnerStays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		one, two := f.add("one@example.com", principal.RoleOwner), f.add("two@example.com", principal.RoleOwner)
		require.NoError(t, f.remove(one))
		for _, actor := range []principal.Role{principal.RoleOwner, principal.RoleSystem} {
			f.as(actor)
			require.Equal(t, fault.LastOwner, fault.CodeOf(f.setRole(two, principal.RoleAdmin)), actor)
			require.Equal(t, fault.LastOwner, fault.CodeOf(f.remove(two)), actor)
		}
		require.NoError(t, f.setRole(two, principal.RoleOwner))
		require.Equal(t, principal.RoleOwner, f.get(two).Role)
	})
}

// TestAllOwnersLeaveAtOnce: of owners who leave or step down at the same moment one
// stays.
func TestAllOwnersLeaveAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		const owners = 8
		var ids []string
		for i := range owners {
			ids = append(ids, f.add(fmt.Sprintf("o%d@example.com", i), principal.RoleOwner))
		}
		results := make([]error, owners)
		var all sync.WaitGroup
		for i, id := range ids {
			all.Go(func() {
				key := fmt.Sprintf("leave-%d", i)
				if i%2 == 0 {
					results[i] = f.members.Remove(f.ctx, member.RemoveInput{MemberID: id, IdempotencyKey: key})
				} else {
					results[i] = f.members.SetRole(f.ctx, member.SetRoleInput{MemberID: id, Role: principal.RoleViewer, IdempotencyKey: key})
				}
			})
		}
		all.Wait()
		refused := 0
		for _, err := range results {
			if err != nil {
				require.Equal(t, fault.LastOwner, fault.CodeOf(err))
				refused++
			}
		}
		require.Equal(t, 1, refused)
		left := 0
		for _, id := range ids {
			if row := f.get(id); row.Role == principal.RoleOwner && row.RemovedAt == nil {
				left++
			}
		}
		require.Equal(t, 1, left)
	})
}

// TestOneAddressIsInvitedOnce: of invitations at the same moment one is made.
func TestOneAddressIsInvitedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		results := make([]error, 6)
		var all sync.WaitGroup
		for i := range results {
			all.Go(func() {
				_, results[i] = f.members.Invite(f.ctx, member.InviteInput{
					Email: "ann@example.com", Role: principal.RoleViewer, IdempotencyKey: fmt.Sprint("k", i),
				})
			})
		}
		all.Wait()
		made := 0
		for _, err := range results {
			if err == nil {
				made++
				continue
			}
			require.Equal(t, fault.Conflict, fault.CodeOf(err))
		}
		require.Equal(t, 1, made)
	})
}

func TestServiceTokens(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s).as(principal.RoleAdmin)
		end := clock.Now().Add(time.Hour)
		in := member.CreateTokenInput{
			Name: "ci", Role: principal.RoleAdmin, Scopes: []principal.Scope{principal.ScopeOperate, principal.ScopeRead, principal.ScopeRead},
			ExpiresAt: &end, IdempotencyKey: "once",
		}
		created, err := f.members.CreateToken(f.ctx, in)
		require.NoError(t, err)
		who, session, err := f.auth.Authenticate(t.Context(), auth.Credentials{Bearer: created.Token})
		require.NoError(t, err)
		require.Equal(t, in.Role, who.Role)
		live := session.Done()
		again, err := f.members.CreateToken(f.ctx, in)
		require.NoError(t, err)
		require.Equal(t, member.CreatedToken{ID: created.ID}, again, "the token is shown once")
		row, err := s.Read().ApiToken.Get(f.reader(), created.ID)
		require.NoError(t, err)
		require.Equal(t, []principal.Scope{principal.ScopeOperate, principal.ScopeRead}, row.Scopes)
		require.WithinDuration(t, end, *row.ExpiresAt, 0)
		actor, _ := principal.From(f.ctx)
		require.Equal(t, actor.ID, row.CreatedBy)
		require.NotContains(t, string(f.audited("token.issue")[0].After), created.Token.Reveal())

		in.IdempotencyKey = f.key()
		_, err = f.members.CreateToken(f.ctx, in)
		require.Equal(t, fault.Conflict, fault.CodeOf(err), "the name of a live token")
		require.NoError(t, f.revokeToken(created.ID))
		require.NoError(t, f.revokeToken(created.ID), "again changes nothing")
		require.Len(t, f.audited("token.revoke"), 1)
		requireEnded(t, live)
		in.IdempotencyKey, in.Scopes = f.key(), nil
		all, err := f.members.CreateToken(f.ctx, in)
		require.NoError(t, err, "the name of a revoked token is free")
		row, err = s.Read().ApiToken.Get(f.reader(), all.ID)
		require.NoError(t, err)
		require.Nil(t, row.Scopes, "nil narrows nothing")
		clock.Advance(time.Hour)
		in.IdempotencyKey, in.ExpiresAt = f.key(), nil
		_, err = f.members.CreateToken(f.ctx, in)
		require.NoError(t, err, "the name of an expired token is free")
		require.Equal(t, fault.NotFound, fault.CodeOf(f.revokeToken("tok_nothing")))
		require.Equal(t, fault.NotFound, fault.CodeOf(newFixture(t, s).revokeToken(all.ID)), "of another workspace")
	})
}

// requireEnded waits for what must end at once.
func requireEnded(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it did not end")
	}
}

// TestARemovedMembersSessionsEnd, a live one too.
func TestARemovedMembersSessionsEnd(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		invited, err := f.invite("ann@example.com", principal.RoleAdmin)
		require.NoError(t, err)
		_, ticket, _ := strings.Cut(invited.AcceptURL.Reveal(), "ticket=")
		signedIn, err := f.auth.AcceptInvitation(t.Context(), crm.Secret(ticket), "Ann")
		require.NoError(t, err)
		who, session, err := f.auth.Authenticate(t.Context(), auth.Credentials{Cookie: signedIn.Cookie})
		require.NoError(t, err)
		live := session.Done()
		require.NoError(t, f.remove(who.ID))
		requireEnded(t, live)
		_, _, err = f.auth.Authenticate(t.Context(), auth.Credentials{Cookie: signedIn.Cookie})
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
	})
}

func (f *fixture) revokeToken(id string) error {
	return f.members.RevokeToken(f.ctx, member.RevokeTokenInput{TokenID: id, IdempotencyKey: f.key()})
}

// TestNoTokenMayDoMoreThanItsMaker is the table of escalations.
func TestNoTokenMayDoMoreThanItsMaker(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		past := clock.Now()
		narrow := []principal.Scope{principal.ScopeRead, principal.ScopeManageTokens, principal.ScopeOperate}
		for i, c := range []struct {
			actor  principal.Role
			has    []principal.Scope
			role   principal.Role
			scopes []principal.Scope
			want   fault.Code
		}{
			{actor: principal.RoleOwner, role: principal.RoleAdmin},
			{actor: principal.RoleAdmin, role: principal.RoleAdmin},
			{actor: principal.RoleSystem, role: principal.RoleAdmin},
			{actor: principal.RoleAdmin, role: principal.RoleViewer, scopes: []principal.Scope{principal.ScopeRead}},
			{actor: principal.RoleAdmin, role: principal.RoleOwner, want: fault.BadInput},
			{actor: principal.RoleOwner, role: principal.RoleOwner, want: fault.BadInput},
			{actor: principal.RoleOwner, role: principal.RoleCSM, want: fault.BadInput},
			{actor: principal.RoleSystem, role: principal.RoleSystem, want: fault.BadInput},
			{actor: principal.RoleOwner, role: "", want: fault.BadInput},
			{actor: principal.RoleViewer, role: principal.RoleViewer, want: fault.Forbidden},
			{actor: principal.RoleCSM, role: principal.RoleViewer, want: fault.Forbidden},
			{actor: principal.RoleAdmin, role: principal.RoleViewer, scopes: []principal.Scope{principal.ScopeConfigure}, want: fault.BadInput},
			{actor: principal.RoleAdmin, role: principal.RoleAdmin, scopes: []principal.Scope{principal.ScopeEntitle}, want: fault.BadInput},
			{actor: principal.RoleAdmin, role: principal.RoleAdmin, scopes: []principal.Scope{"ROOT"}, want: fault.BadInput},
			{actor: principal.RoleAdmin, role: principal.RoleAdmin, scopes: []principal.Scope{}, want: fault.BadInput},
			{actor: principal.RoleAdmin, has: narrow, role: principal.RoleAdmin, scopes: []principal.Scope{principal.ScopeOperate}},
			{actor: principal.RoleAdmin, has: narrow, role: principal.RoleViewer},
			{actor: principal.RoleAdmin, has: narrow, role: principal.RoleAdmin, want: fault.Forbidden},
			{actor: principal.RoleAdmin, has: narrow, role: principal.RoleAdmin, scopes: []principal.Scope{principal.ScopeConnect}, want: fault.Forbidden},
			{actor: principal.RoleAdmin, has: []principal.Scope{principal.ScopeRead}, role: principal.RoleViewer, want: fault.Forbidden},
		} {
			f.as(c.actor, c.has...)
			_, err := f.members.CreateToken(f.ctx, member.CreateTokenInput{
				Name: fmt.Sprint("token ", i), Role: c.role, Scopes: c.scopes, IdempotencyKey: f.key(),
			})
			require.Equal(t, c.want, fault.CodeOf(err), "%d: %+v: %v", i, c, err)
		}
		f.as(principal.RoleOwner)
		for name, in := range map[string]member.CreateTokenInput{
			"no name":         {Role: principal.RoleAdmin},
			"a long name":     {Name: strings.Repeat("é", 201), Role: principal.RoleAdmin},
			"a control":       {Name: "a\x1bb", Role: principal.RoleAdmin},
			"an id":           {Name: gid.New(gid.Token), Role: principal.RoleAdmin},
			"an end that was": {Name: "n", Role: principal.RoleAdmin, ExpiresAt: &past},
		} {
			in.IdempotencyKey = f.key()
			_, err := f.members.CreateToken(f.ctx, in)
			require.Equal(t, fault.BadInput, fault.CodeOf(err), name)
		}
	})
}
