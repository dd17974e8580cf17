package mapping_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// setDefault sets a default of the workspace; an empty CRM field takes it away.
func (f *fixture) setDefault(standardField, crmField string) ([]string, error) {
	return f.mappings.SetDefault(f.ctx, mapping.DefaultInput{
		Connector: "salesforce", StandardField: standardField, CRMField: crmField, IdempotencyKey: f.key(),
	})
}

func (f *fixture) reset(standardField string) (string, error) {
	return f.mappings.Reset(f.ctx, mapping.ResetInput{IntegrationID: f.integration.ID, StandardField: standardField, IdempotencyKey: f.key()})
}

// sandbox is a second integration of the same workspace, with the same fields.
func (f *fixture) sandbox() *fixture {
	f.t.Helper()
	other := *f
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		other.integration = tx.Ent().Integration.Create().SetWorkspaceID(f.integration.WorkspaceID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("salesforce").SetEnvironment(crm.Sandbox).SetState(crm.IntegrationActive).SaveX(ctx)
		other.contact = other.addObject(ctx, tx, "Contact", crm.ObjectOK)
		other.addFields(ctx, tx, other.contact, "Id", "Email", "Work_Email__c", "Phone")
		return nil
	})
	return &other
}

// Requirement H6: a default holds for every integration with the connector, but for
// what an admin decided for one of them.
func TestADefaultIsFollowedUnlessAnAdminDecidedOtherwise(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f, stranger := newFixture(t, s), newFixture(t, s)
		stranger.autoMap("Id", "Email", "Phone")
		f.autoMap("Id", "Email", "Phone")
		other := f.sandbox()
		other.keys = 1000
		_, err := other.mapTo("contact.email", "Email")
		require.NoError(t, err)

		followers, err := f.setDefault("contact.email", "work_email__C")
		require.NoError(t, err)
		require.Equal(t, []string{f.integration.ID}, followers)
		require.Contains(t, f.mapped(), "contact.email=Work_Email__c (DEFAULT)", "CRM names have no case")
		require.Equal(t, []string{"contact.email=Email (ADMIN)"}, other.mapped(), "an admin's own choice stays")
		require.Contains(t, stranger.mapped(), "contact.email=Email (AUTO)", "another workspace's is its own")
		require.Contains(t, f.history(),
			"REMAPPED Contact contact.email: Email > Work_Email__c (DEFAULT) Work_Email__c is the workspace's default for this standard field.")
		entries := f.audited("setMappingDefault")
		require.Len(t, entries, 1)
		require.JSONEq(t, `{"connector":"salesforce","standardField":"contact.email","crmField":""}`, string(entries[0].Before))
		require.JSONEq(t, `{"connector":"salesforce","standardField":"contact.email","crmField":"work_email__C"}`, string(entries[0].After))

		// The override is taken back.
		id, err := other.reset("contact.email")
		require.NoError(t, err)
		require.Equal(t, "Work_Email__c", s.Read().Mapping.GetX(f.ctx, id).CrmField)
		require.Equal(t, []string{"contact.email=Work_Email__c (DEFAULT)"}, other.mapped())

		// Without the default both go back to the package's candidate.
		followers, err = f.setDefault("contact.email", "")
		require.NoError(t, err)
		require.Empty(t, followers)
		require.Contains(t, f.mapped(), "contact.email=Email (AUTO)")
		require.Equal(t, []string{"contact.email=Email (AUTO)"}, other.mapped())
	})
}

// What an admin unmapped stays unmapped; what nobody ever mapped follows; a field that
// an integration does not have, or cannot read, is no use to it.
func TestADefaultIsForWhoHasTheField(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.autoMap("Id", "Email", "Phone")
		require.NoError(t, f.unmap("contact.phone", "We call nobody"))
		followers, err := f.setDefault("contact.phone", "Phone")
		require.NoError(t, err)
		require.Empty(t, followers, "an admin unmapped it")
		_, err = f.setDefault("contact.phone", "")
		require.NoError(t, err)

		followers, err = f.setDefault("contact.title", "Phone")
		require.NoError(t, err)
		require.Equal(t, []string{f.integration.ID}, followers, "nobody ever mapped it")
		require.Contains(t, f.mapped(), "contact.title=Phone (DEFAULT)")

		for _, field := range []string{"Nowhere__c", "Work_Email__c"} {
			f.inTx(func(ctx context.Context, tx *store.Tx) error {
				return tx.Ent().CrmField.Update().Where(crmfield.Name("Work_Email__c")).SetReadable(false).Exec(ctx)
			})
			followers, err = f.setDefault("contact.email", field)
			require.NoError(t, err)
			require.Empty(t, followers, field)
			require.Contains(t, f.mapped(), "contact.email=Email (AUTO)", field)
		}
	})
}

func TestDefaultsRefuse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		_, err := f.setDefault("contact.email", "Email")
		require.NoError(t, err)
		_, err = f.setDefault("contact.title", "EMAIL")
		require.Equal(t, fault.MappingConflict, fault.CodeOf(err), "one CRM field, two defaults (H5)")
		_, err = f.setDefault("contact.shoe_size", "Email")
		require.Equal(t, fault.BadInput, fault.CodeOf(err))
		_, err = f.setDefault("contact.email", strings.Repeat("x", 121))
		require.Equal(t, fault.BadInput, fault.CodeOf(err))
		_, err = f.reset("contact.shoe_size")
		require.Equal(t, fault.BadInput, fault.CodeOf(err))
		p, _ := principal.From(f.ctx)
		p.Role = principal.RoleViewer
		f.ctx = principal.With(t.Context(), p)
		_, err = f.setDefault("contact.email", "")
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		_, err = f.reset("contact.email")
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		require.Equal(t, 1, s.Read().MappingDefault.Query().CountX(f.ctx))
	})
}

// Resetting breaks nothing: where nothing better can be read the CRM field stays, and
// follows from then on.
func TestResetKeepsWhatNothingReplaces(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		id, err := f.reset("contact.title")
		require.NoError(t, err)
		require.Empty(t, id, "nothing suits, nothing is mapped")
		kept, err := f.mapTo("contact.title", "Phone")
		require.NoError(t, err)
		id, err = f.reset("contact.title")
		require.NoError(t, err)
		require.Equal(t, kept, id)
		require.Equal(t, []string{"contact.title=Phone (AUTO)"}, f.mapped())

		id, err = f.reset("contact.email")
		require.NoError(t, err)
		require.NotEmpty(t, id)
		require.Contains(t, f.mapped(), "contact.email=Email (AUTO)", "a standard field without a mapping gets one")
	})
}
