package graphiql_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/graph/graphiql"
)

func get(t *testing.T, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler := http.StripPrefix("/graphiql/", graphiql.Handler("/graphql", "/graphql/ws?a=b&c"))
	handler.ServeHTTP(w, r)
	return w
}

func TestPage(t *testing.T) {
	t.Parallel()
	page := get(t, "/graphiql/")
	require.Equal(t, http.StatusOK, page.Code)
	require.Contains(t, page.Body.String(), `data-endpoint="/graphql"`)
	require.Contains(t, page.Body.String(), `data-ws-endpoint="/graphql/ws?a=b&amp;c"`)
	require.Equal(t, http.StatusNotFound, get(t, "/graphiql/other").Code)
	require.NotEqual(t, nonce(t, page), nonce(t, get(t, "/graphiql/")), "a nonce is used once")
}

var nonceInPage = regexp.MustCompile(`name="style-nonce" content="([^"]+)"`)

func nonce(t *testing.T, page *httptest.ResponseRecorder) string {
	t.Helper()
	match := nonceInPage.FindStringSubmatch(page.Body.String())
	require.NotNil(t, match)
	return match[1]
}

func TestPolicyAllowsNoOtherHostAndNoInlineScript(t *testing.T) {
	t.Parallel()
	page := get(t, "/graphiql/")
	policy := page.Header().Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.Contains(t, policy, "'nonce-"+nonce(t, page)+"'")
	allowed := map[string]bool{"'none'": true, "'self'": true, "data:": true}
	for _, directive := range strings.Split(policy, "; ") {
		words := strings.Fields(directive)
		require.NotEmpty(t, words[1:], directive)
		for _, source := range words[1:] {
			if strings.HasPrefix(source, "'nonce-") {
				require.Equal(t, "style-src", words[0])
				continue
			}
			require.True(t, allowed[source], directive)
			require.False(t, source == "data:" && words[0] == "script-src", directive)
		}
	}
}

// loads matches what makes a browser fetch something in HTML or CSS.
var loads = regexp.MustCompile(`(?i)(?:\b(?:src|href)\s*=\s*["']?|url\(\s*["']?|@import\s+["']?)([^"')\s>]+)`)

func TestNothingIsLoadedFromOtherHosts(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/graphiql/", "/graphiql/graphiql.css"} {
		found := loads.FindAllStringSubmatch(get(t, path).Body.String(), -1)
		require.NotEmpty(t, found, path)
		for _, match := range found {
			target := match[1]
			own := target == "graphiql.js" || target == "graphiql.css" || strings.HasPrefix(target, "data:") || strings.HasPrefix(target, "#")
			require.True(t, own, "%s loads %.80s", path, target)
		}
	}
	require.NotRegexp(t, `(?i)<script(?:[^>]*)>[^<]`, get(t, "/graphiql/").Body.String(), "no inline script")
	script := get(t, "/graphiql/graphiql.js").Body.String()
	for _, loader := range []string{"importScripts(", "new Worker(", "sourceMappingURL"} {
		require.False(t, strings.Contains(script, loader), loader) // not Contains, which prints it all
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	for path, contentType := range map[string]string{
		"/graphiql/graphiql.js":  "text/javascript; charset=utf-8",
		"/graphiql/graphiql.css": "text/css; charset=utf-8",
	} {
		plain := get(t, path)
		require.Equal(t, contentType, plain.Header().Get("Content-Type"))
		require.Empty(t, plain.Header().Get("Content-Encoding"))

		packed := get(t, path, "Accept-Encoding", "br, gzip")
		require.Equal(t, "gzip", packed.Header().Get("Content-Encoding"))
		require.Less(t, packed.Body.Len(), 1<<20, "the page stays small")
		etag := packed.Header().Get("ETag")
		require.NotEqual(t, plain.Header().Get("ETag"), etag)
		reader, err := gzip.NewReader(packed.Body)
		require.NoError(t, err)
		unpacked, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.Equal(t, plain.Body.Len(), len(unpacked))

		again := get(t, path, "Accept-Encoding", "gzip", "If-None-Match", etag)
		require.Equal(t, http.StatusNotModified, again.Code)
	}
}

func TestOnlyReads(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	graphiql.Handler("/graphql", "/graphql").ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
}

func TestNoticeNamesTheBundledPackages(t *testing.T) {
	t.Parallel()
	notice, err := os.ReadFile("NOTICE")
	require.NoError(t, err)
	for _, name := range []string{"graphiql ", "@graphiql/react ", "graphql ", "graphql-ws ", "react ", "codemirror "} {
		require.Contains(t, string(notice), "\n"+name)
	}
}
