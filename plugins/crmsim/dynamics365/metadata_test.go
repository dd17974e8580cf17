package dynamics365_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
)

func TestDefinitions(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	// One call for all tables, as a check makes it.
	tables := s.rows(t, "/EntityDefinitions?$select=LogicalName,EntitySetName,ObjectTypeCode,Privileges&$filter="+
		escape("LogicalName eq 'account' or LogicalName eq 'task' or LogicalName eq 'nothing'")+"&$expand="+
		escape("Attributes($select=LogicalName,AttributeType,IsSecured;$filter=LogicalName eq 'name' or LogicalName eq 'subject')"))
	require.Len(t, tables, 2)
	require.Equal(t, []string{"account", "task"}, []string{tables[0]["LogicalName"].(string), tables[1]["LogicalName"].(string)})
	privilege := tables[1]["Privileges"].([]any)[1].(map[string]any)
	require.Equal(t, []any{"prvReadActivity", "Read"}, []any{privilege["Name"], privilege["PrivilegeType"]})
	column := tables[0]["Attributes"].([]any)[0].(map[string]any)
	require.Equal(t, "#Microsoft.Dynamics.CRM.StringAttributeMetadata", column["@odata.type"])
	require.NotEmpty(t, column["MetadataId"], "it comes always")
	require.Len(t, column, 5)

	byID := s.get(t, "/EntityDefinitions("+tables[0]["MetadataId"].(string)+")?$select=LogicalName").json(t, http.StatusOK)
	require.Equal(t, "account", byID["LogicalName"])
	const attributes = "/EntityDefinitions(LogicalName='contact')/Attributes"
	picklists := s.rows(t, attributes+"?$select=LogicalName&$filter="+escape("AttributeType eq Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist'"))
	require.NotEmpty(t, picklists)
	required := s.rows(t, attributes+"?$select=LogicalName&$filter="+escape("RequiredLevel/Value eq Microsoft.Dynamics.CRM.AttributeRequiredLevel'ApplicationRequired'"))
	require.Contains(t, names(required), "lastname")
	s.get(t, attributes+"?$filter="+escape("AttributeType eq 'Picklist'")).fails(t, http.StatusBadRequest, "0x80060888", "incompatible types")
	s.get(t, attributes+"?$select=Nothing").fails(t, http.StatusBadRequest, "0x80060888", "Could not find a property named 'Nothing'")
	s.get(t, attributes+"?$select=MaxLength").fails(t, http.StatusBadRequest, "0x80060888", "MaxLength")
	s.get(t, "/EntityDefinitions?$top=1").fails(t, http.StatusBadRequest, "0x80060888", "$top")

	cast := attributes + "/Microsoft.Dynamics.CRM."
	require.Equal(t, len(picklists), len(s.rows(t, cast+"PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet,GlobalOptionSet")))
	strs := s.rows(t, cast+"StringAttributeMetadata?$select=LogicalName,MaxLength&$filter="+escape("LogicalName eq 'mobilephone'"))
	require.InDelta(t, 50, strs[0]["MaxLength"], 0)
	status := s.rows(t, "/EntityDefinitions(LogicalName='lead')/Attributes/Microsoft.Dynamics.CRM.StatusAttributeMetadata?$expand=OptionSet")[0]
	options := status["OptionSet"].(map[string]any)["Options"].([]any)
	require.Len(t, options, 7)
	require.InDelta(t, 2, options[6].(map[string]any)["State"], 0)
	stage := s.get(t, "/EntityDefinitions(LogicalName='opportunity')/Attributes(LogicalName='salesstage')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=GlobalOptionSet").json(t, http.StatusOK)
	require.Equal(t, "opportunity_salesstage", stage["GlobalOptionSet"].(map[string]any)["Name"])
	require.NotEmpty(t, s.rows(t, "/EntityDefinitions(LogicalName='contact')/ManyToOneRelationships?$select=ReferencingEntityNavigationPropertyName,ReferencedEntity"))
	links := s.rows(t, "/EntityDefinitions(LogicalName='li_message')/ManyToOneRelationships?$filter="+escape("ReferencedEntity eq 'contact'"))
	require.Contains(t, linkNames(links), "regardingobjectid_contact_li_message")
}

func linkNames(rows []map[string]any) []string {
	var list []string
	for _, row := range rows {
		list = append(list, row["ReferencingEntityNavigationPropertyName"].(string))
	}
	return list
}

