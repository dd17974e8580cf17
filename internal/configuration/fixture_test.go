package configuration_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apibudget"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/configuration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/recipient"
	"github.com/fieldwarden/fieldwarden/internal/schedule"
	"github.com/fieldwarden/fieldwarden/internal/settings"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

type manifests struct{}

func (manifests) Describe(name string) (crm.Manifest, error) {
	return crm.Manifest{Name: name, Title: name, Capabilities: []crm.Capability{crm.CanRead, crm.CanListPicklist}}, nil
}

// budgets saves limits of the APIs "rest" and "bulk", as the real one does.
type budgets struct{}

func (budgets) SetBudgetTx(ctx context.Context, tx *store.Tx, integrationID, api string, limit *int) error {
	if api != "rest" && api != "bulk" {
		return fault.New(fault.BadInput, fmt.Sprintf("There is no API %q.", api), fault.Field("apiType"))
	}
	p, _ := principal.From(ctx)
	_, err := tx.Ent().ApiBudget.Delete().Where(apibudget.IntegrationID(integrationID), apibudget.APIType(api)).Exec(ctx)
	if err != nil || limit == nil {
		return err
	}
	return tx.Ent().ApiBudget.Create().SetWorkspaceID(p.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(integrationID).
		SetAPIType(api).SetDailyLimit(*limit).SetUpdatedBy(p.ID).SetUpdatedAt(tx.Now()).Exec(ctx)
}

func (budgets) SetQuotaShareTx(ctx context.Context, tx *store.Tx, integrationID string, percent int) error {
	return tx.Ent().Integration.UpdateOneID(integrationID).SetQuotaPercent(percent).Exec(ctx)
}

// testPackage has what the settings need, and standard fields to map.
func testPackage(_, crmName string, _ int) (crm.Package, error) {
	field := func(key string, candidates ...string) crm.StandardField {
		return crm.StandardField{Key: key, Label: key, DataType: crm.TypeText, Requirement: crm.Recommended, Candidates: candidates}
	}
	object := func(key, name string, fields ...crm.StandardField) crm.PackageObject {
		return crm.PackageObject{Key: key, Name: name, Label: name, Requirement: crm.Required, Rights: crm.Rights{Read: true}, Fields: fields}
	}
	return crm.Package{Key: "test", Version: 1, Title: "Test", CRM: crmName, Objects: []crm.PackageObject{
		object("account", "Account", field("account.name", "Name")),
		object("contact", "Contact", field("contact.email", "Email"), field("contact.phone", "Phone"), field("contact.title", "Title")),
		object("lead", "Lead", field("lead.email", "Email")),
		object("opportunity", "Opportunity", field("opportunity.stage", "StageName")),
	}}, nil
}

// fixture is a workspace in which an admin acts.
type fixture struct {
	t         *testing.T
	ctx       context.Context
	store     *store.Store
	workspace *ent.Workspace
	service   *configuration.Service
	settings  *settings.Service
	mappings  *mapping.Service
	people    *recipient.Service
	used      int
}

func newFixture(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	f := &fixture{t: t, ctx: ctx, store: s, workspace: workspace, people: recipient.New(s)}
	bought := snapshot.Packages(testPackage)
	alerts, err := alert.New(alert.Config{Connectors: manifests{}, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	f.settings = settings.New(settings.Config{Store: s, Connectors: manifests{}, Packages: bought})
	f.mappings, err = mapping.New(mapping.Config{Store: s, Alerts: alerts, Packages: bought})
	require.NoError(t, err)
	schedules, err := schedule.NewService(s)
	require.NoError(t, err)
	f.service, err = configuration.New(configuration.Config{
		Store: s, Settings: f.settings, Mappings: f.mappings, Recipients: f.people, Schedules: schedules, Budgets: budgets{}, Packages: bought,
	})
	require.NoError(t, err)
	return f
}

// fieldNames are the CRM fields that checks have seen of each object.
func fieldNames() []string {
	return []string{"Email", "Phone", "Title", "Name", "StageName", "Work Email", "yes", "42"}
}

// connect makes an active integration whose checks have seen fieldNames of each
// object, and those of extra.
func (f *fixture) connect(connector string, environment crm.Environment, extra ...string) string {
	f.t.Helper()
	id := gid.New(gid.Integration)
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		err := tx.Ent().Integration.Create().SetID(id).SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector(connector).SetEnvironment(environment).SetState(crm.IntegrationActive).Exec(ctx)
		if err != nil {
			return err
		}
		err = tx.Ent().Picklist.Create().SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).SetIntegrationID(id).
			SetSource(crm.OpportunityStages).SetFetchedAt(tx.Now()).SetChoices([]crm.Choice{
			{Value: "Won", Active: true}, {Value: "no", Active: true}, {Value: "1. Open: \"yes\" é\u2028", Active: true},
		}).Exec(ctx)
		if err != nil {
			return err
		}
		for _, name := range []string{"Account", "Contact", "Lead", "Opportunity"} {
			object, err := tx.Ent().CrmObject.Create().SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).SetIntegrationID(id).
				SetName(name).SetStatus(crm.ObjectOK).SetRights(crm.Rights{Read: true, Create: true, Update: true}).Save(ctx)
			if err != nil {
				return err
			}
			for _, field := range append(fieldNames(), extra...) {
				err = tx.Ent().CrmField.Create().SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).SetIntegrationID(id).SetObjectID(object.ID).
					SetName(field).SetReadable(true).SetCreatable(true).SetUpdatable(true).Exec(ctx)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return id
}

func (f *fixture) inTx(do func(ctx context.Context, tx *store.Tx) error) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, do))
}

func (f *fixture) key() string {
	f.used++
	return fmt.Sprintf("key-%d", f.used)
}

// as lets somebody with a role act from now on, narrowed by scopes.
func (f *fixture) as(role principal.Role, scopes []principal.Scope) {
	f.ctx = principal.With(f.t.Context(), principal.Principal{ID: "x", WorkspaceID: f.workspace.ID, Role: role, Scopes: scopes})
}

func (f *fixture) export(id string) string {
	f.t.Helper()
	text, err := f.service.Export(f.ctx, id)
	require.NoError(f.t, err)
	return text
}

func (f *fixture) read(id, document string, options ...func(*configuration.ImportInput)) (configuration.Result, error) {
	in := configuration.ImportInput{IntegrationID: id, Document: document, IdempotencyKey: f.key()}
	for _, option := range options {
		option(&in)
	}
	return f.service.Import(f.ctx, in)
}

func dryRun(in *configuration.ImportInput)  { in.DryRun = true }
func confirm(in *configuration.ImportInput) { in.Confirm = true }

// must reads a document that cannot be refused.
func (f *fixture) must(id, document string) configuration.Result {
	f.t.Helper()
	result, err := f.read(id, document, confirm)
	require.NoError(f.t, err)
	return result
}

// effects lists "KIND subject: description", with an exclamation mark when something
// is taken away.
func effects(plan []configuration.Effect) []string {
	list := []string{}
	for _, one := range plan {
		mark := ""
		if one.Destructive {
			mark = "! "
		}
		list = append(list, fmt.Sprintf("%s%s %s: %s", mark, one.Kind, one.Subject, one.Description))
	}
	return list
}

const head = "version: 1\nconnector: salesforce\n"
