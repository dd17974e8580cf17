package permission

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

const (
	// watchBatch bounds the probes that one look asks for: every 5 minutes that is
	// room for 10,000 integrations; the rest waits for the next minute.
	watchBatch = 2000
	// watchPart bounds the probes that one transaction asks for.
	watchPart = 100
	// watchPriority lets everything else of the queue go first.
	watchPriority = 4
)

// WatchDue asks for the probes of watch mode that are due, as far as the principal of
// ctx may see. Call it each minute, on every node: each probe is asked for once,
// because asking moves next_watch_at. An integration whose run is under way waits: the
// run checks the rights itself.
func (s *Service) WatchDue(ctx context.Context) error {
	now, err := s.dueTime(ctx)
	if err != nil {
		return err
	}
	due, err := s.store.Read().Integration.Query().Where(
		integration.StateEQ(crm.IntegrationActive), integration.WatchMinutesGT(0), integration.NextWatchAtLTE(now),
		integration.Not(integration.HasRunsWith(syncrun.ActiveKeyNotNil())),
	).Order(integration.ByNextWatchAt(), integration.ByID()).Limit(watchBatch).All(ctx)
	if err != nil {
		return fmt.Errorf("permission: looking for due probes: %w", err)
	}
	byWorkspace := map[string][]*ent.Integration{}
	var failures []error
	ask := func(workspaceID string) {
		failures = append(failures, s.askForProbes(principal.System(ctx, workspaceID, "watch mode"), byWorkspace[workspaceID], now))
		delete(byWorkspace, workspaceID)
	}
	for _, row := range due {
		byWorkspace[row.WorkspaceID] = append(byWorkspace[row.WorkspaceID], row)
		if len(byWorkspace[row.WorkspaceID]) == watchPart {
			ask(row.WorkspaceID)
		}
	}
	for workspaceID := range byWorkspace {
		ask(workspaceID)
	}
	return errors.Join(failures...)
}

// askForProbes enqueues the probes of integrations of one workspace. Compare and swap:
// whatever another node asked for, or somebody switched off, is left alone.
func (s *Service) askForProbes(ctx context.Context, rows []*ent.Integration, now time.Time) error {
	return s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, row := range rows {
			moved, err := tx.Ent().Integration.Update().Where(
				integration.ID(row.ID), integration.WatchMinutes(row.WatchMinutes), integration.NextWatchAt(*row.NextWatchAt),
			).SetNextWatchAt(nextProbe(row, now)).Save(ctx)
			if err != nil {
				return fmt.Errorf("permission: moving a probe on: %w", err)
			}
			if moved == 0 {
				continue
			}
			_, err = s.jobs.Enqueue(ctx, tx, WatchKind, row.WorkspaceID, payload{IntegrationID: row.ID},
				job.UniqueKey(row.ID), job.Priority(watchPriority))
			if err != nil {
				return fmt.Errorf("permission: asking for a probe: %w", err)
			}
		}
		return nil
	})
}

func nextProbe(row *ent.Integration, now time.Time) time.Time {
	return crm.NextProbe(now, row.WatchMinutes, rand.Float64()).Truncate(time.Microsecond)
}

// handleWatch makes one probe: a conditional check of all objects. A loss that it sees
// is confirmed as any other. A probe that fails is not repeated: the verdicts are
// stale then, and the next probe comes.
func (s *Service) handleWatch(ctx context.Context, j job.Job) error {
	p, err := payloadOf(j)
	if err != nil {
		return err
	}
	row, err := snapshot.Find(ctx, s.store.Read(), p.IntegrationID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	running, err := s.store.Read().SyncRun.Query().Where(syncrun.ActiveKey(row.ID)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("permission: looking for a run: %w", err)
	}
	if running || !isWatched(row) {
		return nil
	}
	allowance, err := s.allowance(ctx, s.store.Read(), row)
	if err != nil {
		return err
	}
	if !allowance.HasRoom() || allowance.Quota.Reached() {
		return s.rest(ctx, row, usage.DayEnds(row, s.now()), "most of a limit of the day is used")
	}
	result, err := s.Check(ctx, row.ID, CheckInput{Mode: Normal, Trigger: crm.TriggerWatch})
	switch fault.CodeOf(err) {
	case "":
	case fault.IntegrationState, fault.CRMGrantRevoked:
		return nil // it was paused meanwhile, or has just entered its grace period
	default:
		return err
	}
	return s.probed(ctx, row, result)
}

// probed notes a probe that was answered, and waits as long as a CRM that limits
// calls says.
func (s *Service) probed(ctx context.Context, row *ent.Integration, result Result) error {
	failure := result.Failure
	for i := 0; failure == nil && i < len(result.Objects); i++ {
		failure = result.Objects[i].Failure
	}
	switch {
	case failure == nil:
		err := s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Integration.UpdateOneID(row.ID).SetWatchedAt(result.AskedAt).Exec(ctx)
		})
		if err != nil {
			return fmt.Errorf("permission: noting a probe: %w", err)
		}
		return nil
	case failure.Code == fault.CRMQuotaExhausted:
		return s.rest(ctx, row, usage.DayEnds(row, s.now()), "the CRM's quota is used up")
	case failure.RetryAfter > 0:
		return s.rest(ctx, row, s.now().Add(failure.RetryAfter), "the CRM limits the rate of calls")
	default:
		return nil
	}
}

// rest makes the next probe wait until a time, never less than it would anyway.
func (s *Service) rest(ctx context.Context, row *ent.Integration, until time.Time, why string) error {
	if row.NextWatchAt != nil && !until.After(*row.NextWatchAt) {
		return nil
	}
	until = until.UTC().Truncate(time.Microsecond)
	s.log.InfoContext(ctx, "watch mode waits", slog.String(obs.KeyIntegration, row.ID), slog.Time("until", until), slog.String("reason", why))
	err := s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Integration.Update().
			Where(integration.ID(row.ID), integration.WatchMinutes(row.WatchMinutes), integration.NextWatchAtNotNil()).
			SetNextWatchAt(until).Exec(ctx)
	})
	if err != nil {
		return fmt.Errorf("permission: letting watch mode wait: %w", err)
	}
	return nil
}
