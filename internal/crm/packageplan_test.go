package crm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func TestPlanPackage(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	readable := map[string]crm.ObjectState{"people": {Object: "people", Status: crm.ObjectOK, Fields: map[string]crm.FieldState{
		"fax": {Readable: true}, "email": {Readable: true}, "alias": {},
	}}, "tasks": {Object: "tasks", Status: crm.ObjectPermissionMissing}}
	cases := map[string]struct {
		change func(pkg *crm.Package)
		mapped map[string]string
		want   []crm.PackageEffect // without descriptions, which must hold the words
		words  string
	}{
		"nothing":         {func(*crm.Package) {}, nil, nil, ""},
		"words of people": {func(p *crm.Package) { p.Title, p.Objects[0].Label = "New", "Persons" }, nil, nil, ""},
		"a new object that cannot be read": {func(p *crm.Package) {
			p.Objects = append(p.Objects, crm.PackageObject{Key: "task", Name: "tasks", Label: "Tasks", Requirement: crm.Required})
		}, nil, []crm.PackageEffect{{Kind: crm.EffectObjectAdded, Subject: "task", Readable: &no}}, "Tasks (tasks) is new, required"},
		"an object goes with its mappings": {
			func(p *crm.Package) { p.Objects = p.Objects[1:] },
			map[string]string{"contact.email": "email"},
			[]crm.PackageEffect{{Kind: crm.EffectObjectRemoved, Subject: "contact", Destructive: true}},
			"1 mapping",
		},
		"an object of another name is another object": {func(p *crm.Package) { p.Objects[1].Name = "firms" }, nil, []crm.PackageEffect{
			{Kind: crm.EffectObjectAdded, Subject: "account"}, {Kind: crm.EffectObjectRemoved, Subject: "account", Destructive: true},
		}, "firms"},
		"more rights": {
			func(p *crm.Package) { p.Objects[1].Rights.Update = true; p.Objects[1].Requirement = crm.Required }, nil,
			[]crm.PackageEffect{{Kind: crm.EffectObjectChanged, Subject: "account"}},
			"read, update instead of read",
		},
		"a new field that can be read": {func(p *crm.Package) {
			fax := crm.StandardField{Key: "contact.fax", Label: "Fax", DataType: crm.TypePhone, Requirement: crm.Optional, Candidates: []string{"fax"}}
			p.Objects[0].Fields = append(p.Objects[0].Fields, fax)
		}, nil, []crm.PackageEffect{{Kind: crm.EffectFieldAdded, Subject: "contact.fax", Readable: &yes}}, "Fax of People is new, optional"},
		"a mapped field goes": {
			func(p *crm.Package) { p.Objects[0].Fields = p.Objects[0].Fields[1:] },
			map[string]string{"contact.mail_alias": "alias"},
			[]crm.PackageEffect{{Kind: crm.EffectFieldRemoved, Subject: "contact.mail_alias", Destructive: true}},
			"its mapping to people.alias is removed",
		},
		"a field that nothing stands for goes": {
			func(p *crm.Package) { p.Objects[0].Fields = p.Objects[0].Fields[1:] }, nil,
			[]crm.PackageEffect{{Kind: crm.EffectFieldRemoved, Subject: "contact.mail_alias"}},
			"mapped to nothing",
		},
		"a field becomes required": {func(p *crm.Package) {
			p.Objects[0].Fields = slices.Clone(p.Objects[0].Fields)
			p.Objects[0].Fields[0].Requirement = crm.Required
		}, map[string]string{"contact.mail_alias": "alias"}, []crm.PackageEffect{{Kind: crm.EffectFieldChanged, Subject: "contact.mail_alias", Readable: &no}}, "was optional and is required"},
		"features come and go": {func(p *crm.Package) {
			p.Features = []crm.Feature{p.Features[0], {Key: "new", Title: "New one", Description: "Does it."}}
		}, nil, []crm.PackageEffect{
			{Kind: crm.EffectFeatureAdded, Subject: "new"}, {Kind: crm.EffectFeatureRemoved, Subject: "auto-save", Destructive: true},
		}, "New one is new: Does it."},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := testPackage(), testPackage()
			to.Version = 2
			c.change(&to)
			plan := crm.PlanPackage(crm.PackagePlanInputs{From: from, To: to, Objects: readable, Mapped: c.mapped})
			require.Equal(t, []int{1, 2}, []int{plan.FromVersion, plan.ToVersion})
			var words []string
			for i := range plan.Effects {
				words = append(words, plan.Effects[i].Description)
				plan.Effects[i].Description = ""
			}
			require.Equal(t, c.want, plan.Effects)
			require.Contains(t, strings.Join(words, "\n"), c.words)
		})
	}
}

