package e2e

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// standardization is where the phase stands.
type standardization struct {
	Preconditions []struct {
		Key, Title, Hint string
		Met              bool
	}
	Completed   bool
	CompletedAt *string
	Blockers    []string
	Objects     []struct {
		Name                            string
		Published                       bool
		StandardFieldCount, MappedCount int
		UnmappedRequired                []string
	}
}

func (i *integration) standardization(t *testing.T) standardization {
	t.Helper()
	var found struct{ Standardization standardization }
	i.look(t, `standardization { preconditions { key title met hint } completed completedAt blockers
		objects { name published standardFieldCount mappedCount unmappedRequired } }`, &found)
	return found.Standardization
}

// unmet lists the preconditions that do not hold; each says what to do.
func (s standardization) unmet(t *testing.T) []string {
	t.Helper()
	keys := []string{}
	for _, one := range s.Preconditions {
		if !one.Met {
			require.NotEmpty(t, one.Hint, one.Key)
			keys = append(keys, one.Key)
		}
	}
	return keys
}

type proposal struct {
	StandardField, CrmField, Reason, PresentCrmField string
	Confidence                                       float64
	Readable                                         bool
}

// proposals are what the automatic mapping proposes, by standard field.
func (i *integration) proposals(t *testing.T) map[string]proposal {
	t.Helper()
	var found struct{ MappingProposals []proposal }
	i.look(t, "mappingProposals { standardField crmField reason presentCrmField confidence readable }", &found)
	all := map[string]proposal{}
	for _, one := range found.MappingProposals {
		all[one.StandardField] = one
	}
	return all
}

// takeProposals takes those that name a field that can be read.
func (i *integration) takeProposals(t *testing.T) {
	t.Helper()
	var wanted []vars
	for _, one := range i.proposals(t) {
		if one.Readable {
			wanted = append(wanted, vars{"standardField": one.StandardField, "crmField": one.CrmField})
		}
	}
	i.do(t, "applyMappingProposals", "", vars{"mappings": wanted}, nil)
}

type standardMapping struct{ CrmField, Origin string }

// mappings are what stands for the standard fields.
func (i *integration) mappings(t *testing.T) map[string]standardMapping {
	t.Helper()
	var found struct {
		StandardFields []struct {
			Key     string
			Mapping *standardMapping
		}
	}
	i.look(t, "standardFields { key mapping { crmField origin } }", &found)
	all := map[string]standardMapping{}
	for _, one := range found.StandardFields {
		if one.Mapping != nil {
			all[one.Key] = *one.Mapping
		}
	}
	return all
}

type mappingChange struct {
	Action, ObjectName, StandardField, CrmFieldBefore, CrmFieldAfter, Reason, ChangedBy string
}

// mappingChanges is the history, newest first.
func (i *integration) mappingChanges(t *testing.T, arguments string) []mappingChange {
	t.Helper()
	var found struct {
		MappingChanges struct {
			Edges []struct{ Node mappingChange }
		}
	}
	i.look(t, "mappingChanges(first: 100"+arguments+") { edges { node { action objectName standardField crmFieldBefore crmFieldAfter reason changedBy } } }", &found)
	var all []mappingChange
	for _, edge := range found.MappingChanges.Edges {
		require.NotEmpty(t, edge.Node.ChangedBy)
		all = append(all, edge.Node)
	}
	return all
}

// TestStandardization is the way of an admin through the phase: what must hold before,
// the automatic mapping and its review, real values, what would stop working, an object
// that is taken out, the end of the phase, defaults and the history (requirements H1 to
// H8 and F4).
func TestStandardization(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})

		// Nothing is mapped before the CRM has answered.
		waiting, _ := s.start(t, s.admin, "SANDBOX")
		require.Contains(t, waiting.standardization(t).unmet(t), "CONNECTED")
		requireRefused(t, waiting.try(t, "mapField", "", vars{"standardField": "contact.phone", "crmField": "Phone"}), "INTEGRATION_STATE")
		requireRefused(t, waiting.try(t, "publishObject", "", vars{"object": "Contact"}), "INTEGRATION_STATE")

		i := s.connect(t, "PRODUCTION")
		first := i.standardization(t)
		require.Empty(t, first.unmet(t))
		require.Empty(t, first.Blockers)
		require.False(t, first.Completed)
		for _, one := range first.Objects {
			require.True(t, one.Published, one.Name)
			require.Positive(t, one.MappedCount, "%s was mapped by itself", one.Name)
			require.Empty(t, one.UnmappedRequired, one.Name)
		}
		i.reviewMappings(t)
		i.takeOut(t, "Opportunity")
		i.followDefault(t)

		done := i.standardization(t)
		require.True(t, done.Completed)
		require.NotNil(t, done.CompletedAt)
		var actions []string
		for _, one := range i.mappingChanges(t, "") {
			actions = append(actions, one.Action)
		}
		slices.Sort(actions)
		require.Equal(t, []string{"COMPLETED", "MAPPED", "PUBLISHED", "REMAPPED", "UNMAPPED", "UNPUBLISHED"}, slices.Compact(actions))
	})
}

