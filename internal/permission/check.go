package permission

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Mode says why a check is made.
type Mode string

// Modes of a check.
const (
	// Normal is the daily check: a loss becomes SUSPECTED at most.
	Normal Mode = "NORMAL"
	// Confirm is the second probe: what it still misses after the confirmation
	// delay is lost.
	Confirm Mode = "CONFIRM"
	// Onboarding is the first check (requirement F2): what is not accessible then is
	// missing, and alerted at once.
	Onboarding Mode = "ONBOARDING"
	// OnDemand is a check that somebody waits for. It concludes as Normal does.
	OnDemand Mode = "ON_DEMAND"
)

// CheckInput says what to check.
type CheckInput struct {
	// Objects are names of package objects; nil means all of them.
	Objects []string
	Mode    Mode
	// Explain names fields whose absence the connector is to explain, beside those that
	// matter anyway; only with one object.
	Explain []string
	// Trigger is what is remembered of why the check was made (requirement J1); empty
	// is the usual one of the mode.
	Trigger crm.CheckTrigger
}

// trigger is why the check is made.
func (in CheckInput) trigger() crm.CheckTrigger {
	if in.Trigger != "" {
		return in.Trigger
	}
	switch in.Mode {
	case Onboarding:
		return crm.TriggerOnboarding
	case Confirm:
		return crm.TriggerConfirm
	case OnDemand:
		return crm.TriggerOnDemand
	default:
		return crm.TriggerDaily
	}
}

// Result is what a check found.
type Result struct {
	// AskedAt is when the CRM was asked: every verdict is at least that new.
	AskedAt time.Time
	// Failure is why the whole call failed, nil when it did not. The verdicts then
	// stand as they were, marked stale.
	Failure *fault.Error
	Objects []ObjectResult
	Stats   crm.CallStats
}

// ObjectResult is what a check found for one object.
type ObjectResult struct {
	Name string
	// Status is the standing verdict.
	Status crm.ObjectStatus
	// Readable says that the object can be read now, as far as is known: a suspected
	// loss counts as unreadable, a failed check keeps what was known before.
	Readable bool
	// Suspected says that a loss of the object or of a field waits for confirmation.
	Suspected bool
	// Failure is why the check of this object failed; its verdict is stale.
	Failure *fault.Error
	// Superseded says that this answer was dropped: a newer one was stored already, or
	// the package has lost the object meanwhile.
	Superseded bool
}

// maxFieldsPerTx bounds the fields that one transaction applies, so that a first
// check of very wide objects stays within a transaction's deadline.
const maxFieldsPerTx = 4000

// picklistTimeout leaves the onboarding check time to end within its job's.
const picklistTimeout = 10 * time.Second

// Check asks the CRM for the rights on objects in one call and applies the answer.
//
// A call that fails, or fails for some objects, is not an error: the result says so,
// and the verdicts are marked stale. An error means that nothing was recorded: the
// integration is unknown (NOT_FOUND), not connected (INTEGRATION_STATE) or no longer
// (CRM_GRANT_REVOKED), an object is not of the package (BAD_INPUT), the context
// ended, or the database failed.
func (s *Service) Check(ctx context.Context, integrationID string, in CheckInput) (Result, error) {
	asked, err := s.ask(ctx, integrationID, in)
	if err != nil {
		return Result{}, err
	}
	result := asked.result()
	for _, part := range asked.parts() {
		err := s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			objects, err := s.apply(ctx, tx, part)
			if err == nil {
				result.Objects = append(result.Objects, objects...)
			}
			return err
		})
		if err != nil {
			return Result{}, fmt.Errorf("permission: applying a check: %w", err)
		}
	}
	if in.Mode == Onboarding && result.answered() {
		s.refreshPicklists(ctx, integrationID)
		return result, s.onboarded(ctx, integrationID)
	}
	return result, nil
}

// refreshPicklists fetches what settings are made from. It decides nothing about the
// check: without choices, those of the fields stand in for them.
func (s *Service) refreshPicklists(ctx context.Context, integrationID string) {
	if s.picklists == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, picklistTimeout)
	defer cancel()
	if err := s.picklists.Refresh(ctx, integrationID); err != nil {
		s.log.WarnContext(ctx, "the choices of settings could not be brought up to date",
			slog.String("integration", integrationID), slog.String("error", err.Error()))
	}
}

