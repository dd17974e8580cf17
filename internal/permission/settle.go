package permission

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// EnqueueSettle asks for the alerts to be compared with the stored verdicts at a
// time: when the damping of a flapping problem ends, whatever holds then is alerted,
// so damping loses nothing (requirement J5; alert.Config.OnDamped). Asking again for
// the same time adds nothing.
func (s *Service) EnqueueSettle(ctx context.Context, tx *store.Tx, integration *ent.Integration, at time.Time) error {
	_, err := s.jobs.Enqueue(ctx, tx, SettleKind, integration.WorkspaceID, payload{IntegrationID: integration.ID},
		job.At(at), job.UniqueKey(integration.ID+"/"+strconv.FormatInt(at.UnixMicro(), 10)))
	if err != nil {
		return fmt.Errorf("permission: asking to settle the alerts: %w", err)
	}
	return nil
}

// handleSettle evaluates the alerts by what is stored; the CRM is not asked.
func (s *Service) handleSettle(ctx context.Context, j job.Job) error {
	p, err := payloadOf(j)
	if err != nil {
		return err
	}
	return s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		integration, err := snapshot.Lock(ctx, tx, p.IntegrationID)
		if fault.Is(err, fault.NotFound) || (err == nil && !settles(integration.State)) {
			return nil
		}
		if err != nil {
			return err
		}
		pkg, _, err := s.packages.Of(ctx, tx.Ent(), integration)
		if err != nil {
			return err
		}
		objects, err := snapshot.Objects(ctx, tx.Ent(), integration.ID)
		if err != nil {
			return fmt.Errorf("permission: objects: %w", err)
		}
		maps.DeleteFunc(objects, func(_ string, object *snapshot.Object) bool { return object.Row.CheckedAt == nil })
		if err := snapshot.LoadStandardized(ctx, tx.Ent(), objects); err != nil {
			return fmt.Errorf("permission: standardized fields: %w", err)
		}
		return s.alerts.Evaluate(ctx, tx, integration, pkg, snapshot.States(objects))
	})
}

// settles reports whether an integration in a state has alerts on rights: those of a
// disconnected one are resolved, and one that is not signed in has none.
func settles(state crm.IntegrationState) bool {
	switch state {
	case crm.IntegrationOnboarding, crm.IntegrationActive, crm.IntegrationPaused, crm.IntegrationGrace:
		return true
	default:
		return false
	}
}
