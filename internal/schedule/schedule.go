// Package schedule makes the daily run of every integration, once per local day.
//
// The truth is in the database: next_run_at of each integration, and a unique
// key per integration and local date. gocron only pokes each minute; a poke that
// is missed, doubled or made by several nodes at once changes nothing
// (requirements G1, G8; pain 14).
package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/go-co-op/gocron/v2"
	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// lateAfter is how late a run must be to count as a catch-up after downtime.
const lateAfter = 15 * time.Minute

// Runs makes runs; syncrun.Service does.
type Runs interface {
	Insert(ctx context.Context, tx *store.Tx, found *ent.Integration, kind crm.RunKind, localDate string) (*ent.SyncRun, error)
}

// Task is one piece of housekeeping that a poke also does, acting as the system
// across workspaces.
type Task struct {
	Name string
	Do   func(ctx context.Context) error
}

// Config is what a Scheduler is made of.
type Config struct {
	Store  *store.Store
	Runs   Runs
	Logger *slog.Logger
	Clock  clockwork.Clock
	// Now gives the time that decides what is due: the database's own, so that
	// nodes with wrong clocks agree.
	Now func(ctx context.Context) (time.Time, error)
	// PerWorkspace is how many runs one workspace gets in a round; a poke makes rounds
	// until nothing is due, so that one with very many integrations hides no other.
	PerWorkspace int
	// Batch bounds how many runs one poke starts in all.
	Batch int
	// Housekeeping runs after each poke.
	Housekeeping []Task
}

// Scheduler pokes each minute.
type Scheduler struct {
	config Config
	cron   gocron.Scheduler
}

// New makes a Scheduler; Start begins to poke.
func New(config Config) (*Scheduler, error) {
	if config.Store == nil || config.Runs == nil || config.Logger == nil || config.Clock == nil || config.Now == nil {
		return nil, errors.New("schedule: incomplete config")
	}
	if config.PerWorkspace == 0 {
		config.PerWorkspace = 50
	}
	if config.Batch == 0 {
		config.Batch = 10_000
	}
	cron, err := gocron.NewScheduler(gocron.WithClock(config.Clock), gocron.WithLocation(time.UTC))
	if err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	return &Scheduler{config: config, cron: cron}, nil
}

// Start pokes at once and then each minute until ctx ends or Stop is called.
func (s *Scheduler) Start(ctx context.Context) error {
	_, err := s.cron.NewJob(gocron.DurationJob(time.Minute), gocron.NewTask(func() {
		if err := s.Poke(ctx); err != nil && ctx.Err() == nil {
			s.config.Logger.ErrorContext(ctx, "the daily schedule could not be looked at; the next minute tries again", slog.String("error", err.Error()))
		}
	}), gocron.WithSingletonMode(gocron.LimitModeReschedule), gocron.WithStartAt(gocron.WithStartImmediately()))
	if err != nil {
		return fmt.Errorf("schedule: %w", err)
	}
	s.cron.Start()
	return nil
}

// Stop ends poking and waits for a poke under way.
func (s *Scheduler) Stop() error { return s.cron.Shutdown() }

// Poke starts every run that is due and does the housekeeping.
func (s *Scheduler) Poke(ctx context.Context) error {
	now, err := s.config.Now(ctx)
	if err != nil {
		return fmt.Errorf("schedule: asking the time: %w", err)
	}
	failures := s.startDue(ctx, now)
	for _, task := range s.config.Housekeeping {
		if err := task.Do(principal.AllWorkspaces(ctx, task.Name)); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", task.Name, err))
		}
	}
	return errors.Join(failures...)
}

// startDue starts what is due, round by round, at most Batch in all.
func (s *Scheduler) startDue(ctx context.Context, now time.Time) (failures []error) {
	last := map[string]*ent.Integration{}
	for seen := 0; seen < s.config.Batch && ctx.Err() == nil; {
		due, err := s.due(ctx, now, last, s.config.Batch-seen)
		if err != nil {
			return append(failures, err)
		}
		if len(due) == 0 {
			return failures
		}
		for _, found := range due {
			if err := s.startRun(ctx, found, now); err != nil {
				failures = append(failures, fmt.Errorf("integration %s: %w", found.ID, err))
			}
			last[found.WorkspaceID] = found
		}
		seen += len(due)
	}
	return failures
}

