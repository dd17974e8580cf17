package schedule

import (
	"context"
	"errors"
	"fmt"

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
// see crm.Daily.Following.
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
		update.SetNextRunAt(to.Following(last, now))
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

// lastDate is the newest local date that has its daily run or needs none. Usually it is
// the one before the date that is due next: that holds after an onboarding and a pause
// too, which owe nothing for the days before. While a run is overdue the runs themselves
// say: a change of the schedule may have made it due without its date's time having come.
func lastDate(ctx context.Context, tx *store.Tx, found *ent.Integration) (crm.Date, error) {
	from := scheduleOf(found)
	if found.NextRunAt.After(tx.Now()) {
		return from.Before(from.DueDate(*found.NextRunAt)), nil
	}
	newest, err := tx.Ent().SyncRun.Query().Where(syncrun.IntegrationID(found.ID), syncrun.DateKeyNotNil()).
		Order(syncrun.ByLocalDate(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return from.Before(from.DueDate(tx.Now())), nil
	}
	if err != nil {
		return crm.Date{}, fmt.Errorf("schedule: looking for the last daily run: %w", err)
	}
	return crm.ParseDate(newest.LocalDate)
}
