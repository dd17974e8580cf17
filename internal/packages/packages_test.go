package packages_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/packages"
)

// builtIn is the packages of the binary.
func builtIn(t *testing.T) *packages.Catalogue {
	t.Helper()
	catalogue, err := packages.BuiltIn()
	require.NoError(t, err)
	return catalogue
}

func TestEveryBuiltInPackageLoads(t *testing.T) {
	t.Parallel()
	catalogue := builtIn(t)
	require.Contains(t, catalogue.Known(), "sales-engagement.salesforce")
	for _, pkg := range catalogue.All() {
		require.NoError(t, pkg.Validate())
		same, err := catalogue.Load(pkg.Key, pkg.CRM, pkg.Version)
		require.NoError(t, err)
		require.Equal(t, pkg, same)
	}
}

func TestSalesforcePackage(t *testing.T) {
	t.Parallel()
	pkg, err := packages.Load("sales-engagement", "salesforce", 0)
	require.NoError(t, err)
	require.Equal(t, []string{"Account", "Contact", "Lead", "Opportunity", "User", "OpportunityContactRole", "Task", "UserRole"}, pkg.ObjectNames())
}

// TestSalesforceCandidatesExist maps the package on recorded describe answers, when
// they are at hand: every standard field finds its CRM field by the first candidate.
func TestSalesforceCandidatesExist(t *testing.T) {
	t.Parallel()
	root := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if root == "" {
		t.Skip("SKIPPED: FIELDWARDEN_REFERENCE_DATA names no folder with recorded describe answers")
	}
	pkg, err := packages.Load("sales-engagement", "salesforce", 0)
	require.NoError(t, err)
	for object, file := range map[string]string{
		"Account": "real/nango.Account.v58.json", "Contact": "real/cumulusci.Contact.vXX.json", "Lead": "real/cumulusci.Lead.v59.json",
		"Opportunity": "real/cumulusci.Opportunity.vXX.json", "User": "derived/User.json",
		"OpportunityContactRole": "real/cumulusci.OpportunityContactRole.v48.json", "Task": "derived/Task.json", "UserRole": "derived/UserRole.json",
	} {
		fields := describedFields(t, filepath.Join(root, "salesforce", "data", "describe", file))
		wanted, _ := pkg.Object(object)
		proposals := crm.Propose(pkg, object, fields, nil)
		require.Len(t, proposals, len(wanted.Fields), object)
		for _, p := range proposals {
			require.True(t, p.Readable && p.Confidence == 1, "%+v", p)
		}
	}
}

func describedFields(t *testing.T, file string) []crm.FieldInfo {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	type describe struct {
		Fields []struct{ Name, Type string }
	}
	var answer struct {
		describe
		Result *describe
	}
	require.NoError(t, json.Unmarshal(text, &answer))
	if answer.Result != nil {
		answer.describe = *answer.Result
	}
	var fields []crm.FieldInfo
	for _, field := range answer.Fields {
		fields = append(fields, crm.FieldInfo{Name: field.Name, Type: field.Type, Rights: crm.Rights{Read: true}})
	}
	require.NotEmpty(t, fields)
	return fields
}

func TestLoadNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, ask := range [][2]string{{"sales-engagement", "nocrm"}, {"", ""}, {"../data/sales-engagement", "salesforce"}} {
		_, err := packages.Load(ask[0], ask[1], 0)
		var missing packages.NotFoundError
		require.ErrorAs(t, err, &missing)
		require.ErrorContains(t, err, "sales-engagement.salesforce")
	}
}

const good = `key: p
version: 2
title: P
crm: c
features:
  - key: f
    title: F
    description: Does F.
    settings: [dataSync]
objects:
  - key: contact
    name: people
    label: People
    requirement: REQUIRED
    rights: [READ, CREATE]
    fields:
      - key: contact.email
        label: E-mail
        type: EMAIL
        requirement: REQUIRED
        candidates: [email]
        features: [f]
`

func TestParse(t *testing.T) {
	t.Parallel()
	pkg, err := packages.Parse("p.yaml", []byte(good))
	require.NoError(t, err)
	require.Equal(t, crm.Package{
		Key: "p", Version: 2, Title: "P", CRM: "c",
		Features: []crm.Feature{{Key: "f", Title: "F", Description: "Does F.", Settings: []string{"dataSync"}}},
		Objects: []crm.PackageObject{{
			Key: "contact", Name: "people", Label: "People", Requirement: crm.Required, Rights: crm.Rights{Read: true, Create: true},
			Fields: []crm.StandardField{{
				Key: "contact.email", Label: "E-mail", DataType: crm.TypeEmail, Requirement: crm.Required,
				Candidates: []string{"email"}, Features: []string{"f"},
			}},
		}},
	}, pkg)
}

