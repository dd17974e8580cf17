package transport_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/graph/limit"
	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/graph/transport/internal/testapi"
)

// numbered repeats a format with one number, from 0 to n-1.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// nested wraps an inner text n times.
func nested(n int, before, inner, after string) string {
	return strings.Repeat(before, n) + inner + strings.Repeat(after, n)
}

// doubling returns fragments of which each spreads the next one twice.
func doubling(levels int) string {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, " fragment F%d on ItemConnection{...F%d ...F%d}", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on ItemConnection{totalCount}", levels)
	return b.String()
}

func TestHostileDocumentsAreAnsweredFastAndSmall(t *testing.T) {
	t.Parallel()
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{})
	const invalid, unparsed = "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"
	for name, test := range map[string]struct{ query, code string }{
		"fragments that double, 30 levels":   {"{list{...F0}}" + doubling(30), limit.CodeQueryTooLarge},
		"doubling below introspection":       {"{__schema{...F0}}" + doubling(30), limit.CodeQueryTooLarge},
		"20,000 copies of a field":           {"{" + strings.Repeat(" hello", 20_000) + "}", limit.CodeDocumentTooLarge},
		"4,000 copies, within the tokens":    {"{list{" + strings.Repeat(" totalCount", 4_000) + "}}", limit.CodeTooManyRepeats},
		"200 fragments with the same fields": {"{list{" + numbered(199, " ...F%d") + "}}" + numbered(199, " fragment F%d on ItemConnection{totalCount}"), limit.CodeTooManyRepeats},
		"1,000 fragments":                    {"{hello}" + numbered(1_000, " fragment F%d on Query{hello}"), limit.CodeTooManyDefinitions},
		"1,000 operations":                   {numbered(1_000, " query Q%d{hello}"), limit.CodeTooManyDefinitions},
		"5,000 unknown fields":               {"{list{nodes{" + numbered(4_900, " f%d") + "}}}", invalid},
		"3,000 unknown arguments":            {"{list(" + numbered(3_000, " a%d:1") + "){totalCount}}", invalid},
		"2,400 unused variables":             {"query(" + numbered(2_400, " $a%d:Int") + "){hello}", invalid},
		"1,000 aliases":                      {"{" + numbered(1_000, " a%d:hello") + "}", limit.CodeTooManyAliases},
		"1,000 directives":                   {"{hello" + strings.Repeat(" @include(if:true)", 1_000) + "}", limit.CodeTooManyDirectives},
		"fields nested 50 deep":              {"{list{nodes{" + nested(25, "children{nodes{", "id", "}}") + "}}}", limit.CodeQueryTooDeep},
		"inline fragments nested 1,000 deep": {nested(1_000, "{...", "{hello}", "}"), limit.CodeQueryTooDeep},
		"open braces":                        {strings.Repeat("{a", 4_900), unparsed},
		"a list nested 4,900 deep":           {"{list(first:" + nested(4_900, "[", "", "]") + "){totalCount}}", invalid},
		"200,000 comments":                   {"{" + strings.Repeat("#\n", 200_000) + "hello}", limit.CodeDocumentTooLarge},
		"a page of a million":                {"{list(first:1000000){totalCount}}", limit.CodePageSize},
		"a page beyond 64 bits":              {"{list(first:99999999999999999999){totalCount}}", invalid},
		"nested pages of a hundred":          {"{list(first:100){nodes{children(first:100){nodes{children(first:100){nodes{id}}}}}}}", limit.CodeQueryTooComplex},
		"deferred":                           {"{... @defer{hello}}", limit.CodeUnsupportedDirective},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			got := send(t, handler, post(test.query))
			// Milliseconds in truth; without the limits, many seconds to hours.
			require.Less(t, time.Since(start), 5*time.Second)
			require.Equal(t, test.code, got.codes()[0], got.raw)
			require.Less(t, len(got.raw), 8_000)
			require.NotContains(t, got.raw, `"data"`)
		})
	}
}

// introspectionQuery has the shape of the query of graphql-js 16: nine levels
// of ofType below the type of an argument.
var introspectionQuery = `query IntrospectionQuery {
	__schema {
		description queryType { name } mutationType { name } subscriptionType { name }
		types { ...FullType }
		directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
	}
}
fragment FullType on __Type {
	kind name description specifiedByURL
	fields(includeDeprecated: true) {
		name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
	}
	inputFields(includeDeprecated: true) { ...InputValue }
	interfaces { ...TypeRef }
	enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
	possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue {
	name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
}
fragment TypeRef on __Type { kind name ` + nested(9, "ofType { kind name ", "", "}") + `}`

func TestTheIntrospectionQueryIsWithinTheLimits(t *testing.T) {
	t.Parallel()
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{})
	got := send(t, handler, post(introspectionQuery))
	require.Empty(t, got.Errors)
	require.Contains(t, string(got.Data), `"ItemConnection"`)
}

func FuzzHTTPNeverFails(f *testing.F) {
	f.Add(`{"query":"{ hello }"}`)
	f.Add(`{"query":"query($n: Int = 3) { list(first: $n) { nodes { id children { totalCount } } } }","variables":{"n":2}}`)
	f.Add(`{"query":"{ echo(text: \"x\") ...F } fragment F on Query { a: hello @skip(if: false) }","operationName":""}`)
	f.Add(`{"query":"mutation { set(text: 3) }","variables":{"a":[{}]},"extensions":{}}`)
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{OperationTimeout: time.Second})
	f.Fuzz(func(t *testing.T, body string) {
		if strings.Contains(body, "large") || strings.Contains(body, "fail") {
			t.Skip() // fields that are meant to
		}
		w := httptest.NewRecorder()
		start := time.Now()
		handler.ServeHTTP(w, postBody(body))
		require.Less(t, time.Since(start), 5*time.Second)
		require.Less(t, w.Code, http.StatusInternalServerError, w.Body.String())
		require.NotContains(t, w.Body.String(), transport.CodeInternal)
	})
}
