package crm_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// can is an accessible Contact with readable fields of these names.
func can(names ...string) crm.ObjectCheck {
	check := crm.ObjectCheck{
		Object: "Contact", Verdict: crm.VerdictAccessible, Rights: crm.Rights{Read: true, Create: true, Update: true}, APIVersion: "66.0",
	}
	for _, name := range names {
		check.Fields = append(check.Fields, crm.FieldInfo{Name: name, Type: "string", Rights: crm.Rights{Read: true}, Hideable: true})
	}
	return check
}

func cannot(cause crm.Cause) crm.ObjectCheck {
	return crm.ObjectCheck{Object: "Contact", Verdict: crm.VerdictDenied, Cause: cause, Evidence: "404 NOT_FOUND", APIVersion: "66.0"}
}

func broken() crm.ObjectCheck {
	return crm.ObjectCheck{Object: "Contact", Verdict: crm.VerdictFailed, Failure: errors.New("503 from the CRM")}
}

// step is one check of a story and what it must bring.
type step struct {
	check   crm.ObjectCheck
	mode    crm.CheckMode
	changes []crm.Change
	confirm bool
	status  crm.ObjectStatus
	// fields are the statuses of all fields afterwards.
	fields map[string]crm.FieldStatus
}

func TestDiffTellsTheStory(t *testing.T) {
	t.Parallel()
	const regular, confirming = crm.CheckRegular, crm.CheckConfirming
	change := func(kind crm.ChangeType, field string) crm.Change {
		return crm.Change{Type: kind, Object: "Contact", Field: field}
	}
	fields := func(email, fax crm.FieldStatus) map[string]crm.FieldStatus {
		return map[string]crm.FieldStatus{"Email": email, "Fax": fax}
	}
	ok, errStd, active, gone := crm.FieldActiveStandardized, crm.FieldErrorStandardized, crm.FieldActive, crm.FieldInaccessible
	baseline := step{can("Email", "Fax"), regular, nil, false, crm.ObjectOK, fields(ok, active)}
	stories := map[string][]step{
		"a standardized field is lost and restored": {
			baseline,
			{can("Fax"), regular, []crm.Change{change(crm.ChangeSuspected, "Email")}, true, crm.ObjectOK, fields(ok, active)},
			{can("Fax"), regular, nil, true, crm.ObjectOK, fields(ok, active)},
			{can("Fax"), confirming, []crm.Change{change(crm.ChangeLost, "Email")}, false, crm.ObjectOK, fields(errStd, active)},
			{can("Fax"), regular, nil, false, crm.ObjectOK, fields(errStd, active)},
			{can("Email", "Fax"), regular, []crm.Change{change(crm.ChangeRestored, "Email")}, false, crm.ObjectOK, fields(ok, active)},
		},
		"a field that nothing needs vanishes and comes back": {
			baseline,
			{can("Email"), regular, []crm.Change{change(crm.ChangeSuspected, "Fax")}, true, crm.ObjectOK, fields(ok, active)},
			{can("Email"), confirming, []crm.Change{change(crm.ChangeVanished, "Fax")}, false, crm.ObjectOK, fields(ok, gone)},
			{can("Email", "Fax"), regular, []crm.Change{change(crm.ChangeRestored, "Fax")}, false, crm.ObjectOK, fields(ok, active)},
		},
		"a suspicion that does not hold is dropped silently": {
			baseline,
			{can("Fax"), regular, []crm.Change{change(crm.ChangeSuspected, "Email")}, true, crm.ObjectOK, fields(ok, active)},
			{can("Email", "Fax"), confirming, nil, false, crm.ObjectOK, fields(ok, active)},
			{can("Fax"), confirming, []crm.Change{change(crm.ChangeSuspected, "Email")}, true, crm.ObjectOK, fields(ok, active)},
		},
		"a failed check is no loss and no confirmation": {
			baseline,
			{broken(), regular, nil, false, crm.ObjectOK, fields(ok, active)},
			{can("Fax"), regular, []crm.Change{change(crm.ChangeSuspected, "Email")}, true, crm.ObjectOK, fields(ok, active)},
			{broken(), confirming, nil, true, crm.ObjectOK, fields(ok, active)},
			{can("Fax"), confirming, []crm.Change{change(crm.ChangeLost, "Email")}, false, crm.ObjectOK, fields(errStd, active)},
		},
		"an object's loss folds its fields, its return brings them back": {
			baseline,
			{cannot(crm.CauseObjectDenied), regular, []crm.Change{change(crm.ChangeSuspected, "")}, true, crm.ObjectOK, fields(ok, active)},
			{cannot(crm.CauseObjectDenied), confirming, []crm.Change{change(crm.ChangeLost, "")}, false, crm.ObjectPermissionMissing, fields(errStd, gone)},
			{cannot(crm.CauseObjectDenied), regular, nil, false, crm.ObjectPermissionMissing, fields(errStd, gone)},
			{can("Email", "Fax"), regular, []crm.Change{change(crm.ChangeRestored, "")}, false, crm.ObjectOK, fields(ok, active)},
		},
		"a field that does not come back with its object is lost by itself": {
			baseline,
			{cannot(crm.CauseObjectDenied), regular, []crm.Change{change(crm.ChangeSuspected, "")}, true, crm.ObjectOK, fields(ok, active)},
			{cannot(crm.CauseObjectDenied), confirming, []crm.Change{change(crm.ChangeLost, "")}, false, crm.ObjectPermissionMissing, fields(errStd, gone)},
			{can("Fax"), regular, []crm.Change{change(crm.ChangeRestored, ""), change(crm.ChangeSuspected, "Email")}, true, crm.ObjectOK, fields(errStd, active)},
			{can("Fax"), confirming, []crm.Change{change(crm.ChangeLost, "Email")}, false, crm.ObjectOK, fields(errStd, active)},
		},
		"a suspicion from before an object's loss confirms nothing after its return": {
			baseline,
			{can("Fax"), regular, []crm.Change{change(crm.ChangeSuspected, "Email")}, true, crm.ObjectOK, fields(ok, active)},
			{cannot(crm.CauseObjectDenied), regular, []crm.Change{change(crm.ChangeSuspected, "")}, true, crm.ObjectOK, fields(ok, active)},
			{cannot(crm.CauseObjectDenied), confirming, []crm.Change{change(crm.ChangeLost, "")}, false, crm.ObjectPermissionMissing, fields(errStd, gone)},
			{can("Fax"), confirming, []crm.Change{change(crm.ChangeRestored, ""), change(crm.ChangeSuspected, "Email")}, true, crm.ObjectOK, fields(errStd, active)},
		},
		"a field that was lost before its object stays lost after its return": {
			baseline,
			{can("Fax"), regular, []crm.Change{change(crm.ChangeSuspected, "Email")}, true, crm.ObjectOK, fields(ok, active)},
			{can("Fax"), confirming, []crm.Change{change(crm.ChangeLost, "Email")}, false, crm.ObjectOK, fields(errStd, active)},
			{cannot(crm.CauseObjectDenied), regular, []crm.Change{change(crm.ChangeSuspected, "")}, true, crm.ObjectOK, fields(errStd, active)},
			{cannot(crm.CauseObjectDenied), confirming, []crm.Change{change(crm.ChangeLost, "")}, false, crm.ObjectPermissionMissing, fields(errStd, gone)},
			{can("Fax"), regular, []crm.Change{change(crm.ChangeRestored, "")}, false, crm.ObjectOK, fields(errStd, active)},
			{can("Email", "Fax"), regular, []crm.Change{change(crm.ChangeRestored, "Email")}, false, crm.ObjectOK, fields(ok, active)},
		},
		"an object denied at first is missing, not lost": {
			{cannot(crm.CauseObjectDenied), regular, nil, false, crm.ObjectPermissionMissing, map[string]crm.FieldStatus{"Email": errStd}},
			{can("Email", "Fax"), regular, []crm.Change{change(crm.ChangeRestored, ""), change(crm.ChangeRestored, "Email")}, false, crm.ObjectOK, fields(ok, active)},
		},
		"a deleted object is not found": {
			{cannot(crm.CauseDeleted), regular, nil, false, crm.ObjectNotFound, map[string]crm.FieldStatus{"Email": errStd}},
		},
		"a standardized field that never was readable is no loss": {
			{can("Fax"), regular, nil, false, crm.ObjectOK, fields(errStd, active)},
			{can("Fax"), confirming, nil, false, crm.ObjectOK, fields(errStd, active)},
			{can("Email", "Fax"), regular, []crm.Change{change(crm.ChangeRestored, "Email")}, false, crm.ObjectOK, fields(ok, active)},
		},
		"a failed first check is no check": {
			{broken(), regular, nil, false, crm.ObjectNotChecked, map[string]crm.FieldStatus{"Email": errStd}},
			{can("Email", "Fax"), regular, nil, false, crm.ObjectOK, fields(ok, active)},
		},
		"a new field appears after the baseline": {
			baseline,
			{
				can("Email", "Fax", "Nickname__c"), regular,
				[]crm.Change{change(crm.ChangeAppeared, "Nickname__c")},
				false, crm.ObjectOK,
				map[string]crm.FieldStatus{"Email": ok, "Fax": active, "Nickname__c": active},
			},
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := crm.ObjectState{
				Object: "Contact", Status: crm.ObjectNotChecked,
				Fields: map[string]crm.FieldState{"Email": {Standardized: true}},
			}
			for i, step := range story {
				outcome := crm.Diff(state, step.check, step.mode, noon.Add(time.Duration(i)*time.Hour))
				diff := cmp.Diff(step.changes, outcome.Changes, cmpopts.IgnoreFields(crm.Change{}, "Cause", "Evidence"))
				require.Empty(t, diff, "changes of step %d", i)
				require.Equal(t, step.confirm, outcome.NeedConfirm, "step %d", i)
				require.Equal(t, step.status, outcome.State.Status, "step %d", i)
				require.Equal(t, step.fields, statuses(outcome.State), "step %d", i)
				require.Equal(t, step.check.Verdict == crm.VerdictFailed, outcome.State.Stale, "step %d", i)
				settled := !step.confirm && outcome.State.Status != crm.ObjectNotChecked
				require.Equal(t, settled, outcome.State.ContentHash != "", "step %d", i)
				state = outcome.State
			}
		})
	}
}