// due lists what is due and comes after the last one seen of its workspace, at most
// PerWorkspace of one workspace and most in all. It goes workspace by workspace, the
// longest waiting first.
func (s *Scheduler) due(ctx context.Context, now time.Time, last map[string]*ent.Integration, most int) ([]*ent.Integration, error) {
	ctx = principal.AllWorkspaces(ctx, "due scan")
	isDue := integration.And(integration.StateEQ(crm.IntegrationActive), integration.NextRunAtLTE(now))
	var waiting []struct {
		WorkspaceID string `json:"workspace_id"`
	}
	err := s.config.Store.Read().Integration.Query().Where(isDue).
		Order(func(selector *sql.Selector) { selector.OrderExpr(sql.Raw("MIN(next_run_at)")) }).
		GroupBy(integration.FieldWorkspaceID).Scan(ctx, &waiting)
	if err != nil {
		return nil, fmt.Errorf("schedule: looking for workspaces with due integrations: %w", err)
	}
	var due []*ent.Integration
	for _, workspace := range waiting {
		room := min(s.config.PerWorkspace, most-len(due))
		if room == 0 {
			break
		}
		query := s.config.Store.Read().Integration.Query().Where(isDue, integration.WorkspaceID(workspace.WorkspaceID))
		if before := last[workspace.WorkspaceID]; before != nil {
			// One whose run could not start is still due; it waits for the next poke.
			query.Where(integration.Or(integration.NextRunAtGT(*before.NextRunAt),
				integration.And(integration.NextRunAt(*before.NextRunAt), integration.IDGT(before.ID))))
		}
		some, err := query.Order(integration.ByNextRunAt(), integration.ByID()).Limit(room).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("schedule: looking for due integrations: %w", err)
		}
		due = append(due, some...)
	}
	return due, nil
}

// startRun inserts the run, moves next_run_at and enqueues the first step in one
// transaction. Another active run leaves all as it is: the next poke tries again.
func (s *Scheduler) startRun(ctx context.Context, seen *ent.Integration, now time.Time) error {
	ctx = principal.System(ctx, seen.WorkspaceID, "schedule")
	err := s.config.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		moved, err := tx.Ent().Integration.Update().Where(unchanged(seen), integration.StateEQ(crm.IntegrationActive)).
			SetNextRunAt(scheduleOf(seen).Next(now)).SetUpdatedAt(tx.Now()).Save(ctx)
		if err != nil {
			return fmt.Errorf("schedule: moving the next run: %w", err)
		}
		if moved == 0 {
			return nil // another node was faster, or the schedule was changed
		}
		kind, date := plan(seen, now)
		_, err = s.config.Runs.Insert(ctx, tx, seen, kind, date)
		if fault.Is(err, fault.Conflict) {
			return nil // this date has its run; only the next one is due
		}
		return err
	})
	if fault.Is(err, fault.RunActive) {
		return nil
	}
	return err
}

// unchanged holds while an integration is due as it was when it was seen, by the same
// schedule: what was read before the transaction must not undo what another node or a
// change of the schedule has done meanwhile.
func unchanged(seen *ent.Integration) predicate.Integration {
	return integration.And(integration.ID(seen.ID), integration.NextRunAt(*seen.NextRunAt),
		integration.ScheduleTime(seen.ScheduleTime), integration.ScheduleZone(seen.ScheduleZone))
}

// plan says which run is due: the newest local date whose time has come. After
// downtime that is one late run, marked as such, not one per missed day (G8). The
// window for it is the local day: when the next date is due, the run is that date's.
func plan(found *ent.Integration, now time.Time) (kind crm.RunKind, localDate string) {
	kind = crm.RunScheduled
	if now.Sub(*found.NextRunAt) > lateAfter {
		kind = crm.RunCatchUp
	}
	return kind, scheduleOf(found).DueDate(now).String()
}
