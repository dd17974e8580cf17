package crm_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// testPackage is a small package in the words of a CRM with other names than the
// package's own.
func testPackage() crm.Package {
	read := crm.Rights{Read: true}
	return crm.Package{
		Key: "sales-engagement", Version: 1, Title: "Sales engagement", CRM: "testcrm",
		Features: []crm.Feature{
			{Key: "contact-view", Title: "Contact view", Description: "Shows contacts."},
			{Key: "auto-save", Title: "Auto-save", Description: "Saves lists.", Settings: []string{crm.SettingAutoSave}},
		},
		Objects: []crm.PackageObject{
			{
				Key: "contact", Name: "people", Label: "People", Requirement: crm.Required, Rights: read,
				Fields: []crm.StandardField{
					{
						Key: "contact.mail_alias", Label: "Alias", DataType: crm.TypeEmail, Requirement: crm.Optional,
						Candidates: []string{"mail", "alias"}, Features: []string{"contact-view"},
					},
					{
						Key: "contact.email", Label: "E-mail", DataType: crm.TypeEmail, Requirement: crm.Required,
						Candidates: []string{"email", "mail"}, Features: []string{"contact-view", "auto-save"},
					},
					{
						Key: "contact.employees", Label: "Employees", DataType: crm.TypeNumber, Requirement: crm.Recommended,
						Candidates: []string{"employees"}, Features: []string{"contact-view"},
					},
				},
			},
			{Key: "account", Name: "companies", Label: "Companies", Requirement: crm.Recommended, Rights: read},
			{
				Key: "opportunity", Name: "deals", Label: "Deals", Requirement: crm.Required, Rights: read,
				Fields: []crm.StandardField{
					{
						Key: "opportunity.stage", Label: "Stage", DataType: crm.TypePicklist, Requirement: crm.Required,
						Candidates: []string{"dealstage"}, Features: []string{"auto-save"},
					},
					{
						Key: "opportunity.owner_id", Label: "Owner", DataType: crm.TypeReference, Requirement: crm.Required,
						Candidates: []string{"owner"}, Features: []string{"auto-save"},
					},
				},
			},
			{Key: "lead", Name: "leads", Label: "Leads", Requirement: crm.Recommended, Rights: read},
		},
	}
}

func TestPackageLookups(t *testing.T) {
	t.Parallel()
	pkg := testPackage()
	require.NoError(t, pkg.Validate())
	object, found := pkg.Object("people")
	require.True(t, found)
	require.Equal(t, "contact", object.Key)
	_, found = pkg.Object("contact")
	require.False(t, found, "Object takes the CRM's name")
	object, found = pkg.ObjectByKey("contact")
	require.True(t, found)
	require.Equal(t, "people", object.Name)
	object, field, found := pkg.StandardField("contact.email")
	require.True(t, found)
	require.Equal(t, "people", object.Name)
	require.Equal(t, "E-mail", field.Label)
	_, _, found = pkg.StandardField("contact.fax")
	require.False(t, found)
	require.Equal(t, []string{"people", "companies", "deals", "leads"}, pkg.ObjectNames())
	require.Equal(t, pkg.Features, pkg.FeaturesOf(field))
	require.Empty(t, pkg.FeaturesOf())
}

func TestValidateReportsEveryProblemWithItsPath(t *testing.T) {
	t.Parallel()
	pkg := testPackage()
	pkg.Key, pkg.Version, pkg.Title = "Sales", 0, " "
	pkg.Features[0].Key = "auto-save"
	pkg.Features[1].Settings = []string{"autosave"}
	pkg.Objects[0].Fields[0].Key = "people.alias"
	pkg.Objects[0].Fields[1].DataType = "MAIL"
	pkg.Objects[0].Fields[1].Candidates = []string{"email", "EMAIL"}
	pkg.Objects[0].Fields[2].Candidates = nil
	pkg.Objects[0].Fields[2].Features = []string{"map"}
	pkg.Objects[1].Name = "People"
	pkg.Objects[1].Rights = crm.Rights{Create: true}
	pkg.Objects[1].Requirement = "MUST"

	var paths []string
	var collect func(error)
	collect = func(err error) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				collect(e)
			}
			return
		}
		var problem crm.PackageProblem
		require.ErrorAs(t, err, &problem)
		require.NotEmpty(t, problem.Message)
		paths = append(paths, problem.Path)
	}
	collect(pkg.Validate())
	slices.Sort(paths)
	require.Equal(t, []string{
		"features[1].key", "features[1].settings[0]", "key",
		"objects[0].fields[0].features[0]", // contact-view is gone
		"objects[0].fields[0].key",
		"objects[0].fields[1].candidates[1]", "objects[0].fields[1].features[0]", "objects[0].fields[1].type",
		"objects[0].fields[2].candidates", "objects[0].fields[2].features[0]",
		"objects[1].name", "objects[1].requirement", "objects[1].rights", "title", "version",
	}, paths)
}

