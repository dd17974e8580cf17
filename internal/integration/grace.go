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
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// graceTime is how long an integration without a credential keeps its place;
	// nothing syncs meanwhile (requirement C6).
	graceTime = 3 * 24 * time.Hour
	// graceWarning is how long before its end the last warning is given.
	graceWarning = 24 * time.Hour
	// graceBatch bounds the integrations that one ExpireGrace or WarnGraceEnding
	// takes on.
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
	row, err := snapshot.Lock(ctx, tx, id)
	if err != nil {
		return err
	}
	moved, err := move(ctx, tx, row, credentialLost, reason, func(update *ent.IntegrationUpdateOne) {
		update.ClearNextRunAt()
		if row.State == crm.IntegrationOnboarding {
			update.SetStepsDone(without(row.StepsDone, crm.StepAuthorize))
		} else {
			update.SetGraceUntil(tx.Now().Add(graceTime)).ClearGraceWarnedAt()
		}
	})
	if err != nil {
		return err
	}
	intents := []crm.AlertIntent{crm.CredentialExpiredAlert(credentialFacts(moved))}
	if moved.State == crm.IntegrationGrace {
		intents = append(intents, crm.GraceStartedAlert(credentialFacts(moved)))
	}
	return s.c.Alerts.Apply(ctx, tx, moved, intents)
}

// WarnGraceEnding tells, once for each grace, that it ends within a day
// (requirement K7), as far as the principal of ctx may see the integrations. Call it
// now and then, as ExpireGrace.
func (s *Service) WarnGraceEnding(ctx context.Context) error {
	now := s.now().UTC()
	ending, err := s.c.Store.Read().Integration.Query().
		Where(integration.StateEQ(crm.IntegrationGrace), integration.GraceWarnedAtIsNil(),
			integration.GraceUntilGT(now), integration.GraceUntilLTE(now.Add(graceWarning))).
		Order(integration.ByGraceUntil(), integration.ByID()).Limit(graceBatch).All(ctx)
	if err != nil {
		return fmt.Errorf("look for graces that end soon: %w", err)
	}
	var errs []error
	for _, row := range ending {
		errs = append(errs, s.warnGraceEnding(principal.System(ctx, row.WorkspaceID, "grace ending"), row))
	}
	return errors.Join(errs...)
}

func (s *Service) warnGraceEnding(ctx context.Context, row *ent.Integration) error {
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Ent().Integration.Update().
			Where(integration.ID(row.ID), integration.StateEQ(crm.IntegrationGrace), integration.GraceWarnedAtIsNil()).
			SetGraceWarnedAt(tx.Now()).SetUpdatedAt(tx.Now()).Save(ctx)
		if err != nil {
			return fmt.Errorf("note the warning of a grace: %w", err)
		}
		if n == 0 {
			return nil // somebody has just signed in again, or another node was faster
		}
		return s.c.Alerts.Apply(ctx, tx, row, []crm.AlertIntent{crm.GraceEndingAlert(credentialFacts(row))})
	})
}

// credentialFacts are what alerts say of an integration that lost its credential.
func credentialFacts(row *ent.Integration) crm.CredentialFacts {
	f := crm.CredentialFacts{
		Instance: row.InstanceName, User: row.IntegrationUser, Reason: row.StateReason, Since: row.UpdatedAt,
	}
	if row.GraceUntil != nil {
		f.GraceUntil, f.Since = *row.GraceUntil, row.GraceUntil.Add(-graceTime)
	}
	return f
}

// ExpireGrace disconnects the integrations whose grace is over, as far as the
// principal of ctx may see them: their tokens are deleted, their slots free, their
// alerts resolved, and an alert says so; ids, mappings, history and imported data
// stay for a later sign-in. Call it now and then; what fails is tried again by the
// next call.
func (s *Service) ExpireGrace(ctx context.Context) error {
	due, err := s.c.Store.Read().Integration.Query().
		Where(integration.StateEQ(crm.IntegrationGrace), integration.GraceUntilLTE(s.now().UTC())).
		Order(integration.ByGraceUntil(), integration.ByID()).Limit(graceBatch).All(ctx)
	if err != nil {
		return fmt.Errorf("look for ended graces: %w", err)
	}
	var errs []error
	for _, row := range due {
		err := s.expireGrace(principal.System(ctx, row.WorkspaceID, "grace expired"), row)
		if !fault.Is(err, fault.Conflict) { // somebody has just signed in again
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (s *Service) expireGrace(ctx context.Context, row *ent.Integration) error {
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		moved, err := s.detach(ctx, tx, row, graceExpired, row.StateReason)
		if err != nil {
			return err
		}
		return s.c.Alerts.Apply(ctx, tx, moved, []crm.AlertIntent{crm.AutoDisconnectedAlert(credentialFacts(moved))})
	})
}

// detach makes an integration DISCONNECTED: no tokens, no slot, no next run, no open
// alerts. Everything else stays.
func (s *Service) detach(
	ctx context.Context, tx *store.Tx, row *ent.Integration, happens event, reason string, changes ...func(*ent.IntegrationUpdateOne),
) (*ent.Integration, error) {
	moved, err := move(ctx, tx, row, happens, reason, append(changes, func(update *ent.IntegrationUpdateOne) {
		update.ClearGraceUntil().ClearGraceWarnedAt().ClearNextRunAt().ClearSlot()
	})...)
	if err != nil {
		return nil, err
	}
	if err := s.wipe(ctx, tx, moved); err != nil {
		return nil, err
	}
	if err := s.c.Alerts.ResolveAll(ctx, tx, moved, crm.ResolvedDisconnected); err != nil {
		return nil, err
	}
	return moved, s.c.OnStopped.run(ctx, tx, moved)
}
