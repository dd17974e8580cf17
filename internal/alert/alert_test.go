package alert_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	entalert "github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// silent is a connector that does not describe itself.
type silent struct{}

func (silent) Describe(string) (crm.Manifest, error) {
	return crm.Manifest{}, errors.New("not installed")
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

type fixture struct {
	t           *testing.T
	ctx         context.Context
	store       *store.Store
	alerts      *alert.Service
	integration *ent.Integration
}

func newFixture(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	alerts, err := alert.New(alert.Config{Connectors: silent{}, Logger: discard()})
	require.NoError(t, err)
	f := &fixture{t: t, ctx: ctx, store: s, alerts: alerts}
	f.inTx(func(ctx context.Context, tx *store.Tx) error {
		f.integration, err = tx.Ent().Integration.Create().
			SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("salesforce").SetEnvironment(crm.Production).SetState(crm.IntegrationActive).Save(ctx)
		return err
	})
	return f
}

func (f *fixture) inTx(do func(ctx context.Context, tx *store.Tx) error) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, do))
}

func (f *fixture) apply(intents ...crm.AlertIntent) {
	f.t.Helper()
	f.inTx(func(ctx context.Context, tx *store.Tx) error { return f.alerts.Apply(ctx, tx, f.integration, intents) })
}

func (f *fixture) all() []*ent.Alert {
	return f.store.Read().Alert.Query().Where(entalert.IntegrationID(f.integration.ID)).Order(entalert.ByCreatedAt(), entalert.ByID()).AllX(f.ctx)
}

// events lists what the feed says of alerts since a sequence.
func (f *fixture) events(after int64) []crm.AlertEvent {
	f.t.Helper()
	entries, err := f.store.FeedAfter(f.ctx, f.integration.WorkspaceID, after, 500)
	require.NoError(f.t, err)
	events := []crm.AlertEvent{}
	for _, entry := range entries {
		var payload alert.Payload
		require.NoError(f.t, json.Unmarshal(entry.Payload, &payload))
		require.Equal(f.t, "alert", entry.Kind)
		require.Equal(f.t, entry.SubjectID, payload.AlertID)
		require.Equal(f.t, f.integration.ID, entry.IntegrationID)
		events = append(events, payload.Event)
	}
	return events
}

func (f *fixture) head() int64 {
	head, err := f.store.FeedHead(f.ctx, f.integration.WorkspaceID)
	require.NoError(f.t, err)
	return head
}

func lost(field string) crm.AlertIntent {
	return crm.AlertIntent{
		Action: crm.ActionOpen, Key: crm.AlertKey{Rule: crm.RuleStandardFieldLost, Object: "Contact", Field: field},
		Severity: crm.SeverityCritical, StandardField: "contact.email",
		Title: field + " can no longer be read", Message: "It was lost.", Cause: crm.CausePermission, Evidence: "It is not listed.",
		Fix: crm.Fix{Steps: []string{"Open setup.", "Show it."}, DeepLink: "https://acme.example/x", Who: "Admin"}, Affected: []crm.Affected{{Kind: crm.AffectedFeature, Key: "pages", Title: "Pages"}},
	}
}

func restored(field string) crm.AlertIntent {
	return crm.AlertIntent{Action: crm.ActionResolve, Key: lost(field).Key, Resolution: crm.ResolvedRestored}
}

func TestAnAlertHoldsWhatTheIntentSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.apply(lost("Email"))
		row := f.all()[0]
		require.Equal(t, crm.AlertOpen, row.State)
		require.Equal(t, crm.SeverityCritical, row.Severity)
		require.True(t, row.Mandatory)
		require.Equal(t, "Contact", row.ObjectName)
		require.Equal(t, "Email", row.FieldName)
		require.Equal(t, crm.CausePermission, *row.Cause)
		require.Equal(t, lost("Email").Fix, row.Fix)
		require.Equal(t, lost("Email").Affected, row.Affected)
		require.Equal(t, 1, row.Occurrences)
		require.Equal(t, clock.Now(), row.LastSeenAt.UTC())
		require.Equal(t, f.integration.ID+"|STANDARD_FIELD_ACCESS_LOST|Contact|Email", *row.OpenKey)
		require.Equal(t, []crm.AlertEvent{crm.AlertOpened}, f.events(0))
	})
}

