package permission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// application is one answer on its way into the database.
type application struct {
	answer
	service     *Service
	tx          *store.Tx
	integration *ent.Integration
	verdicts    []*verdict
	// dirty are the rows to write.
	dirtyObjects []*ent.CrmObject
	dirtyFields  []*ent.CrmField
	// unchanged are ids of objects of which only the time of the check is news.
	unchanged []string
	// found are objects that were never accessible before.
	found   []mapping.Found
	changes []crm.Change
	// suspectedAt is the newest suspicion that waits for confirmation.
	suspectedAt time.Time
	// reduced are objects on which a right to write is missed for the first time.
	reduced []string
}

// verdict is one object on its way.
type verdict struct {
	check  check
	object *snapshot.Object
	result ObjectResult
	// evaluated says that the answer is worth comparing with the alerts.
	evaluated bool
	// visible says that people see a difference.
	visible bool
}

// apply stores an answer in one transaction: states, changes, mappings of objects
// that were found, alerts, feed and the job that confirms suspicions.
func (s *Service) apply(ctx context.Context, tx *store.Tx, given answer) ([]ObjectResult, error) {
	a := &application{answer: given, service: s, tx: tx}
	var err error
	if a.integration, err = snapshot.Lock(ctx, tx, given.integrationID); err != nil {
		return nil, err
	}
	// It may have been disconnected while the CRM was asked.
	if err := checkable(a.integration); err != nil {
		return nil, err
	}
	// Or have got another package: only that says what is needed, mapped and alerted.
	if a.pkg, _, err = s.packages.Of(ctx, tx.Ent(), a.integration); err != nil {
		return nil, err
	}
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	for _, v := range a.verdicts {
		a.judge(v)
	}
	if err := a.save(ctx); err != nil {
		return nil, err
	}
	results := make([]ObjectResult, len(a.verdicts))
	for i, v := range a.verdicts {
		results[i] = v.result
	}
	return results, nil
}

// load brings the stored state: of objects that changed with all their fields, of
// the others with those that alerts go by.
func (a *application) load(ctx context.Context) error {
	names := make([]string, len(a.checks))
	for i, answered := range a.checks {
		names[i] = answered.Object
	}
	stored, err := snapshot.Objects(ctx, a.tx.Ent(), a.integration.ID, names...)
	if err != nil {
		return fmt.Errorf("permission: objects: %w", err)
	}
	changed, same := map[string]*snapshot.Object{}, map[string]*snapshot.Object{}
	for _, answered := range a.checks {
		name := answered.Object
		v := &verdict{check: answered, object: stored[name], result: ObjectResult{Name: name}}
		a.verdicts = append(a.verdicts, v)
		known := v.object != nil
		if !known {
			v.object = newObject(a.integration, name, a.tx.Now())
		}
		_, needed := a.pkg.Object(name)
		switch {
		case !needed, known && a.isSuperseded(v):
			v.result.Superseded = true
		case !known:
			// There is nothing to compare it with.
		case v.isSame():
			same[name] = v.object
		case answered.Verdict != crm.VerdictFailed:
			changed[name] = v.object
		}
	}
	if err := snapshot.LoadFields(ctx, a.tx.Ent(), changed); err != nil {
		return fmt.Errorf("permission: fields: %w", err)
	}
	if err := snapshot.LoadStandardized(ctx, a.tx.Ent(), same); err != nil {
		return fmt.Errorf("permission: standardized fields: %w", err)
	}
	return nil
}

// isSuperseded reports whether the stored verdict was asked for after this one.
func (a *application) isSuperseded(v *verdict) bool {
	return v.object.Row.CheckedAt != nil && v.object.Row.CheckedAt.After(a.askedAt)
}

// isSame reports whether the answer is the one that is stored (crm.HashCheck).
func (v *verdict) isSame() bool {
	return v.check.hash != "" && v.check.hash == v.object.Row.ContentHash
}

// judge decides what to store of one object.
func (a *application) judge(v *verdict) {
	row := v.object.Row
	switch {
	case v.result.Superseded:
	case v.check.Verdict == crm.VerdictFailed:
		a.judgeFailed(v)
	case v.isSame():
		a.judgeSame(v)
	default:
		a.judgeAnswered(v)
	}
	v.result.Status = row.Status
	v.result.Suspected = v.object.State.Suspected() || (row.ContentHash == "" && row.CheckedAt != nil)
	v.result.Readable = row.Status == crm.ObjectOK && row.SuspectedAt == nil
}

// judgeSame notes that the stored verdict holds still.
func (a *application) judgeSame(v *verdict) {
	row := v.object.Row
	v.visible, v.evaluated = row.Stale, true
	if placeInPackage(row, a.pkg) {
		a.dirtyObjects = append(a.dirtyObjects, row)
	}
	row.CheckedAt, row.Stale, row.StaleReason = &a.askedAt, false, ""
	v.object.State.CheckedAt = a.askedAt
	v.object.State.Stale, v.object.State.StaleReason = false, ""
	a.unchanged = append(a.unchanged, row.ID)
}

