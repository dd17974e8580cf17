package syncrun_test

import (
	"context"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestRightLostWhileReadingIsCheckedAndLeftOut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.org.failures["Account"] = []error{fault.New(fault.CRMFieldDenied, "No such column 'Name'")}
		b.org.onCheck = func(objects []string) error {
			if len(objects) == 0 {
				return nil
			}
			return s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.Ent().CrmField.Update().Where(crmfield.Name("Name"), crmfield.HasObjectWith(crmobject.Name("Account"))).
					SetSuspectedAt(tx.Now()).Exec(ctx)
			})
		}
		run := b.run(t, "run")
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Equal(t, [][]string{nil, {"Account"}}, b.org.checks)
		require.Equal(t, []string{"Id", "Name"}, b.org.reads[0].Fields)
		require.Equal(t, []string{"Id"}, b.org.reads[1].Fields)
		require.Equal(t, 130, b.stored(t, "Account"))
	})
}

func TestFieldThatBecomesReadableIsReadForAllRecords(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.run(t, "first")
		require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			object, err := tx.Ent().CrmObject.Query().Where(crmobject.Name("Contact")).Only(ctx)
			if err != nil {
				return err
			}
			return tx.Ent().CrmField.Create().SetWorkspaceID(object.WorkspaceID).SetIntegrationID(object.IntegrationID).
				SetObjectID(object.ID).SetCreatedAt(tx.Now()).SetName("Email").SetReadable(true).SetStandardized(true).Exec(ctx)
		}))
		run := b.run(t, "second")
		require.Equal(t, crm.Counters{Read: 55, Updated: 55}, b.objects(t, run)["Contact"].Counters)
		require.Zero(t, b.objects(t, run)["Account"].Counters, "the other objects go on from where they were")
	})
}

func TestAnObjectWhoseStandardizedFieldsAreAllLostMakesTheRunPartial(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().CrmField.Update().SetReadable(false).Where(crmfield.HasObjectWith(crmobject.Name("Contact"))).Exec(ctx)
		}))
		run := b.run(t, "run")
		require.Equal(t, crm.RunPartial, run.Status)
		require.Equal(t, crm.RunObjectSkipped, b.objects(t, run)["Contact"].Status)
	})
}

func TestOnlyStandardizedFieldsAreRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		standardize := func(object, field string, standardized bool) {
			require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.Ent().CrmField.Update().SetStandardized(standardized).
					Where(crmfield.HasObjectWith(crmobject.Name(object)), crmfield.Name(field)).Exec(ctx)
			}))
		}
		standardize("Account", "Name", false)
		standardize("Contact", "Id", false)
		standardize("Contact", "Name", false)
		run := b.run(t, "first")
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Equal(t, []string{"Id"}, b.org.reads[0].Fields)
		contact := b.objects(t, run)["Contact"]
		require.Equal(t, crm.RunObjectSucceeded, contact.Status)
		require.Zero(t, contact.Counters.Read, "nothing of it is mapped")

		// Who is mapped later is read for all records.
		standardize("Account", "Name", true)
		standardize("Contact", "Id", true)
		run = b.run(t, "second")
		require.Equal(t, crm.Counters{Read: 130, Updated: 130}, b.objects(t, run)["Account"].Counters)
		require.Equal(t, 55, b.objects(t, run)["Contact"].Counters.Created)
	})
}
