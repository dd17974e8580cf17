package crm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// named is a field with a label and a type.
func named(name, label, kind string) crm.FieldInfo {
	return crm.FieldInfo{Name: name, Label: label, Type: kind, Rights: crm.Rights{Read: true}, Custom: true}
}

// checkOf is an accessible Contact with an id and these fields.
func checkOf(fields ...crm.FieldInfo) crm.ObjectCheck {
	check := can("Id")
	check.Fields = append(check.Fields, fields...)
	return check
}

// lose takes a state through the check that misses fields and through its
// confirmation.
func lose(state crm.ObjectState, check crm.ObjectCheck) (suspected, confirmed crm.Outcome) {
	suspected = crm.Diff(state, check, crm.CheckRegular, noon.Add(time.Hour))
	return suspected, crm.Diff(suspected.State, check, crm.CheckConfirming, noon.Add(2*time.Hour))
}

func standardized(names ...string) crm.ObjectState {
	state := crm.ObjectState{Object: "Contact", Status: crm.ObjectNotChecked, Fields: map[string]crm.FieldState{}}
	for _, name := range names {
		state.Fields[name] = crm.FieldState{Standardized: true}
	}
	return state
}

func TestTheConnectorsCauseComesFirst(t *testing.T) {
	t.Parallel()
	said := []crm.Cause{
		crm.CausePermission, crm.CauseObjectDenied, crm.CauseDeleted, crm.CauseArchived, crm.CauseSensitive, crm.CauseScopeMissing, crm.CauseAPIVersion,
	}
	for _, cause := range said {
		state := crm.Diff(standardized("Email"), can("Email"), crm.CheckRegular, noon).State
		check := can("Id")
		check.Denied = []crm.DeniedField{{Name: "Email", Cause: cause, Evidence: "what was seen"}}
		suspected, confirmed := lose(state, check)
		require.Equal(t, []crm.Change{{Type: crm.ChangeSuspected, Object: "Contact", Field: "Email", Cause: cause, Evidence: "what was seen"}},
			withoutID(suspected.Changes))
		require.Equal(t, []crm.Change{{Type: crm.ChangeLost, Object: "Contact", Field: "Email", Cause: cause, Evidence: "what was seen"}}, confirmed.Changes)
		again := crm.Diff(confirmed.State, check, crm.CheckRegular, noon.Add(3*time.Hour))
		require.True(t, again.Unchanged, "%s: lost once, not again and again", cause)
	}
	// A connector that does not know leaves it to what is ruled out.
	state := crm.Diff(standardized("Email"), can("Email"), crm.CheckRegular, noon).State
	check := can("Id")
	check.Denied = []crm.DeniedField{{Name: "Email", Cause: crm.CauseUnknown, Evidence: "not listed"}}
	_, confirmed := lose(state, check)
	require.Equal(t, crm.CausePermission, confirmed.State.Fields["Email"].Cause)
}

// withoutID drops the change about the id, which checks here add.
func withoutID(changes []crm.Change) []crm.Change {
	var others []crm.Change
	for _, change := range changes {
		if change.Field != "Id" {
			others = append(others, change)
		}
	}
	return others
}

func TestACauseThatChangesIsKeptUpToDate(t *testing.T) {
	t.Parallel()
	denied := func(cause crm.Cause, evidence string) crm.ObjectCheck {
		check := can("Id")
		if cause != "" {
			check.Denied = []crm.DeniedField{{Name: "Email", Cause: cause, Evidence: evidence}}
		}
		return check
	}
	cases := map[string]struct {
		before, said, want crm.Cause
		evidence           string
	}{
		"another one":                            {crm.CauseArchived, crm.CauseDeleted, crm.CauseDeleted, "second"},
		"the same, with another evidence":        {crm.CauseArchived, crm.CauseArchived, crm.CauseArchived, "first"},
		"nothing":                                {crm.CauseArchived, "", crm.CauseArchived, "first"},
		"no longer known":                        {crm.CauseArchived, crm.CauseUnknown, crm.CauseUnknown, "second"},
		"a permission that nobody contests":      {crm.CausePermission, crm.CauseUnknown, crm.CausePermission, "first"},
		"a permission that turns out as a scope": {crm.CausePermission, crm.CauseScopeMissing, crm.CauseScopeMissing, "second"},
	}
	for name, c := range cases {
		state := crm.Diff(standardized("Email"), can("Email"), crm.CheckRegular, noon).State
		_, lost := lose(state, denied(c.before, "first"))
		after := crm.Diff(lost.State, denied(c.said, "second"), crm.CheckRegular, noon.Add(5*time.Hour))
		require.Empty(t, after.Changes, name)
		field := after.State.Fields["Email"]
		require.Equal(t, c.want, field.Cause, name)
		require.Equal(t, c.evidence, field.Evidence, name)
		require.Equal(t, lost.State.Fields["Email"].Since, field.Since, name)
	}
}

