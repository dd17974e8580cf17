package crm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func TestMappingAlerts(t *testing.T) {
	t.Parallel()
	type brief struct {
		action     crm.AlertAction
		rule       crm.AlertRule
		field      string
		resolution crm.AlertResolution
	}
	mail := crm.Mapping{StandardField: "contact.email", Object: "people", CRMField: "email", MappedAt: noon}
	unmapped := crm.AlertKey{Rule: crm.RuleRequiredFieldUnmapped, Object: "people", Field: "contact.email"}
	broken := crm.AlertKey{Rule: crm.RuleMappingBroken, Object: "people", Field: "email"}
	typed := func(kind string) crm.ObjectState {
		return withField(people(), "email", crm.FieldState{Readable: true, Standardized: true, Type: kind})
	}
	lost := lostObject(noon, "email")
	taken := typed("boolean")
	taken.Unpublished = true
	stale := typed("boolean")
	stale.Stale = true
	cases := map[string]struct {
		state        crm.ObjectState
		standardized bool
		mappings     []crm.Mapping
		open         []crm.AlertKey
		want         []brief
	}{
		"nobody is told before standardization is over": {people(), false, nil, nil, nil},
		"a required field that stands for nothing":      {people(), true, nil, nil, []brief{{crm.ActionOpen, unmapped.Rule, unmapped.Field, ""}}},
		"is told once":                                     {people(), true, nil, []crm.AlertKey{unmapped}, []brief{{crm.ActionUpdate, unmapped.Rule, unmapped.Field, ""}}},
		"until it is mapped":                               {typed("email"), true, []crm.Mapping{mail}, []crm.AlertKey{unmapped}, []brief{{crm.ActionResolve, unmapped.Rule, unmapped.Field, crm.ResolvedMapped}}},
		"a type that suits":                                {typed("string"), true, []crm.Mapping{mail}, nil, nil},
		"a type that nobody knows":                         {typed("hologram"), true, []crm.Mapping{mail}, nil, nil},
		"a type that carries no such values":               {typed("boolean"), true, []crm.Mapping{mail}, nil, []brief{{crm.ActionOpen, broken.Rule, broken.Field, ""}}},
		"until it suits again":                             {typed("email"), true, []crm.Mapping{mail}, []crm.AlertKey{broken}, []brief{{crm.ActionResolve, broken.Rule, broken.Field, crm.ResolvedRestored}}},
		"old news opens nothing":                           {stale, true, []crm.Mapping{mail}, nil, nil},
		"and ends nothing":                                 {stale, true, []crm.Mapping{mail}, []crm.AlertKey{broken}, nil},
		"unmapping ends it, and tells that it is required": {people("email"), true, nil, []crm.AlertKey{broken}, []brief{{crm.ActionOpen, unmapped.Rule, unmapped.Field, ""}, {crm.ActionResolve, broken.Rule, broken.Field, crm.ResolvedUnmapped}}},
		"an unpublished object has no alerts":              {taken, true, []crm.Mapping{mail}, nil, nil},
		"and loses those it has":                           {taken, true, []crm.Mapping{mail}, []crm.AlertKey{broken, unmapped}, []brief{{crm.ActionResolve, broken.Rule, broken.Field, crm.ResolvedUnmapped}, {crm.ActionResolve, unmapped.Rule, unmapped.Field, crm.ResolvedUnmapped}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []brief
			for _, intent := range crm.EvaluateAlerts(crm.AlertInputs{
				Package: suggestPackage(), Objects: []crm.ObjectState{c.state}, Standardized: c.standardized, Mappings: c.mappings, Open: c.open,
			}) {
				got = append(got, brief{intent.Action, intent.Key.Rule, intent.Key.Field, intent.Resolution})
				if intent.Action == crm.ActionOpen {
					require.NotEmpty(t, intent.Title)
					require.NotEmpty(t, intent.Fix.Steps)
					require.False(t, crm.Mandatory(intent.Key.Rule))
				}
			}
			require.Equal(t, c.want, got)
		})
	}
	t.Run("a lost object keeps what it has", func(t *testing.T) {
		t.Parallel()
		for _, intent := range crm.EvaluateAlerts(crm.AlertInputs{
			Package: suggestPackage(), Objects: []crm.ObjectState{lost}, Standardized: true, Mappings: []crm.Mapping{mail}, Open: []crm.AlertKey{broken},
		}) {
			require.NotEqual(t, broken, intent.Key)
		}
	})
}
