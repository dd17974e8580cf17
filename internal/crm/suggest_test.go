package crm_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// suggestPackage has one object with a required, a recommended and an optional field.
func suggestPackage() crm.Package {
	return crm.Package{Key: "p", Version: 1, Title: "P", CRM: "x", Objects: []crm.PackageObject{{
		Key: "contact", Name: "people", Label: "Person", Requirement: crm.Required, Fields: []crm.StandardField{
			{Key: "contact.email", Label: "Email address", DataType: crm.TypeEmail, Requirement: crm.Required, Candidates: []string{"email", "mail"}},
			{Key: "contact.phone", Label: "Phone", DataType: crm.TypePhone, Requirement: crm.Recommended, Candidates: []string{"phone"}},
			{Key: "contact.job_title", Label: "Job title", DataType: crm.TypeText, Requirement: crm.Optional, Candidates: []string{"title"}},
		},
	}}}
}

func labelled(name, label, kind string) crm.FieldInfo {
	return crm.FieldInfo{Name: name, Label: label, Type: kind, Rights: crm.Rights{Read: true}}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	type want struct {
		standard, field string
		readable        bool
	}
	cases := map[string]struct {
		fields   []crm.FieldInfo
		defaults map[string]string
		present  map[string]crm.PresentMapping
		want     []want
	}{
		"candidates, and what is called alike": {
			fields: []crm.FieldInfo{info("mail", "email"), labelled("TelNo__c", "Work phone", "phone"), labelled("position", "Title of the job", "string")},
			want:   []want{{"contact.email", "mail", true}, {"contact.phone", "TelNo__c", true}, {"contact.job_title", "position", true}},
		},
		"the workspace's default comes first": {
			fields:   []crm.FieldInfo{info("email", "email"), info("Our_Mail__c", "string")},
			defaults: map[string]string{"contact.email": "Our_Mail__c"},
			want:     []want{{"contact.email", "Our_Mail__c", true}},
		},
		"a default that cannot be read does not stand in the way": {
			fields:   []crm.FieldInfo{info("email", "email")},
			defaults: map[string]string{"contact.email": "Our_Mail__c"},
			want:     []want{{"contact.email", "email", true}},
		},
		"likeness is nothing without the type": {
			fields: []crm.FieldInfo{info("email", "email"), labelled("Phone_verified", "Phone", "boolean")},
			want:   []want{{"contact.email", "email", true}},
		},
		"a required one that cannot be read is named": {want: []want{{"contact.email", "email", false}}},
		"what an admin chose stays": {
			fields:  []crm.FieldInfo{info("email", "email"), info("Other__c", "email")},
			present: map[string]crm.PresentMapping{"contact.email": {CRMField: "Other__c", Origin: crm.MappingAdmin}},
		},
		"unless it cannot be read": {
			fields:  []crm.FieldInfo{info("email", "email")},
			present: map[string]crm.PresentMapping{"contact.email": {CRMField: "Other__c", Origin: crm.MappingAdmin}},
			want:    []want{{"contact.email", "email", true}},
		},
		"or carries something else by now": {
			fields:  []crm.FieldInfo{info("email", "email"), info("Other__c", "boolean")},
			present: map[string]crm.PresentMapping{"contact.email": {CRMField: "Other__c", Origin: crm.MappingAdmin}},
			want:    []want{{"contact.email", "email", true}},
		},
		"an automatic one gives way to a better one": {
			fields:  []crm.FieldInfo{info("email", "email"), info("mail", "email")},
			present: map[string]crm.PresentMapping{"contact.email": {CRMField: "mail", Origin: crm.MappingAuto}},
			want:    []want{{"contact.email", "email", true}},
		},
		"and to nothing that is only alike": {
			fields:  []crm.FieldInfo{info("mail", "email"), labelled("x", "Email address", "email")},
			present: map[string]crm.PresentMapping{"contact.email": {CRMField: "mail", Origin: crm.MappingAuto}},
		},
		"what stands for another standard field is not free": {
			fields:  []crm.FieldInfo{info("phone", "string")},
			present: map[string]crm.PresentMapping{"contact.job_title": {CRMField: "phone", Origin: crm.MappingAdmin}},
			want:    []want{{"contact.email", "email", false}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []want
			for _, p := range crm.Suggest(crm.SuggestInput{
				Package: suggestPackage(), Object: "people", Fields: c.fields, Defaults: c.defaults, Present: c.present,
			}) {
				require.Contains(t, p.Reason, p.CRMField)
				got = append(got, want{p.StandardField, p.CRMField, p.Readable})
			}
			require.Equal(t, c.want, got)
		})
	}
}

// Whatever there is, every suggestion can be applied together with all others, and
// what only looks alike is less sure than any expected name.
func TestSuggestionsCanBeApplied(t *testing.T) {
	t.Parallel()
	pkg := suggestPackage()
	names := []string{"email", "mail", "phone", "title", "Work_Email__c", "job", "Phone2"}
	rapid.Check(t, func(t *rapid.T) {
		var fields []crm.FieldInfo
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(t, "names") {
			fields = append(fields, labelled(name, rapid.SampledFrom([]string{"", "Email", "Phone", "Job title"}).Draw(t, "label"),
				rapid.SampledFrom([]string{"string", "email", "phone", "bool"}).Draw(t, "type")))
		}
		present := map[string]crm.PresentMapping{}
		free := slices.Clone(names)
		for _, standard := range pkg.Objects[0].Fields {
			if rapid.Bool().Draw(t, "mapped") {
				at := rapid.IntRange(0, len(free)-1).Draw(t, "field")
				present[standard.Key] = crm.PresentMapping{CRMField: free[at], Origin: rapid.SampledFrom([]crm.MappingOrigin{crm.MappingAuto, crm.MappingAdmin, crm.MappingDefaulted}).Draw(t, "origin")}
				free = slices.Delete(free, at, at+1)
			}
		}
		in := crm.SuggestInput{Package: pkg, Object: "people", Fields: fields, Present: present, Defaults: map[string]string{"contact.email": "Work_Email__c"}}
		suggestions := crm.Suggest(in)
		slices.Reverse(in.Fields)
		require.Equal(t, suggestions, crm.Suggest(in), "the order of fields does not matter")
		holders := map[string]string{}
		for key, p := range present {
			holders[p.CRMField] = key
		}
		for _, s := range suggestions {
			require.NotEqual(t, present[s.StandardField].CRMField, s.CRMField, "nothing is suggested that is so")
			holder, taken := holders[s.CRMField]
			require.False(t, taken, "%s stands for %s", s.CRMField, holder)
			holders[s.CRMField] = s.StandardField
			require.True(t, s.Confidence > 0 && s.Confidence <= 1)
		}
	})
}
