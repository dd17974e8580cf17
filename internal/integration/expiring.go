package integration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/credential"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// expiryWarning is how long before an unused authorization ends its alert is opened, at
// most a quarter of its life: keep-alive has then failed for the second quarter.
const expiryWarning = 7 * 24 * time.Hour

// warningBefore is when the end of an authorization is near.
func warningBefore(limit time.Duration) time.Duration { return min(expiryWarning, limit/4) }

// WarnCredentialsExpiring tells of authorizations that end for want of use although
// keep-alive should have renewed them, and takes it back when they were renewed
// (requirement K4), as far as the principal of ctx may see. Call it now and then.
func (s *Service) WarnCredentialsExpiring(ctx context.Context) error {
	open, err := s.c.Store.Read().Alert.Query().
		Where(alert.RuleEQ(crm.RuleCredentialExpiring), alert.OpenKeyNotNil()).Limit(graceBatch).All(ctx)
	if err != nil {
		return fmt.Errorf("look for warnings of credentials: %w", err)
	}
	warned := map[string]bool{}
	var errs []error
	for _, row := range open {
		warned[row.IntegrationID] = true
		errs = append(errs, s.judgeExpiry(principal.System(ctx, row.WorkspaceID, "credential expiry"), row.IntegrationID))
	}
	near, err := s.nearTheirEnd(ctx)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, row := range near {
		if !warned[row.IntegrationID] {
			errs = append(errs, s.judgeExpiry(principal.System(ctx, row.WorkspaceID, "credential expiry"), row.IntegrationID))
		}
	}
	return errors.Join(errs...)
}

// nearTheirEnd lists credentials, at most keepAliveBatch of them, whose end is near.
func (s *Service) nearTheirEnd(ctx context.Context) ([]*ent.Credential, error) {
	var near []*ent.Credential
	err := s.eachIdleLimit(ctx, func(connector string, environment crm.Environment, limit time.Duration) (bool, error) {
		found, err := s.idle(ctx, connector, environment, limit-warningBefore(limit), keepAliveBatch-len(near))
		near = append(near, found...)
		return len(near) < keepAliveBatch, err
	})
	return near, err
}

// judgeExpiry opens the warning of one integration, or resolves it.
func (s *Service) judgeExpiry(ctx context.Context, integrationID string) error {
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := snapshot.Lock(ctx, tx, integrationID)
		if err != nil {
			return err
		}
		_, spec, err := s.manifest(row.Connector, row.Environment)
		if err != nil || spec.OAuth.RefreshTokenIdle <= 0 {
			return nil //nolint:nilerr // a connector that is away tells no limit: what was said stands
		}
		held, err := tx.Ent().Credential.Query().Where(credential.IntegrationID(row.ID), credential.Revoked(false)).First(ctx)
		if ent.IsNotFound(err) {
			return nil // it was lost, which has an alert of its own
		}
		if err != nil {
			return fmt.Errorf("load the credential: %w", err)
		}
		limit := spec.OAuth.RefreshTokenIdle
		endsAt := held.RefreshedAt.Add(limit)
		if tx.Now().Before(endsAt.Add(-warningBefore(limit))) {
			return s.c.Alerts.ResolveAll(ctx, tx, row, crm.ResolvedRestored, crm.RuleCredentialExpiring)
		}
		open, err := tx.Ent().Alert.Query().
			Where(alert.IntegrationID(row.ID), alert.RuleEQ(crm.RuleCredentialExpiring), alert.OpenKeyNotNil()).Exist(ctx)
		if err != nil || open {
			return err
		}
		facts := crm.CredentialFacts{Instance: row.InstanceName, User: row.IntegrationUser, Since: held.RefreshedAt}
		return s.c.Alerts.Apply(ctx, tx, row, []crm.AlertIntent{crm.CredentialExpiringAlert(facts, endsAt)})
	})
}
