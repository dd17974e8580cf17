package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/graph/transport/transporttest"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestSchemaKeepsItsRules: what the server says of its own schema is what front-end
// teams may rely on (design section 7).
func TestSchemaKeepsItsRules(t *testing.T) {
	t.Parallel()
	types := introspect(t, newSite(t, storetest.SQLiteURL(t), siteOptions{}).admin)
	for _, rule := range []struct {
		name  string
		holds func(t *testing.T, types schema)
	}{
		{"everything is described", everythingIsDescribed},
		{"scalars name their specification", scalarsNameTheirSpecification},
		{"error codes are those of the list", errorCodesAreThoseOfTheList},
		{"lists are connections", listsAreConnections},
		{"mutations take one input and return a payload", mutationsTakeOneInput},
		{"subscriptions can be resumed", subscriptionsCanBeResumed},
		{"no name ends in Connection but lists", func(t *testing.T, types schema) {
			t.Helper()
			for name := range types {
				if strings.HasSuffix(name, "Connection") {
					require.True(t, types.has(name, "pageInfo"), name)
				}
			}
		}},
	} {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			rule.holds(t, types)
		})
	}
}

// TestHTTPAudits runs the audits of npm graphql-http against the whole server.
func TestHTTPAudits(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.SQLiteURL(t), siteOptions{})
	transporttest.RunHTTPAudits(t, s.admin.URL, transporttest.Header{Name: "Authorization", Value: "Bearer " + s.admin.Token})
}

// builtIn are GraphQL's own scalars.
func builtIn(name string) bool {
	return slices.Contains([]string{"String", "Int", "Float", "Boolean", "ID"}, name)
}

func everythingIsDescribed(t *testing.T, types schema) {
	t.Helper()
	described := func(text, format string, args ...any) {
		t.Helper()
		require.NotEmptyf(t, strings.TrimSpace(text), format, args...)
	}
	for name, one := range types {
		described(one.Description, "type %s", name)
		for _, f := range one.Fields {
			described(f.Description, "%s.%s", name, f.Name)
			for _, argument := range f.Args {
				described(argument.Description, "%s.%s(%s)", name, f.Name, argument.Name)
			}
		}
		for _, f := range one.InputFields {
			described(f.Description, "%s.%s", name, f.Name)
		}
		for _, value := range one.EnumValues {
			described(value.Description, "%s.%s", name, value.Name)
		}
	}
}

func scalarsNameTheirSpecification(t *testing.T, types schema) {
	t.Helper()
	for name, one := range types {
		if one.Kind == "SCALAR" && !builtIn(name) {
			require.NotEmpty(t, one.SpecifiedByURL, name)
		}
	}
}

func errorCodesAreThoseOfTheList(t *testing.T, types schema) {
	t.Helper()
	var inSchema, inList []string
	for _, value := range types["ErrorCode"].EnumValues {
		inSchema = append(inSchema, value.Name)
	}
	for _, info := range fault.Codes() {
		inList = append(inList, string(info.Code))
	}
	require.ElementsMatch(t, inList, inSchema)
}

func listsAreConnections(t *testing.T, types schema) {
	t.Helper()
	lists := 0
	for name, one := range types {
		for _, f := range one.Fields {
			if !strings.HasSuffix(f.Type.named(), "Connection") {
				continue
			}
			lists++
			var arguments []string
			for _, argument := range f.Args {
				arguments = append(arguments, argument.Name)
			}
			require.Subset(t, arguments, []string{"first", "after", "last", "before"}, "%s.%s", name, f.Name)
			require.Subset(t, types.fieldNames(f.Type.named()), []string{"edges", "pageInfo", "totalCount"}, f.Type.named())
			require.True(t, f.Type.nonNull(), "%s.%s", name, f.Name)
		}
	}
	require.Positive(t, lists)
}

func mutationsTakeOneInput(t *testing.T, types schema) {
	t.Helper()
	require.NotEmpty(t, types["Mutation"].Fields)
	for _, f := range types["Mutation"].Fields {
		title := strings.ToUpper(f.Name[:1]) + f.Name[1:]
		require.Len(t, f.Args, 1, f.Name)
		require.Equal(t, "input", f.Args[0].Name, f.Name)
		require.True(t, f.Args[0].Type.nonNull(), f.Name)
		require.Equal(t, title+"Input", f.Args[0].Type.named())
		keyed := slices.ContainsFunc(types[title+"Input"].InputFields, func(in inputValue) bool {
			return in.Name == "idempotencyKey" && in.Type.nonNull() && in.Type.named() == "String"
		})
		require.True(t, keyed, "%s takes no idempotency key", f.Name)
		require.Equal(t, title+"Payload", f.Type.named())
		require.True(t, f.Type.nonNull(), f.Name)
		at := slices.IndexFunc(types[title+"Payload"].Fields, func(f fieldDef) bool { return f.Name == "userErrors" })
		require.GreaterOrEqual(t, at, 0, "%s returns no userErrors", f.Name)
		require.Equal(t, "UserError", types[title+"Payload"].Fields[at].Type.named())
	}
}

func subscriptionsCanBeResumed(t *testing.T, types schema) {
	t.Helper()
	require.NotEmpty(t, types["Subscription"].Fields)
	for _, f := range types["Subscription"].Fields {
		after := slices.ContainsFunc(f.Args, func(in inputValue) bool { return in.Name == "after" && in.Type.named() == "FeedCursor" })
		require.True(t, after, "%s takes no cursor", f.Name)
		require.True(t, types.has(f.Type.named(), "cursor"), "%s gives no cursor", f.Name)
	}
}
