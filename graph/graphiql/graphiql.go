// Package graphiql serves the GraphiQL page out of the binary. The page loads
// nothing from any other host, which its Content-Security-Policy enforces.
//
// dist holds the page's script and style, built from src and committed. To
// build them again, with Node and the npm registry at hand:
//
//	npm --prefix graph/graphiql/src ci
//	npm --prefix graph/graphiql/src run build
//
// The build also writes NOTICE, the licences of the packages in the bundle.
package graphiql

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"
)

//go:embed page.html
var pageHTML string

//go:embed dist/graphiql.js.gz
var script []byte

//go:embed dist/graphiql.css.gz
var style []byte

// asset is one file of the page, kept compressed.
type asset struct {
	contentType string
	packed      []byte
	etag        string
}

type handler struct {
	page                 *template.Template
	endpoint, wsEndpoint string
	assets               map[string]asset
}

// Handler serves the page for the GraphQL endpoint and its websocket, both
// given as paths on the page's own host, such as "/graphql". Mount it under a
// prefix that ends in a slash and strip that:
//
//	mux.Handle("/graphiql/", http.StripPrefix("/graphiql/", graphiql.Handler("/graphql", "/graphql")))
//
// The page sends the bearer token that its user pastes as an Authorization
// header over HTTP, and as {"authorization": "Bearer …"} in the payload of
// connection_init over the websocket.
func Handler(endpoint, wsEndpoint string) http.Handler {
	return &handler{
		page:     template.Must(template.New("page").Parse(pageHTML)),
		endpoint: endpoint, wsEndpoint: wsEndpoint,
		assets: map[string]asset{
			"graphiql.js":  newAsset("text/javascript; charset=utf-8", script),
			"graphiql.css": newAsset("text/css; charset=utf-8", style),
		},
	}
}

func newAsset(contentType string, packed []byte) asset {
	sum := sha256.Sum256(packed)
	return asset{contentType: contentType, packed: packed, etag: hex.EncodeToString(sum[:16])}
}

// ServeHTTP answers with the page or one of its two files.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		h.servePage(w, r)
		return
	}
	file, ok := h.assets[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	file.serve(w, r)
}

func (h *handler) servePage(w http.ResponseWriter, r *http.Request) {
	// The script adds a style element when a dialog opens; the nonce lets it.
	nonce := rand.Text()
	var page bytes.Buffer
	err := h.page.Execute(&page, map[string]string{
		"Endpoint": h.endpoint, "WSEndpoint": h.wsEndpoint, "Nonce": nonce,
	})
	if err != nil {
		http.Error(w, "the page could not be written", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", policy(nonce))
	header.Set("Content-Length", strconv.Itoa(page.Len()))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = page.WriteTo(w) // the client is gone
	}
}

// policy lets the page load its own script, style and data: fonts and images,
// talk to its own host, and nothing else.
func policy(nonce string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		fmt.Sprintf("style-src 'self' 'nonce-%s'", nonce),
		"font-src data:",
		"img-src data:",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
	}, "; ")
}

// serve sends the file as it is kept to clients that take gzip.
func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("Cache-Control", "no-cache")
	header.Add("Vary", "Accept-Encoding")
	packed := strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	etag := `"` + a.etag + `"`
	if packed {
		etag = `"` + a.etag + `-gzip"`
	}
	header.Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if packed {
		header.Set("Content-Encoding", "gzip")
		header.Set("Content-Length", strconv.Itoa(len(a.packed)))
	}
	w.WriteHeader(http.StatusOK)
	switch {
	case r.Method == http.MethodHead:
	case packed:
		_, _ = w.Write(a.packed) // the client is gone
	default:
		a.unpackTo(w)
	}
}

// unpackTo writes the file unpacked. The files are our own, so the only error
// is a client that went away.
func (a asset) unpackTo(w io.Writer) {
	reader, err := gzip.NewReader(bytes.NewReader(a.packed))
	if err != nil {
		return
	}
	_, _ = io.Copy(w, reader)
}
