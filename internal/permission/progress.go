package permission

import (
	"context"
	"log/slog"
	"sync"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// progress tells subscribers of an onboarding check, object by object, as the answers
// come (requirement F2). It only tells: the verdicts are stored when all answers are
// there, and a tick that cannot be told is no reason to stop the check.
type progress struct {
	service     *Service
	integration *ent.Integration
	total       int

	mu      sync.Mutex
	told    map[string]bool
	checked int
}

func (s *Service) newProgress(integration *ent.Integration, total int) *progress {
	return &progress{service: s, integration: integration, total: total, told: map[string]bool{}}
}

// tick tells of one object, once: a call that is repeated with a fresh token answers
// for some objects again.
func (p *progress) tick(ctx context.Context, check crm.ObjectCheck) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told[check.Object] {
		return
	}
	p.told[check.Object] = true
	said := crm.OnboardingProgress{Step: crm.StepCheck, Object: check.Object, Total: p.total}
	if check.Verdict != crm.VerdictFailed {
		readable := check.Verdict == crm.VerdictAccessible
		p.checked++
		said.Readable = &readable
	}
	said.Checked = p.checked
	err := p.service.store.WithTx(ctx, func(_ context.Context, tx *store.Tx) error {
		tx.Feed(store.FeedItem{
			WorkspaceID: p.integration.WorkspaceID, Kind: crm.FeedOnboarding, IntegrationID: p.integration.ID,
			SubjectID: p.integration.ID, Payload: said,
		})
		return nil
	})
	if err != nil {
		p.service.log.WarnContext(ctx, "subscribers were not told of the onboarding check's progress",
			slog.String("integration", p.integration.ID), slog.String("error", err.Error()))
	}
}

// rest tells of the objects that no answer came for, and of those whose answer the
// checker did not announce.
func (p *progress) rest(ctx context.Context, checks []check) {
	for _, answered := range checks {
		p.tick(ctx, answered.ObjectCheck)
	}
}