// Requirements K10 and K11.
func TestRepetitionIsCountedAndOnlyNewsIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.apply(lost("Email"))
		clock.Advance(time.Hour)
		f.apply(lost("Email"))
		require.Len(t, f.all(), 1)
		require.Equal(t, 2, f.all()[0].Occurrences)
		require.Equal(t, clock.Now(), f.all()[0].LastSeenAt.UTC())
		require.Equal(t, []crm.AlertEvent{crm.AlertOpened}, f.events(0))

		worse := lost("Email")
		worse.Action, worse.Cause, worse.Fix.Steps = crm.ActionUpdate, crm.CauseDeleted, nil
		f.apply(worse)
		f.apply(worse)
		require.Equal(t, []crm.AlertEvent{crm.AlertOpened, crm.AlertUpdated}, f.events(0))
		require.Equal(t, crm.CauseDeleted, *f.all()[0].Cause)
		require.Empty(t, f.all()[0].Fix.Steps)
		require.Equal(t, 4, f.all()[0].Occurrences)
	})
}

func TestAcknowledgingOutlivesAnUpdate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.apply(lost("Email"))
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Alert.UpdateOneID(f.all()[0].ID).SetState(crm.AlertAcknowledged).Exec(ctx)
		})
		worse := lost("Email")
		worse.Message = "It is worse now."
		f.apply(worse)
		require.Equal(t, crm.AlertAcknowledged, f.all()[0].State)
		f.apply(restored("Email"))
		require.Equal(t, crm.AlertResolved, f.all()[0].State)
	})
}

func TestAProblemThatComesBackWithinDaysReopensItsAlert(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.apply(lost("Email"), lost("Phone"))
		f.apply(restored("Email"), restored("Phone"))
		f.apply(restored("Email")) // already resolved: nothing
		require.Equal(t, clock.Now(), f.all()[0].ResolvedAt.UTC())
		clock.Advance(7*24*time.Hour - time.Second)
		f.apply(lost("Email"))
		clock.Advance(time.Second)
		f.apply(lost("Phone"))
		require.Equal(t, []crm.AlertEvent{
			crm.AlertOpened, crm.AlertOpened, crm.AlertWasResolved, crm.AlertWasResolved, crm.AlertReopened, crm.AlertOpened,
		}, f.events(0))
		rows := f.all()
		require.Len(t, rows, 3)
		for _, row := range rows {
			if row.FieldName == "Email" {
				require.Equal(t, crm.AlertOpenAgain, row.State)
				require.Nil(t, row.ResolvedAt)
				require.Nil(t, row.Resolution)
				require.Equal(t, 2, row.Occurrences)
			}
		}
	})
}

func TestOpenedTwiceInOneTransactionIsOneAlert(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		other := lost("Email")
		other.Message = "Said otherwise."
		f.apply(lost("Email"), other, lost("Email"))
		require.Len(t, f.all(), 1)
		require.Equal(t, "It was lost.", f.all()[0].Message)
		f.apply(lost("Phone"), restored("Phone"))
		require.Equal(t, crm.AlertResolved, f.all()[1].State)
	})
}

func TestResolveAllCanBeLimitedToRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f, other := newFixture(t, s), newFixture(t, s)
		credential := crm.AlertIntent{
			Action: crm.ActionOpen, Key: crm.AlertKey{Rule: crm.RuleCredentialExpired}, Severity: crm.SeverityCritical,
			Title: "Sign in again", Message: "The CRM refused the credential.",
		}
		f.apply(credential, lost("Email"))
		other.apply(lost("Email"))
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			return f.alerts.ResolveAll(ctx, tx, f.integration, crm.ResolvedReconnected, crm.RuleCredentialExpired)
		})
		open := func(f *fixture) int {
			return f.store.Read().Alert.Query().Where(entalert.IntegrationID(f.integration.ID), entalert.OpenKeyNotNil()).CountX(f.ctx)
		}
		require.Equal(t, 1, open(f))
		f.apply(credential)
		require.Contains(t, f.events(0), crm.AlertReopened, "an alert without object is found again")
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			return f.alerts.ResolveAll(ctx, tx, f.integration, crm.ResolvedDisconnected)
		})
		require.Zero(t, open(f))
		require.Equal(t, 1, open(other), "another workspace is untouched")
	})
}

