package integration_test

import (
	"context"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connect "github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// blockersOf reads the details of an OnboardingBlocked.
func blockersOf(t *testing.T, err error) string {
	t.Helper()
	found, ok := fault.From(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, fault.OnboardingBlocked, found.Code)
	return found.Details["blockers"]
}

// TestFinishingWaitsForEverything is scenario 3.
func TestFinishingWaitsForEverything(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		undecided, active := []string{"Contacts are not decided.", "Leads are not decided."}, []string{}
		h.remake(func(c *connect.Config) {
			c.StepBlockers = map[crm.OnboardingStep]connect.Blockers{
				crm.StepSettings: func(context.Context, string) ([]string, error) { return undecided, nil },
			}
			c.OnActivated = func(_ context.Context, _ *store.Tx, row *ent.Integration) error {
				active = append(active, string(row.State))
				return nil
			}
		})
		h.connectors.checklist[0].Status, h.connectors.checklist[0].Evidence = crm.ChecklistFail, "Group Edition has no API."
		h.connectors.checklist = append(h.connectors.checklist,
			crm.ChecklistItem{Key: "integration-user", Status: crm.ChecklistFail}, crm.ChecklistItem{Key: "object-contact", Status: crm.ChecklistFail})
		started, err := h.Start(h.ctx, connect.StartInput{
			Connector: "salesforce", Environment: crm.Production, ScheduleTime: "04:30", TimeZone: "Europe/Berlin", IdempotencyKey: "berlin",
		})
		require.NoError(t, err)
		id := started.IntegrationID
		_, err = h.Callback(t.Context(), h.open(ticketOf(t, started.SignInURL)))
		require.NoError(t, err)

		finish := connect.FinishInput{IntegrationID: id, IdempotencyKey: "finish"}
		complete := func(step crm.OnboardingStep) error {
			return h.CompleteStep(h.ctx, connect.CompleteStepInput{IntegrationID: id, Step: step, IdempotencyKey: "complete " + string(step)})
		}
		require.Equal(t, "Edition: Group Edition has no API.\nContacts are not decided.\nLeads are not decided.\nThe step STANDARDIZATION is not completed.",
			blockersOf(t, h.FinishOnboarding(h.ctx, finish)))
		require.Equal(t, "Contacts are not decided.\nLeads are not decided.", blockersOf(t, complete(crm.StepSettings)))
		require.NoError(t, complete(crm.StepStandardization))
		require.NoError(t, complete(crm.StepStandardization))

		undecided = nil
		require.NoError(t, complete(crm.StepSettings))
		h.connectors.checklist[0].Status = crm.ChecklistPass
		require.NoError(t, h.RunChecklist(h.ctx, id))
		require.Equal(t, "The step CHECK is not completed.", blockersOf(t, h.FinishOnboarding(h.ctx, finish)))
		steps, err := h.Onboarding(h.ctx, id)
		require.NoError(t, err)
		require.Equal(t, []connect.StepState{
			{Step: crm.StepAuthorize, Done: true},
			{Step: crm.StepCheck},
			{Step: crm.StepSettings, Done: true},
			{Step: crm.StepStandardization, Done: true},
			{Step: crm.StepReview, Blockers: []string{"The step CHECK is not completed."}},
		}, steps)
		require.NoError(t, s.WithTx(h.ctx, func(ctx context.Context, tx *store.Tx) error { return h.MarkStep(ctx, tx, id, crm.StepCheck) }))
		require.Equal(t, crm.IntegrationOnboarding, h.row(id).State)
		require.Empty(t, active)

		require.NoError(t, h.FinishOnboarding(h.ctx, finish))
		require.NoError(t, h.FinishOnboarding(h.ctx, finish), "the same key again")
		require.NoError(t, complete(crm.StepSettings), "also long after")
		require.Equal(t, []string{"ACTIVE"}, active)
		row := h.row(id)
		require.Equal(t, crm.IntegrationActive, row.State)
		require.Equal(t, time.Date(2026, time.March, 3, 3, 30, 0, 0, time.UTC), row.NextRunAt.UTC(), "04:30 in Berlin")
		require.True(t, clock.Now().Before(*row.NextRunAt))
		steps, err = h.Onboarding(h.ctx, id)
		require.NoError(t, err)
		for _, step := range steps {
			require.True(t, step.Done)
			require.Empty(t, step.Blockers)
		}
		finish.IdempotencyKey = "another"
		require.Equal(t, fault.IntegrationState, fault.CodeOf(h.FinishOnboarding(h.ctx, finish)))
	})
}

// TestStepsDoneAtTheSameTimeAreAllKept marks one step while another is being marked
// by a transaction that has not ended: neither may overwrite the other.
func TestStepsDoneAtTheSameTimeAreAllKept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.connect()
		second := make(chan error, 1)
		require.NoError(t, s.WithTx(h.ctx, func(ctx context.Context, tx *store.Tx) error {
			if err := h.MarkStep(ctx, tx, id, crm.StepCheck); err != nil {
				return err
			}
			go func() {
				second <- h.CompleteStep(h.ctx, connect.CompleteStepInput{IntegrationID: id, Step: crm.StepStandardization, IdempotencyKey: "second"})
			}()
			return untilSomebodyWaits(ctx, s)
		}))
		require.NoError(t, <-second)
		require.ElementsMatch(t, []crm.OnboardingStep{crm.StepAuthorize, crm.StepCheck, crm.StepStandardization}, h.row(id).StepsDone)
	})
}

