package integration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/credential"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// graceTime is how long an integration without a credential keeps its place;
	// nothing syncs meanwhile (requirement C6).
	graceTime = 3 * 24 * time.Hour
	// graceBatch bounds the integrations that one ExpireGrace disconnects.
	graceBatch = 500
	// reauthRequired begins the reason of an integration that lost its credential.
	reauthRequired = "REAUTH_REQUIRED"
)

// giveUp marks the credential as lost for good: GRACE for an integration that was
// active, back to the start for one in onboarding, an alert for both. It always
// returns an error. A version that somebody has replaced meanwhile is left alone.
func (s *Service) giveUp(ctx context.Context, row *ent.Integration, version int, why string) error {
	ctx = principal.System(context.WithoutCancel(ctx), row.WorkspaceID, "credential lost")
	replaced := false
	err := s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Ent().Credential.Update().
			Where(credential.IntegrationID(row.ID), credential.Version(version), credential.Revoked(false)).
			SetRevoked(true).ClearLeaseOwner().ClearLeaseUntil().Save(ctx)
		if err != nil {
			return fmt.Errorf("mark credential revoked: %w", err)
		}
		if replaced = n == 0; replaced {
			return nil
		}
		return s.lose(ctx, tx, row.ID, reauthRequired+": "+why)
	})
	switch {
	case err != nil:
		return err
	case replaced:
		return fault.New(fault.CRMUnauthenticated, "The credential changed during the call.")
	default:
		return errRevoked(row)
	}
}

// messageOf is the text of a fault without its code.
func messageOf(err error) string {
	if found, ok := fault.From(err); ok {
		return found.Message
	}
	return string(fault.Internal)
}

// lose moves an integration whose credential is revoked.
func (s *Service) lose(ctx context.Context, tx *store.Tx, id, reason string) error {
	row, err := find(ctx, tx.Ent(), id)
	if err != nil {
		return err
	}
	moved, err := move(ctx, tx, row, credentialLost, reason, func(update *ent.IntegrationUpdateOne) {
		update.ClearNextRunAt()
		if row.State == crm.IntegrationOnboarding {
			update.SetStepsDone(without(row.StepsDone, crm.StepAuthorize))
		} else {
			update.SetGraceUntil(tx.Now().Add(graceTime))
		}
	})
	if err != nil {
		return err
	}
	return s.openCredentialAlert(ctx, tx, moved)
}

// openCredentialAlert tells that nothing syncs until somebody signs in again.
func (s *Service) openCredentialAlert(ctx context.Context, tx *store.Tx, row *ent.Integration) error {
	message := "Nothing is synced or checked until an admin signs in to the CRM again."
	if row.GraceUntil != nil {
		message += " On " + row.GraceUntil.UTC().Format("2 January 2006 at 15:04 UTC") + " the integration is disconnected."
	}
	return s.c.Alerts.Apply(ctx, tx, row, []crm.AlertIntent{{
		Action: crm.ActionOpen, Key: crm.AlertKey{Rule: crm.RuleCredentialExpired},
		Severity: crm.SeverityCritical, Mandatory: true,
		Title:    "The CRM no longer accepts the sign-in of " + row.InstanceName,
		Message:  message,
		Cause:    crm.CauseUnknown,
		Evidence: row.StateReason,
		Fix: crm.Fix{
			Steps: []string{
				"Start the connection again, with the same connector and environment.",
				"Sign in to " + row.InstanceName + " as the integration user " + row.IntegrationUser + ".",
				"Approve the access that is asked for. Settings, mappings and history stay as they are.",
			},
			Who: "An admin of the workspace who can sign in as the integration user",
		},
		Since: row.UpdatedAt,
	}})
}

// ExpireGrace disconnects the integrations whose grace is over, as far as the
// principal of ctx may see them: their tokens are deleted, their alerts resolved;
// ids, mappings and history stay for a later sign-in. Call it now and then; what
// fails is tried again by the next call.
func (s *Service) ExpireGrace(ctx context.Context) error {
	due, err := s.c.Store.Read().Integration.Query().
		Where(integration.StateEQ(crm.IntegrationGrace), integration.GraceUntilLTE(s.now().UTC())).
		Order(ent.Asc(integration.FieldGraceUntil)).Limit(graceBatch).All(ctx)
	if err != nil {
		return fmt.Errorf("look for ended graces: %w", err)
	}
	var errs []error
	for _, row := range due {
		err := s.disconnect(principal.System(ctx, row.WorkspaceID, "grace expired"), row)
		if !fault.Is(err, fault.Conflict) { // somebody has just signed in again
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (s *Service) disconnect(ctx context.Context, row *ent.Integration) error {
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		moved, err := move(ctx, tx, row, graceExpired, row.StateReason, func(update *ent.IntegrationUpdateOne) {
			update.ClearGraceUntil()
		})
		if err != nil {
			return err
		}
		if _, err := tx.Ent().Credential.Delete().Where(credential.IntegrationID(row.ID)).Exec(ctx); err != nil {
			return fmt.Errorf("delete credential: %w", err)
		}
		return s.c.Alerts.ResolveAll(ctx, tx, moved, crm.ResolvedDisconnected)
	})
}
