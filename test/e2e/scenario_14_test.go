package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScenario14UnmappingAnErroredField: the error is gone, the alert is resolved as
// UNMAPPED, and the history says who did it and why (requirements H3, H4, H8). A
// required one asks first and changes nothing.
func TestScenario14UnmappingAnErroredField(t *testing.T) {
	t.Parallel()
	eachVendor(t, func(t *testing.T, url string, v vendor) {
		s := newSite(t, url, siteOptions{vendor: v})
		i := s.connect(t, "PRODUCTION")
		i.decideAll(t)
		i.finish(t)
		lost := []string{v.phone, v.email}
		s.setRead(t, false, lost...)
		i.check(t)
		eventually(t, "both losses are alerts", func() bool {
			open := i.openAlerts(t)
			return open[lost[0]].ID != "" && open[lost[1]].ID != ""
		})
		errored := i.fields(t, v.contact, "statuses: [ERROR_STANDARDIZED]")
		require.Contains(t, errored, fieldOf(v.phone))

		// A recommended one goes at once.
		var done struct {
			Affected []struct{ Kind, Key, Title string }
		}
		i.do(t, "unmapField", "affected { kind key title }", vars{"standardField": "contact.phone", "reason": "We do not call people."}, &done)
		require.NotEmpty(t, done.Affected)
		require.NotContains(t, i.fields(t, v.contact, "statuses: [ERROR_STANDARDIZED]"), fieldOf(v.phone))
		require.NotContains(t, i.openAlerts(t), v.phone)
		require.Equal(t, "UNMAPPED", i.alerts(t, ", filter: {states: [RESOLVED]}")[v.phone].Resolution)

		var next struct{ DigestPreview struct{ Text string } }
		i.ask(t, "{ digestPreview { text } }", nil, &next)
		require.Contains(t, next.DigestPreview.Text, "* "+fieldOf(v.email)+" ", "what is still lost is in the next digest")
		require.NotContains(t, next.DigestPreview.Text, "* "+fieldOf(v.phone)+" ")

		// A required one says what stops working, and nothing changes.
		required := requiredField(t, i, v.contact, fieldOf(v.email))
		input := vars{"standardField": required, "reason": "The CRM has no such field any more."}
		if i.isRequired(t, required) {
			requireRefused(t, i.try(t, "unmapField", "affected { key }", input), "CONFIRM_REQUIRED")
			require.Contains(t, i.openAlerts(t), v.email)
			input["confirm"] = true
		}
		i.do(t, "unmapField", "", input, nil)
		require.NotContains(t, i.openAlerts(t), v.email)
		require.Empty(t, i.fields(t, v.contact, "statuses: [ERROR_STANDARDIZED]"))
		var empty struct {
			DigestPreview struct {
				Sends bool
				Text  string
			}
		}
		i.ask(t, "{ digestPreview { sends text } }", nil, &empty)
		require.False(t, empty.DigestPreview.Sends, empty.DigestPreview.Text)

		var found struct {
			MappingChanges struct {
				TotalCount int
				Edges      []struct {
					Node struct{ Action, CrmFieldBefore, Reason, ChangedBy string }
				}
			}
		}
		i.look(t, `mappingChanges(first: 5, standardField: "contact.phone") { totalCount edges { node { action crmFieldBefore reason changedBy } } }`, &found)
		require.Equal(t, 2, found.MappingChanges.TotalCount, "mapped by itself, then unmapped")
		newest := found.MappingChanges.Edges[0].Node
		require.Equal(t, "UNMAPPED", newest.Action)
		require.Equal(t, fieldOf(v.phone), newest.CrmFieldBefore)
		require.Equal(t, "We do not call people.", newest.Reason)
		require.NotEmpty(t, newest.ChangedBy)
	})
}

// requiredField is the standard field that a CRM field stands for.
func requiredField(t *testing.T, i *integration, object, field string) string {
	t.Helper()
	key := i.fields(t, object, "statuses: [ERROR_STANDARDIZED]")[field].StandardField
	require.NotEmpty(t, key)
	return key
}

// isRequired reports whether the package requires a standard field.
func (i *integration) isRequired(t *testing.T, key string) bool {
	t.Helper()
	var found struct {
		StandardFields []struct{ Key, Requirement string }
	}
	i.look(t, "standardFields { key requirement }", &found)
	for _, one := range found.StandardFields {
		if one.Key == key {
			return one.Requirement == "REQUIRED"
		}
	}
	require.FailNow(t, "there is no standard field "+key)
	return false
}