func TestParseReportsEveryProblemAtItsPlace(t *testing.T) {
	t.Parallel()
	replace := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(good) }
	cases := map[string]struct {
		source string
		want   []string
	}{
		"unknown keys": {
			replace("title: P\n", "titel: P\n", "    label: People\n", "    lable: People\n"),
			[]string{`p.yaml:3:1: unknown key "titel"`, `p.yaml:13:5: unknown key "lable"`},
		},
		"a repeated key": {
			replace("crm: c\n", "crm: c\ncrm: d\n"),
			[]string{`p.yaml:5:1: the key "crm" is here a second time`},
		},
		"values of the wrong kind": {
			replace("version: 2", "version: two", "[email]", "email", "title: P", "title: 7", "- key: f\n", "- key: [f]\n"),
			[]string{"p.yaml:2:10: version", "p.yaml:3:8: title", "p.yaml:6:10: features[0].key", "p.yaml:21:21: objects[0].fields[0].candidates"},
		},
		"a right that is none": {
			replace("[READ, CREATE]", "[READ, WRITE, 3]"),
			[]string{`p.yaml:15:20: "WRITE" must be one of`, "p.yaml:15:27: objects[0].rights[2] must be a text"},
		},
		"what the package's rules refuse": {
			replace("version: 2", "version: 0", "requirement: REQUIRED\n        c", "requirement: MUST\n        c", "[f]", "[f, g]"),
			[]string{"p.yaml:2:10: version:", "p.yaml:20:22: objects[0].fields[0].requirement:", "p.yaml:22:23: objects[0].fields[0].features[1]:"},
		},
		"what is missing is shown where it belongs": {
			replace("title: P\n", "", "        label: E-mail\n", ""),
			[]string{"p.yaml:1:1: title: must not be empty", "p.yaml:16:9: objects[0].fields[0].label: must not be empty"},
		},
		"two standard fields of one name, a stranger's among them": {
			good + `      - key: contact.email
        label: Again
        type: EMAIL
        requirement: OPTIONAL
        candidates: [mail]
      - key: lead.email
        label: Of another object
        type: EMAIL
        requirement: OPTIONAL
        candidates: [mail]
`,
			[]string{`p.yaml:23:14: objects[0].fields[1].key: standard field "contact.email" is already at objects[0].fields[0].key`, "p.yaml:28:14: objects[0].fields[2].key:"},
		},
		"two objects of one name, two features of one key": {
			strings.Replace(good, "objects:\n", "  - {key: f, title: G, description: G.}\nobjects:\n  - {key: contact, name: People, label: L, requirement: OPTIONAL, rights: [READ]}\n", 1),
			[]string{`p.yaml:10:11: features[1].key: feature "f" is already at`, `object key "contact" is already at objects[0].key`, `object "people" is already at objects[0].name`},
		},
		"a setting and an object that there is not": {
			replace("settings: [dataSync]", "settings: [dataSink]", "    rights: [READ, CREATE]\n", "    rights: [READ]\n    requires: [account]\n"),
			[]string{`p.yaml:9:16: features[0].settings[0]: there is no setting "dataSink"`, `p.yaml:16:16: objects[0].requires[0]: the package has no object with the key "account"`},
		},
		"no right to read": {replace("[READ, CREATE]", "[CREATE]"), []string{"p.yaml:15:13: objects[0].rights: must hold READ"}},
		"an alias":         {replace("title: P", "title: &x P", "crm: c", "crm: *x"), []string{"p.yaml:3:8: title", "p.yaml:4:6: crm"}},
		"a list":           {"- a\n- b\n", []string{"p.yaml:1:1: want a mapping"}},
		"nothing":          {"", []string{"p.yaml:1:1: want one YAML document"}},
		"two documents":    {good + "---\n" + good, []string{"p.yaml:1:1: want one YAML document"}},
		"no YAML at all":   {"key: [\n", []string{"p.yaml:1:6: "}},
		"a huge version":   {replace("version: 2", "version: 99999999999999999999"), []string{"p.yaml:2:10: version"}},
		"below nothing":    {replace("version: 2", "version: -2"), []string{"p.yaml:2:10: version"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pkg, err := packages.Parse("p.yaml", []byte(c.source))
			require.Error(t, err)
			require.Empty(t, pkg)
			lines := strings.Split(err.Error(), "\n")
			require.Len(t, lines, len(c.want), err.Error())
			for _, want := range c.want {
				require.Contains(t, err.Error(), want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(good, "rights:", "requires: [contact]\n    rights:", 1)))
	f.Add([]byte("objects:\n  - {key: a, requires: [b]}\n  - {key: b, requires: [a, a, gone]}\n"))
	for _, pkg := range []string{"revenue-intelligence.hubspot.v1.yaml", "sales-engagement.salesforce.v2.yaml"} {
		source, err := os.ReadFile(filepath.Join("data", pkg))
		require.NoError(f, err)
		f.Add(source)
	}
	f.Add([]byte("objects: [{fields: [{}]}, ~]\nkey: &a [*a]"))
	f.Fuzz(func(t *testing.T, source []byte) {
		pkg, err := packages.Parse("p.yaml", bytes.Clone(source))
		if err == nil {
			require.NoError(t, pkg.Validate())
		}
	})
}

func TestVersions(t *testing.T) {
	t.Parallel()
	catalogue := builtIn(t)
	for _, crmName := range []string{"salesforce", "dynamics365", "hubspot"} {
		newest, err := catalogue.Load("sales-engagement", crmName, 0)
		require.NoError(t, err)
		require.Equal(t, 2, newest.Version)
		former, err := catalogue.Load("sales-engagement", crmName, 1)
		require.NoError(t, err)
		plan := crm.PlanPackage(crm.PackagePlanInputs{From: former, To: newest, Mapped: map[string]string{"contact.fax": "fax"}})
		kinds := map[crm.PackageEffectKind]int{}
		for _, effect := range plan.Effects {
			kinds[effect.Kind]++
			require.Equal(t, effect.Subject == "contact.fax", effect.Destructive, effect.Description)
		}
		require.Positive(t, kinds[crm.EffectFieldAdded])
		require.Equal(t, 1, kinds[crm.EffectFieldRemoved])
		_, err = catalogue.Load("sales-engagement", crmName, 99)
		require.ErrorContains(t, err, "no version 99")
	}
}

// operators writes files into a folder and opens the catalogue with it.
func operators(t *testing.T, sources map[string]string) (*packages.Catalogue, string, error) {
	t.Helper()
	folder := t.TempDir()
	for name, source := range sources {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(source), 0o600))
	}
	catalogue, err := packages.Open(folder)
	return catalogue, folder, err
}