func names(rows []map[string]any) []string {
	var list []string
	for _, row := range rows {
		list = append(list, row["LogicalName"].(string))
	}
	return list
}

// TestCatalogueHolds: every table reads with its default columns, and $metadata is well-formed and names them all.
func TestCatalogueHolds(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	require.NoError(t, s.Controls().SetObject("fieldpermission", control.ObjectChange{Read: dynamics365.On()}))
	require.NoError(t, s.Controls().SetObject("fieldsecurityprofile", control.ObjectChange{Read: dynamics365.On()}))
	text := s.get(t, "/$metadata", "Accept", "application/xml")
	require.Equal(t, "application/xml", text.header.Get("Content-Type"))
	var document struct {
		XMLName xml.Name
	}
	require.NoError(t, xml.Unmarshal(text.body, &document))
	sets := s.rows(t, "/")
	require.Greater(t, len(sets), 25)
	for _, set := range sets {
		name := set["url"].(string)
		require.Contains(t, string(text.body), `<EntitySet Name="`+name+`"`)
		s.get(t, "/"+name+"?$top=2", "Prefer", `odata.include-annotations="*"`).json(t, http.StatusOK)
	}
}

func TestMetadataChanges(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	ask := func(stamp string) map[string]any {
		query := `{"Properties":{"AllProperties":false,"PropertyNames":["LogicalName","Attributes"]},"Criteria":{"FilterOperator":"Or","Conditions":[` +
			`{"ConditionOperator":"Equals","PropertyName":"LogicalName","Value":{"Type":"System.String","Value":"contact"}},` +
			`{"ConditionOperator":"Equals","PropertyName":"LogicalName","Value":{"Type":"System.String","Value":"campaign"}}]},` +
			`"AttributeQuery":{"Properties":{"AllProperties":false,"PropertyNames":["LogicalName","IsSecured"]}}}`
		path := "/RetrieveMetadataChanges(Query=@p1)?@p1=" + escape(query)
		if stamp != "" {
			path = "/RetrieveMetadataChanges(Query=@p1,ClientVersionStamp=@p2,DeletedMetadataFilters=Microsoft.Dynamics.CRM.DeletedMetadataFilters'All')?@p1=" +
				escape(query) + "&@p2=" + escape("'"+stamp+"'")
		}
		a := s.get(t, path)
		if a.status != http.StatusOK {
			a.fails(t, http.StatusBadRequest, "0x80044352", "full sync")
			return nil
		}
		return a.json(t, http.StatusOK)
	}
	full := ask("")
	require.Len(t, full["EntityMetadata"], 2)
	stamp := full["ServerVersionStamp"].(string)
	contact := full["EntityMetadata"].([]any)[1].(map[string]any)
	require.Equal(t, "contact", contact["LogicalName"])
	require.Greater(t, len(contact["Attributes"].([]any)), 300)
	require.Contains(t, contact, "EntitySetName")
	require.Nil(t, contact["EntitySetName"], "what was not asked for comes as null")
	require.Empty(t, ask(stamp)["EntityMetadata"])

	s.setField(t, "contact", "mobilephone", "secured")
	changed := ask(stamp)["EntityMetadata"].([]any)
	require.Len(t, changed, 1)
	columns := changed[0].(map[string]any)["Attributes"].([]any)
	require.Len(t, columns, 1)
	require.Equal(t, true, columns[0].(map[string]any)["IsSecured"])
	s.setField(t, "contact", "mobilephone", "deleted")
	s.setObject(t, "campaign", control.ObjectChange{Condition: new("deleted")})
	text, err := json.Marshal(ask(stamp)["DeletedMetadata"])
	require.NoError(t, err)
	require.True(t, strings.Contains(string(text), `"Keys":["Entity","Attribute"]`), "%s", text)
	require.NoError(t, s.Controls().SetSales(false))
	text, err = json.Marshal(ask(stamp)["DeletedMetadata"])
	require.NoError(t, err)
	require.Contains(t, string(text), `"Count":4`, "campaign, and three tables of the Sales app")
	require.NoError(t, s.Controls().ExpireMetadataStamps())
	require.Nil(t, ask(stamp))
	require.NotNil(t, ask(ask("")["ServerVersionStamp"].(string)))
}