// judgeFailed keeps the verdict and says how old it is (requirement J4).
func (a *application) judgeFailed(v *verdict) {
	v.result.Failure = failureOf(v.check.ObjectCheck)
	v.check.Failure = errors.New(staleReason(v.result.Failure))
	before := *v.object.Row
	next := crm.Diff(v.object.State, v.check.ObjectCheck, crm.CheckRegular, a.tx.Now()).State
	news := placeInPackage(v.object.Row, a.pkg)
	setObject(v.object.Row, next)
	v.object.State = next
	v.visible = before.Stale != next.Stale || before.StaleReason != v.object.Row.StaleReason
	if v.visible || news {
		a.dirtyObjects = append(a.dirtyObjects, v.object.Row)
	}
}

// judgeAnswered applies an answer that is not the stored one.
func (a *application) judgeAnswered(v *verdict) {
	row, wasStale := v.object.Row, v.object.Row.Stale
	neverAccessible := len(v.object.State.Fields) == 0
	outcome := crm.Diff(v.object.State, v.check.ObjectCheck, a.diffMode(v.object.State), a.tx.Now())
	placeInPackage(row, a.pkg)
	setObject(row, outcome.State)
	row.CheckedAt = &a.askedAt
	if v.check.Label != "" {
		row.Label = crm.Shorten(v.check.Label, labelLength)
	}
	a.dirtyObjects = append(a.dirtyObjects, row)
	a.setFields(v, outcome.State)
	v.object.State = outcome.State
	v.object.State.CheckedAt = a.askedAt
	v.evaluated = true
	v.visible = wasStale || outcome.FirstCheck || !outcome.Unchanged
	a.changes = append(a.changes, outcome.Changes...)
	if slices.ContainsFunc(outcome.Changes, func(change crm.Change) bool { return change.Type == crm.ChangeRightsReduced }) {
		a.reduced = append(a.reduced, v.check.Object)
	}
	if newest := newestSuspicion(outcome.State); newest.After(a.suspectedAt) {
		a.suspectedAt = newest
	}
	if neverAccessible && outcome.State.Status == crm.ObjectOK {
		a.found = append(a.found, mapping.Found{Object: v.object, Fields: v.check.Fields, Denied: v.check.Denied})
	}
}

// diffMode lets a second probe confirm only suspicions that are old enough: a
// suspicion that another check raised a moment ago has a confirmation of its own
// coming.
func (a *application) diffMode(state crm.ObjectState) crm.CheckMode {
	if a.mode == Confirm && !newestSuspicion(state).After(a.askedAt.Add(-a.service.confirmDelay)) {
		return crm.CheckConfirming
	}
	return crm.CheckRegular
}

// newestSuspicion is when the latest of an object's suspicions was raised; zero when
// none waits.
func newestSuspicion(state crm.ObjectState) time.Time {
	newest := state.SuspectedAt
	for _, field := range state.Fields {
		if field.SuspectedAt.After(newest) {
			newest = field.SuspectedAt
		}
	}
	return newest
}

// setFields gathers the rows of fields that differ from what is stored.
func (a *application) setFields(v *verdict, next crm.ObjectState) {
	present := make(map[string]*crm.FieldInfo, len(v.check.Fields))
	for i := range v.check.Fields {
		present[v.check.Fields[i].Name] = &v.check.Fields[i]
	}
	for name, state := range next.Fields {
		row, changed := fieldRow(v.object, name, state, present[name], a.tx.Now())
		if changed {
			a.dirtyFields = append(a.dirtyFields, row)
		}
	}
}

// save writes everything. Objects come before their fields, fields before the
// mappings that point at them, and alerts last, by what is stored then.
func (a *application) save(ctx context.Context) error {
	if len(a.unchanged) > 0 {
		err := a.tx.Ent().CrmObject.Update().Where(crmobject.IDIn(a.unchanged...)).
			SetCheckedAt(a.askedAt).SetStale(false).SetStaleReason("").Exec(ctx)
		if err != nil {
			return fmt.Errorf("permission: time of the check: %w", err)
		}
	}
	if err := saveObjects(ctx, a.tx, a.dirtyObjects); err != nil {
		return fmt.Errorf("permission: saving objects: %w", err)
	}
	if err := saveFields(ctx, a.tx, a.dirtyFields); err != nil {
		return fmt.Errorf("permission: saving fields: %w", err)
	}
	if err := a.saveMemo(ctx); err != nil {
		return err
	}
	if err := a.service.mappings.AutoMap(ctx, a.tx, a.integration, a.pkg, a.found); err != nil {
		return err
	}
	if err := a.saveChanges(ctx); err != nil {
		return fmt.Errorf("permission: saving changes: %w", err)
	}
	if err := a.service.alerts.SchemaChanged(ctx, a.tx, a.integration, a.changes); err != nil {
		return err
	}
	if err := a.saveSnapshot(ctx); err != nil {
		return err
	}
	var states []crm.ObjectState
	for _, v := range a.verdicts {
		if v.evaluated {
			states = append(states, v.object.State)
		}
	}
	if err := a.service.alerts.Evaluate(ctx, a.tx, a.integration, a.pkg, states); err != nil {
		return err
	}
	a.announceCheck()
	if a.suspectedAt.IsZero() && len(a.reduced) == 0 {
		return nil
	}
	return a.service.enqueueConfirm(ctx, a.tx, a.integration, a.suspectedAt, a.reduced)
}