func statuses(state crm.ObjectState) map[string]crm.FieldStatus {
	found := map[string]crm.FieldStatus{}
	for name, field := range state.Fields {
		found[name] = field.Status()
	}
	return found
}

func TestDiffSaysWhyAFieldIsGone(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		field   crm.FieldInfo
		version string
		want    crm.Cause
	}{
		"standard and hideable": {crm.FieldInfo{Name: "Email", Hideable: true}, "66.0", crm.CausePermission},
		"custom":                {crm.FieldInfo{Name: "Seat__c", Hideable: true, Custom: true}, "66.0", crm.CauseUnknown},
		"not hideable":          {crm.FieldInfo{Name: "LastName"}, "66.0", crm.CauseUnknown},
		"new API version":       {crm.FieldInfo{Name: "Email", Hideable: true}, "67.0", crm.CauseUnknown},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := can()
			before.Fields = []crm.FieldInfo{c.field}
			state := crm.Diff(crm.ObjectState{}, before, crm.CheckRegular, noon).State
			after := can()
			after.APIVersion = c.version
			suspected := crm.Diff(state, after, crm.CheckRegular, noon.Add(time.Minute))
			confirmed := crm.Diff(suspected.State, after, crm.CheckConfirming, noon.Add(2*time.Minute))
			require.Len(t, confirmed.Changes, 1)
			require.Equal(t, c.want, suspected.Changes[0].Cause)
			require.Equal(t, c.want, confirmed.Changes[0].Cause)
			lost := confirmed.State.Fields[c.field.Name]
			require.Equal(t, c.want, lost.Cause)
			require.Contains(t, lost.Evidence, c.field.Name)
			require.Equal(t, noon.Add(time.Minute), lost.Since, "since it was first seen")
			require.Equal(t, c.version, confirmed.State.APIVersion)
		})
	}
}

