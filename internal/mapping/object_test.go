package mapping_test

import (
	"context"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func (f *fixture) publish(object string) error {
	return f.mappings.Publish(f.ctx, mapping.PublishInput{IntegrationID: f.integration.ID, Object: object, IdempotencyKey: f.key()})
}

func (f *fixture) unpublish(object, reason string, confirm bool) error {
	return f.mappings.Unpublish(f.ctx, mapping.UnpublishInput{
		IntegrationID: f.integration.ID, Object: object, Reason: reason, Confirm: confirm, IdempotencyKey: f.key(),
	})
}

func (f *fixture) published(object string) bool {
	return f.store.Read().CrmObject.Query().
		Where(crmobject.IntegrationID(f.integration.ID), crmobject.Name(object)).OnlyX(f.ctx).Published
}

// lose makes a field of the contacts unreadable.
func (f *fixture) lose(name string) {
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().CrmField.Update().Where(crmfield.ObjectID(f.contact.ID), crmfield.Name(name)).SetReadable(false).Exec(ctx)
	})
}

// Requirement F4: an object that was taken out is not watched, and its mappings wait.
func TestAnObjectIsTakenOutAndComesBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.autoMap("Id", "Email", "Phone")
		f.checkedLead(crm.ObjectPermissionMissing)
		f.lose("Phone")
		require.NoError(t, f.complete())
		require.Contains(t, f.alerts(), "MISSING_AT_STANDARDIZATION Contact.Phone OPEN")
		mapped, steps := f.mapped(), len(f.history())

		// It is required, so the plan comes first and nothing has changed.
		err := f.unpublish("Contact", "We sell to accounts", false)
		require.Equal(t, fault.ConfirmRequired, fault.CodeOf(err))
		require.ErrorContains(t, err, "Mailing")
		require.True(t, f.published("Contact"))
		require.Len(t, f.history(), steps)
		require.Contains(t, f.alerts(), "MISSING_AT_STANDARDIZATION Contact.Phone OPEN")

		require.NoError(t, f.unpublish("Contact", " We sell to accounts ", true))
		require.NoError(t, f.unpublish("Contact", "again", true), "again changes nothing")
		require.False(t, f.published("Contact"))
		require.Equal(t, mapped, f.mapped(), "the mappings wait")
		require.Contains(t, f.alerts(), "MISSING_AT_STANDARDIZATION Contact.Phone RESOLVED")
		require.Contains(t, f.alerts(), "OBJECT_ACCESS_MISSING Lead. OPEN", "others stay")
		require.Equal(t, []string{"UNPUBLISHED Contact :  >  () We sell to accounts"}, f.history()[steps:])
		entries := f.audited("unpublishObject")
		require.Len(t, entries, 1)
		require.JSONEq(t, `{"object":"Contact","published":true}`, string(entries[0].Before))
		require.JSONEq(t, `{"object":"Contact","published":false,"reason":"We sell to accounts"}`, string(entries[0].After))

		require.NoError(t, f.publish("Contact"))
		require.NoError(t, f.publish("Contact"), "again changes nothing")
		require.True(t, f.published("Contact"))
		require.Equal(t, mapped, f.mapped())
		require.Contains(t, f.alerts(), "MISSING_AT_STANDARDIZATION Contact.Phone REOPENED", "it is watched again")
		require.Equal(t, []string{"PUBLISHED Contact :  >  () "}, f.history()[steps+1:])
		require.Len(t, f.audited("publishObject"), 1)
		told := f.told()
		require.Equal(t, map[crm.MappingAction]int{crm.MappingUnpublished: 1}, told[len(told)-2].Actions)
		require.Equal(t, map[crm.MappingAction]int{crm.MappingPublished: 1}, told[len(told)-1].Actions)
	})
}

// Requirement H2: an object that is published without any mapping gets an automatic
// one, unless somebody had taken it away.
func TestPublishingMapsWhatNeverWasMapped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		require.NoError(t, f.unpublish("Lead", "Not yet", true))
		f.checkedLead(crm.ObjectOK)
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			lead := tx.Ent().CrmObject.Query().Where(crmobject.IntegrationID(f.integration.ID), crmobject.Name("Lead")).OnlyX(ctx)
			f.addFields(ctx, tx, lead, "Email")
			return nil
		})
		require.NoError(t, f.publish("Lead"))
		require.Equal(t, []string{"lead.email=Email (AUTO)"}, f.mapped())

		require.NoError(t, f.unmap("lead.email", "Leads have no mails"))
		require.NoError(t, f.unpublish("Lead", "Not now", true))
		require.NoError(t, f.publish("Lead"))
		require.Empty(t, f.mapped(), "what somebody took away stays away")
	})
}

func TestPublishingRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		require.Equal(t, fault.NotFound, fault.CodeOf(f.publish("Case")))
		require.Equal(t, fault.NotFound, fault.CodeOf(f.unpublish("Case", "why not", true)))
		require.Equal(t, fault.BadInput, fault.CodeOf(f.unpublish("Contact", "  ", true)))
		admin := f.ctx
		p, _ := principal.From(admin)
		p.Role = principal.RoleViewer
		f.ctx = principal.With(t.Context(), p)
		require.Equal(t, fault.Forbidden, fault.CodeOf(f.publish("Contact")))
		require.Equal(t, fault.Forbidden, fault.CodeOf(f.unpublish("Contact", "why not", true)))
		f.ctx = admin
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Integration.UpdateOneID(f.integration.ID).SetState(crm.IntegrationDisconnected).Exec(ctx)
		})
		require.Equal(t, fault.IntegrationState, fault.CodeOf(f.publish("Contact")))
		require.Equal(t, fault.IntegrationState, fault.CodeOf(f.unpublish("Contact", "why not", true)))
		require.True(t, f.published("Contact"))
		require.Empty(t, f.history())
	})
}
