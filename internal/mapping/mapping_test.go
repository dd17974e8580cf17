package mapping_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	entalert "github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/feedentry"
	entmapping "github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/ent/mappingchange"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func testPackage() crm.Package {
	field := func(key string, kind crm.DataType, requirement crm.Requirement, candidates ...string) crm.StandardField {
		return crm.StandardField{Key: key, Label: key, DataType: kind, Requirement: requirement, Candidates: candidates}
	}
	email := field("contact.email", crm.TypeEmail, crm.Required, "Email", "Work_Email__c")
	email.Features = []string{"mailing"}
	features := []crm.Feature{{Key: "mailing", Title: "Mailing", Description: "Writes to contacts."}}
	return crm.Package{Key: "test", Version: 1, Title: "Test", CRM: "salesforce", Features: features, Objects: []crm.PackageObject{
		{Key: "contact", Name: "Contact", Label: "Contact", Requirement: crm.Required, Fields: []crm.StandardField{
			email,
			field("contact.phone", crm.TypePhone, crm.Recommended, "Phone"),
			field("contact.id", crm.TypeID, crm.Required, "Id"),
			field("contact.title", crm.TypeText, crm.Optional, "Title"),
		}},
		{Key: "lead", Name: "Lead", Label: "Lead", Requirement: crm.Required, Fields: []crm.StandardField{
			field("lead.email", crm.TypeEmail, crm.Required, "Email"),
		}},
	}}
}

type manifests struct{}

func (manifests) Describe(string) (crm.Manifest, error) { return crm.Manifest{}, nil }

// fixture is an integration in onboarding: Contact is accessible with some fields,
// Lead is not checked.
type fixture struct {
	t           *testing.T
	ctx         context.Context
	store       *store.Store
	mappings    *mapping.Service
	integration *ent.Integration
	contact     *ent.CrmObject
	keys        int
}

func newFixture(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	packages := snapshot.Packages(func(string, string, int) (crm.Package, error) { return testPackage(), nil })
	alerts, err := alert.New(alert.Config{Connectors: manifests{}, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	f := &fixture{t: t, ctx: ctx, store: s}
	f.mappings, err = mapping.New(mapping.Config{Store: s, Alerts: alerts, Packages: packages})
	require.NoError(t, err)
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		f.integration = tx.Ent().Integration.Create().
			SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("salesforce").SetEnvironment(crm.Production).SetState(crm.IntegrationOnboarding).SaveX(ctx)
		f.contact = f.addObject(ctx, tx, "Contact", crm.ObjectOK)
		f.addObject(ctx, tx, "Lead", crm.ObjectNotChecked)
		f.addFields(ctx, tx, f.contact, "Id", "Email", "Work_Email__c", "Phone")
		return nil
	})
	return f
}

func (f *fixture) addObject(ctx context.Context, tx *store.Tx, name string, status crm.ObjectStatus) *ent.CrmObject {
	return tx.Ent().CrmObject.Create().SetWorkspaceID(f.integration.WorkspaceID).SetCreatedAt(tx.Now()).
		SetIntegrationID(f.integration.ID).SetName(name).SetStatus(status).SaveX(ctx)
}

// kinds are the types of the CRM's fields.
func kinds(name string) string {
	return map[string]string{"Id": "id", "Email": "email", "Work_Email__c": "email", "Phone": "phone", "Born__c": "date"}[name]
}

// addFields stores readable fields of an object.
func (f *fixture) addFields(ctx context.Context, tx *store.Tx, object *ent.CrmObject, names ...string) {
	for _, name := range names {
		tx.Ent().CrmField.Create().SetWorkspaceID(object.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(object.IntegrationID).
			SetObjectID(object.ID).SetName(name).SetDataType(kinds(name)).SetReadable(true).SaveX(ctx)
	}
}

func (f *fixture) inTx(do func(ctx context.Context, tx *store.Tx) error) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, do))
}

func (f *fixture) key() string {
	f.keys++
	return fmt.Sprintf("key-%d", f.keys)
}

func (f *fixture) mapTo(standardField, name string) (string, error) {
	return f.mappings.Map(f.ctx, mapping.MapInput{
		IntegrationID: f.integration.ID, StandardField: standardField, Object: "Contact", CRMField: name, IdempotencyKey: f.key(),
	})
}

