package alert_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// told notes what people would be told, a line for each batch, and when damped
// problems are to be looked at again.
type told struct {
	batches   []string
	lookAgain []time.Time
}

func (n *told) AlertsChanged(_ context.Context, _ *store.Tx, _ *ent.Integration, changes []alert.Change) error {
	var line []string
	for _, change := range changes {
		line = append(line, string(change.Event)+" "+change.Alert.FieldName)
	}
	n.batches = append(n.batches, strings.Join(line, ", "))
	return nil
}

func (n *told) damped(_ context.Context, _ *store.Tx, _ *ent.Integration, at time.Time) error {
	n.lookAgain = append(n.lookAgain, at)
	return nil
}

// desk is a fixture whose alerts people handle.
type desk struct {
	*fixture
	triage *alert.Triage
	told   *told
	used   int
}

func newDesk(t *testing.T, s *store.Store) *desk {
	t.Helper()
	d := &desk{fixture: newFixture(t, s), told: &told{}}
	alerts, err := alert.New(alert.Config{Connectors: silent{}, Logger: discard(), Notifier: alert.Notifiers{d.told}, OnDamped: d.told.damped})
	require.NoError(t, err)
	d.alerts, d.triage = alerts, alert.NewTriage(s, alerts)
	return d
}

func (d *desk) key() string {
	d.used++
	return fmt.Sprint("key ", d.used)
}

func (d *desk) only() *ent.Alert {
	d.t.Helper()
	rows := d.all()
	require.Len(d.t, rows, 1)
	return rows[0]
}

// optional is an alert that is not mandatory.
func optional() crm.AlertIntent {
	return crm.AlertIntent{
		Action: crm.ActionOpen, Key: crm.AlertKey{Rule: crm.RuleWriteAccessLost, Object: "Contact"}, Severity: crm.SeverityWarning,
		Title: "Contacts cannot be created", Message: "The right was lost.", Since: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC),
	}
}

func TestHandlingAnAlert(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		d := newDesk(t, s)
		d.apply(lost("Email"))
		id, note := d.only().ID, "on it"
		acknowledge := alert.AcknowledgeInput{AlertID: id, Note: &note, IdempotencyKey: d.key()}
		require.NoError(t, d.triage.Acknowledge(d.ctx, acknowledge))
		require.NoError(t, d.triage.Acknowledge(d.ctx, acknowledge), "the same again changes nothing")
		d.apply(lost("Email"))
		row := d.only()
		require.Equal(t, crm.AlertAcknowledged, row.State, "it stays so while it is seen")
		require.Equal(t, "on it", row.Note)
		require.NotEmpty(t, row.AcknowledgedBy)

		until := clock.Now().Add(time.Hour)
		require.NoError(t, d.triage.Snooze(d.ctx, alert.SnoozeInput{AlertID: id, Until: until, IdempotencyKey: d.key()}))
		require.Equal(t, crm.AlertSnoozed, d.only().State)
		require.Equal(t, "on it", d.only().Note)
		require.NoError(t, d.triage.Wake(d.ctx, alert.WakeInput{AlertID: id, IdempotencyKey: d.key()}))
		require.Equal(t, crm.AlertOpen, d.only().State)
		require.Nil(t, d.only().SnoozedUntil)
		require.Equal(t, fault.Conflict, fault.CodeOf(d.triage.Wake(d.ctx, alert.WakeInput{AlertID: id, IdempotencyKey: d.key()})))

		require.Equal(t, fault.MandatoryAlert, fault.CodeOf(d.triage.Resolve(d.ctx, alert.ResolveInput{AlertID: id, Note: "no", IdempotencyKey: d.key()})))
		d.apply(restored("Email"))
		require.Equal(t, fault.Conflict, fault.CodeOf(d.triage.Resolve(d.ctx, alert.ResolveInput{AlertID: id, Note: "no", IdempotencyKey: d.key()})),
			"nothing is open")
		require.Equal(t, []crm.AlertEvent{
			crm.AlertOpened, crm.AlertWasAcknowledged, crm.AlertWasSnoozed, crm.AlertWoke, crm.AlertWasResolved,
		}, d.events(0))
		require.Equal(t, []string{"OPENED Email", "ACKNOWLEDGED Email", "SNOOZED Email", "WOKE Email", "RESOLVED Email"}, d.told.batches)
		require.Equal(t, 3, s.Read().AuditEntry.Query().Where(auditentry.Target(id)).CountX(d.ctx))
	})
}

func TestRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		d := newDesk(t, s)
		d.apply(lost("Email"))
		id, long := d.only().ID, strings.Repeat("é", 501)
		snooze := func(until time.Time) error {
			return d.triage.Snooze(d.ctx, alert.SnoozeInput{AlertID: id, Until: until, IdempotencyKey: d.key()})
		}
		require.Equal(t, fault.BadInput, fault.CodeOf(snooze(clock.Now())))
		require.Equal(t, fault.BadInput, fault.CodeOf(snooze(clock.Now().Add(crm.MaxSnooze+time.Second))))
		require.NoError(t, snooze(clock.Now().Add(crm.MaxSnooze)))
		require.Equal(t, fault.BadInput, fault.CodeOf(d.triage.Acknowledge(d.ctx, alert.AcknowledgeInput{AlertID: id, Note: &long, IdempotencyKey: d.key()})))
		require.Equal(t, fault.NotFound, fault.CodeOf(d.triage.Acknowledge(d.ctx, alert.AcknowledgeInput{AlertID: "alr_none", IdempotencyKey: d.key()})))
		other := newDesk(t, s)
		require.Equal(t, fault.NotFound, fault.CodeOf(other.triage.Acknowledge(other.ctx, alert.AcknowledgeInput{AlertID: id, IdempotencyKey: d.key()})),
			"another workspace's")
		viewer := principal.With(d.ctx, principal.Principal{ID: "mem_v", Kind: principal.KindMember, WorkspaceID: d.integration.WorkspaceID, Role: principal.RoleViewer})
		require.Equal(t, fault.Forbidden, fault.CodeOf(d.triage.Acknowledge(viewer, alert.AcknowledgeInput{AlertID: id, IdempotencyKey: d.key()})))
		require.Equal(t, fault.Forbidden, fault.CodeOf(d.triage.Mute(viewer, alert.MuteInput{Rule: crm.RuleSyncDelayed, IdempotencyKey: d.key()})))
		for _, rule := range crm.AlertRule("").Values() {
			if crm.Mandatory(crm.AlertRule(rule)) {
				require.Equal(t, fault.MandatoryAlert, fault.CodeOf(d.triage.Mute(d.ctx, alert.MuteInput{Rule: crm.AlertRule(rule), IdempotencyKey: d.key()})))
			}
		}
		require.Equal(t, fault.BadInput, fault.CodeOf(d.triage.Mute(d.ctx, alert.MuteInput{Rule: "NONE", IdempotencyKey: d.key()})))
	})
}

func TestASnoozeEndsByItselfOrWhenItGetsWorse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		d := newDesk(t, s)
		everywhere := principal.AllWorkspaces(context.Background(), "test")
		d.apply(optional())
		id := d.only().ID
		snooze := func() {
			require.NoError(t, d.triage.Snooze(d.ctx, alert.SnoozeInput{AlertID: id, Until: clock.Now().Add(time.Hour), IdempotencyKey: d.key()}))
		}
		snooze()
		clock.Advance(time.Hour - time.Second)
		require.NoError(t, d.triage.EndSnoozes(everywhere))
		require.Equal(t, crm.AlertSnoozed, d.only().State)
		clock.Advance(time.Second)
		require.NoError(t, d.triage.EndSnoozes(everywhere))
		require.NoError(t, d.triage.EndSnoozes(everywhere), "once")
		require.Equal(t, crm.AlertOpen, d.only().State)
		snooze()
		d.apply(optional())
		require.Equal(t, crm.AlertSnoozed, d.only().State)
		worse := optional()
		worse.Severity = crm.SeverityCritical
		d.apply(worse)
		require.Equal(t, crm.AlertOpen, d.only().State)
		require.Equal(t, []crm.AlertEvent{crm.AlertOpened, crm.AlertWasSnoozed, crm.AlertWoke, crm.AlertWasSnoozed, crm.AlertWoke}, d.events(0))
	})
}

