package crm

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// CheckMode says what a check may conclude.
type CheckMode string

// Modes of a check. A regular check makes a loss suspected at most; a confirming
// one, asked unconditionally some seconds later, confirms it (requirement J5).
const (
	CheckRegular    CheckMode = "REGULAR"
	CheckConfirming CheckMode = "CONFIRMING"
)

// Change is one line of a permission history (requirement J3).
type Change struct {
	Type   ChangeType
	Object string
	// Field is empty for a change of the object itself.
	Field    string
	Cause    Cause
	Evidence string
}

// Outcome is what a check makes of a state.
type Outcome struct {
	// State is the state to store.
	State ObjectState
	// Changes are ordered: the object's first, then fields by name.
	Changes []Change
	// NeedConfirm asks for a confirming check in some seconds: State is suspected.
	// After a failed check the caller waits longer each time.
	NeedConfirm bool
	// FirstCheck says that the object had never been checked with an answer.
	FirstCheck bool
	// Unchanged says that State equals the previous one: only the time of the check
	// is worth writing.
	Unchanged bool
}

// Diff applies one check to what is stored. It changes neither argument.
//
//   - A failed check changes no verdict and no readability: it marks the state
//     stale (requirement J4).
//   - The first answer is the baseline: its fields appear silently, and an object
//     that is denied then is missing, not lost: no suspicion and no change.
//   - A loss is SUSPECTED first and stands as readable. A confirming check that
//     still misses it makes it LOST (an object, or a standardized field) or
//     VANISHED (any other field); the same confirmation holds for all.
//   - What is there again drops its suspicion silently; what was lost is RESTORED.
//     A field that is not standardized APPEARED, however often it comes and goes.
//   - An object's loss folds its fields: they become unreadable with cause
//     OBJECT_DENIED and no changes of their own. A field that was lost before keeps
//     its own cause. The object's return folds them back in the same way; those
//     that stay away then are suspected.
//   - Why a field cannot be read is what the connector says, else what can be
//     concluded (fieldLossCause). A cause that changes while the field stays lost is
//     kept in the state and makes no change entry.
//   - A field of which the CRM says for the first time that it exists but cannot be
//     read enters the state silently, unreadable.
//   - Of what can be read before and after, rights to create or update that are gone
//     make a RIGHTS_REDUCED, new ones a RIGHTS_EXTENDED (requirement I8). What is lost
//     or comes back makes no such change beside its own.
func Diff(previous ObjectState, check ObjectCheck, mode CheckMode, now time.Time) Outcome {
	d := differ{previous: previous, check: check, mode: mode, now: now, next: previous}
	d.next.Object = check.Object
	d.next.Fields = maps.Clone(previous.Fields)
	if d.next.Fields == nil {
		d.next.Fields = map[string]FieldState{}
	}
	d.firstCheck = previous.Status == ObjectNotChecked || previous.Status == ""
	switch check.Verdict {
	case VerdictAccessible:
		d.accessible()
	case VerdictDenied:
		d.denied()
	default:
		d.failed()
		return d.outcome()
	}
	d.next.Stale, d.next.StaleReason = false, ""
	d.settle()
	return d.outcome()
}

// differ is one run of Diff: next grows from previous by check.
type differ struct {
	previous   ObjectState
	check      ObjectCheck
	mode       CheckMode
	now        time.Time
	next       ObjectState
	changes    []Change
	firstCheck bool
	// By field name: the fields that can be read, what the connector says of those
	// that cannot, and the candidates of fields that are missed for the first time.
	present map[string]FieldInfo
	whyNot  map[string]DeniedField
	renamed map[string]string
}

// settle records what the check was, once nothing of it waits for confirmation.
func (d *differ) settle() {
	if d.next.Suspected() {
		// The API version stays that of the last settled check: the confirming check
		// must still see that it changed.
		d.next.ContentHash = ""
		return
	}
	d.next.ContentHash = HashCheck(d.check)
	if d.check.APIVersion != "" {
		d.next.APIVersion = d.check.APIVersion
	}
}