func (f *fixture) unmap(standardField, reason string) error {
	return f.mappings.Unmap(f.ctx, mapping.UnmapInput{
		IntegrationID: f.integration.ID, StandardField: standardField, Reason: reason, Confirm: true, IdempotencyKey: f.key(),
	})
}

func (f *fixture) complete() error {
	return f.mappings.CompleteStandardization(f.ctx, mapping.CompleteInput{IntegrationID: f.integration.ID, IdempotencyKey: f.key()})
}

func (f *fixture) autoMap(fields ...string) {
	f.t.Helper()
	var infos []crm.FieldInfo
	for _, name := range fields {
		infos = append(infos, crm.FieldInfo{Name: name, Type: kinds(name), Rights: crm.Rights{Read: true}})
	}
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		return f.mappings.AutoMap(ctx, tx, f.integration, testPackage(), []mapping.Found{{Object: &snapshot.Object{Row: f.contact}, Fields: infos}})
	})
}

// mapped lists "standard field=CRM field (origin)" and checks that exactly the
// mapped fields are standardized.
func (f *fixture) mapped() []string {
	f.t.Helper()
	list, fields := []string{}, []string{}
	for _, row := range f.store.Read().Mapping.Query().Where(entmapping.IntegrationID(f.integration.ID)).AllX(f.ctx) {
		list, fields = append(list, fmt.Sprintf("%s=%s (%s)", row.StandardField, row.CrmField, row.Origin)), append(fields, row.CrmField)
	}
	standardized := f.store.Read().CrmField.Query().
		Where(crmfield.IntegrationID(f.integration.ID), crmfield.Standardized(true)).Select(crmfield.FieldName).StringsX(f.ctx)
	require.ElementsMatch(f.t, fields, standardized)
	slices.Sort(list)
	return list
}

func (f *fixture) alerts() []string {
	list := []string{}
	for _, row := range f.store.Read().Alert.Query().Where(entalert.IntegrationID(f.integration.ID)).AllX(f.ctx) {
		list = append(list, fmt.Sprintf("%s %s.%s %s", row.Rule, row.ObjectName, row.FieldName, row.State))
	}
	slices.Sort(list)
	return list
}

// history lists "action object standard field: before > after (origin) reason", oldest
// first.
func (f *fixture) history() []string {
	list := []string{}
	for _, row := range f.store.Read().MappingChange.Query().
		Where(mappingchange.IntegrationID(f.integration.ID)).Order(mappingchange.ByID()).AllX(f.ctx) {
		origin := ""
		if row.Origin != nil {
			origin = string(*row.Origin)
		}
		list = append(list, fmt.Sprintf("%s %s %s: %s > %s (%s) %s", row.Action, row.ObjectName, row.StandardField,
			row.CrmFieldBefore, row.CrmFieldAfter, origin, row.Reason))
		actor, _ := principal.From(f.ctx)
		require.Equal(f.t, actor.ID, row.ChangedBy)
	}
	return list
}

// told lists the payloads of the feed entries about standardization, oldest first.
func (f *fixture) told() []mapping.Payload {
	f.t.Helper()
	var list []mapping.Payload
	for _, row := range f.store.Read().FeedEntry.Query().Where(feedentry.Kind(mapping.FeedKind)).Order(feedentry.BySeq()).AllX(f.ctx) {
		var payload mapping.Payload
		require.NoError(f.t, json.Unmarshal(row.Payload, &payload))
		list = append(list, payload)
	}
	return list
}

func (f *fixture) audited(action string) []*ent.AuditEntry {
	return f.store.Read().AuditEntry.Query().Where(auditentry.Action(action)).Order(auditentry.ByID()).AllX(f.ctx)
}

func TestAutoMapGivesAFirstMappingAndLeavesTheAdminsAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		_, err := f.mapTo("contact.email", "Work_Email__c")
		require.NoError(t, err)
		f.autoMap("Id", "Email", "Work_Email__c", "Phone")
		require.Equal(t, []string{"contact.email=Work_Email__c (ADMIN)", "contact.id=Id (AUTO)", "contact.phone=Phone (AUTO)"}, f.mapped())
		f.autoMap("Id", "Email", "Work_Email__c", "Phone")
		require.Len(t, f.mapped(), 3)
		require.Len(t, f.audited("mapping.auto"), 1)
	})
}