func TestDismissingAndMuting(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		d := newDesk(t, s)
		d.apply(optional())
		id := d.only().ID
		require.NoError(t, d.triage.Resolve(d.ctx, alert.ResolveInput{AlertID: id, Note: "we never create contacts", IdempotencyKey: d.key()}))
		row := d.only()
		require.Equal(t, crm.ResolvedDismissed, *row.Resolution)
		require.NotEmpty(t, row.ResolvedBy)
		clock.Advance(24 * time.Hour)
		d.apply(optional())
		require.Equal(t, crm.AlertResolved, d.only().State, "the same problem stays dismissed")
		again := optional()
		again.Since = clock.Now()
		d.apply(again)
		require.Equal(t, crm.AlertOpenAgain, d.only().State, "another one is told")
		require.Empty(t, d.only().ResolvedBy)

		d.apply(lost("Email"))
		require.NoError(t, d.triage.Mute(d.ctx, alert.MuteInput{Rule: crm.RuleWriteAccessLost, Reason: "not used", IdempotencyKey: d.key()}))
		rows := d.all()
		require.Equal(t, crm.AlertResolved, rows[0].State)
		require.Equal(t, crm.ResolvedDismissed, *rows[0].Resolution)
		require.Equal(t, crm.AlertOpen, rows[1].State, "another rule is untouched")
		clock.Advance(time.Hour)
		d.apply(again)
		require.Equal(t, crm.AlertResolved, d.all()[0].State, "a muted rule opens nothing")
		require.NoError(t, d.triage.Unmute(d.ctx, alert.UnmuteInput{Rule: crm.RuleWriteAccessLost, IdempotencyKey: d.key()}))
		require.Equal(t, fault.Conflict, fault.CodeOf(d.triage.Unmute(d.ctx, alert.UnmuteInput{Rule: crm.RuleWriteAccessLost, IdempotencyKey: d.key()})))
		d.apply(again)
		require.Equal(t, crm.AlertOpenAgain, d.all()[0].State, "the next check judges it again")
	})
}

// Requirement J5: a thousand flaps in a minute.
func TestAThousandFlapsInAMinute(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		d := newDesk(t, s)
		start := clock.Now()
		for range 100 {
			again := lost("Email")
			again.Since = clock.Now()
			d.apply(again)
			clock.Advance(30 * time.Millisecond)
			d.apply(restored("Email"))
			clock.Advance(30 * time.Millisecond)
		}
		require.Equal(t, []string{"OPENED Email", "RESOLVED Email"}, d.told.batches)
		require.Equal(t, 99, d.only().Flaps)
		require.Equal(t, start.Add(crm.DampingWindow), d.told.lookAgain[0].UTC())
		clock.Advance(crm.DampingWindow)
		d.apply(lost("Email"))
		require.Equal(t, crm.AlertOpenAgain, d.only().State)
	})
}

func TestNewsOfTheSchemaLastADay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		d := newDesk(t, s)
		everywhere := principal.AllWorkspaces(context.Background(), "test")
		changed := func(kinds ...crm.ChangeType) {
			d.inTx(func(ctx context.Context, tx *store.Tx) error {
				var changes []crm.Change
				for i, kind := range kinds {
					changes = append(changes, crm.Change{Type: kind, Cause: crm.CauseDeleted, Object: "Contact", Field: fmt.Sprint("F", i)})
					err := tx.Ent().PermissionChange.Create().SetWorkspaceID(d.integration.WorkspaceID).SetCreatedAt(tx.Now()).
						SetIntegrationID(d.integration.ID).SetObjectName("Contact").SetFieldName(fmt.Sprint("F", i)).SetChange(kind).SetCause(crm.CauseDeleted).Exec(ctx)
					if err != nil {
						return err
					}
				}
				return d.alerts.SchemaChanged(ctx, tx, d.integration, changes)
			})
		}
		changed(crm.ChangeLost)
		require.Empty(t, d.all(), "a loss has an alert of its own")
		changed(crm.ChangeAppeared)
		clock.Advance(time.Hour)
		changed(crm.ChangeAppeared, crm.ChangeVanished)
		require.Contains(t, d.only().Message, "2 fields appeared, 1 field vanished")
		require.Equal(t, []string{"OPENED "}, d.told.batches)
		clock.Advance(23*time.Hour - time.Second)
		require.NoError(t, d.triage.EndNews(everywhere))
		require.Equal(t, crm.AlertOpen, d.only().State)
		clock.Advance(time.Second)
		require.NoError(t, d.triage.EndNews(everywhere))
		require.Equal(t, crm.ResolvedExpired, *d.only().Resolution)
		changed(crm.ChangeVanished)
		require.Equal(t, crm.AlertOpenAgain, d.only().State)
		require.Contains(t, d.only().Message, ": 1 field vanished.")
	})
}

func TestFoldedAlertsAreMarked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		d := newDesk(t, s)
		d.apply(lost("Email"))
		folded := lost("Email")
		folded.Action, folded.Folded = crm.ActionUpdate, true
		d.apply(folded)
		require.True(t, d.only().Folded)
		d.apply(lost("Email"))
		require.False(t, d.only().Folded)
		require.Equal(t, []string{"OPENED Email"}, d.told.batches, "folding is no news for people")
	})
}
