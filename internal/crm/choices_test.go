package crm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func TestChoiceOptions(t *testing.T) {
	t.Parallel()
	require.Equal(t, []crm.SettingOption{}, crm.ChoiceOptions(nil), "known, and none")
	require.Equal(t, []crm.SettingOption{{Value: "b", Label: "B"}, {Value: "a", Label: "a"}},
		crm.ChoiceOptions([]crm.Choice{{Value: "b", Label: "B", Active: true, GroupLabel: "Sales"}, {Value: "old"}, {Value: "a", Active: true}}),
		"the CRM's order; one pipeline needs no name")
	require.Equal(t, []crm.SettingOption{{Value: "new", Label: "New (Sales)"}, {Value: "talk", Label: "Talk (r)"}},
		crm.ChoiceOptions([]crm.Choice{
			{Value: "new", Label: "New", Active: true, Group: "s", GroupLabel: "Sales"},
			{Value: "talk", Label: "Talk", Active: true, Group: "r"},
			{Value: "new", Label: "New", Active: true, Group: "r"},
		}), "each value once")
}

func TestNeededPicklists(t *testing.T) {
	t.Parallel()
	can := crm.Manifest{Capabilities: []crm.Capability{crm.CanListPicklist}}
	require.Equal(t, []crm.PicklistSource{crm.OpportunityStages}, crm.NeededPicklists(crm.EditionAdvancedPlus, can, testPackage()))
	require.Empty(t, crm.NeededPicklists(crm.EditionCore, can, testPackage()), "the edition has no such setting")
	require.Empty(t, crm.NeededPicklists(crm.EditionAdvancedPlus, crm.Manifest{}, testPackage()), "the connector cannot")
	require.Empty(t, crm.NeededPicklists(crm.EditionAdvancedPlus, can, crm.Package{}), "the package has no opportunities")
}

// TestDataTypeHolds names the types of all three vendors as they spell them.
func TestDataTypeHolds(t *testing.T) {
	t.Parallel()
	holds := map[crm.DataType][]string{
		crm.TypeID:        {"id", "Uniqueidentifier", "UniqueidentifierType", "string", "number"},
		crm.TypeReference: {"reference", "Lookup", "LookupType", "Owner", "Customer", "PartyList", "associations", "enumeration"},
		crm.TypeText:      {"string", "textarea", "String", "Memo", "MemoType", "EntityName", "enumeration", "phone_number"},
		crm.TypePicklist:  {"picklist", "multipicklist", "enumeration", "Picklist", "PicklistType", "MultiSelectPicklistType", "State", "Status"},
		crm.TypeEmail:     {"email", "string", "String"},
		crm.TypePhone:     {"phone", "phone_number", "string"},
		crm.TypeURL:       {"url", "string"},
		crm.TypeNumber:    {"int", "double", "currency", "percent", "number", "Integer", "BigInt", "Decimal", "Double", "Money", "MoneyType"},
		crm.TypeBoolean:   {"boolean", "bool", "Boolean", "BooleanType", "State"},
		crm.TypeDate:      {"date", "datetime", "DateTime"},
		crm.TypeDateTime:  {"datetime", "DateTime", "DateTimeType"},
	}
	for kind, types := range holds {
		for _, crmType := range types {
			require.True(t, kind.Holds(crmType), "%s holds %s", crmType, kind)
		}
		for _, never := range []string{"", "Type", "object_coordinates", "json", "Virtual", "ManagedProperty", "anyType"} {
			require.False(t, kind.Holds(never), "%s holds %s", never, kind)
		}
	}
	require.False(t, crm.TypeNumber.Holds("string"))
	require.False(t, crm.TypeDateTime.Holds("date"))
}
