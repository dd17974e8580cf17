package permission

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Kinds of the jobs of this package.
const (
	// ConfirmKind is the second probe after a suspicion (requirement J5).
	ConfirmKind = "permission.confirm"
	// OnboardKind is the first check of an integration, or the first after its
	// credential was renewed (requirement F2).
	OnboardKind = "permission.onboard"
	// RecheckKind is a check of one object that somebody is looking at.
	RecheckKind = "permission.recheck"
	// WatchKind is a probe of watch mode.
	WatchKind = "permission.watch"
	// SettleKind compares the alerts with the verdicts when damping ends (J5).
	SettleKind = "permission.settle"
)

// jobTimeout is how long one check may take in a job; the connector call has
// deadlines of its own within it.
const jobTimeout = 45 * time.Second

// recheckAttempts is how often a look at stale fields asks a CRM that fails; the
// daily check comes anyway.
const recheckAttempts = 4

// payload is what the jobs carry: ids, names and times only.
type payload struct {
	IntegrationID string `json:"integrationId"`
	Object        string `json:"object,omitempty"`
	// Objects are asked for by a second probe beside those that are suspected.
	Objects []string `json:"objects,omitempty"`
	// SuspectedAt is when the newest suspicion was raised that a second probe is for; zero
	// when it is for nothing but Objects.
	SuspectedAt time.Time `json:"suspectedAt,omitzero"`
}

// Registry takes job handlers; *job.Engine implements it.
type Registry interface {
	Register(kind string, h job.Handler, o job.HandlerOptions)
}

// Register adds the handlers of this package's jobs; before the engine starts.
func (s *Service) Register(r Registry) {
	r.Register(ConfirmKind, s.handleConfirm, job.HandlerOptions{Queue: job.QueueDefault, Timeout: jobTimeout})
	r.Register(OnboardKind, s.handleOnboard, job.HandlerOptions{Queue: job.QueueInteractive, Timeout: jobTimeout})
	r.Register(RecheckKind, s.handleRecheck, job.HandlerOptions{
		Queue: job.QueueInteractive, Timeout: jobTimeout, MaxAttempts: recheckAttempts,
	})
	r.Register(WatchKind, s.handleWatch, job.HandlerOptions{Queue: job.QueueDefault, Timeout: jobTimeout, MaxAttempts: 1})
	r.Register(SettleKind, s.handleSettle, job.HandlerOptions{Queue: job.QueueDefault})
}

// EnqueueOnboarding asks for the onboarding check, in the transaction that saved the
// sign-in (integration.Config.OnAuthorized) or another package. While one is waiting
// or running for the integration as it is, nothing is added; one that runs for what it
// was before does not count, since it asks for other objects or as somebody else.
func (s *Service) EnqueueOnboarding(ctx context.Context, tx *store.Tx, integration *ent.Integration) error {
	_, err := s.jobs.Enqueue(ctx, tx, OnboardKind, integration.WorkspaceID, payload{IntegrationID: integration.ID},
		job.UniqueKey(integration.ID+"/"+strconv.FormatInt(integration.UpdatedAt.UnixMicro(), 10)))
	if err != nil {
		return fmt.Errorf("permission: asking for the onboarding check: %w", err)
	}
	return nil
}

// enqueueConfirm asks for the second probe of what is suspected, and of objects on
// which rights to write were reduced: such a right is missed when two checks missed it,
// too (requirement I8). The key holds the newest suspicion: as long as its probe is
// waiting nothing is added, and a suspicion that arises while a probe runs gets one of
// its own.
func (s *Service) enqueueConfirm(ctx context.Context, tx *store.Tx, integration *ent.Integration, suspectedAt time.Time, reduced []string) error {
	p := payload{IntegrationID: integration.ID, Objects: reduced, SuspectedAt: suspectedAt}
	if suspectedAt.IsZero() || len(reduced) > 0 {
		suspectedAt = tx.Now()
	}
	_, err := s.jobs.Enqueue(ctx, tx, ConfirmKind, integration.WorkspaceID, p,
		job.At(tx.Now().Add(s.confirmDelay)), job.UniqueKey(integration.ID+"/"+strconv.FormatInt(suspectedAt.UnixMicro(), 10)))
	if err != nil {
		return fmt.Errorf("permission: asking for a confirmation: %w", err)
	}
	return nil
}

// handleConfirm probes again whatever is suspected or was reduced, in one call. A probe that fails
// is made again later: nothing is confirmed without an answer. So is one for a suspicion
// that is too young yet by this node's clock, which may be behind that of the node that
// raised it: it would confirm nothing, and no other would follow it.
func (s *Service) handleConfirm(ctx context.Context, j job.Job) error {
	p, err := payloadOf(j)
	if err != nil {
		return err
	}
	if wait := p.SuspectedAt.Add(s.confirmDelay).Sub(s.now()); wait > 0 {
		return job.Snooze(wait)
	}
	names, err := s.store.Read().CrmObject.Query().Where(
		crmobject.IntegrationID(p.IntegrationID),
		crmobject.Or(crmobject.SuspectedAtNotNil(), crmobject.HasFieldsWith(crmfield.SuspectedAtNotNil())),
	).Select(crmobject.FieldName).Strings(ctx)
	if err != nil {
		return fmt.Errorf("permission: suspected objects: %w", err)
	}
	names = withNames(names, p.Objects)
	if len(names) == 0 {
		return nil
	}
	return s.checkInJob(ctx, p.IntegrationID, CheckInput{Objects: names, Mode: Confirm})
}

func (s *Service) handleOnboard(ctx context.Context, j job.Job) error {
	p, err := payloadOf(j)
	if err != nil {
		return err
	}
	return s.checkInJob(ctx, p.IntegrationID, CheckInput{Mode: Onboarding})
}

func (s *Service) handleRecheck(ctx context.Context, j job.Job) error {
	p, err := payloadOf(j)
	if err != nil {
		return err
	}
	return s.checkInJob(ctx, p.IntegrationID, CheckInput{Objects: []string{p.Object}, Mode: OnDemand, Trigger: crm.TriggerOpened})
}

// checkInJob makes a check that is made again when it fails, whole or for an object.
func (s *Service) checkInJob(ctx context.Context, integrationID string, in CheckInput) error {
	result, err := s.Check(ctx, integrationID, in)
	if err != nil {
		return err
	}
	if result.Failure != nil {
		return result.Failure
	}
	for _, object := range result.Objects {
		if object.Failure != nil {
			return object.Failure
		}
	}
	return nil
}

func payloadOf(j job.Job) (payload, error) {
	var p payload
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return p, fault.New(fault.BadInput, "The job's payload cannot be read.", fault.Cause(err))
	}
	return p, nil
}