// anyPackage draws a version with some of a few objects, fields and features.
func anyPackage(t *rapid.T, version int) crm.Package {
	pkg := crm.Package{Key: "p", Version: version, Title: "P", CRM: "c"}
	some := func(what string) []int {
		return rapid.SliceOfDistinct(rapid.IntRange(0, 4), rapid.ID[int]).Draw(t, fmt.Sprint(what, version))
	}
	requirement := rapid.SampledFrom([]crm.Requirement{crm.Required, crm.Recommended, crm.Optional})
	for _, i := range some("features") {
		pkg.Features = append(pkg.Features, crm.Feature{Key: fmt.Sprint("f", i)})
	}
	for _, i := range some("objects") {
		object := crm.PackageObject{Key: fmt.Sprint("o", i), Name: fmt.Sprint("O", i), Requirement: requirement.Draw(t, "requirement")}
		for _, j := range some("fields") {
			object.Fields = append(object.Fields, crm.StandardField{
				Key: fmt.Sprintf("o%d.s%d", i, j), Requirement: requirement.Draw(t, "requirement"), Candidates: []string{"x"},
			})
		}
		pkg.Objects = append(pkg.Objects, object)
	}
	return pkg
}

// subjects counts the effects of a kind by subject.
func subjects(plan crm.PackagePlan, kind crm.PackageEffectKind) []string {
	var found []string
	for _, effect := range plan.Effects {
		if effect.Kind == kind {
			found = append(found, effect.Subject)
		}
	}
	slices.Sort(found)
	return found
}

func TestPlanPackageProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyPackage(t, 1), anyPackage(t, 2)
		there := crm.PlanPackage(crm.PackagePlanInputs{From: a, To: b})
		back := crm.PlanPackage(crm.PackagePlanInputs{From: b, To: a})
		require.Empty(t, crm.PlanPackage(crm.PackagePlanInputs{From: a, To: a}).Effects)
		for _, pair := range [][2]crm.PackageEffectKind{
			{crm.EffectObjectAdded, crm.EffectObjectRemoved},
			{crm.EffectFieldAdded, crm.EffectFieldRemoved},
			{crm.EffectFeatureAdded, crm.EffectFeatureRemoved},
			{crm.EffectObjectChanged, crm.EffectObjectChanged},
			{crm.EffectFieldChanged, crm.EffectFieldChanged},
		} {
			require.Equal(t, subjects(there, pair[0]), subjects(back, pair[1]), "the way back undoes what the way there does")
		}
		// Whatever is mapped and vanishes is announced as destructive, itself or with its object.
		mapped := map[string]string{}
		for _, object := range a.Objects {
			for _, field := range object.Fields {
				if _, _, stays := b.StandardField(field.Key); !stays {
					mapped[field.Key] = "x"
				}
			}
		}
		taken := map[string]bool{}
		for _, effect := range crm.PlanPackage(crm.PackagePlanInputs{From: a, To: b, Mapped: mapped}).Effects {
			require.NotEmpty(t, effect.Description)
			taken[effect.Subject] = taken[effect.Subject] || effect.Destructive
		}
		for key := range mapped {
			object, _, _ := strings.Cut(key, ".")
			require.True(t, taken[key] || taken[object], key)
		}
	})
}

func TestReadingOrderProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// Each requires some of those with a smaller number, so there is no circle; the
		// order given is any.
		var objects []crm.PackageObject
		for i := range rapid.IntRange(0, 8).Draw(t, "objects") {
			object := crm.PackageObject{Key: fmt.Sprint(i)}
			for j := range i {
				if rapid.Bool().Draw(t, "requires") {
					object.Requires = append(object.Requires, fmt.Sprint(j))
				}
			}
			objects = append(objects, object)
		}
		shuffled := rapid.Permutation(objects).Draw(t, "order")
		ordered := crm.ReadingOrder(shuffled)
		require.ElementsMatch(t, objects, ordered)
		placed := map[string]bool{}
		for _, object := range ordered {
			for _, key := range object.Requires {
				require.True(t, placed[key], "%s comes before %s", object.Key, key)
			}
			placed[object.Key] = true
		}
		require.Equal(t, ordered, crm.ReadingOrder(ordered), "what is in order stays")
	})
}
