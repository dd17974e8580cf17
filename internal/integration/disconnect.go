package integration

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/record"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/plural"
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
// the background. The revocation comes last and is tried once: that the CRM does not
// confirm it stops nothing, and the integration's reason tells it.
//
// Without Confirm nothing happens: fault.ConfirmRequired, and the result says how
// many records would be deleted. Disconnecting again purges what was kept.
func (s *Service) Disconnect(ctx context.Context, in DisconnectInput) (DisconnectResult, error) {
	who, err := admin(ctx)
	if err != nil {
		return DisconnectResult{}, err
	}
	row, err := find(ctx, s.c.Store.Read(), in.IntegrationID)
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
	var authorization *held
	repeated := true
	result, err = store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "disconnectIntegration", in,
		func(ctx context.Context, tx *store.Tx) (DisconnectResult, error) {
			repeated = false
			if row, err = find(ctx, tx.Ent(), in.IntegrationID); err != nil {
				return result, err
			}
			authorization, err = s.end(ctx, tx, row, reason, in.Purge)
			return result, err
		})
	if err != nil || repeated || authorization == nil {
		return result, err
	}
	return result, s.tellRevocation(ctx, row, reason, s.revokeHeld(ctx, row, *authorization))
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

// end disconnects inside a transaction. It returns the authorization that is to be
// revoked at the CRM; nil when there is none that could be good.
func (s *Service) end(ctx context.Context, tx *store.Tx, row *ent.Integration, reason string, purge bool) (*held, error) {
	authorization, err := s.authorizationOf(ctx, tx, row)
	if err != nil {
		return nil, err
	}
	_, err = s.detach(ctx, tx, row, disconnected, reason, func(update *ent.IntegrationUpdateOne) {
		if purge {
			update.SetPurgeRequestedAt(tx.Now()).ClearLastSyncedAt().ClearLastSucceededAt()
		}
	})
	if err != nil {
		return nil, err
	}
	if err := endSignIns(ctx, tx, row.ID); err != nil {
		return nil, err
	}
	if !purge {
		return authorization, nil
	}
	if err := forgetPositions(ctx, tx, row.ID); err != nil {
		return nil, err
	}
	return authorization, s.enqueuePurge(ctx, tx, row)
}

// authorizationOf reads the tokens of an integration whose authorization may be
// good; nil without any.
func (s *Service) authorizationOf(ctx context.Context, tx *store.Tx, row *ent.Integration) (*held, error) {
	saved, err := credentialRow(ctx, tx.Ent(), row.ID)
	if err != nil || saved == nil || saved.Revoked {
		return nil, err
	}
	current, err := s.unseal(saved)
	if err != nil {
		// It cannot be revoked without its tokens; the reason tells it.
		return &held{row: saved}, nil //nolint:nilerr // a key that was lost stops no disconnection
	}
	return &current, nil
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

// revokeHeld ends an authorization at the CRM.
func (s *Service) revokeHeld(ctx context.Context, row *ent.Integration, authorization held) error {
	ctx = context.WithoutCancel(ctx) // a client that goes away must not leave it open
	d, err := s.describe(row.Connector, row.Environment, row.Config)
	switch {
	case err != nil:
		return err
	case authorization.tokens.Grant == crm.GrantClientCredentials:
		return nil // the app's own right, which its OAuth client holds as long as it exists
	case authorization.tokens.Refresh == "":
		return fault.New(fault.KeyWrong, "The stored authorization could not be opened.")
	case d.oauth.RevokeURL == "":
		return fault.New(fault.ConnectorUnsupported, fmt.Sprintf("%s offers no way to end an authorization from outside.", d.manifest.Title))
	default:
		return s.revokeTokens(ctx, d, row, authorization.tokens)
	}
}

// tellRevocation notes in the integration's reason, and in the audit, that an
// authorization could not be revoked at the CRM. It was forgotten here all the same.
func (s *Service) tellRevocation(ctx context.Context, row *ent.Integration, reason string, failure error) error {
	outcome, code := crm.AuditSucceeded, fault.Code("")
	if failure != nil {
		outcome, code = crm.AuditFailed, fault.CodeOf(failure)
		reason += fmt.Sprintf(" The authorization was forgotten here, but could not be ended at the CRM (%s: %s) End it there.", code, messageOf(failure))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		now, err := find(ctx, tx.Ent(), row.ID)
		if err != nil {
			return err
		}
		if failure != nil && now.State == crm.IntegrationDisconnected {
			if now, err = tx.Ent().Integration.UpdateOne(now).SetStateReason(clip(reason, 500)).SetUpdatedAt(tx.Now()).Save(ctx); err != nil {
				return fmt.Errorf("note the revocation: %w", err)
			}
			announce(tx, now)
		}
		return tx.Audit(ctx, store.AuditItem{Action: "integration.revokeCredential", Target: row.ID, Outcome: outcome, Fault: code})
	})
}