func TestDiffMarksAFailedCheckStaleWithTheReason(t *testing.T) {
	t.Parallel()
	state := crm.Diff(crm.ObjectState{}, can("Email"), crm.CheckRegular, noon).State
	stale := crm.Diff(state, broken(), crm.CheckRegular, noon)
	require.Equal(t, "503 from the CRM", stale.State.StaleReason)
	require.False(t, stale.Unchanged)
	require.False(t, stale.FirstCheck)
	require.True(t, crm.Diff(stale.State, broken(), crm.CheckRegular, noon).Unchanged)
	fresh := crm.Diff(stale.State, can("Email"), crm.CheckRegular, noon)
	require.Empty(t, fresh.State.StaleReason)
	require.Equal(t, state, fresh.State)
}

func TestDiffKeepsTheFirstEvidenceOfACause(t *testing.T) {
	t.Parallel()
	state := crm.Diff(crm.ObjectState{}, cannot(crm.CauseObjectDenied), crm.CheckRegular, noon).State
	again := cannot(crm.CauseObjectDenied)
	again.Evidence = "404 NOT_FOUND, request 4711"
	outcome := crm.Diff(state, again, crm.CheckRegular, noon.Add(time.Hour))
	require.True(t, outcome.Unchanged)
	again.Cause = crm.CauseDeleted
	outcome = crm.Diff(state, again, crm.CheckRegular, noon.Add(time.Hour))
	require.Equal(t, again.Evidence, outcome.State.Evidence)
	require.Equal(t, crm.ObjectNotFound, outcome.State.Status)
	require.Empty(t, outcome.Changes)
}

