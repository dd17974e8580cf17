package salesforce_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"
)

// leastAgreement is the share of names and types that must agree, in both directions.
const leastAgreement = 0.95

// describedAs names the reference describe of every object in our packages. coarse ones call every text a string: there
// a picklist agrees with a string.
func describedAs() map[string]struct {
	file   string
	coarse bool
} {
	type source = struct {
		file   string
		coarse bool
	}
	return map[string]source{
		"Account":                {"real/nango.Account.v58", false},
		"Contact":                {"real/cumulusci.Contact.vXX", false},
		"Lead":                   {"real/cumulusci.Lead.v59", false},
		"Opportunity":            {"real/cumulusci.Opportunity.vXX", false},
		"OpportunityContactRole": {"real/cumulusci.OpportunityContactRole.v48", false},
		"Event":                  {"real/cumulusci.Event.vXX", false},
		"Task":                   {"derived/Task", false},
		"User":                   {"derived/User", false},
		"UserRole":               {"derived/UserRole", true},
	}
}

// TestMetadataFidelity compares names and types of fields with reference describes and prints the differences. Fields
// that an org added itself (custom ones) are left out, and so are state and country codes, an optional feature.
func TestMetadataFidelity(t *testing.T) {
	t.Parallel()
	data := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if data == "" {
		t.Skip("FIELDWARDEN_REFERENCE_DATA is not set: names and types are not compared with reference describes")
	}
	org := start(t, nil)
	client := org.login(t)
	same, all := 0, 0
	for object, source := range describedAs() {
		text, err := os.ReadFile(filepath.Join(data, "salesforce/data/describe", source.file+".json"))
		require.NoError(t, err)
		var recorded, ours map[string]any
		require.NoError(t, json.Unmarshal(text, &recorded))
		client.get(t, root+"/sobjects/"+object+"/describe").json(t, http.StatusOK, &ours)
		agreed, differences := compareFields(byName(recorded["fields"]), byName(ours["fields"]), source.coarse)
		total := agreed + len(differences)
		t.Logf("%s: %d of %d names and types agree with %s (%.1f %%)", object, agreed, total, source.file,
			100*float64(agreed)/float64(total))
		for _, difference := range differences {
			t.Logf("  %s.%s", object, difference)
		}
		require.GreaterOrEqual(t, float64(agreed)/float64(total), leastAgreement, object)
		same, all = same+agreed, all+total
	}
	t.Logf("all objects: %d of %d (%.1f %%)", same, all, 100*float64(same)/float64(all))
}

// stateAndCountryPicklists are fields of a feature that the simulated org has switched off.
func stateAndCountryPicklists(name string) bool {
	switch name {
	case "BillingStateCode", "BillingCountryCode", "ShippingStateCode", "ShippingCountryCode":
		return true
	}
	return false
}

func compareFields(recorded, ours map[string]map[string]any, coarse bool) (agreed int, differences []string) {
	for name, field := range recorded {
		if custom, _ := field["custom"].(bool); custom || stateAndCountryPicklists(name) {
			continue
		}
		mine, ok := ours[name]
		switch {
		case !ok:
			differences = append(differences, name+": missing, a "+text(field["type"])+" in the reference")
		case mine["type"] == field["type"], coarse && field["type"] == "string" && mine["type"] == "picklist":
			agreed++
		default:
			differences = append(differences, name+": "+text(mine["type"])+", in the reference "+text(field["type"]))
		}
	}
	for name := range ours {
		if _, ok := recorded[name]; !ok {
			differences = append(differences, name+": not in the reference")
		}
	}
	sort.Strings(differences)
	return agreed, differences
}

func text(value any) string {
	s, _ := value.(string)
	return s
}
