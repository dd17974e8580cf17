package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// everyFieldStandsAlone asks for each field of each node by itself, through node(id)
// and through the list of which the node is an item: what a field answers must not
// depend on what else a query names.
func everyFieldStandsAlone(t *testing.T, i *integration, types schema, ids map[string]string) {
	for typeName, id := range ids {
		for _, f := range types[typeName].Fields {
			selection, ok := types.selection(f)
			if !ok {
				continue // it has required arguments
			}
			whole := i.fieldOf(t, typeName, id, selection+" __typename "+types.scalars(typeName))
			require.Equal(t, whole[f.Name], i.fieldOf(t, typeName, id, selection)[f.Name], "%s.%s", typeName, f.Name)
		}
	}
}

func (i *integration) fieldOf(t *testing.T, typeName, id, selection string) map[string]any {
	t.Helper()
	answer := i.post(t, "query($id: ID!) { node(id: $id) { ... on "+typeName+" { "+selection+" } } }", vars{"id": id})
	require.Empty(t, answer.Errors, "%s { %s }", typeName, selection)
	var found struct{ Node map[string]any }
	require.NoError(t, json.Unmarshal(answer.Data, &found))
	return found.Node
}

// itemsOfListsStandAlone does the same for items of lists.
func itemsOfListsStandAlone(t *testing.T, i *integration, types schema) {
	lists := map[string]string{
		"CrmObject": "objects(first: 1)", "SyncRun": "runs(first: 1)", "Alert": "alerts(first: 1)", "PermissionChange": "permissionChanges(first: 1)",
		"CrmField": `object(name: "Contact") { fields(first: 1)`,
	}
	for typeName, list := range lists {
		for _, f := range types[typeName].Fields {
			selection, ok := types.selection(f)
			if !ok {
				continue
			}
			end := ""
			if typeName == "CrmField" {
				end = "}"
			}
			answer := i.post(t, fmt.Sprintf("query($id: ID!) { integration(id: $id) { %s { edges { node { %s } } } %s } }", list, selection, end), vars{"id": i.id})
			require.Empty(t, answer.Errors, "%s.%s in a list", typeName, f.Name)
		}
	}
}

// selection words the selection of a field; false when it has required arguments.
func (s schema) selection(f fieldDef) (string, bool) {
	for _, argument := range f.Args {
		if argument.Type.nonNull() && argument.DefaultValue == nil {
			return "", false
		}
	}
	switch target := s[f.Type.named()]; {
	case target.Kind == "SCALAR" || target.Kind == "ENUM":
		return f.Name, true
	case s.has(target.Name, "edges"):
		return f.Name + " { totalCount edges { node { __typename } } }", true
	default:
		return f.Name + " { " + s.scalars(target.Name) + " }", true
	}
}

func (s schema) has(typeName, fieldName string) bool {
	for _, f := range s[typeName].Fields {
		if f.Name == fieldName {
			return true
		}
	}
	return false
}

// scalars words the selection of all scalars and enums of a type.
func (s schema) scalars(typeName string) string {
	names := "__typename"
	for _, f := range s[typeName].Fields {
		if kind := s[f.Type.named()].Kind; len(f.Args) == 0 && (kind == "SCALAR" || kind == "ENUM") {
			names += " " + f.Name
		}
	}
	return names
}