// Reading 1b.9: a required field that cannot be read is mapped and told of, once
// standardization is over.
func TestAFieldMissingAtStandardizationIsAlerted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Ent().CrmField.Delete().Where(crmfield.NameIn("Email", "Work_Email__c"), crmfield.ObjectID(f.contact.ID)).Exec(ctx)
			return err
		})
		f.autoMap("Id", "Phone")
		require.Contains(t, f.mapped(), "contact.email=Email (AUTO)")
		require.Empty(t, f.alerts())
		f.checkedLead(crm.ObjectPermissionMissing)
		require.NoError(t, f.complete())
		require.Contains(t, f.alerts(), "MISSING_AT_STANDARDIZATION Contact.Email OPEN")
		require.Contains(t, f.alerts(), "OBJECT_ACCESS_MISSING Lead. OPEN")

		require.NoError(t, f.unmap("contact.email", "There is no such field here"))
		require.Contains(t, f.alerts(), "MISSING_AT_STANDARDIZATION Contact.Email RESOLVED")
	})
}

// A row of its own may be there already, of a connector that lists what it cannot read.
func TestAutoMapStandardizesAFieldThatIsListedButNotReadable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.autoMap("Id", "Phone") // Email and Work_Email__c have rows, and are not among the readable ones
		require.Equal(t, []string{"contact.email=Email (AUTO)", "contact.id=Id (AUTO)", "contact.phone=Phone (AUTO)"}, f.mapped())
	})
}

func (f *fixture) checkedLead(status crm.ObjectStatus) {
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().CrmObject.Update().Where(crmobject.IntegrationID(f.integration.ID), crmobject.Name("Lead")).SetStatus(status).Exec(ctx)
	})
}

func TestStandardizationWaitsForRequiredFieldsOfAccessibleObjects(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		err := f.complete()
		require.Equal(t, fault.OnboardingBlocked, fault.CodeOf(err))
		e, _ := fault.From(err)
		require.Len(t, e.Details, 3)
		blockers, err := f.mappings.Blockers(f.ctx, f.integration.ID)
		require.NoError(t, err)
		require.Equal(t, []string{
			"The standard field contact.email (contact.email) of Contact is required and not mapped.",
			"The standard field contact.id (contact.id) of Contact is required and not mapped.",
			"Lead has not been checked yet.",
		}, blockers)

		f.autoMap("Id", "Email", "Phone")
		f.checkedLead(crm.ObjectPermissionMissing)
		require.NoError(t, f.complete(), "a missing object blocks nothing: it has an alert")
		require.NoError(t, f.complete(), "and ending it again changes nothing")
		done := s.Read().Integration.GetX(f.ctx, f.integration.ID)
		require.Equal(t, []crm.OnboardingStep{crm.StepStandardization}, done.StepsDone)
		require.Len(t, f.audited("completeOnboardingStep"), 1)
		require.Equal(t, "COMPLETED  :  >  () ", f.history()[len(f.history())-1])
		require.Equal(t, 1, strings.Count(strings.Join(f.history(), "\n"), "COMPLETED"))
	})
}