// onboarded tells the hook that every object has a verdict.
func (s *Service) onboarded(ctx context.Context, integrationID string) error {
	if s.onOnboarded == nil {
		return nil
	}
	err := s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error { return s.onOnboarded(ctx, tx, integrationID) })
	if err != nil {
		return fmt.Errorf("permission: ending the onboarding check: %w", err)
	}
	return nil
}

// answered reports whether the CRM answered for every object.
func (r Result) answered() bool {
	return r.Failure == nil && !slices.ContainsFunc(r.Objects, func(o ObjectResult) bool { return o.Failure != nil })
}

// CheckForRun is the check of a sync run. Its error is that of Check, or the reason
// why the whole call failed.
func (s *Service) CheckForRun(ctx context.Context, integrationID string, objects []string) error {
	result, err := s.Check(ctx, integrationID, CheckInput{Objects: objects, Mode: Normal})
	if err != nil {
		return err
	}
	if result.Failure != nil {
		return result.Failure
	}
	return nil
}

// answer is what the CRM said, not yet applied.
type answer struct {
	integrationID string
	pkg           crm.Package
	mode          Mode
	// trigger is why the CRM was asked.
	trigger crm.CheckTrigger
	// announce says that someone waits for the answer, even if it brings nothing new.
	announce bool
	askedAt  time.Time
	failure  *fault.Error
	stats    crm.CallStats
	// memo is what the connector wants to have kept; nil when it is what is kept.
	memo []byte
	// checks holds exactly one check for each object asked for.
	checks []check
	// sight is what goes into the snapshot, with the last part of an answer: the parts
	// before it have isPart set.
	sight  *sight
	isPart bool
}

// check is the answer for one object with its fingerprint (crm.HashCheck), which
// takes a while for thousands of fields: it is made outside the transaction.
type check struct {
	crm.ObjectCheck
	hash string
}

func (a answer) result() Result {
	return Result{AskedAt: a.askedAt, Failure: a.failure, Stats: a.stats}
}

// parts divides an answer so that each part fits one transaction.
func (a answer) parts() []answer {
	var parts []answer
	size := 0
	for _, answered := range a.checks {
		if len(parts) == 0 || size+len(answered.Fields) > maxFieldsPerTx {
			part := a
			part.checks = nil
			if len(parts) > 0 {
				part.memo = nil
				parts[len(parts)-1].isPart = true
			}
			parts, size = append(parts, part), 0
		}
		last := &parts[len(parts)-1]
		last.checks = append(last.checks, answered)
		size += len(answered.Fields)
	}
	return parts
}

// ask makes the one connector call, outside any transaction.
func (s *Service) ask(ctx context.Context, integrationID string, in CheckInput) (answer, error) {
	integration, err := snapshot.Find(ctx, s.store.Read(), integrationID)
	if err != nil {
		return answer{}, err
	}
	if err := checkable(integration); err != nil {
		return answer{}, err
	}
	pkg, _, err := s.packages.Of(ctx, s.store.Read(), integration)
	if err != nil {
		return answer{}, err
	}
	names, err := objectsToCheck(pkg, in)
	if err != nil {
		return answer{}, err
	}
	if len(names) == 0 {
		return answer{integrationID: integrationID, pkg: pkg, mode: in.Mode, trigger: in.trigger(), askedAt: s.now()}, nil
	}
	a := answer{
		integrationID: integrationID, pkg: pkg, mode: in.Mode, trigger: in.trigger(),
		announce: in.Mode == Onboarding || in.Mode == OnDemand, askedAt: s.now(),
	}
	request := crm.CheckRequest{Unconditional: in.Mode != Normal}
	if request.Objects, err = s.objectsWithFields(ctx, integrationID, pkg, names); err != nil {
		return answer{}, err
	}
	if len(request.Objects) == 1 {
		request.Objects[0].Fields = withNames(request.Objects[0].Fields, in.Explain)
	}
	told := s.newProgress(integration, len(names))
	memo, err := snapshot.Memo(ctx, s.store.Read(), integrationID)
	if err != nil {
		return answer{}, err
	}
	var found []crm.ObjectCheck
	err = s.caller.Call(ctx, integrationID, func(ctx context.Context, connector string, target crm.Target) error {
		target.Memo = memo
		if in.Mode == Onboarding {
			request.Answered = func(check crm.ObjectCheck) { told.tick(ctx, check) }
		}
		checks, outcome, err := s.checker.CheckPermissions(ctx, connector, target, request)
		found, a.stats = checks, outcome.Stats
		if len(outcome.Memo) > 0 && !bytes.Equal(outcome.Memo, memo) {
			a.memo = outcome.Memo
		}
		return err
	})
	if ctx.Err() != nil {
		// Ours ended, not theirs: that says nothing about the CRM.
		return answer{}, context.Cause(ctx)
	}
	if fault.Is(err, fault.CRMGrantRevoked) {
		return answer{}, err
	}
	if err != nil {
		a.failure, found = asFault(err), nil
	}
	a.checks = complete(names, found, a.failure)
	if in.Mode == Onboarding {
		told.rest(ctx, a.checks)
	}
	s.logCost(ctx, a)
	if a.sight, err = s.look(ctx, a); err != nil {
		return answer{}, err
	}
	return a, nil
}

