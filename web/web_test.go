package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/web"
)

// TestMailsAreFramedWithoutScripts: a mail has style attributes, which the pages' own
// policy refuses, so its frame has another, that lets it nothing else.
func TestMailsAreFramedWithoutScripts(t *testing.T) {
	t.Parallel()
	handler, err := web.Handler(fstest.MapFS{
		"index.html": {Data: []byte(`<!doctype html><meta name="style-nonce" content="{{.Nonce}}">`)},
		"mail.html":  {Data: []byte(`<!doctype html><title>Mail</title>`)},
		"other.html": {Data: []byte(`<!doctype html>`)},
	})
	require.NoError(t, err)
	get := func(path string) http.Header {
		answer := httptest.NewRecorder()
		answer.Header().Set("X-Frame-Options", "DENY") // as the server sets it for all
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		request.Header.Set("Accept", "text/html,*/*;q=0.8") // as a browser that goes there
		handler.ServeHTTP(answer, request)
		require.Equal(t, http.StatusOK, answer.Code, path)
		return answer.Header()
	}
	page := get("/notifications")
	require.Contains(t, page.Get("Content-Security-Policy"), "frame-src 'self'")
	require.NotContains(t, page.Get("Content-Security-Policy"), "unsafe-inline")
	require.Equal(t, "DENY", page.Get("X-Frame-Options"))

	frame := get("/mail.html")
	require.Contains(t, frame.Get("Content-Security-Policy"), "default-src 'none'; style-src 'unsafe-inline'")
	require.Contains(t, frame.Get("Content-Security-Policy"), "frame-ancestors 'self'; sandbox")
	require.NotContains(t, frame.Get("Content-Security-Policy"), "script")
	require.Equal(t, "SAMEORIGIN", frame.Get("X-Frame-Options"))
	require.Equal(t, "DENY", get("/other.html").Get("X-Frame-Options"))
}

// TestOnlyPagesAreMadeUp: a program that asks for what is not there is not told that
// it is.
func TestOnlyPagesAreMadeUp(t *testing.T) {
	t.Parallel()
	handler, err := web.Handler(fstest.MapFS{"index.html": {Data: []byte(`<!doctype html>`)}})
	require.NoError(t, err)
	get := func(path, accept string) int {
		answer := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		request.Header.Set("Accept", accept)
		handler.ServeHTTP(answer, request)
		return answer.Code
	}
	require.Equal(t, http.StatusOK, get("/", "*/*"))
	require.Equal(t, http.StatusOK, get("/alerts", "text/html,application/xhtml+xml"))
	require.Equal(t, http.StatusNotFound, get("/metrics", "*/*"))
	require.Equal(t, http.StatusNotFound, get("/metrics", ""))
	require.Equal(t, http.StatusNotFound, get("/assets/old.js", "text/html"))
}