func TestWhatTheCRMHasButHidesIsKnown(t *testing.T) {
	t.Parallel()
	check := can("Id")
	check.Denied = []crm.DeniedField{
		{Name: "Email", Cause: crm.CauseUnknown, Evidence: "not listed"},
		{Name: "Salary", Label: "Salary", Cause: crm.CauseSensitive, Evidence: "sensitive"},
		{Name: "Never", Cause: crm.CauseDeleted, Evidence: "no such field"},
		{Name: "Neither", Cause: crm.CauseUnknown},
	}
	first := crm.Diff(standardized("Email"), check, crm.CheckRegular, noon)
	require.Empty(t, first.Changes)
	require.Len(t, first.State.Fields, 3, "what the CRM does not have leaves no trace")
	require.Equal(t, crm.FieldState{Label: "Salary", Cause: crm.CauseSensitive, Evidence: "sensitive"}, first.State.Fields["Salary"])
	require.Equal(t, crm.FieldErrorStandardized, first.State.Fields["Email"].Status())
	require.Equal(t, "not listed", first.State.Fields["Email"].Evidence)
	require.True(t, crm.Diff(first.State, check, crm.CheckRegular, noon.Add(time.Hour)).Unchanged)

	granted := crm.Diff(first.State, can("Id", "Email", "Salary"), crm.CheckRegular, noon.Add(time.Hour))
	require.Equal(t, []crm.Change{
		{Type: crm.ChangeRestored, Object: "Contact", Field: "Email"}, {Type: crm.ChangeAppeared, Object: "Contact", Field: "Salary"},
	}, granted.Changes)
	require.Empty(t, granted.State.Fields["Salary"].Cause)
}

// A field whose cause is that another object cannot be read is not taken for one
// that went with its own object.
func TestAFieldsOwnObjectDeniedIsNotFolded(t *testing.T) {
	t.Parallel()
	state := crm.Diff(standardized("associations.companies"), can("id", "associations.companies"), crm.CheckRegular, noon).State
	check := can("id")
	check.Denied = []crm.DeniedField{{Name: "associations.companies", Cause: crm.CauseObjectDenied, Evidence: "companies cannot be read"}}
	_, lost := lose(state, check)
	require.False(t, lost.State.Fields["associations.companies"].Folded)
	require.True(t, crm.Diff(lost.State, check, crm.CheckConfirming, noon.Add(5*time.Hour)).Unchanged)

	_, gone := lose(lost.State, cannot(crm.CausePermission))
	back := crm.Diff(gone.State, check, crm.CheckRegular, noon.Add(9*time.Hour))
	require.Equal(t, []crm.Change{{Type: crm.ChangeRestored, Object: "Contact"}}, back.Changes)
	require.Equal(t, "companies cannot be read", back.State.Fields["associations.companies"].Evidence)
}

func TestRenames(t *testing.T) {
	t.Parallel()
	before := named("Work_Mail__c", "Work mail", "email")
	cases := map[string]struct {
		appeared []crm.FieldInfo
		said     crm.Cause
		want     string
	}{
		"nothing appeared":             {nil, "", ""},
		"the same label":               {[]crm.FieldInfo{named("Business_Contact__c", "Work mail", "email")}, "", "Business_Contact__c"},
		"the same label but for case":  {[]crm.FieldInfo{named("X__c", "WORK-MAIL", "email")}, "", "X__c"},
		"a similar name":               {[]crm.FieldInfo{named("WorkEmail__c", "Address", "email")}, "", "WorkEmail__c"},
		"a similar label":              {[]crm.FieldInfo{named("X__c", "Work e-mail", "email")}, "", "X__c"},
		"no label: the name stands in": {[]crm.FieldInfo{named("WorkMail", "", "email")}, "", "WorkMail"},
		"another type":                 {[]crm.FieldInfo{named("Work_Mail2__c", "Work mail", "string")}, "", ""},
		"nothing alike":                {[]crm.FieldInfo{named("Fax_Number__c", "Fax", "email")}, "", ""},
		"two that resemble it":         {[]crm.FieldInfo{named("Work_Mail1__c", "Work mail", "email"), named("Work_Mail2__c", "Work mail", "email")}, "", ""},
		"one that resembles it of two": {[]crm.FieldInfo{named("Work_Mail1__c", "Work mail", "email"), named("Fax__c", "Fax", "email")}, "", "Work_Mail1__c"},
		"deleted leaves room for it":   {[]crm.FieldInfo{named("X__c", "Work mail", "email")}, crm.CauseDeleted, "X__c"},
		"the CRM knows better":         {[]crm.FieldInfo{named("X__c", "Work mail", "email")}, crm.CauseArchived, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := crm.Diff(standardized(before.Name), checkOf(before), crm.CheckRegular, noon).State
			check := checkOf(c.appeared...)
			if c.said != "" {
				check.Denied = []crm.DeniedField{{Name: before.Name, Cause: c.said, Evidence: "said"}}
			}
			_, confirmed := lose(state, check)
			lost := confirmed.State.Fields[before.Name]
			require.Equal(t, c.want, lost.Candidate)
			require.Equal(t, c.want != "", lost.Cause == crm.CauseRenamedCandidate)
			if c.want == "" {
				return
			}
			require.Contains(t, lost.Evidence, c.want, "the evidence names the candidate")
			require.True(t, crm.Diff(confirmed.State, check, crm.CheckRegular, noon.Add(5*time.Hour)).Unchanged)
			without := crm.Diff(confirmed.State, checkOf(), crm.CheckRegular, noon.Add(5*time.Hour)).State.Fields[before.Name]
			require.Empty(t, without.Candidate, "a candidate that is gone is none")
			require.NotEqual(t, crm.CauseRenamedCandidate, without.Cause)
		})
	}
}