// untilSomebodyWaits returns once a transaction waits for a lock of this one. SQLite
// has one writer: the other transaction cannot have begun.
func untilSomebodyWaits(ctx context.Context, s *store.Store) error {
	if s.Dialect() == store.SQLite {
		return nil
	}
	for {
		var waiting int
		err := s.SQL().QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND datname = current_database()`).Scan(&waiting)
		if err != nil || waiting > 0 {
			return err
		}
	}
}

func TestOnboardingRefusesBadInput(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id, _ := h.start()
		viewer, _ := principal.From(h.ctx)
		viewer.Role = principal.RoleViewer
		foreign, _ := storetest.Workspace(t, s)
		for name, c := range map[string]struct {
			ctx  context.Context
			id   string
			step crm.OnboardingStep
			want fault.Code
		}{
			"a viewer":          {principal.With(t.Context(), viewer), id, crm.StepSettings, fault.Forbidden},
			"another workspace": {foreign, id, crm.StepSettings, fault.NotFound},
			"an unknown id":     {h.ctx, "int_x", crm.StepSettings, fault.NotFound},
			"a step of its own": {h.ctx, id, crm.StepAuthorize, fault.BadInput},
			"no step":           {h.ctx, id, "", fault.BadInput},
			"not signed in":     {h.ctx, id, crm.StepSettings, fault.IntegrationState},
		} {
			err := h.CompleteStep(c.ctx, connect.CompleteStepInput{IntegrationID: c.id, Step: c.step, IdempotencyKey: name})
			require.Equal(t, c.want, fault.CodeOf(err), "%s: %v", name, err)
		}
		require.Equal(t, fault.Forbidden, fault.CodeOf(h.FinishOnboarding(principal.With(t.Context(), viewer), connect.FinishInput{IntegrationID: id, IdempotencyKey: "k"})))
		require.Equal(t, fault.NotFound, fault.CodeOf(h.FinishOnboarding(foreign, connect.FinishInput{IntegrationID: id, IdempotencyKey: "k"})))
		require.Equal(t, fault.IntegrationState, fault.CodeOf(h.FinishOnboarding(h.ctx, connect.FinishInput{IntegrationID: id, IdempotencyKey: "k"})))
		_, err := h.Onboarding(foreign, id)
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		steps, err := h.Onboarding(h.ctx, id)
		require.NoError(t, err)
		require.Equal(t, []string{"Nobody has signed in to the CRM."}, steps[0].Blockers)
	})
}

func TestRunChecklistSavesTheItems(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		h.remake(func(c *connect.Config) {
			c.Objects = func(context.Context, *ent.Integration) ([]string, error) { return []string{"Lead"}, nil }
		})
		id := h.connect()
		told := len(h.states())
		clock.Advance(time.Hour)
		require.NoError(t, h.RunChecklist(h.ctx, id))
		require.Equal(t, clock.Now(), h.row(id).ChecklistAt.UTC())
		require.Len(t, h.states(), told, "the same items are no news")
		h.connectors.checklist[0].Status = crm.ChecklistWarn
		require.NoError(t, h.RunChecklist(h.ctx, id))
		require.Equal(t, crm.ChecklistWarn, h.row(id).Checklist[0].Status)
		require.Equal(t, "object-Lead", h.row(id).Checklist[1].Key)
		require.Len(t, h.states(), told+1)

		h.connectors.checkErr = fault.New(fault.CRMTimeout, "No answer.")
		require.Equal(t, fault.CRMTimeout, fault.CodeOf(h.RunChecklist(h.ctx, id)))
		require.Len(t, h.row(id).Checklist, 9, "the old items stand")
	})
}

func TestNewRefusesEndpointsThatAreNone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		for _, bad := range []string{"", "fieldwarden.example.com", "ftp://x", "https://", "https://u:p@x", "https://x/path", "https://x?y", "https://x#y", "http://%"} {
			config := h.config
			config.PublicURL = bad
			_, err := connect.New(config)
			require.Equal(t, fault.ConfigInvalid, fault.CodeOf(err), bad)
			config = h.config
			config.Endpoints = map[string]string{"salesforce:PRODUCTION": bad}
			_, err = connect.New(config)
			require.Equal(t, fault.ConfigInvalid, fault.CodeOf(err), bad)
		}
	})
}

// TestAManifestCannotSendSecretsElsewhere: its own OAuth URLs must lie on its own
// allowed hosts.
func TestAManifestCannotSendSecretsElsewhere(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		h.remake(func(c *connect.Config) { c.Endpoints = nil })
		in := connect.StartInput{Connector: "salesforce", Environment: crm.Production, IdempotencyKey: "k"}
		_, err := h.Start(h.ctx, in)
		require.NoError(t, err)
		for _, evil := range []string{"https://evil.example.com/token", "http://login.salesforce.com/token", "https://login.salesforce.com:444/token", "token"} {
			h.connectors.manifest.Environments[0].OAuth.TokenURL = evil
			_, err := h.Start(h.ctx, in)
			require.Equal(t, fault.HostBlocked, fault.CodeOf(err), evil)
		}
	})
}
