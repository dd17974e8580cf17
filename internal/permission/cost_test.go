package permission_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// statements counts what a check does inside its transaction. A bulk insert counts
// once for each of its rows.
type statements struct{ reads, writes int }

func (f *fixture) count(in permission.CheckInput) statements {
	f.t.Helper()
	var counted statements
	require.NoError(f.t, f.permissions.CheckIn(f.ctx, f.integration.ID, in, func(apply func(context.Context, *store.Tx) error) error {
		return f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
			tx.Ent().Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
				return ent.QuerierFunc(func(ctx context.Context, query ent.Query) (ent.Value, error) {
					counted.reads++
					return next.Query(ctx, query)
				})
			}))
			tx.Ent().Use(func(next ent.Mutator) ent.Mutator {
				return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
					counted.writes++
					return next.Mutate(ctx, m)
				})
			})
			return apply(ctx, tx)
		})
	}))
	return counted
}

// Design section 4: only what changed is written. The number of statements does not
// grow with objects, fields or alerts.
func TestAnUnchangedCheckWritesTwoStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		clock.Advance(time.Hour)
		head := f.head()
		require.Equal(t, statements{reads: 9, writes: 2}, f.count(permission.CheckInput{Mode: permission.Normal}))
		require.Empty(t, f.feed(head))
		require.Equal(t, clock.Now(), f.object("Contact").CheckedAt.UTC())

		// With open alerts one more, which counts the repetition.
		f.crm.hide("Contact", "Email")
		f.crm.hide("Account", "")
		f.nextDay()
		require.Equal(t, statements{reads: 9, writes: 3}, f.count(permission.CheckInput{Mode: permission.Normal}))
	})
}

func wideObject(fields int) []crm.FieldInfo {
	wide := []crm.FieldInfo{field("Id", "id"), field("Email", "email"), field("Phone", "phone"), field("Title", "string"), field("Name", "string")}
	for i := range fields {
		info := field(fmt.Sprintf("Custom_%04d__c", i), "string")
		info.Custom = true
		wide = append(wide, info)
	}
	return wide
}

// Two objects too wide for one transaction together (maxFieldsPerTx): several bulk
// statements, two transactions, one result.
func TestWideObjectsAreAppliedInParts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		f.crm.fields["Contact"] = wideObject(2100)
		f.crm.fields["Account"] = wideObject(2100)
		f.timed("first check of 4,200 fields", func() { f.check(permission.Onboarding) })
		f.standardize()
		f.timed("unchanged check of 4,200 fields", func() { f.check(permission.Normal) })
		f.crm.hide("Contact", "Email")
		f.timed("check with one loss among 4,200 fields", func() { f.check(permission.Normal) })
		f.confirm()
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
		require.Equal(t, crm.FieldActive, f.status("Account", "Custom_2099__c"))
	})
}

// timed prints how long something took; it is not judged, since other work shares
// the machine.
func (f *fixture) timed(what string, do func()) {
	f.t.Helper()
	start := time.Now()
	do()
	f.t.Logf("%s: %s", what, time.Since(start).Round(time.Millisecond))
}
