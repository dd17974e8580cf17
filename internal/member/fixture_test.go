package member_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/ent/feedentry"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/member"
	"github.com/fieldwarden/fieldwarden/internal/packages"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/settings"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

type manifests struct{}

func (manifests) Describe(name string) (crm.Manifest, error) {
	return crm.Manifest{Name: name, Title: "Salesforce", Capabilities: []crm.Capability{crm.CanRead}}, nil
}

// fixture is a workspace with the built-in package in which somebody acts.
type fixture struct {
	t         *testing.T
	ctx       context.Context
	store     *store.Store
	auth      *auth.Service
	members   *member.Service
	settings  *settings.Service
	workspace *ent.Workspace
	// switched lists the integrations that were given another package.
	switched []string
	used     int
}

const packageKey = "sales-engagement"

func newFixture(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	_, workspace := storetest.Workspace(t, s)
	f := &fixture{t: t, store: s, workspace: workspace}
	builtIn, err := packages.BuiltIn()
	require.NoError(t, err)
	bought := snapshot.Packages(builtIn.Load)
	f.settings = settings.New(settings.Config{Store: s, Connectors: manifests{}, Packages: bought})
	f.auth, err = auth.New(auth.Config{Store: s, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), PublicURL: "https://fw.example"})
	require.NoError(t, err)
	f.members, err = member.New(member.Config{
		Store: s, Auth: f.auth, Settings: f.settings, Packages: bought,
		KnownPackages: append(builtIn.Known(), "other.hubspot", "other.salesforce"),
		Switch: func(ctx context.Context, tx *store.Tx, found *ent.Integration, to crm.Package) (*ent.Integration, error) {
			f.switched = append(f.switched, fmt.Sprintf("%s to %s version %d", found.ID, to.Key, to.Version))
			return tx.Ent().Integration.UpdateOne(found).SetPackageVersion(to.Version).Save(ctx)
		},
	})
	require.NoError(t, err)
	require.NoError(t, s.WithTx(principal.System(t.Context(), workspace.ID, "test"), func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Workspace.UpdateOneID(workspace.ID).SetPackageKey(packageKey).Exec(ctx)
	}))
	f.as(principal.RoleOwner)
	return f
}

// as lets somebody with a role act from now on, narrowed by scopes.
func (f *fixture) as(role principal.Role, scopes ...principal.Scope) *fixture {
	p := principal.Principal{ID: gid.New(gid.Member), Kind: principal.KindMember, Name: "T", WorkspaceID: f.workspace.ID, Role: role, Scopes: scopes}
	if role == principal.RoleCSM {
		p.Kind, p.Via = principal.KindCSM, "csm"
	}
	f.ctx = principal.With(f.t.Context(), p)
	return f
}

// reader is a context that reads everything of the workspace.
func (f *fixture) reader() context.Context {
	return principal.System(f.t.Context(), f.workspace.ID, "test")
}

func (f *fixture) key() string {
	f.used++
	return fmt.Sprintf("key-%d", f.used)
}

// add makes a member.
func (f *fixture) add(email string, role principal.Role) string {
	f.t.Helper()
	var row *ent.Member
	require.NoError(f.t, f.store.WithTx(f.reader(), func(ctx context.Context, tx *store.Tx) (err error) {
		row, err = tx.Ent().Member.Create().SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).
			SetEmail(email).SetEmailKey(email).SetRole(role).Save(ctx)
		return err
	}))
	return row.ID
}

func (f *fixture) get(id string) *ent.Member {
	f.t.Helper()
	row, err := f.store.Read().Member.Get(f.reader(), id)
	require.NoError(f.t, err)
	return row
}

func (f *fixture) invite(email string, role principal.Role) (member.Invited, error) {
	return f.members.Invite(f.ctx, member.InviteInput{Email: email, Role: role, IdempotencyKey: f.key()})
}

func (f *fixture) setRole(id string, role principal.Role) error {
	return f.members.SetRole(f.ctx, member.SetRoleInput{MemberID: id, Role: role, IdempotencyKey: f.key()})
}

func (f *fixture) update(id string, name, email *string) error {
	return f.members.Update(f.ctx, member.UpdateInput{MemberID: id, Name: name, Email: email, IdempotencyKey: f.key()})
}

func (f *fixture) remove(id string) error {
	return f.members.Remove(f.ctx, member.RemoveInput{MemberID: id, IdempotencyKey: f.key()})
}

// audited returns the entries of an action, oldest first.
func (f *fixture) audited(action string) []*ent.AuditEntry {
	f.t.Helper()
	rows, err := f.store.Read().AuditEntry.Query().Where(auditentry.Action(action)).Order(auditentry.ByID()).All(f.reader())
	require.NoError(f.t, err)
	return rows
}

// told lists "subject payload" of the feed entries of a kind.
func (f *fixture) told(kind string) []string {
	f.t.Helper()
	rows, err := f.store.Read().FeedEntry.Query().Where(feedentry.Kind(kind)).Order(feedentry.BySeq()).All(f.reader())
	require.NoError(f.t, err)
	var told []string
	for _, row := range rows {
		told = append(told, row.SubjectID+" "+string(row.Payload))
	}
	return told
}
