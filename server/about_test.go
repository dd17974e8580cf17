package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldwarden/fieldwarden/graph"
)

// The download is a whole schema, with descriptions, and is asked for again only
// when it has changed.
func TestSchemaDownload(t *testing.T) {
	t.Parallel()
	schema, err := graph.NewSchema(graph.Deps{})
	require.NoError(t, err)
	handler := schemaDownload(graph.SDL(schema.Schema()))
	ask := func(method, tag string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, pathSchema, nil)
		r.Header.Set("If-None-Match", tag)
		handler.ServeHTTP(w, r)
		return w
	}
	first := ask(http.MethodGet, "")
	require.Equal(t, http.StatusOK, first.Code)
	require.Equal(t, "application/graphql; charset=utf-8", first.Header().Get("Content-Type"))
	parsed, err := gqlparser.LoadSchema(&ast.Source{Name: "download", Input: first.Body.String()})
	require.NoError(t, err)
	for name, definition := range schema.Schema().Types {
		require.Contains(t, parsed.Types, name)
		require.Len(t, parsed.Types[name].Fields, len(definition.Fields), name)
		require.Equal(t, definition.Description, parsed.Types[name].Description, name)
		for i, field := range definition.Fields {
			require.Equal(t, field.Description, parsed.Types[name].Fields[i].Description, "%s.%s", name, field.Name)
		}
	}
	tag := first.Header().Get("ETag")
	require.Equal(t, http.StatusNotModified, ask(http.MethodGet, tag).Code)
	require.Equal(t, http.StatusOK, ask(http.MethodGet, `"other"`).Code)
	require.Empty(t, ask(http.MethodHead, "").Body.String())
}