// Requirement I8: rights to create and update have a history of their own.
func TestDiffTellsOfRightsToWrite(t *testing.T) {
	t.Parallel()
	state := crm.Diff(crm.ObjectState{}, can("Email"), crm.CheckRegular, noon).State
	require.Zero(t, state.RightsSince, "as it was first found")
	check := can("Email")
	check.Rights.Create = false
	check.Fields[0].Rights.Update = true
	later := noon.Add(time.Hour)
	outcome := crm.Diff(state, check, crm.CheckRegular, later)
	require.Len(t, outcome.Changes, 2)
	require.Equal(t, crm.ChangeRightsReduced, outcome.Changes[0].Type)
	require.Empty(t, outcome.Changes[0].Field)
	require.Contains(t, outcome.Changes[0].Evidence, "no longer create")
	require.Equal(t, crm.ChangeRightsExtended, outcome.Changes[1].Type)
	require.Equal(t, "Email", outcome.Changes[1].Field)
	require.Equal(t, later, outcome.State.RightsSince)
	require.Equal(t, later, outcome.State.Fields["Email"].RightsSince)
	require.False(t, outcome.NeedConfirm, "nothing is lost")
	require.False(t, outcome.State.Rights.Create)
	require.True(t, outcome.State.Fields["Email"].Rights.Update)

	again := crm.Diff(outcome.State, check, crm.CheckRegular, later.Add(time.Hour))
	require.True(t, again.Unchanged)
	require.Empty(t, again.Changes)

	// What goes with its object, and comes back with it, is told by the object alone.
	lost := crm.Diff(outcome.State, cannot(crm.CausePermission), crm.CheckRegular, later).State
	lost = crm.Diff(lost, cannot(crm.CausePermission), crm.CheckConfirming, later).State
	back := crm.Diff(lost, can("Email"), crm.CheckRegular, later)
	require.Len(t, back.Changes, 1)
	require.Equal(t, crm.ChangeRestored, back.Changes[0].Type)
}

// drawCheck draws any answer over a handful of fields.
func drawCheck(t *rapid.T) crm.ObjectCheck {
	switch rapid.SampledFrom([]crm.ObjectVerdict{crm.VerdictAccessible, crm.VerdictAccessible, crm.VerdictDenied, crm.VerdictFailed}).Draw(t, "verdict") {
	case crm.VerdictDenied:
		return cannot(rapid.SampledFrom([]crm.Cause{crm.CauseObjectDenied, crm.CauseDeleted, ""}).Draw(t, "cause"))
	case crm.VerdictFailed:
		return broken()
	default:
		check := can(rapid.SliceOfDistinct(rapid.SampledFrom(fourFields()), rapid.ID[string]).Draw(t, "fields")...)
		for _, name := range fourFields() {
			there := slices.ContainsFunc(check.Fields, func(f crm.FieldInfo) bool { return f.Name == name })
			if !there && rapid.Bool().Draw(t, "explained") {
				cause := crm.Cause(rapid.SampledFrom(crm.Cause("").Values()).Draw(t, "why"))
				check.Denied = append(check.Denied, crm.DeniedField{Name: name, Cause: cause, Evidence: "the CRM says so"})
			}
		}
		check.Records = rapid.SampledFrom([]crm.RecordAccess{crm.RecordsUnknown, crm.RecordsAll, crm.RecordsPartial}).Draw(t, "records")
		check.APIVersion = rapid.SampledFrom([]string{"66.0", "67.0"}).Draw(t, "version")
		return check
	}
}

