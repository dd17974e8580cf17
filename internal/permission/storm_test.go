package permission_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// failuresOfCalls are all ways in which a call fails, but that the authorization ended,
// which ends the checks.
func failuresOfCalls() []error {
	var failures []error
	for _, info := range fault.Codes() {
		if (info.Side == fault.CRM || info.Side == fault.Connector) && info.Code != fault.CRMGrantRevoked {
			failures = append(failures, fault.New(info.Code, "It failed: "+string(info.Code)+"."))
		}
	}
	return append(failures, context.DeadlineExceeded, fmt.Errorf("something that nobody gave a code"))
}

// Requirement J4: 1,000 checks that fail in every way, whole and for single objects,
// with answers that are left out, in every mode. Nothing is lost, nothing suspected and
// nothing alerted.
func TestAThousandFailedChecksLoseNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		const checks = 1000
		f := active(t, s, clock)
		random := rand.New(rand.NewPCG(1, 2)) // the same storm every time
		failures := failuresOfCalls()
		seen := map[string]int{}
		whole, single, leftOut := 0, 0, 0
		for range checks {
			clock.Advance(time.Duration(random.IntN(600)) * time.Second)
			f.crm.fail(nil)
			clear(f.crm.failures)
			checker := permission.Checker(f.crm)
			failure := failures[random.IntN(len(failures))]
			switch random.IntN(5) {
			case 0, 1:
				whole++
				f.crm.fail(failure)
			case 2, 3:
				single++
				f.crm.failures[[]string{"Account", "Contact", "Opportunity"}[random.IntN(3)]] = failure
			default:
				leftOut++
				checker = &forgetfulChecker{fakeCRM: f.crm, object: []string{"Account", "Contact"}[random.IntN(2)]}
				failure = fault.New(fault.ConnectorAnswer, "")
			}
			seen[string(fault.CodeOf(failure))]++
			f.replaceChecker(checker)
			mode := []permission.Mode{permission.Normal, permission.Confirm, permission.OnDemand}[random.IntN(3)]
			result := f.check(mode)
			failed := slices.ContainsFunc(result.Objects, func(o permission.ObjectResult) bool { return o.Failure != nil })
			require.True(t, failed, "every check of the storm fails somewhere")
		}
		require.Empty(t, f.changes(), "false losses")
		require.Zero(t, s.Read().Alert.Query().CountX(f.ctx))
		require.Empty(t, f.jobs.waiting, "nothing waits for a confirmation")
		require.Zero(t, s.Read().CrmObject.Query().Where(crmobject.Or(crmobject.StatusNEQ(crm.ObjectOK), crmobject.SuspectedAtNotNil())).CountX(f.ctx))
		require.Zero(t, s.Read().CrmField.Query().Where(crmfield.Or(crmfield.Readable(false), crmfield.SuspectedAtNotNil())).CountX(f.ctx))
		require.Len(t, seen, len(failures)-1, "every code was seen; the two without one are INTERNAL")
		t.Logf("%d checks with failures (%d whole, %d of one object, %d answers left out; %d codes: %v): 0 false losses",
			checks, whole, single, leftOut, len(seen), slices.Sorted(maps.Keys(seen)))

		f.crm.fail(nil)
		clear(f.crm.failures)
		f.replaceChecker(f.crm)
		clock.Advance(time.Minute)
		f.check(permission.Normal)
		require.False(t, f.object("Contact").Stale)
		require.Empty(t, f.changes())
	})
}

// Requirement J5: a field that flaps 1,000 times in a minute opens and resolves its
// alert at most once in a damping window, and what holds at the window's end is told.
func TestAThousandFlapsAreOneAlert(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		flaps := 100
		if os.Getenv("FIELDWARDEN_LONG_TESTS") != "" {
			flaps = 1000
		} else {
			t.Log("a tenth of the flaps: FIELDWARDEN_LONG_TESTS is not set")
		}
		step := time.Minute / time.Duration(3*flaps)
		f := newFixture(t, s, clock)
		f.damped()
		f.check(permission.Onboarding)
		f.standardize()
		f.setState(crm.IntegrationActive)
		f.jobs.later = permission.SettleKind
		head := f.head()
		begin := clock.Now()
		for range flaps {
			show := f.crm.hide("Contact", "Email")
			clock.Advance(step)
			f.check(permission.Normal, "Contact")
			clock.Advance(step)
			require.NoError(t, f.jobs.run(f.ctx))
			show()
			clock.Advance(step)
			f.check(permission.Normal, "Contact")
		}
		require.Equal(t, time.Minute, clock.Since(begin))
		opened, resolved := f.alertEvents(head)
		require.Equal(t, []int{1, 1}, []int{opened, resolved}, "opened and resolved")
		lost := s.Read().PermissionChange.Query().CountX(f.ctx)
		require.Equal(t, 3*flaps, lost, "the history is honest: suspected, lost and restored each time")

		// It stays lost now: silent until the window ends, told then.
		f.crm.hide("Contact", "Email")
		clock.Advance(step)
		f.check(permission.Normal, "Contact")
		clock.Advance(step)
		require.NoError(t, f.jobs.run(f.ctx))
		require.Empty(t, f.openAlerts())
		require.Equal(t, crm.FieldErrorStandardized, f.status("Contact", "Email"), "its status is honest")
		require.NotEmpty(t, f.jobs.waiting)
		f.jobs.later = ""
		clock.Advance(crm.DampingWindow)
		require.NoError(t, f.jobs.run(f.ctx))
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
		t.Logf("%d flaps in a minute: %d opened, %d resolved, %d changes in the history; lost at the end of the window: alerted", flaps, opened, resolved, lost)
	})
}

// damped lets the alerts of a fixture settle when damping ends.
func (f *fixture) damped() {
	f.t.Helper()
	var err error
	f.alerts, err = alert.New(alert.Config{Connectors: f.crm, Logger: f.config.Logger, OnDamped: f.permissions.EnqueueSettle})
	require.NoError(f.t, err)
	f.mappings, err = mapping.New(mapping.Config{Store: f.store, Alerts: f.alerts, Packages: f.config.Packages})
	require.NoError(f.t, err)
	f.config.Alerts, f.config.Mappings, f.config.ConfirmDelay = f.alerts, f.mappings, time.Millisecond
	f.permissions, err = permission.New(f.config)
	require.NoError(f.t, err)
	f.permissions.Register(f.jobs)
}

// alertEvents counts what subscribers were told of alerts since a sequence.
func (f *fixture) alertEvents(after int64) (opened, resolved int) {
	f.t.Helper()
	for {
		entries, err := f.store.FeedAfter(f.ctx, f.integration.WorkspaceID, after, 500)
		require.NoError(f.t, err)
		if len(entries) == 0 {
			return opened, resolved
		}
		for _, entry := range entries {
			after = entry.Seq
			if entry.Kind != "alert" {
				continue
			}
			var said alert.Payload
			require.NoError(f.t, json.Unmarshal(entry.Payload, &said))
			switch said.Event {
			case crm.AlertOpened, crm.AlertReopened:
				opened++
			case crm.AlertWasResolved:
				resolved++
			default:
			}
		}
	}
}
