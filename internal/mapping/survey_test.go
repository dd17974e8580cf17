package mapping_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
)

// met lists the keys of the preconditions that hold, and wants a hint for the others.
func met(t *testing.T, survey mapping.Surveyed) []string {
	t.Helper()
	keys := []string{}
	for _, one := range survey.Preconditions {
		require.NotEmpty(t, one.Title)
		require.Equal(t, one.Met, one.Hint == "", one.Key)
		if one.Met {
			keys = append(keys, one.Key)
		}
	}
	return keys
}

// Requirements H1 and H2: what must hold before the phase, how far it is, and what
// keeps it from its end.
func TestSurvey(t *testing.T) {
	t.Parallel()
	active := &ent.Integration{State: crm.IntegrationActive}
	object := func(name string, status crm.ObjectStatus, published bool) *ent.CrmObject {
		return &ent.CrmObject{Name: name, Status: status, Published: published}
	}
	mapped := func(keys ...string) (rows []*ent.Mapping) {
		for _, key := range keys {
			rows = append(rows, &ent.Mapping{StandardField: key})
		}
		return rows
	}
	const (
		noEmail = "The standard field contact.email (contact.email) of Contact is required and not mapped."
		noID    = "The standard field contact.id (contact.id) of Contact is required and not mapped."
		noLead  = "Lead has not been checked yet."
	)
	for name, c := range map[string]struct {
		integration *ent.Integration
		objects     []*ent.CrmObject
		mapped      []*ent.Mapping
		met         []string
		blockers    []string
		counts      []int // mapped standard fields of the contacts and the leads
		published   []bool
	}{
		"nothing is known": {
			active, nil, nil,
			[]string{"CONNECTED", "PUBLISHED"},
			[]string{"Contact has not been checked yet.", noLead},
			[]int{0, 0},
			[]bool{true, true},
		},
		"not connected": {
			&ent.Integration{State: crm.IntegrationDisconnected},
			[]*ent.CrmObject{object("Contact", crm.ObjectOK, true), object("Lead", crm.ObjectNotFound, true)},
			mapped("contact.email", "contact.id"),
			[]string{"PUBLISHED", "CHECKED"},
			nil,
			[]int{2, 0},
			[]bool{true, true},
		},
		"required fields are missing": {
			active,
			[]*ent.CrmObject{object("Contact", crm.ObjectOK, true), object("Lead", crm.ObjectNotChecked, true)},
			mapped("contact.phone"),
			[]string{"CONNECTED", "PUBLISHED"},
			[]string{noEmail, noID, noLead},
			[]int{1, 0},
			[]bool{true, true},
		},
		"an object that is missing, or taken out, blocks nothing": {
			active,
			[]*ent.CrmObject{object("Contact", crm.ObjectPermissionMissing, true), object("Lead", crm.ObjectNotChecked, false)},
			nil,
			[]string{"CONNECTED", "PUBLISHED", "CHECKED"},
			nil,
			[]int{0, 0},
			[]bool{true, false},
		},
		"no object is published": {
			active,
			[]*ent.CrmObject{object("Contact", crm.ObjectOK, false), object("Lead", crm.ObjectOK, false)},
			nil,
			[]string{"CONNECTED", "CHECKED"},
			[]string{"No object is published."},
			[]int{0, 0},
			[]bool{false, false},
		},
		"done": {
			&ent.Integration{State: crm.IntegrationActive, StepsDone: []crm.OnboardingStep{crm.StepStandardization}},
			[]*ent.CrmObject{object("Contact", crm.ObjectOK, true), object("Lead", crm.ObjectOK, true), object("Case", crm.ObjectOK, true)},
			mapped("contact.email", "contact.id", "contact.phone", "lead.email", "case.gone"),
			[]string{"CONNECTED", "PUBLISHED", "CHECKED"},
			nil,
			[]int{3, 1},
			[]bool{true, true},
		},
	} {
		survey := mapping.Survey(c.integration, testPackage(), c.objects, c.mapped)
		require.Equal(t, c.met, met(t, survey), name)
		require.Equal(t, c.blockers, survey.Blockers, name)
		require.Equal(t, len(c.integration.StepsDone) > 0, survey.Completed, name)
		require.Len(t, survey.Objects, 2, name)
		for i, one := range survey.Objects {
			require.Equal(t, c.counts[i], one.Mapped, name)
			require.Equal(t, c.published[i], one.Published, name)
			required := slices.DeleteFunc([]string{"contact.email", "contact.id", "lead.email"}, func(key string) bool {
				return !strings.HasPrefix(key, one.Package.Key+".") || slices.ContainsFunc(c.mapped, func(row *ent.Mapping) bool { return row.StandardField == key })
			})
			require.ElementsMatch(t, required, one.UnmappedRequired, name)
		}
	}
}
