package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Service changes schedules (requirement D16).
type Service struct{ store *store.Store }

// NewService makes a Service.
func NewService(s *store.Store) (*Service, error) {
	if s == nil {
		return nil, errors.New("schedule: no store")
	}
	return &Service{store: s}, nil
}

// SetInput says when an integration's daily run starts.
type SetInput struct {
	IdempotencyKey string `json:"-"`
	IntegrationID  string `json:"integrationId"`
	// Time is HH:MM, Zone an IANA name.
	Time string `json:"time"`
	Zone string `json:"zone"`
}

// Set changes the schedule of an integration and returns notes for a person: what
// happens on the next days on which clocks skip or repeat the time.
func (s *Service) Set(ctx context.Context, input SetInput) (notes []string, err error) {
	return store.Idempotent(ctx, s.store, input.IdempotencyKey, "setSchedule", input, func(ctx context.Context, tx *store.Tx) ([]string, error) {
		return s.SetScheduleTx(ctx, tx, input.IntegrationID, input.Time, input.Zone)
	})
}

// SetScheduleTx is Set inside a transaction of the caller's. It moves next_run_at too:
// see moved.
func (s *Service) SetScheduleTx(ctx context.Context, tx *store.Tx, integrationID, wall, zone string) (notes []string, err error) {
	if p, ok := principal.From(ctx); !ok || !p.IsAdmin() {
		return nil, fault.New(fault.Forbidden, "Only an admin may change the schedule.")
	}
	to, err := parseDaily(wall, zone)
	if err != nil {
		return nil, err
	}
	found, err := snapshot.Lock(ctx, tx, integrationID)
	if err != nil {
		return nil, err
	}
	now := tx.Now()
	update := tx.Ent().Integration.UpdateOneID(found.ID).SetScheduleTime(wall).SetScheduleZone(zone).SetUpdatedAt(now)
	if found.NextRunAt != nil { // it is ACTIVE
		last, err := lastDate(ctx, tx, found)
		if err != nil {
			return nil, err
		}
		update.SetNextRunAt(moved(now, last, to))
	}
	if err := update.Exec(ctx); err != nil {
		return nil, fmt.Errorf("schedule: saving the schedule: %w", err)
	}
	err = tx.Audit(ctx, store.AuditItem{
		Action: "setSchedule", Target: found.ID, Outcome: crm.AuditSucceeded,
		Before: map[string]string{"time": found.ScheduleTime, "zone": found.ScheduleZone},
		After:  map[string]string{"time": wall, "zone": zone},
	})
	return clockNotes(now, to), err
}

// moved is when the next daily run is due once the schedule changes; last is the
// newest local date that has its run, or needs none. The dates go on from there: none
// gets a second run, whatever the calendar of the new zone shows, and none is passed
// over whose time has come.
//
//   - The new schedule's newest due date has no run: it is due now, like any late run.
//     Where the calendar jumps ahead (to the east over the date line), that one run
//     stands for the dates in between, which the integration never lived through.
//   - Else the next run is that of the first date without one. After a change to the
//     west over the date line it may be two days off: those dates have had their runs.
func moved(now time.Time, last crm.Date, to daily) time.Time {
	if to.dueDate(now).String() > last.String() {
		return now
	}
	for date := last.AddDays(1); ; date = date.AddDays(1) {
		if at, exists := crm.DueAt(date, to.hour, to.minute, to.loc); exists && at.After(now) {
			return at
		}
	}
}

// lastDate is the newest local date that has its daily run or needs none. Usually it is
// the one before the date that is due next: that holds after an onboarding and a pause
// too, which owe nothing for the days before. While a run is overdue the runs themselves
// say: a change of the schedule may have made it due without its date's time having come.
func lastDate(ctx context.Context, tx *store.Tx, found *ent.Integration) (crm.Date, error) {
	from := scheduleOf(found)
	if found.NextRunAt.After(tx.Now()) {
		return from.before(from.dueDate(*found.NextRunAt)), nil
	}
	newest, err := tx.Ent().SyncRun.Query().Where(syncrun.IntegrationID(found.ID), syncrun.DateKeyNotNil()).
		Order(syncrun.ByLocalDate(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return from.before(from.dueDate(tx.Now())), nil
	}
	if err != nil {
		return crm.Date{}, fmt.Errorf("schedule: looking for the last daily run: %w", err)
	}
	return crm.ParseDate(newest.LocalDate)
}
