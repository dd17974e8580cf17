package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The walker makes documents from what the schema says of itself, so that an
// operation that is added tomorrow is tried tomorrow. Whatever it does not know how
// to fill fails the test.

// String is the type as SDL writes it.
func (r typeRef) String() string {
	switch r.Kind {
	case "NON_NULL":
		return r.OfType.String() + "!"
	case "LIST":
		return "[" + r.OfType.String() + "]"
	default:
		return r.Name
	}
}

// list reports whether a type is a list.
func (r typeRef) list() bool {
	return r.Kind == "LIST" || r.Kind == "NON_NULL" && r.OfType.list()
}

// fill gives a value for an argument or input field; path is its place, as in
// "input.integrationId". False leaves it to the walker.
type fill func(path string, value inputValue) (any, bool)

// sample makes a value of an argument's type: what fill gives, else the smallest that
// is valid. Optional parts are left out unless fill gives them.
func (s schema) sample(t *testing.T, path string, value inputValue, from fill) (any, bool) {
	t.Helper()
	if given, ok := from(path, value); ok {
		return given, true
	}
	named := s[value.Type.named()]
	if named.Kind == "INPUT_OBJECT" {
		object := vars{}
		for _, inner := range named.InputFields {
			if made, ok := s.sample(t, path+"."+inner.Name, inner, from); ok {
				object[inner.Name] = made
			}
		}
		switch {
		case len(object) == 0 && !value.Type.nonNull():
			return nil, false
		case value.Type.list():
			return []any{object}, true
		default:
			return object, true
		}
	}
	if !value.Type.nonNull() || value.DefaultValue != nil {
		return nil, false
	}
	made, known := s.scalar(value)
	require.True(t, known, "the walker does not know how to fill %s of type %s", path, value.Type)
	if value.Type.list() {
		return []any{made}, true
	}
	return made, true
}

// scalar is a valid value of a leaf, sensible for what its name says.
func (s schema) scalar(value inputValue) (any, bool) {
	switch named := s[value.Type.named()]; {
	case named.Name == "Role":
		return "VIEWER", true // what an admin may give; owners are made by owners
	case named.Kind == "ENUM":
		return named.EnumValues[0].Name, true
	case named.Name == "ID":
		return "int_" + strings.Repeat("0", 26), true
	case named.Name == "String":
		if text, ok := map[string]string{
			"time": "02:30", "zone": "UTC", "email": "somebody@example.com", "addresses": "somebody@example.com", "connector": connectorName,
			"object": "Contact", "standardField": "contact.title", "crmField": "Title", "apiType": "REST", "key": "restrictedDataMode",
			"name": "Contact", "document": "version: 1\nconnector: salesforce\n",
		}[value.Name]; ok {
			return text, true
		}
		return "x" + value.Name, true
	case named.Name == "URL":
		return "https://receiver.example.com/hook", true
	case named.Name == "DateTime":
		return time.Now().UTC().Add(time.Hour).Format(time.RFC3339), true
	case named.Name == "Int":
		return 1, true
	case named.Name == "Boolean", named.Name == "JSON":
		return true, true
	default:
		return nil, false
	}
}

// call words one field with its arguments as variables: "name(a: $a) selection".
type call struct {
	field     string
	selection string
	// declared are the variables' declarations, "$a: ID!".
	declared  []string
	variables vars
}

// call fills the arguments of a field and selects something small of its answer.
func (s schema) call(t *testing.T, f fieldDef, selection string, from fill) call {
	t.Helper()
	made := call{field: f.Name, selection: selection, variables: vars{}}
	var arguments []string
	for _, argument := range f.Args {
		value, ok := s.sample(t, argument.Name, argument, from)
		if !ok {
			continue
		}
		made.declared = append(made.declared, "$"+argument.Name+": "+argument.Type.String())
		arguments = append(arguments, argument.Name+": $"+argument.Name)
		made.variables[argument.Name] = value
	}
	if len(arguments) > 0 {
		made.field += "(" + strings.Join(arguments, ", ") + ")"
	}
	if made.selection == "" {
		if kind := s[f.Type.named()].Kind; kind != "SCALAR" && kind != "ENUM" {
			made.selection = "{ __typename }"
		}
	}
	return made
}

// document is the call as a whole operation: "query", "mutation" or "subscription".
// within, when not empty, is what stands around it, with %s for the call.
func (c call) document(kind, within string) string {
	head := kind
	if len(c.declared) > 0 {
		head += "(" + strings.Join(c.declared, ", ") + ")"
	}
	body := c.field + " " + c.selection
	if within != "" {
		body = fmt.Sprintf(within, body)
	}
	return head + " { " + body + " }"
}

// everything selects all fields of a type that need no argument, so many steps deep;
// of lists, a page.
func (s schema) everything(typeName string, depth int) string {
	names := []string{"__typename"}
	for _, f := range s[typeName].Fields {
		if slices.ContainsFunc(f.Args, func(a inputValue) bool { return a.Type.nonNull() && a.DefaultValue == nil }) {
			continue
		}
		target := s[f.Type.named()]
		switch {
		case target.Kind == "SCALAR" || target.Kind == "ENUM":
			names = append(names, f.Name)
		case depth > 0 && target.Kind == "OBJECT":
			names = append(names, f.Name+" "+s.everything(target.Name, depth-1))
		}
	}
	return "{ " + strings.Join(names, " ") + " }"
}

// rootFields lists the fields of the root types, as "Query.node".
func (s schema) rootFields() map[string]fieldDef {
	all := map[string]fieldDef{}
	for _, root := range []string{"Query", "Mutation", "Subscription"} {
		for _, f := range s[root].Fields {
			all[root+"."+f.Name] = f
		}
	}
	return all
}
