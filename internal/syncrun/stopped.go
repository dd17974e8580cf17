package syncrun

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// StopWith ends the run of an integration that was paused or disconnected, inside the
// transaction that did so (integration.Config.OnStopped): one that waits for a limit
// of the CRM would else hold its place until then. None under way is no error.
func (s *Service) StopWith(ctx context.Context, tx *store.Tx, integration *ent.Integration) error {
	run, err := tx.Ent().SyncRun.Query().Where(syncrun.ActiveKey(integration.ID)).WithIntegration().Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("syncrun: loading the active run: %w", err)
	}
	return s.cancel(ctx, tx, run, ending{
		status: crm.RunCancelled, keep: true, reason: fmt.Sprintf("The integration became %s.", integration.State),
	})
}
