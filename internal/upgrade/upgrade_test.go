package upgrade_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/settings"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/internal/upgrade"
)

// versions are two versions of a package: the second has another object instead of
// the leads, and one standard field of contacts less.
func versions(_, crmName string, version int) (crm.Package, error) {
	field := func(key, candidate string) crm.StandardField {
		return crm.StandardField{Key: key, Label: key, DataType: crm.TypeText, Requirement: crm.Optional, Candidates: []string{candidate}}
	}
	object := func(key, name string, fields ...crm.StandardField) crm.PackageObject {
		return crm.PackageObject{Key: key, Name: name, Label: name, Requirement: crm.Required, Rights: crm.Rights{Read: true}, Fields: fields}
	}
	pkg := crm.Package{Key: "test", Version: 2, Title: "Test", CRM: crmName, Objects: []crm.PackageObject{
		object("account", "Account", field("account.name", "Name")),
		object("contact", "Contact", field("contact.email", "Email")),
		object("opportunity", "Opportunity"),
		object("task", "Task", field("task.subject", "Subject")),
	}}
	switch version {
	case 0, 2:
		return pkg, nil
	case 1:
		pkg.Version = 1
		pkg.Objects = []crm.PackageObject{
			object("contact", "Contact", field("contact.email", "Email"), field("contact.fax", "Fax")),
			object("account", "Account", field("account.name", "Name")),
			object("opportunity", "Opportunity"), object("lead", "Lead", field("lead.email", "Email")),
		}
		return pkg, nil
	default:
		return crm.Package{}, errors.New("no such version")
	}
}

type manifests struct{}

func (manifests) Describe(name string) (crm.Manifest, error) {
	return crm.Manifest{Name: name, Title: "CRM", Capabilities: []crm.Capability{crm.CanRead}}, nil
}

// checks counts the checks that were asked for.
type checks struct{ asked int }

func (c *checks) EnqueueOnboarding(context.Context, *store.Tx, *ent.Integration) error {
	c.asked++
	return nil
}

// fixture is an active integration that goes by version 1. Its leads and Contact.Fax
// are lost and alerted; e-mail, fax and the leads' e-mail are mapped.
type fixture struct {
	t           *testing.T
	ctx         context.Context
	store       *store.Store
	service     *upgrade.Service
	checks      checks
	integration *ent.Integration
	used        int
}

func newFixture(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	f := &fixture{t: t, ctx: ctx, store: s}
	alerts, err := alert.New(alert.Config{Connectors: manifests{}, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	mappings, err := mapping.New(mapping.Config{Store: s, Alerts: alerts, Packages: versions})
	require.NoError(t, err)
	f.service, err = upgrade.New(upgrade.Config{
		Store: s, Alerts: alerts, Mappings: mappings, Checks: &f.checks, Packages: versions,
		Settings: settings.New(settings.Config{Store: s, Connectors: manifests{}, Packages: versions}),
	})
	require.NoError(t, err)
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		f.integration = tx.Ent().Integration.Create().SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("crm").SetEnvironment(crm.Production).SetState(crm.IntegrationActive).SetPackageVersion(1).
			SetStepsDone([]crm.OnboardingStep{crm.StepStandardization}).SaveX(ctx)
		f.object(ctx, tx, "Contact", crm.ObjectOK, 0, map[string]bool{"Email": true, "Fax": false, "Subject": true})
		f.object(ctx, tx, "Account", crm.ObjectOK, 1, map[string]bool{"Name": true})
		f.object(ctx, tx, "Opportunity", crm.ObjectOK, 2, nil)
		f.object(ctx, tx, "Lead", crm.ObjectPermissionMissing, 3, map[string]bool{"Email": false})
		for _, m := range [][3]string{{"Contact", "contact.email", "Email"}, {"Contact", "contact.fax", "Fax"}, {"Lead", "lead.email", "Email"}} {
			tx.Ent().Mapping.Create().SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetIntegrationID(f.integration.ID).
				SetObjectName(m[0]).SetStandardField(m[1]).SetCrmField(m[2]).SetOrigin(crm.MappingAdmin).SetCreatedBy("test").SaveX(ctx)
		}
		objects, err := snapshot.Objects(ctx, tx.Ent(), f.integration.ID)
		require.NoError(t, err)
		require.NoError(t, snapshot.LoadFields(ctx, tx.Ent(), objects))
		former, err := versions("", "crm", 1)
		require.NoError(t, err)
		return alerts.Evaluate(ctx, tx, f.integration, former, snapshot.States(objects))
	})
	return f
}

