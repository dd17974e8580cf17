package server

import (
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"
)

func guidesHandler(t *testing.T) (http.Handler, *guides) {
	t.Helper()
	pages, err := template.ParseFS(pageFiles, "pages/*.html")
	require.NoError(t, err)
	g, err := newGuides(pages, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	router := chi.NewRouter()
	router.Get(pathGuides, g.list)
	router.Get(pathGuides+"{name}", g.show)
	return router, g
}

func get(handler http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// Every guide is a page, and every link in it leads to a page that there is, to a place
// that is on it, or to another site.
func TestGuidesLeadSomewhere(t *testing.T) {
	t.Parallel()
	handler, g := guidesHandler(t)
	require.Contains(t, get(handler, pathGuides).Body.String(), `<a href="/docs/admins/salesforce">Connecting Salesforce</a>`)
	links := regexp.MustCompile(`<a href="([^"#]*)(?:#([^"]*))?"`)
	for _, one := range g.all {
		page := get(handler, pathGuides+one.Name)
		require.Equal(t, http.StatusOK, page.Code, one.Name)
		require.Contains(t, page.Header().Get("Content-Security-Policy"), "default-src 'none'")
		require.Contains(t, page.Body.String(), "<title>"+template.HTMLEscapeString(one.Title)+" · Fieldwarden</title>")
		require.NotContains(t, page.Body.String(), "raw HTML omitted", one.Name)
		for _, link := range links.FindAllStringSubmatch(page.Body.String(), -1) {
			if regexp.MustCompile(`^https://`).MatchString(link[1]) {
				continue
			}
			target := page
			if link[1] != "" {
				target = get(handler, link[1])
			}
			require.Equal(t, http.StatusOK, target.Code, "%s links to %s", one.Name, link[0])
			if link[2] != "" {
				require.Contains(t, target.Body.String(), `id="`+link[2]+`"`, "%s links to %s", one.Name, link[0])
			}
		}
	}
}

// A connector without a guide leads to those there are.
func TestNoGuide(t *testing.T) {
	t.Parallel()
	handler, _ := guidesHandler(t)
	page := get(handler, pathGuides+"elsewhere")
	require.Equal(t, http.StatusNotFound, page.Code)
	require.Contains(t, page.Body.String(), "There is no guide to elsewhere")
	require.Contains(t, page.Body.String(), `href="/docs/admins/hubspot"`)
	require.NotContains(t, get(handler, pathGuides+"%3Cscript%3E").Body.String(), "<script>")
}
