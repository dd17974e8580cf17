package integration

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// SignInAgainInput names an integration to sign in to again.
type SignInAgainInput struct {
	IntegrationID  string
	IdempotencyKey string
}

// Reconnect opens a sign-in to an integration that nobody is signed in to, that lost
// its credential, or that was disconnected (requirement C5). It must lead to the
// same CRM instance; ids, mappings and history stay, and the next run goes on where
// the last one ended. It signs in as the last time: with client credentials the
// integration is connected when Reconnect returns.
//
// Errors: fault.IntegrationState where somebody is signed in, and while imported
// data is being deleted; fault.InstanceLimit when another integration has taken its
// place; those of Start.
func (s *Service) Reconnect(ctx context.Context, in SignInAgainInput) (StartResult, error) {
	return s.signInAgain(ctx, in, "reconnectIntegration", func(ctx context.Context, tx *store.Tx, row *ent.Integration) error {
		if row.PurgeRequestedAt != nil {
			return errPurging(row)
		}
		if _, open := transition(row.State, signInStarted); !open {
			return errState(row)
		}
		if _, err := s.regainedSlot(ctx, tx, row); err != nil {
			return err
		}
		_, err := move(ctx, tx, row, signInStarted, keptReason(row))
		return err
	})
}

// ReplaceUser opens a sign-in as another user to an integration that is connected.
// The present credential is used until the new one is stored; a sign-in that fails,
// or that is to another CRM instance, changes nothing. Rights, connection test and
// integration user are found out anew with it.
//
// Errors: fault.IntegrationState unless somebody is signed in; those of Start.
func (s *Service) ReplaceUser(ctx context.Context, in SignInAgainInput) (StartResult, error) {
	return s.signInAgain(ctx, in, "replaceIntegrationUser", func(ctx context.Context, tx *store.Tx, row *ent.Integration) error {
		if _, ok := transition(row.State, userReplaced); !ok {
			return errState(row)
		}
		return tx.Audit(ctx, store.AuditItem{
			Action: "replaceIntegrationUser", Target: row.ID, Outcome: crm.AuditSucceeded,
			Before: map[string]any{"integrationUser": row.IntegrationUser},
		})
	})
}

// signInAgain opens a sign-in to an integration that exists, once prepare allows it.
func (s *Service) signInAgain(
	ctx context.Context, in SignInAgainInput, operation string, prepare func(ctx context.Context, tx *store.Tx, row *ent.Integration) error,
) (StartResult, error) {
	who, err := admin(ctx)
	if err != nil {
		return StartResult{}, err
	}
	row, err := snapshot.Find(ctx, s.c.Store.Read(), in.IntegrationID)
	if err != nil {
		return StartResult{}, err
	}
	// What a sign-in needs is looked for before anything is changed.
	if _, err := s.describe(row.Connector, row.Environment, row.Config); err != nil {
		return StartResult{}, err
	}
	if _, err := s.client(ctx, row.Connector, row.Environment); err != nil {
		return StartResult{}, err
	}
	return s.begin(ctx, who, in.IdempotencyKey, operation, in, func(ctx context.Context, tx *store.Tx) (*ent.Integration, crm.GrantType, error) {
		row, err := snapshot.Lock(ctx, tx, in.IntegrationID)
		if err != nil {
			return nil, "", err
		}
		if err := prepare(ctx, tx, row); err != nil {
			return nil, "", err
		}
		grant, err := s.lastGrant(ctx, tx, row)
		return row, grant, err
	})
}

// lastGrant is how an integration was signed in to the last time; the first grant
// that its connector offers where that is not known.
func (s *Service) lastGrant(ctx context.Context, tx *store.Tx, row *ent.Integration) (crm.GrantType, error) {
	saved, err := credentialRow(ctx, tx.Ent(), row.ID)
	if err != nil {
		return "", err
	}
	if saved != nil {
		if was, err := s.unseal(saved); err == nil {
			if was.tokens.Grant == "" {
				return crm.GrantAuthorizationCode, nil
			}
			return was.tokens.Grant, nil
		}
	}
	_, spec, err := s.manifest(row.Connector, row.Environment)
	if err != nil {
		return "", fmt.Errorf("how to sign in: %w", err)
	}
	if len(spec.OAuth.Grants) == 0 {
		return crm.GrantAuthorizationCode, nil
	}
	return spec.OAuth.Grants[0], nil
}

// errPurging refuses a sign-in while imported records are being deleted: what it
// reads would be deleted with them.
func errPurging(row *ent.Integration) error {
	return fault.New(fault.IntegrationState, "The imported data of this integration is being deleted.",
		fault.Hint("Try again in a few minutes, when that is done."), fault.Detail("integrationId", row.ID))
}