// logCost says what a check cost against the CRM's quota. Failures are not errors
// here: they are in the verdicts, and in the result.
func (s *Service) logCost(ctx context.Context, a answer) {
	failed := 0
	for _, answered := range a.checks {
		if answered.Verdict == crm.VerdictFailed {
			failed++
		}
	}
	s.log.InfoContext(ctx, "permissions asked for",
		slog.String("integration", a.integrationID), slog.String("mode", string(a.mode)), slog.String("trigger", string(a.trigger)),
		slog.Int("objects", len(a.checks)), slog.Int("failed", failed),
		slog.Int("crmCalls", a.stats.CRMCalls), slog.Int("quotaUsed", a.stats.QuotaUsed), slog.Int("quotaMax", a.stats.QuotaMax),
		slog.Duration("took", s.store.Clock().Since(a.askedAt)))
}

// now is the present time as it is stored.
func (s *Service) now() time.Time { return s.store.Clock().Now().UTC().Truncate(time.Microsecond) }

// objectsToCheck names what to ask for, each once, in the package's order. A
// suspicion about an object that the package has dropped meanwhile does not keep the
// others from being confirmed.
func objectsToCheck(pkg crm.Package, in CheckInput) ([]string, error) {
	all := pkg.ObjectNames()
	if in.Objects == nil {
		return all, nil
	}
	for _, name := range in.Objects {
		if !slices.Contains(all, name) && in.Mode != Confirm {
			return nil, fault.New(fault.BadInput, fmt.Sprintf("%s is not an object of the package.", name), fault.Field("objects"))
		}
	}
	return slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(in.Objects, name) }), nil
}

// complete gives each object that was asked for exactly one check: the answer, or
// that there was none. Absence of an answer is a failure, never a verdict.
func complete(names []string, found []crm.ObjectCheck, failure *fault.Error) []check {
	if failure == nil {
		failure = fault.New(fault.ConnectorAnswer, "The connector did not answer for this object.")
	}
	checks := make([]check, len(names))
	for i, name := range names {
		at := slices.IndexFunc(found, func(c crm.ObjectCheck) bool { return c.Object == name })
		if at < 0 {
			checks[i] = check{ObjectCheck: crm.ObjectCheck{Object: name, Verdict: crm.VerdictFailed, Failure: failure}}
			continue
		}
		checks[i] = check{ObjectCheck: found[at], hash: crm.HashCheck(found[at])}
	}
	return checks
}

// asFault gives every failure of a call a code. A failure without one is ours, and
// its text is not shown: it was not written for people.
func asFault(err error) *fault.Error {
	if e, ok := fault.From(err); ok {
		return e
	}
	return fault.New(fault.Internal, "The check failed inside Fieldwarden.", fault.Cause(err))
}

// staleReason says what failed and whose side: "CRM side: The CRM did not answer.
// (CRM_TIMEOUT)".
func staleReason(failure *fault.Error) string {
	return fmt.Sprintf("%s side: %s (%s)", sideWord(failure.Info().Side), failure.Message, failure.Code)
}

func sideWord(side fault.Side) string {
	switch side {
	case fault.CRM:
		return "CRM"
	case fault.Connector:
		return "Connector"
	default:
		return "Fieldwarden"
	}
}

// failureOf is why the check of one object failed.
func failureOf(check crm.ObjectCheck) *fault.Error {
	if check.Failure == nil {
		return fault.New(fault.ConnectorAnswer, "The connector did not say why the check failed.")
	}
	return asFault(check.Failure)
}