func TestRenamesNeedOneForOne(t *testing.T) {
	t.Parallel()
	one, two := named("Billing_City", "City", "string"), named("Shipping_City", "City", "string")
	state := crm.Diff(standardized(one.Name, two.Name), checkOf(one, two), crm.CheckRegular, noon).State
	_, confirmed := lose(state, checkOf(named("City", "City", "string")))
	for _, name := range []string{one.Name, two.Name} {
		require.Equal(t, crm.CauseUnknown, confirmed.State.Fields[name].Cause, "two fields cannot have become one")
	}
	// A field that was there before has not taken the place of one that goes now.
	other := named("Billing_City2", "City", "string")
	state = crm.Diff(standardized(one.Name), checkOf(one, other), crm.CheckRegular, noon).State
	_, confirmed = lose(state, checkOf(other))
	require.Equal(t, crm.CauseUnknown, confirmed.State.Fields[one.Name].Cause)
	// What nothing is mapped to needs no other.
	state = crm.Diff(standardized(), checkOf(one), crm.CheckRegular, noon).State
	_, confirmed = lose(state, checkOf(other))
	require.Empty(t, confirmed.State.Fields[one.Name].Candidate)
}

// A rename under any label that differs only in case and punctuation is found, in
// whatever company it comes.
func TestRenamesProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.StringMatching("[A-Z][a-z]{4,9} [a-z]{3,8}").Draw(t, "label")
		kind := rapid.SampledFrom([]string{"string", "email"}).Draw(t, "type")
		before := named("Before__c", label, kind)
		after := named("After_x9__c", strings.ToUpper(strings.ReplaceAll(label, " ", "-")), kind)
		var company []crm.FieldInfo
		for i := range rapid.IntRange(0, 4).Draw(t, "others") {
			company = append(company, named("Q"+strings.Repeat("z", 3*i)+"__c", strings.Repeat("9", 30+9*i), kind))
		}
		state := crm.Diff(standardized(before.Name), checkOf(before), crm.CheckRegular, noon).State
		_, confirmed := lose(state, checkOf(append(company, after)...))
		require.Equal(t, after.Name, confirmed.State.Fields[before.Name].Candidate)
	})
}

func TestRecordAccessIsKeptAndNotAlerted(t *testing.T) {
	t.Parallel()
	check := can("Id")
	check.Records, check.RecordsNote = crm.RecordsPartial, "Read privilege at depth Business Unit"
	state := crm.Diff(crm.ObjectState{Object: "Contact"}, can("Id"), crm.CheckRegular, noon).State
	require.Equal(t, crm.RecordsUnknown, state.Records)
	partial := crm.Diff(state, check, crm.CheckRegular, noon)
	require.Empty(t, partial.Changes)
	require.False(t, partial.Unchanged)
	require.Equal(t, crm.ObjectOK, partial.State.Status)
	require.Equal(t, check.RecordsNote, partial.State.RecordsNote)
	require.Equal(t, crm.RecordsPartial, crm.Diff(partial.State, broken(), crm.CheckRegular, noon).State.Records)
	_, lost := lose(partial.State, cannot(crm.CausePermission))
	require.Equal(t, crm.RecordsUnknown, lost.State.Records)
	require.Empty(t, lost.State.RecordsNote)
}