// A connector that cannot be asked for its templates must not keep an alert back.
func TestEvaluateWithoutTemplatesUsesCommonWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		pkg := crm.Package{Title: "Test", Objects: []crm.PackageObject{{Key: "contact", Name: "Contact", Label: "Contact", Requirement: crm.Required}}}
		state := crm.ObjectState{Object: "Contact", Status: crm.ObjectPermissionMissing, Cause: crm.CausePermission}
		f.inTx(func(ctx context.Context, tx *store.Tx) error {
			return f.alerts.Evaluate(ctx, tx, f.integration, pkg, []crm.ObjectState{state})
		})
		require.Equal(t, crm.RuleObjectAccessMissing, f.all()[0].Rule)
		require.NotEmpty(t, f.all()[0].Fix.Steps)
	})
}

// Hundreds of losses at once fit one short transaction: a handful of statements.
// TestAMappingThatBreaksIsAlerted while the CRM field's type does not suit (requirement
// K8).
func TestAMappingThatBreaksIsAlerted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		email := crm.StandardField{Key: "contact.email", Label: "E-mail", DataType: crm.TypeEmail, Requirement: crm.Required}
		pkg := crm.Package{Title: "Test", Objects: []crm.PackageObject{
			{Key: "contact", Name: "Contact", Label: "Contact", Requirement: crm.Required, Fields: []crm.StandardField{email}},
		}}
		f.inTx(func(ctx context.Context, tx *store.Tx) (err error) {
			f.integration, err = tx.Ent().Integration.UpdateOneID(f.integration.ID).SetStepsDone([]crm.OnboardingStep{crm.StepStandardization}).Save(ctx)
			require.NoError(t, err)
			return tx.Ent().Mapping.Create().SetWorkspaceID(f.integration.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(f.integration.ID).
				SetStandardField(email.Key).SetObjectName("Contact").SetCrmField("Email").SetOrigin(crm.MappingAdmin).SetCreatedBy("test").Exec(ctx)
		})
		see := func(kind string) {
			t.Helper()
			clock.Advance(time.Hour)
			state := crm.ObjectState{
				Object: "Contact", Status: crm.ObjectOK, CheckedAt: clock.Now(),
				Fields: map[string]crm.FieldState{"Email": {Label: "E-mail", Type: kind, Readable: true, Standardized: true, Rights: crm.Rights{Read: true}}},
			}
			f.inTx(func(ctx context.Context, tx *store.Tx) error {
				return f.alerts.Evaluate(ctx, tx, f.integration, pkg, []crm.ObjectState{state})
			})
		}
		see("email")
		require.Empty(t, f.all())
		see("boolean")
		require.Equal(t, crm.RuleMappingBroken, f.all()[0].Rule)
		require.Equal(t, crm.AlertOpen, f.all()[0].State)
		require.Contains(t, f.all()[0].Message, "its type is boolean now")
		see("email")
		require.Equal(t, crm.AlertResolved, f.all()[0].State)
		require.Equal(t, crm.ResolvedRestored, *f.all()[0].Resolution)
		require.Len(t, f.all(), 1)
	})
}

func TestHundredsOfAlertsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		var open, update, resolve []crm.AlertIntent
		for i := range 600 {
			name := fmt.Sprintf("Field_%03d__c", i)
			changed := lost(name)
			changed.Message = "It is worse now."
			open, update, resolve = append(open, lost(name)), append(update, changed), append(resolve, restored(name))
		}
		for _, step := range []struct {
			what    string
			intents []crm.AlertIntent
		}{{"open", open}, {"repeat", open}, {"update", update}, {"resolve", resolve}, {"reopen", open}} {
			start := time.Now()
			f.apply(step.intents...)
			clock.Advance(crm.DampingWindow)
			t.Logf("%s 600 alerts: %s", step.what, time.Since(start).Round(time.Millisecond))
		}
		require.Len(t, f.all(), 600)
		require.EqualValues(t, 600*4, f.head())
	})
}
