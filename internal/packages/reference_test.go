package packages_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// definitions are the files with the definitions of objects, by CRM and object. What
// is not here no recorded definition is at hand of.
func definitions() map[string]map[string]string {
	tables := map[string]string{"systemuser": "partial/systemuser.json"}
	for _, name := range []string{"account", "contact", "lead", "opportunity", "task", "phonecall", "email", "appointment", "campaign"} {
		tables[name] = "entitydefinitions/" + name + ".json"
	}
	return map[string]map[string]string{
		"salesforce": {
			"Account": "describe/real/nango.Account.v58.json", "Contact": "describe/real/cumulusci.Contact.vXX.json",
			"Lead": "describe/real/cumulusci.Lead.v59.json", "Opportunity": "describe/real/cumulusci.Opportunity.vXX.json",
			"User": "describe/derived/User.json", "OpportunityContactRole": "describe/real/cumulusci.OpportunityContactRole.v48.json",
			"Task": "describe/derived/Task.json", "UserRole": "describe/derived/UserRole.json", "Event": "describe/real/cumulusci.Event.vXX.json",
			"Campaign": "describe/real/grouparoo.Campaign.v42.json",
		},
		"hubspot": {
			"companies": "properties/companies_default_2026-03.json", "contacts": "properties/contacts_default_2023-09.json",
			"deals": "properties/deals_default_2024-10.json", "leads": "properties/leads_assembled_NOT_REAL.json",
		},
		"dynamics365": tables,
	}
}

// described reads the fields of an object from a recorded definition.
func described(t *testing.T, crmName, file string) []crm.FieldInfo {
	t.Helper()
	switch crmName {
	case "salesforce":
		return describedFields(t, file)
	case "hubspot":
		// A record's id and times are no properties: the connector gives them names.
		read := crm.Rights{Read: true}
		return append(hubspotProperties(t, file), crm.FieldInfo{Name: "id", Type: "id", Rights: read},
			crm.FieldInfo{Name: "createdAt", Type: "datetime", Rights: read}, crm.FieldInfo{Name: "updatedAt", Type: "datetime", Rights: read})
	default:
		return tableColumns(t, file)
	}
}

func tableColumns(t *testing.T, file string) []crm.FieldInfo {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var table struct {
		Attributes []struct {
			LogicalName, AttributeType string
		}
	}
	require.NoError(t, json.Unmarshal(text, &table), file)
	var fields []crm.FieldInfo
	for _, column := range table.Attributes {
		fields = append(fields, crm.FieldInfo{Name: column.LogicalName, Type: column.AttributeType, Rights: crm.Rights{Read: true}})
	}
	require.NotEmpty(t, fields, file)
	return fields
}

// TestPackagesNameWhatExists holds every package to recorded definitions, when they are
// at hand: each candidate of each standard field is a field of the object whose type
// can carry the values.
func TestPackagesNameWhatExists(t *testing.T) {
	t.Parallel()
	root := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if root == "" {
		t.Skip("SKIPPED: FIELDWARDEN_REFERENCE_DATA names no folder with recorded definitions")
	}
	compared := 0
	for _, pkg := range builtIn(t).All() {
		for _, object := range pkg.Objects {
			where := fmt.Sprintf("%s for %s, version %d: %s", pkg.Key, pkg.CRM, pkg.Version, object.Name)
			file, recorded := definitions()[pkg.CRM][object.Name]
			if !recorded {
				t.Logf("SKIPPED %s: no definition is at hand", where)
				continue
			}
			fields := described(t, pkg.CRM, filepath.Join(root, pkg.CRM, "data", filepath.FromSlash(file)))
			for _, standard := range object.Fields {
				for _, candidate := range standard.Candidates {
					compared++
					// Nor are associations, for which the connector makes fields.
					if pkg.CRM == "hubspot" && strings.HasPrefix(candidate, "associations.") {
						continue
					}
					i := slices.IndexFunc(fields, func(f crm.FieldInfo) bool { return f.Name == candidate })
					if i < 0 {
						t.Errorf("%s: %s names %s, which there is not", where, standard.Key, candidate)
					} else if !standard.DataType.Holds(fields[i].Type) {
						t.Errorf("%s: %s is %s, but %s is %s", where, standard.Key, standard.DataType, candidate, fields[i].Type)
					}
				}
			}
		}
	}
	t.Logf("%d candidates compared", compared)
}