// object stores an object with its mapped fields, by name and whether they can be read.
func (f *fixture) object(ctx context.Context, tx *store.Tx, name string, status crm.ObjectStatus, position int, fields map[string]bool) {
	row := tx.Ent().CrmObject.Create().SetWorkspaceID(f.integration.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(f.integration.ID).
		SetName(name).SetStatus(status).SetRequirement(crm.Required).SetPosition(position).SetCheckedAt(tx.Now()).SaveX(ctx)
	for field, readable := range fields {
		tx.Ent().CrmField.Create().SetWorkspaceID(f.integration.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(f.integration.ID).
			SetObjectID(row.ID).SetName(field).SetDataType("string").SetReadable(readable).SetStandardized(true).SaveX(ctx)
	}
}

func (f *fixture) inTx(do func(ctx context.Context, tx *store.Tx) error) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, do))
}

func (f *fixture) upgrade(version int, confirm bool) (crm.PackagePlan, error) {
	f.used++
	return f.service.Upgrade(f.ctx, upgrade.Input{
		IntegrationID: f.integration.ID, ToVersion: version, Confirm: confirm, IdempotencyKey: fmt.Sprint("key ", f.used),
	})
}

func (f *fixture) alerts() []string {
	var open []string
	for _, row := range f.store.Read().Alert.Query().AllX(f.ctx) {
		resolution := ""
		if row.Resolution != nil {
			resolution = string(*row.Resolution)
		}
		open = append(open, fmt.Sprintf("%s %s.%s %s", row.State, row.ObjectName, row.FieldName, resolution))
	}
	return open
}

func (f *fixture) mapped() (standard []string) {
	for _, row := range f.store.Read().Mapping.Query().AllX(f.ctx) {
		standard = append(standard, row.StandardField)
	}
	return standard
}

func (f *fixture) version() int {
	return f.store.Read().Integration.GetX(f.ctx, f.integration.ID).PackageVersion
}

func TestAPlanChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		plan, err := f.upgrade(0, false)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, []int{plan.FromVersion, plan.ToVersion})
		destructive := map[string]bool{}
		for _, effect := range plan.Effects {
			destructive[effect.Subject] = effect.Destructive
		}
		require.Equal(t, map[string]bool{"task": false, "contact.fax": true, "lead": true}, destructive)
		require.Equal(t, 1, f.version())
		require.Len(t, f.mapped(), 3)
		require.Zero(t, f.checks.asked)
		waiting, err := f.service.Plan(f.ctx, f.integration)
		require.NoError(t, err)
		require.Equal(t, plan, *waiting)
	})
}

func TestAConfirmedUpgrade(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		require.Len(t, f.alerts(), 2)
		in := upgrade.Input{IntegrationID: f.integration.ID, Confirm: true, IdempotencyKey: "once"}
		plan, err := f.service.Upgrade(f.ctx, in)
		require.NoError(t, err)
		again, err := f.service.Upgrade(f.ctx, in)
		require.NoError(t, err)
		require.Equal(t, plan, again)

		require.Equal(t, 2, f.version())
		require.Equal(t, []string{"contact.email"}, f.mapped())
		require.Equal(t, 1, f.checks.asked, "once, however often it is asked")
		for _, state := range f.alerts() {
			require.Regexp(t, "^RESOLVED .* UNMAPPED$", state)
		}
		positions := map[int]string{}
		for _, row := range s.Read().CrmObject.Query().AllX(f.ctx) {
			positions[row.Position] = row.Name + " " + string(row.Status)
			require.Equal(t, row.Name == "Lead", row.Stale, row.Name)
		}
		require.Equal(t, map[int]string{0: "Account OK", 1: "Contact OK", 2: "Opportunity OK", 3: "Task NOT_CHECKED", 4: "Lead PERMISSION_MISSING"}, positions)
		for _, row := range s.Read().CrmField.Query().AllX(f.ctx) {
			if row.Name == "Fax" {
				require.False(t, row.Standardized)
			}
		}
		history := map[string]crm.MappingAction{}
		for _, row := range s.Read().MappingChange.Query().AllX(f.ctx) {
			history[row.StandardField] = row.Action
			require.Contains(t, row.Reason, "Version 2")
		}
		require.Equal(t, map[string]crm.MappingAction{"contact.fax": crm.MappingUnmapped, "lead.email": crm.MappingUnmapped}, history)
		audited := map[string]int{}
		for _, row := range s.Read().AuditEntry.Query().AllX(f.ctx) {
			audited[row.Action]++
		}
		require.Equal(t, 1, audited["upgradePackage"])
		waiting, err := f.service.Plan(f.ctx, s.Read().Integration.GetX(f.ctx, f.integration.ID))
		require.NoError(t, err)
		require.Nil(t, waiting)
	})
}

