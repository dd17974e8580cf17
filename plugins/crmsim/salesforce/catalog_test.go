package salesforce_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestCatalogueMatchesRecordedDescribes compares our describe answers with recorded ones, property by property, where
// such recordings are at hand. The recordings carry a few fields of features that a plain org has switched off.
func TestCatalogueMatchesRecordedDescribes(t *testing.T) {
	t.Parallel()
	root := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if root == "" {
		t.Skip("FIELDWARDEN_REFERENCE_DATA is not set: describe is not compared with recordings")
	}
	featureFields := map[string]bool{ // state and country picklists
		"BillingStateCode": true, "BillingCountryCode": true, "ShippingStateCode": true, "ShippingCountryCode": true,
	}
	for object, file := range map[string]string{
		"Account": "nango.Account.v58", "Contact": "cumulusci.Contact.vXX", "Lead": "cumulusci.Lead.v59",
		"Opportunity": "cumulusci.Opportunity.vXX",
	} {
		t.Run(object, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join(root, "salesforce/data/describe/real", file+".json"))
			require.NoError(t, err)
			var recorded, ours map[string]any
			require.NoError(t, json.Unmarshal(text, &recorded))
			org := start(t, nil)
			org.login(t).get(t, "/services/data/v66.0/sobjects/"+object+"/describe").json(t, http.StatusOK, &ours)

			want, got := byName(recorded["fields"]), byName(ours["fields"])
			for name := range want {
				if custom, _ := want[name]["custom"].(bool); custom || featureFields[name] {
					delete(want, name)
				}
			}
			require.Empty(t, cmp.Diff(names(want), names(got)))
			for name := range want {
				if diff := cmp.Diff(want[name], got[name]); diff != "" {
					t.Errorf("%s.%s (-recorded +ours):\n%s", object, name, diff)
				}
			}
			for _, key := range []string{"fields", "childRelationships", "urls", "recordTypeInfos"} {
				delete(recorded, key)
				delete(ours, key)
			}
			for key := range recorded {
				require.Contains(t, ours, key)
				if diff := cmp.Diff(recorded[key], ours[key]); diff != "" {
					t.Errorf("%s %s (-recorded +ours):\n%s", object, key, diff)
				}
			}
		})
	}
}

func byName(fields any) map[string]map[string]any {
	result := map[string]map[string]any{}
	list, _ := fields.([]any)
	for _, entry := range list {
		field, _ := entry.(map[string]any)
		name, _ := field["name"].(string)
		result[name] = field
	}
	return result
}

func names(fields map[string]map[string]any) []string {
	var list []string
	for name := range fields {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}
