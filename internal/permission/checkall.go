package permission

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// CheckAllInput asks for the rights on all objects of the package now.
type CheckAllInput struct {
	IntegrationID  string
	IdempotencyKey string
}

// CheckAll checks every object of the package on demand: an object that was
// repaired shows at once instead of at the next daily run (requirement I5, "beyond").
// During the onboarding it is the onboarding check again. A check that fails is no
// error: the verdicts then stand, marked stale. A repeated request with the same
// idempotency key asks the CRM no more.
func (s *Service) CheckAll(ctx context.Context, in CheckAllInput) error {
	if p, ok := principal.From(ctx); !ok || !p.IsAdmin() {
		return fault.New(fault.Forbidden, "Only an admin asks for a check.")
	}
	integration, err := snapshot.Find(ctx, s.store.Read(), in.IntegrationID)
	if err != nil {
		return err
	}
	// Refused before the key is spent: a repeat must not look like success.
	if err := checkable(integration); err != nil {
		return err
	}
	mode := OnDemand
	if integration.State == crm.IntegrationOnboarding {
		mode = Onboarding
	}
	repeated := true
	_, err = store.Idempotent(ctx, s.store, in.IdempotencyKey, "permission.checkAll", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			repeated = false
			return struct{}{}, tx.Audit(ctx, store.AuditItem{
				Action: "checkIntegration", Target: in.IntegrationID, Outcome: crm.AuditSucceeded,
			})
		})
	if err != nil || repeated {
		return err
	}
	if _, err := s.Check(ctx, in.IntegrationID, CheckInput{Mode: mode}); err != nil {
		return fmt.Errorf("permission: checking all objects: %w", err)
	}
	return nil
}
