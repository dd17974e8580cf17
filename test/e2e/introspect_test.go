package e2e

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// What the schema says of itself, as far as the tests look at it.
type (
	typeRef struct {
		Kind, Name string
		OfType     *typeRef
	}
	inputValue struct {
		Name, Description string
		DefaultValue      *string
		Type              typeRef
	}
	fieldDef struct {
		Name, Description string
		Args              []inputValue
		Type              typeRef
	}
	enumValue struct{ Name, Description string }
	typeDef   struct {
		Kind, Name, Description string
		SpecifiedByURL          string
		Fields                  []fieldDef
		InputFields             []inputValue
		EnumValues              []enumValue
		Interfaces              []typeRef
	}
)

// schema is the introspected schema: its types by name, without GraphQL's own.
type schema map[string]typeDef

func introspect(t *testing.T, who user) schema {
	t.Helper()
	var found struct {
		Schema struct{ Types []typeDef } `json:"__schema"`
	}
	who.ask(t, `{ __schema { types { kind name description specifiedByURL
		fields(includeDeprecated: true) { name description args { name description defaultValue type { ...ref } } type { ...ref } }
		interfaces { kind name } inputFields { name description defaultValue type { ...ref } } enumValues(includeDeprecated: true) { name description }
	} } } fragment ref on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`, nil, &found)
	types := schema{}
	for _, one := range found.Schema.Types {
		if !strings.HasPrefix(one.Name, "__") {
			types[one.Name] = one
		}
	}
	return types
}

// named is the type without its list and non-null wrappers.
func (r typeRef) named() string {
	for r.OfType != nil {
		r = *r.OfType
	}
	return r.Name
}

// nonNull reports whether null is never given.
func (r typeRef) nonNull() bool { return r.Kind == "NON_NULL" }

// arguments lists every place where a client gives a value of a type, through input
// objects, as "Type.field(argument.inputField)".
func (s schema) arguments(ofType string) []string {
	found := map[string]bool{}
	for _, object := range s {
		for _, f := range object.Fields {
			for _, argument := range f.Args {
				for _, path := range s.paths(argument, ofType) {
					found[object.Name+"."+f.Name+"("+path+")"] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (s schema) paths(value inputValue, ofType string) []string {
	if value.Type.named() == ofType {
		return []string{value.Name}
	}
	var paths []string
	for _, inner := range s[value.Type.named()].InputFields {
		for _, path := range s.paths(inner, ofType) {
			paths = append(paths, value.Name+"."+path)
		}
	}
	return paths
}

// fieldNames lists the fields of a type.
func (s schema) fieldNames(typeName string) []string {
	var names []string
	for _, f := range s[typeName].Fields {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

// implementing lists the types that implement an interface.
func (s schema) implementing(interfaceName string) []string {
	var names []string
	for name, one := range s {
		for _, of := range one.Interfaces {
			if of.Name == interfaceName {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}