func info(name, kind string) crm.FieldInfo {
	return crm.FieldInfo{Name: name, Type: kind, Rights: crm.Rights{Read: true}}
}

func TestPropose(t *testing.T) {
	t.Parallel()
	type want struct {
		standard, field string
		confidence      float64
		readable        bool
	}
	cases := map[string]struct {
		fields []crm.FieldInfo
		want   []want
	}{
		"exact names": {
			[]crm.FieldInfo{info("employees", "int"), info("email", "email"), info("mail", "email")},
			[]want{{"contact.mail_alias", "mail", 1, true}, {"contact.email", "email", 1, true}, {"contact.employees", "employees", 1, true}},
		},
		"the required field chooses first, the optional one takes what is left": {
			[]crm.FieldInfo{info("mail", "email"), info("alias", "string")},
			[]want{{"contact.mail_alias", "alias", 0.9, true}, {"contact.email", "mail", 0.9, true}},
		},
		"upper and lower case": {
			[]crm.FieldInfo{info("EMail", "email")},
			[]want{{"contact.email", "EMail", 0.9, true}},
		},
		"a type that does not fit is passed over": {
			[]crm.FieldInfo{info("email", "boolean"), info("mail", "string"), info("employees", "string")},
			[]want{{"contact.email", "mail", 0.9, true}},
		},
		"a type nobody knows is passed over": {
			[]crm.FieldInfo{info("email", "hologram"), info("mail", "email"), info("employees", "hologram")},
			[]want{{"contact.email", "mail", 0.9, true}},
		},
		"a required field that cannot be read stays visible": {
			nil,
			[]want{{"contact.email", "email", 0.25, false}},
		},
		"a field without read right is as good as absent": {
			[]crm.FieldInfo{{Name: "email", Type: "email"}},
			[]want{{"contact.email", "email", 0.25, false}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []want
			for _, p := range crm.Propose(testPackage(), "people", c.fields, nil) {
				require.Contains(t, p.Reason, p.CRMField)
				got = append(got, want{p.StandardField, p.CRMField, p.Confidence, p.Readable})
			}
			require.Equal(t, c.want, got)
		})
	}
	require.Nil(t, crm.Propose(testPackage(), "unknown", nil, nil))
}

func TestProposeProperties(t *testing.T) {
	t.Parallel()
	pkg := testPackage()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"email", "EMAIL", "Mail", "mail", "alias", "employees", "x"}), rapid.ID[string]).Draw(t, "names")
		var fields []crm.FieldInfo
		for _, name := range names {
			fields = append(fields, info(name, rapid.SampledFrom([]string{"string", "email", "int", "bool"}).Draw(t, "type")))
		}
		proposals := crm.Propose(pkg, "people", fields, nil)
		turned := slices.Clone(fields)
		slices.Reverse(turned)
		require.Equal(t, proposals, crm.Propose(pkg, "people", turned, nil))

		standard, used := map[string]bool{}, map[string]bool{}
		for _, p := range proposals {
			require.False(t, standard[p.StandardField] || used[p.CRMField], "twice: %+v", p)
			standard[p.StandardField], used[p.CRMField] = true, true
			require.Equal(t, p.Readable, slices.Contains(names, p.CRMField))
			require.True(t, p.Confidence > 0 && p.Confidence <= 1)
		}
	})
}

func TestCRMFieldIsTheMappedOneElseTheFirstCandidate(t *testing.T) {
	t.Parallel()
	email := crm.StandardField{Key: "contact.email", Candidates: []string{"Email", "Work_Email__c"}}
	require.Equal(t, "Email", email.CRMField(nil))
	require.Equal(t, "Work_Email__c", email.CRMField(map[string]string{"contact.email": "Work_Email__c"}))
	require.Equal(t, "Email", email.CRMField(map[string]string{"contact.name": "Name"}))
	require.Empty(t, crm.StandardField{Key: "contact.fax"}.CRMField(nil))
}