func TestMapReplacesAndAudits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		first, err := f.mapTo("contact.email", "Email")
		require.NoError(t, err)
		again, err := f.mapTo("contact.email", "Email")
		require.NoError(t, err)
		require.Equal(t, first, again)
		second, err := f.mapTo("contact.email", "Work_Email__c")
		require.NoError(t, err)
		require.NotEqual(t, first, second, "a new row: it is watched since now")
		require.Equal(t, []string{"contact.email=Work_Email__c (ADMIN)"}, f.mapped())
		entries := f.audited("mapField")
		require.Len(t, entries, 2)
		require.JSONEq(t, `{"standardField":"contact.email","object":"Contact","crmField":"Email","origin":"ADMIN"}`, string(entries[1].Before))
		require.JSONEq(t, `{"standardField":"contact.email","object":"Contact","crmField":"Work_Email__c","origin":"ADMIN"}`, string(entries[1].After))

		require.NoError(t, f.unmap("contact.email", "  Not needed any more "))
		require.Empty(t, f.mapped())
		entries = f.audited("unmapField")
		require.Len(t, entries, 1)
		require.JSONEq(t, `{"standardField":"contact.email","object":"Contact","reason":"Not needed any more"}`, string(entries[0].After))
		require.Equal(t, []string{
			"MAPPED Contact contact.email:  > Email (ADMIN) ",
			"REMAPPED Contact contact.email: Email > Work_Email__c (ADMIN) ",
			"UNMAPPED Contact contact.email: Work_Email__c >  () Not needed any more",
		}, f.history())
		require.Equal(t, []mapping.Payload{
			{Actions: map[crm.MappingAction]int{crm.MappingMapped: 1}, Objects: []string{"Contact"}},
			{Actions: map[crm.MappingAction]int{crm.MappingRemapped: 1}, Objects: []string{"Contact"}},
			{Actions: map[crm.MappingAction]int{crm.MappingUnmapped: 1}, Objects: []string{"Contact"}},
		}, f.told())
	})
}

func TestMapRefusesWithTypedErrors(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		_, err := f.mapTo("contact.email", "Email")
		require.NoError(t, err)
		good := mapping.MapInput{IntegrationID: f.integration.ID, StandardField: "contact.phone", Object: "Contact", CRMField: "Phone"}
		for name, c := range map[string]struct {
			change func(*mapping.MapInput)
			code   fault.Code
			field  string
		}{
			"unknown standard field": {func(in *mapping.MapInput) { in.StandardField = "contact.shoe_size" }, fault.BadInput, "standardField"},
			"wrong object":           {func(in *mapping.MapInput) { in.Object = "Lead" }, fault.BadInput, "object"},
			"unseen field":           {func(in *mapping.MapInput) { in.CRMField = "Nickname" }, fault.NotFound, "crmField"},
			"field of another":       {func(in *mapping.MapInput) { in.CRMField = "Email" }, fault.MappingConflict, "crmField"},
			"unknown integration":    {func(in *mapping.MapInput) { in.IntegrationID = "int_nothing" }, fault.NotFound, "integrationId"},
			"no idempotency key":     {func(in *mapping.MapInput) { in.IdempotencyKey = "" }, fault.BadInput, "idempotencyKey"},
		} {
			in := good
			in.IdempotencyKey = f.key()
			c.change(&in)
			_, err := f.mappings.Map(f.ctx, in)
			require.Equal(t, c.code, fault.CodeOf(err), name)
			e, _ := fault.From(err)
			require.Equal(t, []string{c.field}, e.Field, name)
		}
		require.Equal(t, []string{"contact.email=Email (ADMIN)"}, f.mapped())

		require.Equal(t, fault.BadInput, fault.CodeOf(f.unmap("contact.email", " ")))
		require.Equal(t, fault.BadInput, fault.CodeOf(f.unmap("contact.email", strings.Repeat("x", 501))))
		require.Equal(t, fault.NotFound, fault.CodeOf(f.unmap("contact.phone", "why not")))
	})
}

func TestOnlyAnAdminOfTheWorkspaceMaps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f, other := newFixture(t, s), newFixture(t, s)
		f.ctx = other.ctx
		_, err := f.mapTo("contact.email", "Email")
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		f.ctx = principal.With(t.Context(), principal.Principal{ID: "v", WorkspaceID: f.integration.WorkspaceID, Role: principal.RoleViewer})
		_, err = f.mapTo("contact.email", "Email")
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		require.Equal(t, fault.Forbidden, fault.CodeOf(f.unmap("contact.email", "why not")))
		require.Equal(t, fault.Forbidden, fault.CodeOf(f.complete()))
	})
}

func TestNothingIsMappedWithoutAConnection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Integration.UpdateOneID(f.integration.ID).SetState(crm.IntegrationDisconnected).Exec(ctx)
		})
		_, err := f.mapTo("contact.email", "Email")
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))
	})
}