func (d *differ) outcome() Outcome {
	return Outcome{
		State:       d.next,
		Changes:     d.changes,
		NeedConfirm: d.next.Suspected(),
		FirstCheck:  d.firstCheck && d.check.Verdict != VerdictFailed,
		Unchanged:   sameState(d.previous, d.next),
	}
}

func (d *differ) add(kind ChangeType, field string, cause Cause, evidence string) {
	d.changes = append(d.changes, Change{Type: kind, Object: d.check.Object, Field: field, Cause: cause, Evidence: evidence})
}

// failed keeps everything and says how old it is.
func (d *differ) failed() {
	d.next.Stale = true
	d.next.StaleReason = "The check failed without a reason."
	if d.check.Failure != nil {
		d.next.StaleReason = d.check.Failure.Error()
	}
}

// confirms reports whether a loss first seen at suspectedAt is confirmed now.
func (d *differ) confirms(suspectedAt time.Time) bool {
	return d.mode == CheckConfirming && !suspectedAt.IsZero()
}

// denied applies a verdict that the object cannot be read.
func (d *differ) denied() {
	cause := d.check.Cause
	if cause == "" {
		cause = CauseUnknown
	}
	switch {
	case d.previous.Status == ObjectOK && !d.confirms(d.previous.SuspectedAt):
		if d.previous.SuspectedAt.IsZero() {
			d.next.SuspectedAt = d.now
			d.add(ChangeSuspected, "", cause, d.check.Evidence)
		}
		return
	case d.previous.Status == ObjectOK:
		d.next.Since = d.previous.SuspectedAt
		d.add(ChangeLost, "", cause, d.check.Evidence)
	}
	d.next.Status = ObjectPermissionMissing
	if cause == CauseDeleted {
		d.next.Status = ObjectNotFound
	}
	d.next.Rights, d.next.RightsSince = Rights{}, d.rightsSince(d.previous.Rights, Rights{}, d.previous.RightsSince)
	d.next.Records, d.next.RecordsNote = RecordsUnknown, ""
	d.next.SuspectedAt = time.Time{}
	if cause != d.previous.Cause {
		// While the cause stays, so does the evidence: its ids and times are no news.
		d.next.Cause, d.next.Evidence = cause, d.check.Evidence
	}
	d.foldFields()
}

// foldFields takes the fields down with their object.
func (d *differ) foldFields() {
	for name, field := range d.next.Fields {
		if field.Readable {
			field.Readable, field.Folded, field.Cause, field.Since = false, true, CauseObjectDenied, d.next.Since
			field.Evidence = "The object " + d.check.Object + " cannot be read."
		}
		field.RightsSince = d.rightsSince(field.Rights, Rights{}, field.RightsSince)
		field.Rights, field.SuspectedAt = Rights{}, time.Time{}
		if field.Cause != CauseRenamedCandidate {
			field.Candidate = ""
		}
		d.next.Fields[name] = field
	}
}

// accessible applies a verdict that the object can be read, with its fields.
func (d *differ) accessible() {
	returned := !d.firstCheck && d.previous.Status != ObjectOK
	if returned {
		d.next.Since = d.now
		d.add(ChangeRestored, "", "", d.check.Evidence)
	}
	if !d.firstCheck {
		d.next.RightsSince = d.rightsSince(d.previous.Rights, d.check.Rights, d.previous.RightsSince)
	}
	if d.previous.Status == ObjectOK {
		d.addRights("", d.previous.Rights, d.check.Rights)
	}
	d.next.Status, d.next.Rights = ObjectOK, d.check.Rights
	d.next.SuspectedAt = time.Time{}
	d.next.Cause, d.next.Evidence = "", ""
	d.next.Records, d.next.RecordsNote = cmp.Or(d.check.Records, RecordsUnknown), d.check.RecordsNote

	for _, name := range d.index() {
		if info, there := d.present[name]; there {
			d.fieldPresent(info, d.firstCheck || returned)
		} else {
			d.fieldAbsent(name)
		}
	}
}