// reviewMappings looks at proposals, values and consequences before it changes what
// stands for a standard field.
func (i *integration) reviewMappings(t *testing.T) {
	t.Helper()
	i.do(t, "unmapField", "", vars{"standardField": "contact.phone", "reason": "To be looked at."}, nil)
	proposed := i.proposals(t)["contact.phone"]
	require.Equal(t, "Phone", proposed.CrmField)
	require.InDelta(t, 1, proposed.Confidence, 0)
	require.Contains(t, proposed.Reason, "Phone")
	require.True(t, proposed.Readable)

	var shown struct {
		MappingPreview struct {
			Values      []string
			RecordsRead int
			Note        string
		}
	}
	preview := func(field string) {
		i.ask(t, "query($id: ID!, $field: String!) { mappingPreview(integrationId: $id, object: \"Contact\", crmField: $field) { values recordsRead note } }",
			vars{"id": i.id, "field": field}, &shown)
	}
	preview("LastName")
	require.Len(t, shown.MappingPreview.Values, 5)
	require.NotContains(t, shown.MappingPreview.Values, "")
	require.Empty(t, shown.MappingPreview.Note)

	var taken struct{ Mappings []standardMapping }
	i.do(t, "applyMappingProposals", "mappings { crmField origin }", vars{"mappings": []vars{{"standardField": "contact.phone", "crmField": "Phone"}}}, &taken)
	require.Equal(t, []standardMapping{{"Phone", "ADMIN"}}, taken.Mappings)
	require.NotContains(t, i.proposals(t), "contact.phone")

	// One CRM field stands for one standard field (H5), whichever way it is asked.
	requireRefused(t, i.try(t, "mapField", "", vars{"standardField": "contact.phone", "crmField": "Email"}), "MAPPING_CONFLICT")
	requireRefused(t, i.try(t, "applyMappingProposals", "", vars{"mappings": []vars{
		{"standardField": "contact.title", "crmField": "OtherPhone"}, {"standardField": "contact.department", "crmField": "OtherPhone"},
	}}), "MAPPING_CONFLICT")

	// What would stop working is said before, and nothing has changed (H8).
	before := i.mappings(t)
	answer := i.try(t, "unmapField", "affected { kind key title }", vars{"standardField": "contact.email", "reason": "Not needed."})
	requireRefused(t, answer, "CONFIRM_REQUIRED")
	requireAffected(t, "unmapField", answer.Data)
	require.Equal(t, before, i.mappings(t))
}

// requireAffected asserts that a refusal names what would stop working.
func requireAffected(t *testing.T, name string, data json.RawMessage) {
	t.Helper()
	var payloads map[string]struct {
		Affected []struct{ Kind, Key, Title string }
	}
	require.NoError(t, json.Unmarshal(data, &payloads))
	require.NotEmpty(t, payloads[name].Affected)
	for _, one := range payloads[name].Affected {
		require.NotEmpty(t, one.Title)
	}
}

// takeOut ends the phase without an object, whose records are not read then, and
// brings the object back.
func (i *integration) takeOut(t *testing.T, name string) {
	t.Helper()
	input := vars{"object": name, "reason": "We have none."}
	answer := i.try(t, "unpublishObject", "affected { kind key title }", input)
	requireRefused(t, answer, "CONFIRM_REQUIRED")
	requireAffected(t, "unpublishObject", answer.Data)
	input["confirm"] = true
	i.do(t, "unpublishObject", "object { name }", input, nil)
	i.decideAll(t)
	i.finish(t)
	names := func(one run) (read []string) {
		require.Equal(t, "SUCCEEDED", one.Status, one.Reason)
		for _, object := range one.Objects {
			read = append(read, object.Name)
		}
		return read
	}
	require.NotContains(t, names(i.runEnds(t, 1)), name)
	require.Contains(t, i.objects(t), name, "it is still checked")
	i.setRead(t, false, name)
	i.check(t)
	require.Equal(t, "OK", i.objects(t)["Contact"].Status)
	require.NotContains(t, i.openAlerts(t), name, "and nobody is told of it")
	i.setRead(t, true, name)
	i.check(t)
	i.do(t, "publishObject", "object { name }", vars{"object": name}, nil)
	require.Contains(t, names(i.runNow(t)), name)
}

// followDefault lets a standard field follow the workspace's default, and no longer.
func (i *integration) followDefault(t *testing.T) {
	t.Helper()
	var set struct {
		Default      *struct{ CrmField string }
		Integrations []struct{ ID string }
	}
	const selection = "default { crmField } integrations { id }"
	input := vars{"connector": i.vendor.connector, "standardField": "contact.phone", "crmField": "MobilePhone"}
	i.change(t, "setMappingDefault", selection, input, &set)
	require.Equal(t, "MobilePhone", set.Default.CrmField)
	require.Empty(t, set.Integrations)
	require.Equal(t, standardMapping{"Phone", "ADMIN"}, i.mappings(t)["contact.phone"], "an admin's own mapping stays (H6)")

	i.do(t, "resetMapping", "mapping { crmField }", vars{"standardField": "contact.phone"}, nil)
	require.Equal(t, standardMapping{"MobilePhone", "DEFAULT"}, i.mappings(t)["contact.phone"])

	input["crmField"] = nil
	i.change(t, "setMappingDefault", selection, input, &set)
	require.Nil(t, set.Default)
	require.Equal(t, standardMapping{"Phone", "AUTO"}, i.mappings(t)["contact.phone"])
	newest := i.mappingChanges(t, `, standardField: "contact.phone"`)
	require.GreaterOrEqual(t, len(newest), 5)
	require.Equal(t, []string{"MobilePhone", "Phone"}, []string{newest[0].CrmFieldBefore, newest[0].CrmFieldAfter})
}