func TestAnOperatorsFolderAddsAndOverrides(t *testing.T) {
	t.Parallel()
	override := strings.NewReplacer("key: p\n", "key: sales-engagement\n", "crm: c\n", "crm: salesforce\n").Replace(good)
	catalogue, _, err := operators(t, map[string]string{
		"p.c.v2.yaml": good, "sales-engagement.salesforce.v2.yaml": override, "notes.txt": "not a package",
	})
	require.NoError(t, err)
	added, err := catalogue.Load("p", "c", 0)
	require.NoError(t, err)
	require.Equal(t, 2, added.Version)
	overridden, err := catalogue.Load("sales-engagement", "salesforce", 0)
	require.NoError(t, err)
	require.Equal(t, "P", overridden.Title)
	former, err := catalogue.Load("sales-engagement", "salesforce", 1)
	require.NoError(t, err)
	require.Equal(t, "Sales engagement", former.Title, "other versions stay")
}

func TestMistakesOfAllFilesAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, folder, err := operators(t, map[string]string{
		"p.c.v3.yaml":   good,
		"q.c.v2.yaml":   strings.Replace(good, "label: People", "lable: People", 1),
		"big.c.v1.yaml": "# " + strings.Repeat("x", 1<<20),
	})
	require.ErrorContains(t, err, filepath.Join(folder, "p.c.v3.yaml")+":1:1: ")
	require.ErrorContains(t, err, "its name must be p.c.v2.yaml")
	require.ErrorContains(t, err, filepath.Join(folder, "q.c.v2.yaml")+`:13:5: unknown key "lable"`)
	require.ErrorContains(t, err, "big.c.v1.yaml: the file is larger than")
	_, err = packages.Open(filepath.Join(folder, "nowhere"))
	require.ErrorContains(t, err, "nowhere")
}

func TestObjectsAreInReadingOrder(t *testing.T) {
	t.Parallel()
	object := func(key, requires string) string {
		return "  - {key: " + key + ", name: " + key + ", label: L, requirement: OPTIONAL, rights: [READ], requires: [" + requires + "]}\n"
	}
	head := "key: p\nversion: 1\ntitle: P\ncrm: c\nobjects:\n"
	pkg, err := packages.Parse("p", []byte(head+object("a", "c")+object("b", "")+object("c", "d")+object("d", "")))
	require.NoError(t, err)
	require.Equal(t, []string{"d", "c", "a", "b"}, pkg.ObjectNames())

	_, err = packages.Parse("p", []byte(head+object("a", "b")+object("b", "a, gone")+object("c", "c")+object("d", "a")))
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 4, err.Error())
	require.Contains(t, err.Error(), `p:7:86: objects[1].requires[1]: the package has no object with the key "gone"`)
	for _, at := range []string{"p:6:82: objects[0].requires", "p:7:82: objects[1].requires", "p:8:82: objects[2].requires"} {
		require.Contains(t, err.Error(), at)
	}
}
