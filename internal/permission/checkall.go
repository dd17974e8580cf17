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
	return s.checkOnce(ctx, in.IntegrationID, nil, in.IdempotencyKey, "checkIntegration", in)
}

// RecheckObjectsInput asks for the rights on some objects now.
type RecheckObjectsInput struct {
	IntegrationID string
	// Objects are names of package objects; none means all.
	Objects        []string
	IdempotencyKey string
}

// RecheckObjects checks objects on demand, with all their fields, as CheckAll does for
// all of the package. Every verdict says when it was checked: one that the CRM did not
// answer for keeps its old time.
func (s *Service) RecheckObjects(ctx context.Context, in RecheckObjectsInput) error {
	if err := checkNames("objects", in.Objects); err != nil {
		return err
	}
	return s.checkOnce(ctx, in.IntegrationID, in.Objects, in.IdempotencyKey, "recheckObjects", in)
}

// checkOnce checks objects, all when none is named, for a key that is new.
func (s *Service) checkOnce(ctx context.Context, integrationID string, objects []string, key, action string, request any) error {
	if p, ok := principal.From(ctx); !ok || !p.IsAdmin() {
		return fault.New(fault.Forbidden, "Only an admin asks for a check.")
	}
	in := CheckInput{Mode: OnDemand}
	if len(objects) > 0 {
		in.Objects = objects
	}
	integration, err := snapshot.Find(ctx, s.store.Read(), integrationID)
	if err != nil {
		return err
	}
	// Refused before the key is spent: a repeat must not look like success.
	if err := checkable(integration); err != nil {
		return err
	}
	pkg, _, err := s.packages.Of(ctx, s.store.Read(), integration)
	if err != nil {
		return err
	}
	if _, err := objectsToCheck(pkg, in); err != nil {
		return err
	}
	if integration.State == crm.IntegrationOnboarding && in.Objects == nil {
		in.Mode = Onboarding
	}
	repeated := true
	_, err = store.Idempotent(ctx, s.store, key, "permission."+action, request,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			repeated = false
			return struct{}{}, tx.Audit(ctx, store.AuditItem{
				Action: action, Target: integrationID, Outcome: crm.AuditSucceeded, After: map[string]any{"objects": in.Objects},
			})
		})
	if err != nil || repeated {
		return err
	}
	if _, err := s.Check(ctx, integrationID, in); err != nil {
		return fmt.Errorf("permission: checking objects: %w", err)
	}
	return nil
}