// index prepares what the check says by field, and lists the fields to judge in
// order: those that can be read, those that are known, and those that the CRM says
// exist.
func (d *differ) index() []string {
	d.present = make(map[string]FieldInfo, len(d.check.Fields))
	var appeared []FieldInfo
	for _, info := range d.check.Fields {
		d.present[info.Name] = info
		if _, known := d.next.Fields[info.Name]; !known && !d.firstCheck {
			appeared = append(appeared, info)
		}
	}
	d.whyNot = make(map[string]DeniedField, len(d.check.Denied))
	names := slices.Collect(maps.Keys(d.present))
	for _, denied := range d.check.Denied {
		d.whyNot[denied.Name] = denied
		if _, known := d.next.Fields[denied.Name]; !known && denied.exists() {
			names = append(names, denied.Name)
		}
	}
	missed := map[string]FieldState{}
	for name, field := range d.next.Fields {
		if _, there := d.present[name]; there {
			continue
		}
		names = append(names, name)
		if field.Standardized && field.mayBeLost() && field.SuspectedAt.IsZero() {
			missed[name] = field
		}
	}
	d.renamed = renames(missed, appeared)
	slices.Sort(names)
	return slices.Compact(names)
}

// fieldPresent applies that a field can be read. Silent is for the baseline and
// for the fields that come back with their object.
func (d *differ) fieldPresent(info FieldInfo, silent bool) {
	before, known := d.next.Fields[info.Name]
	since, rightsSince := before.Since, before.RightsSince
	if known && !before.Readable || !known && !silent {
		since = d.now
	}
	if known && !d.firstCheck {
		rightsSince = d.rightsSince(before.Rights, info.Rights, rightsSince)
	}
	switch {
	case known && before.Readable:
		d.addRights(info.Name, before.Rights, info.Rights)
	case known && before.mayBeLost():
		// It came back with its object.
	case (before.Standardized || !before.Since.IsZero()) && !d.firstCheck: // with a Since it was readable once
		d.add(ChangeRestored, info.Name, "", "")
	case !silent:
		d.add(ChangeAppeared, info.Name, "", "")
	}
	d.next.Fields[info.Name] = FieldState{
		Label:        info.Label,
		Type:         info.Type,
		Readable:     true,
		Rights:       info.Rights,
		RightsSince:  rightsSince,
		Standardized: before.Standardized,
		Custom:       info.Custom,
		Hideable:     info.Hideable,
		Since:        since,
	}
}

// fieldAbsent applies that a field is not among those that can be read.
func (d *differ) fieldAbsent(name string) {
	field, known := d.next.Fields[name]
	switch {
	case !known:
		field.Label = d.whyNot[name].Label
		d.keepLost(name, &field)
	case d.firstCheck || !field.mayBeLost():
		d.keepLost(name, &field)
	case !d.confirms(field.SuspectedAt):
		if field.SuspectedAt.IsZero() {
			field.SuspectedAt, field.Candidate = d.now, d.renamed[name]
			cause, evidence := d.lossCause(name, field)
			d.add(ChangeSuspected, name, cause, evidence)
		}
	default:
		field.Cause, field.Evidence = d.lossCause(name, field)
		field.RightsSince = d.rightsSince(field.Rights, Rights{}, field.RightsSince)
		field.Readable, field.Folded, field.Rights = false, false, Rights{}
		field.Since, field.SuspectedAt = field.SuspectedAt, time.Time{}
		if field.Cause != CauseRenamedCandidate {
			field.Candidate = ""
		}
		kind := ChangeVanished
		if field.Standardized {
			kind = ChangeLost
		}
		d.add(kind, name, field.Cause, field.Evidence)
	}
	d.next.Fields[name] = field
}

// lossCause is why a field is lost that could be read until now. A candidate counts
// only while it can be read itself.
func (d *differ) lossCause(name string, field FieldState) (Cause, string) {
	candidate := d.present[field.Candidate].Name
	return fieldLossCause(name, field, candidate, d.previous.APIVersion, d.check, d.whyNot[name])
}

// keepLost keeps a field unreadable and its cause up to date.
func (d *differ) keepLost(name string, field *FieldState) {
	_, candidateThere := d.present[field.Candidate]
	field.Cause, field.Evidence = stillLost(name, *field, candidateThere, d.check, d.whyNot[name])
	field.Readable, field.Rights = false, Rights{}
	if field.Cause != CauseRenamedCandidate {
		field.Candidate = ""
	}
}