func TestAnUpgradeRefuses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		for _, version := range []int{-1, 3, 1 << 30} {
			for _, confirm := range []bool{false, true} {
				_, err := f.upgrade(version, confirm)
				require.Equal(t, fault.BadInput, fault.CodeOf(err), "%d: %v", version, err)
			}
		}
		_, err := f.service.Upgrade(f.ctx, upgrade.Input{IntegrationID: "int_nobody", IdempotencyKey: "k"})
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		p, _ := principal.From(f.ctx)
		p.Role = principal.RoleViewer
		p.Scopes = nil
		f.ctx = principal.With(f.ctx, p)
		_, err = f.upgrade(0, true)
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		require.Equal(t, 1, f.version())
	})
}

// another is a package of another key, whose leads are another CRM object.
func another() crm.Package {
	pkg, _ := versions("", "crm", 1)
	pkg.Key, pkg.Title, pkg.Version = "another", "Another", 7
	pkg.Objects = pkg.Objects[:2] // contacts and accounts
	pkg.Objects[0].Fields = pkg.Objects[0].Fields[:1]
	pkg.Objects = append(pkg.Objects, crm.PackageObject{
		Key: "lead", Name: "Prospect", Label: "Prospect", Requirement: crm.Required, Rights: crm.Rights{Read: true},
		Fields: []crm.StandardField{{Key: "lead.email", Label: "E-mail", DataType: crm.TypeText, Requirement: crm.Required, Candidates: []string{"Email"}}},
	})
	return pkg
}

// Another package takes what has no place in it away, whoever of the vendor's staff
// gives it: mappings with their history, alerts, and what nobody checks any more.
func TestSwitchToAnotherPackage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		p, _ := principal.From(f.ctx)
		p.Role, p.ID = principal.RoleCSM, "csm_1"
		csm := principal.With(t.Context(), p)
		require.NoError(t, s.WithTx(csm, func(ctx context.Context, tx *store.Tx) error {
			found, err := snapshot.Lock(ctx, tx, f.integration.ID)
			require.NoError(t, err)
			moved, err := f.service.Switch(ctx, tx, found, another())
			require.Equal(t, 7, moved.PackageVersion)
			return err
		}))
		require.Equal(t, 7, f.version())
		require.Equal(t, []string{"contact.email"}, f.mapped(), "the leads are of another CRM object")
		require.Equal(t, 1, f.checks.asked)
		for _, state := range f.alerts() {
			require.Regexp(t, "^RESOLVED .* UNMAPPED$", state)
		}
		for _, row := range s.Read().MappingChange.Query().AllX(f.ctx) {
			require.Equal(t, crm.MappingUnmapped, row.Action)
			require.Equal(t, "csm_1", row.ChangedBy)
			require.Equal(t, "The package Another has no such standard field.", row.Reason)
		}
		states := map[string]string{}
		for _, row := range s.Read().CrmObject.Query().AllX(f.ctx) {
			states[row.Name] = fmt.Sprintf("%d %s %t", row.Position, row.Status, row.Stale)
		}
		require.Equal(t, map[string]string{
			"Contact": "0 OK false", "Account": "1 OK false", "Prospect": "2 NOT_CHECKED false",
			"Opportunity": "3 OK true", "Lead": "3 PERMISSION_MISSING true",
		}, states)
	})
}