func drawMode(t *rapid.T) crm.CheckMode {
	return rapid.SampledFrom([]crm.CheckMode{crm.CheckRegular, crm.CheckConfirming}).Draw(t, "mode")
}

// fourFields are names so similar that each may be another one renamed.
func fourFields() []string { return []string{"Field_A", "Field_B", "Field_C", "Field_D"} }

// drawState draws a state that some history of checks led to; Field_A and Field_B are
// standardized from the start.
func drawState(t *rapid.T) crm.ObjectState {
	state := crm.ObjectState{
		Object: "Contact", Status: crm.ObjectNotChecked,
		Fields: map[string]crm.FieldState{"Field_A": {Standardized: true}, "Field_B": {Standardized: true}},
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "history") {
		state = crm.Diff(state, drawCheck(t), drawMode(t), noon.Add(time.Duration(i)*time.Minute)).State
	}
	return state
}

func readable(state crm.ObjectState) map[string]bool {
	found := map[string]bool{"": state.Status == crm.ObjectOK}
	for name, field := range state.Fields {
		found[name] = field.Readable
	}
	return found
}

func TestDiffProperties(t *testing.T) {
	t.Parallel()
	later := noon.Add(time.Hour)
	property := func(name string, check func(*rapid.T, crm.ObjectState)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { check(t, drawState(t)) })
		})
	}
	property("the same regular check twice changes nothing the second time", func(t *rapid.T, state crm.ObjectState) {
		check := drawCheck(t)
		once := crm.Diff(state, check, crm.CheckRegular, later)
		twice := crm.Diff(once.State, check, crm.CheckRegular, later.Add(time.Hour))
		require.Empty(t, twice.Changes)
		require.True(t, twice.Unchanged, cmp.Diff(once.State, twice.State))
	})
	property("a confirmed check settles", func(t *rapid.T, state crm.ObjectState) {
		check := drawCheck(t)
		for range 2 {
			state = crm.Diff(state, check, crm.CheckConfirming, later).State
		}
		settled := crm.Diff(state, check, drawMode(t), later.Add(time.Hour))
		require.Empty(t, settled.Changes)
		require.False(t, settled.NeedConfirm && check.Verdict != crm.VerdictFailed)
		require.True(t, settled.Unchanged)
	})
	property("an equal hash means that nothing changes", func(t *rapid.T, state crm.ObjectState) {
		check := drawCheck(t)
		state = crm.Diff(state, check, drawMode(t), later).State
		if state.ContentHash != crm.HashCheck(check) || state.ContentHash == "" {
			return // something waits for confirmation, or the check failed
		}
		if rapid.Bool().Draw(t, "stale") {
			state = crm.Diff(state, broken(), crm.CheckRegular, later).State
		}
		outcome := crm.Diff(state, check, drawMode(t), later)
		require.Empty(t, outcome.Changes)
		require.Equal(t, !state.Stale, outcome.Unchanged)
	})
	property("a cause stands exactly for what cannot be read, and a candidate for what may have been renamed", func(t *rapid.T, state crm.ObjectState) {
		state = crm.Diff(state, drawCheck(t), drawMode(t), later).State
		for name, field := range state.Fields {
			if field.Readable {
				require.Empty(t, string(field.Cause)+field.Evidence, name)
			} else if state.Status == crm.ObjectOK {
				require.NotEmpty(t, field.Cause, name)
				require.NotEmpty(t, field.Evidence, name)
			}
			require.True(t, !field.Folded || field.Cause == crm.CauseObjectDenied, "%s: %+v", name, field)
			if field.Cause == crm.CauseRenamedCandidate && field.Candidate == "" {
				require.Contains(t, field.Evidence, "the CRM says so", "%s: only the connector may have said so without a candidate", name)
			}
			if field.Candidate != "" {
				require.NotEqual(t, name, field.Candidate)
				require.Contains(t, fourFields(), field.Candidate)
				require.True(t, field.Cause == crm.CauseRenamedCandidate || !field.SuspectedAt.IsZero(), "%s: %+v", name, field)
			}
		}
	})
	property("a failed check changes no readability", func(t *rapid.T, state crm.ObjectState) {
		outcome := crm.Diff(state, broken(), drawMode(t), later)
		require.Equal(t, readable(state), readable(outcome.State))
		require.Empty(t, outcome.Changes)
		require.True(t, outcome.State.Stale)
	})
	property("a regular check takes nothing away after the first", func(t *rapid.T, state crm.ObjectState) {
		outcome := crm.Diff(state, drawCheck(t), crm.CheckRegular, later)
		for name, was := range readable(state) {
			require.True(t, !was || readable(outcome.State)[name], "%q", name)
		}
	})
	property("loss and return lead back to the same statuses", func(t *rapid.T, state crm.ObjectState) {
		full, less := can(fourFields()...), drawCheck(t)
		state = crm.Diff(state, full, crm.CheckRegular, later).State
		before := statuses(state)
		for range 2 {
			state = crm.Diff(state, less, crm.CheckConfirming, later).State
		}
		state = crm.Diff(state, full, crm.CheckRegular, later).State
		require.Equal(t, before, statuses(state))
		require.Equal(t, crm.ObjectOK, state.Status)
	})
	property("the order of fields does not matter", func(t *rapid.T, state crm.ObjectState) {
		check, mode := drawCheck(t), drawMode(t)
		turned := check
		turned.Fields = slices.Clone(check.Fields)
		slices.Reverse(turned.Fields)
		turned.Denied = slices.Clone(check.Denied)
		slices.Reverse(turned.Denied)
		require.Equal(t, crm.HashCheck(check), crm.HashCheck(turned))
		require.Equal(t, crm.Diff(state, check, mode, later), crm.Diff(state, turned, mode, later))
	})
	property("the previous state is left as it is", func(t *rapid.T, state crm.ObjectState) {
		fields := maps.Clone(state.Fields)
		crm.Diff(state, drawCheck(t), drawMode(t), later)
		require.Equal(t, fields, state.Fields)
	})
}

