package permission_test

import (
	"context"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestRecheckAnswersForTheFieldsThatWereAskedFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "Phone")
		clock.Advance(time.Hour)
		in := permission.RecheckInput{
			IntegrationID: f.integration.ID, Object: "Contact", Fields: []string{"Phone", "Fax", "Nickname"}, IdempotencyKey: f.key(),
		}
		result, err := f.permissions.RecheckFields(f.ctx, in)
		require.NoError(t, err)
		require.Equal(t, crm.ObjectOK, result.ObjectStatus)
		require.Equal(t, clock.Now(), result.CheckedAt.UTC())
		require.Equal(t, []permission.FieldResult{
			{Name: "Phone", Status: crm.FieldActiveStandardized, Suspected: true},
			{Name: "Fax", Status: crm.FieldActive},
			{Name: "Nickname", Status: crm.FieldInaccessible},
		}, result.Fields)
		require.Equal(t, []string{"Contact"}, objectNames(f.crm.requests[1]))
		require.True(t, f.crm.requests[1].Unconditional)
		require.Equal(t, 1, s.Read().AuditEntry.Query().Where(auditentry.Action("recheckFields")).CountX(f.ctx))

		head := f.head()
		again, err := f.permissions.RecheckFields(f.ctx, in)
		require.NoError(t, err)
		require.Equal(t, result, again)
		require.Empty(t, f.feed(head), "a repeated request changes nothing")

		all, err := f.permissions.RecheckFields(f.ctx, permission.RecheckInput{IntegrationID: f.integration.ID, Object: "Contact", IdempotencyKey: f.key()})
		require.NoError(t, err)
		require.Len(t, all.Fields, 5)
		require.Equal(t, []string{"check"}, f.feed(head), "whoever waits is told, also of nothing new")
	})
}

// Reading 1b.5: an object that was repaired shows on demand too.
func TestRecheckShowsARestoredObject(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		show := f.crm.hide("Contact", "")
		f.nextDay()
		require.Equal(t, []string{"REQUIRED_OBJECT_ACCESS_LOST Contact"}, f.openAlerts())
		show()
		result, err := f.permissions.RecheckFields(f.ctx, permission.RecheckInput{IntegrationID: f.integration.ID, Object: "Contact", IdempotencyKey: f.key()})
		require.NoError(t, err)
		require.Equal(t, crm.ObjectOK, result.ObjectStatus)
		require.Empty(t, f.openAlerts())
	})
}

func TestRecheckDuringAnOutageSaysSo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		checkedAt := f.object("Contact").CheckedAt.UTC()
		f.crm.fail(outage())
		clock.Advance(time.Hour)
		result, err := f.permissions.RecheckFields(f.ctx, permission.RecheckInput{IntegrationID: f.integration.ID, Object: "Contact", Fields: []string{"Email"}, IdempotencyKey: f.key()})
		require.NoError(t, err)
		require.True(t, result.Stale)
		require.Equal(t, "CRM side: Salesforce answered 503 to the check. (CRM_UNAVAILABLE)", result.StaleReason)
		require.Equal(t, checkedAt, result.CheckedAt.UTC())
		require.Equal(t, crm.FieldActiveStandardized, result.Fields[0].Status)
	})
}

func TestRecheckRefusesWhatIsNotAllowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		calls := f.crm.calls()
		in := permission.RecheckInput{IntegrationID: f.integration.ID, Object: "Contact", IdempotencyKey: f.key()}
		viewer := principal.With(t.Context(), principal.Principal{ID: "v", WorkspaceID: f.integration.WorkspaceID, Role: principal.RoleViewer})
		_, err := f.permissions.RecheckFields(viewer, in)
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		in.Object = "Invoice"
		_, err = f.permissions.RecheckFields(f.ctx, in)
		require.Equal(t, fault.BadInput, fault.CodeOf(err))
		require.Equal(t, calls, f.crm.calls())
	})
}

// Design section 11: opening an object's fields starts a check when its verdict is
// older than a minute.
func TestLookingAtAnOldVerdictAsksForACheck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		viewer := principal.With(t.Context(), principal.Principal{ID: "v", WorkspaceID: f.integration.WorkspaceID, Role: principal.RoleViewer})
		look := func() bool {
			asked, err := f.permissions.RefreshIfStale(viewer, f.integration.ID, "Contact")
			require.NoError(t, err)
			return asked
		}
		clock.Advance(59 * time.Second)
		require.False(t, look())
		clock.Advance(time.Second)
		require.True(t, look())
		head := f.head()
		require.NoError(t, f.jobs.run(f.ctx))
		require.Equal(t, []string{"check"}, f.feed(head))
		require.False(t, look(), "fresh again")

		f.crm.fail(outage())
		clock.Advance(time.Hour)
		require.True(t, look())
		require.Equal(t, fault.CRMUnavailable, fault.CodeOf(f.jobs.run(f.ctx)))
		require.True(t, f.object("Contact").Stale)
		require.False(t, look(), "who looks at each failure does not ask without end")
		clock.Advance(time.Minute)
		require.True(t, look())

		f.setState(crm.IntegrationGrace)
		require.False(t, look(), "there is no credential to check with")
	})
}

func TestCheckAllShowsARepairedObjectAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		show := f.crm.hide("Contact", "")
		f.nextDay()
		show()
		in := permission.CheckAllInput{IntegrationID: f.integration.ID, IdempotencyKey: f.key()}
		require.NoError(t, f.permissions.CheckAll(f.ctx, in))
		require.Empty(t, f.openAlerts())
		calls := f.crm.calls()
		require.NoError(t, f.permissions.CheckAll(f.ctx, in))
		require.Equal(t, calls, f.crm.calls(), "a repeated request asks the CRM no more")

		f.setState(crm.IntegrationDisconnected)
		in.IdempotencyKey = f.key()
		for range 2 {
			require.Equal(t, fault.IntegrationState, fault.CodeOf(f.permissions.CheckAll(f.ctx, in)), "and refused stays refused")
		}
		viewer := principal.With(t.Context(), principal.Principal{ID: "v", WorkspaceID: f.integration.WorkspaceID, Role: principal.RoleViewer})
		require.Equal(t, fault.Forbidden, fault.CodeOf(f.permissions.CheckAll(viewer, in)))
		in.IntegrationID = "int_nothing"
		require.Equal(t, fault.NotFound, fault.CodeOf(f.permissions.CheckAll(f.ctx, in)))
	})
}

// The step CHECK of the onboarding is done when the CRM answered for every object,
// be it that some are denied.
func TestOnboardingIsCheckedOnceEveryObjectHasAVerdict(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		done := 0
		f.config.OnOnboarded = func(_ context.Context, _ *store.Tx, integrationID string) error {
			require.Equal(t, f.integration.ID, integrationID)
			done++
			return nil
		}
		f.replaceChecker(f.crm)
		f.crm.failures["Contact"] = outage()
		f.check(permission.Onboarding)
		require.Zero(t, done)
		delete(f.crm.failures, "Contact")
		f.crm.hide("Contact", "")
		require.NoError(t, f.permissions.CheckAll(f.ctx, permission.CheckAllInput{IntegrationID: f.integration.ID, IdempotencyKey: f.key()}))
		require.Equal(t, 1, done)
		require.Equal(t, []string{"OBJECT_ACCESS_MISSING Contact"}, f.openAlerts())
	})
}
