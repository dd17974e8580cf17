package integration

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/record"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/plural"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// DisconnectInput says which integration to disconnect, and what to keep.
type DisconnectInput struct {
	IntegrationID string
	// Purge also deletes the records that were imported from the CRM.
	Purge bool
	// Confirm must be true.
	Confirm        bool
	IdempotencyKey string
}

// DisconnectResult is what a disconnection does to imported data.
type DisconnectResult struct {
	// PurgedRecords is how many records are deleted, or would be; 0 without Purge.
	PurgedRecords int
}

// Disconnect ends an integration's connection (requirement C8): its authorization is
// revoked at the CRM and forgotten here, its alerts are resolved, its run is
// cancelled, its slot is free. Ids, settings, mappings and history stay for
// Reconnect; imported records too, unless they are to be purged, which goes on in
// the background. So does the revocation (revoke.go): that the CRM does not confirm it
// stops nothing, and in the end the integration's reason tells it.
//
// Without Confirm nothing happens: fault.ConfirmRequired, and the result says how
// many records would be deleted. Disconnecting again purges what was kept.
func (s *Service) Disconnect(ctx context.Context, in DisconnectInput) (DisconnectResult, error) {
	who, err := admin(ctx)
	if err != nil {
		return DisconnectResult{}, err
	}
	row, err := snapshot.Find(ctx, s.c.Store.Read(), in.IntegrationID)
	if err != nil {
		return DisconnectResult{}, err
	}
	imported, err := s.c.Store.Read().Record.Query().Where(record.IntegrationID(row.ID)).Count(ctx)
	if err != nil {
		return DisconnectResult{}, fmt.Errorf("count imported records: %w", err)
	}
	var result DisconnectResult
	if in.Purge {
		result.PurgedRecords = imported
	}
	if !in.Confirm {
		return result, errConfirm(in, imported)
	}
	reason := "Disconnected by " + who.Name + "."
	return store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "disconnectIntegration", in,
		func(ctx context.Context, tx *store.Tx) (DisconnectResult, error) {
			now, err := snapshot.Lock(ctx, tx, in.IntegrationID)
			if err != nil {
				return result, err
			}
			return result, s.end(ctx, tx, now, reason, in.Purge)
		})
}

// errConfirm says what a disconnection would do.
func errConfirm(in DisconnectInput, imported int) error {
	records := plural.Of(imported, "imported record", "imported records")
	message := "Disconnecting keeps the " + records + "; to connect again, an admin signs in to the CRM."
	if in.Purge {
		message = "Disconnecting deletes " + records + "; to have them back, all must be read again."
	}
	return fault.New(fault.ConfirmRequired, message, fault.Field("confirm"),
		fault.Detail("integrationId", in.IntegrationID))
}

// end disconnects inside a transaction.
func (s *Service) end(ctx context.Context, tx *store.Tx, row *ent.Integration, reason string, purge bool) error {
	impossible, err := s.retire(ctx, tx, row)
	if err != nil {
		return err
	}
	ended, err := s.detach(ctx, tx, row, disconnected, reason, func(update *ent.IntegrationUpdateOne) {
		if purge {
			update.SetPurgeRequestedAt(tx.Now()).ClearLastSyncedAt().ClearLastSucceededAt()
		}
	})
	if err != nil {
		return err
	}
	if impossible != nil {
		if err := s.tellRevocation(ctx, tx, ended, impossible); err != nil {
			return err
		}
	}
	if err := endSignIns(ctx, tx, row.ID); err != nil {
		return err
	}
	if !purge {
		return nil
	}
	if err := forgetPositions(ctx, tx, row.ID); err != nil {
		return err
	}
	return s.enqueuePurge(ctx, tx, row)
}

// forgetPositions makes the next run read every object from the beginning.
func forgetPositions(ctx context.Context, tx *store.Tx, integrationID string) error {
	err := tx.Ent().CrmObject.Update().Where(crmobject.IntegrationID(integrationID)).
		ClearResumeToken().ClearReadFields().SetSyncPhase(crm.SyncOnboarding).ClearLastReadAt().
		SetPartial(false).ClearPartialToken().ClearPartialFields().SetPartialGeneration(0).Exec(ctx)
	if err != nil {
		return fmt.Errorf("forget positions: %w", err)
	}
	return nil
}