func TestHashCheckSeesEveryFinding(t *testing.T) {
	t.Parallel()
	base := can("Email")
	base.Fields[0].Picklist = []crm.PicklistValue{{Value: "a"}, {Value: "b"}}
	differ := map[string]func(*crm.ObjectCheck){
		"verdict":      func(c *crm.ObjectCheck) { c.Verdict = crm.VerdictDenied },
		"rights":       func(c *crm.ObjectCheck) { c.Rights.Create = false },
		"label":        func(c *crm.ObjectCheck) { c.Label = "Person" },
		"version":      func(c *crm.ObjectCheck) { c.APIVersion = "67.0" },
		"field":        func(c *crm.ObjectCheck) { c.Fields[0].Name = "Fax" },
		"field type":   func(c *crm.ObjectCheck) { c.Fields[0].Type = "email" },
		"field rights": func(c *crm.ObjectCheck) { c.Fields[0].Rights.Update = true },
		"denied field": func(c *crm.ObjectCheck) { c.Denied = []crm.DeniedField{{Name: "Fax", Cause: crm.CauseArchived}} },
		"records":      func(c *crm.ObjectCheck) { c.Records = crm.RecordsPartial },
		"records note": func(c *crm.ObjectCheck) { c.RecordsNote = "Depth Local" },
		"stage order":  func(c *crm.ObjectCheck) { slices.Reverse(c.Fields[0].Picklist) },
	}
	for name, change := range differ {
		other := base
		other.Fields = slices.Clone(base.Fields)
		other.Fields[0].Picklist = slices.Clone(base.Fields[0].Picklist)
		change(&other)
		require.NotEqual(t, crm.HashCheck(base), crm.HashCheck(other), name)
	}
	same := base
	same.Evidence = "request 4711"
	base.Denied = []crm.DeniedField{{Name: "Fax", Cause: crm.CauseArchived, Evidence: "request 1"}}
	same.Denied = []crm.DeniedField{{Name: "Fax", Cause: crm.CauseArchived, Evidence: "request 2"}}
	require.Equal(t, crm.HashCheck(base), crm.HashCheck(same))
	require.Empty(t, crm.HashCheck(broken()))
}
