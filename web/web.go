// Package web serves the Integration UI: the pages in dist, which are built from src
// and committed. They talk to the server by its GraphQL API only.
//
// To build them again, with Node and the npm registry at hand: make web.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// asset is one file of the pages, also packed when that is worth it.
type asset struct {
	contentType, etag string
	plain, packed     []byte
	// forever says that the name holds a hash of the content.
	forever bool
	// framed says that it is the page that mails are shown in.
	framed bool
}

// mailFrame is an empty page; the pages write a mail into a frame of it.
const mailFrame = "mail.html"

type handler struct {
	page   *template.Template
	assets map[string]asset
}

// Handler serves the pages out of dist, as [Dist] holds it: its files by their names, and its index for every other
// path that a browser goes to, since the pages' addresses mean something to their script only.
func Handler(dist fs.FS) (http.Handler, error) {
	h := &handler{assets: map[string]asset{}}
	err := fs.WalkDir(dist, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		if name == "index.html" {
			h.page, err = template.New(name).Parse(string(content))
			return err
		}
		h.assets[name], err = newAsset(name, content)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	if h.page == nil {
		return nil, fmt.Errorf("read the pages: %w: index.html", fs.ErrNotExist)
	}
	return h, nil
}

func newAsset(name string, content []byte) (asset, error) {
	sum := sha256.Sum256(content)
	a := asset{
		contentType: mime.TypeByExtension(path.Ext(name)), etag: hex.EncodeToString(sum[:16]),
		plain: content, forever: strings.HasPrefix(name, "assets/"), framed: name == mailFrame,
	}
	if a.contentType == "" {
		a.contentType = "application/octet-stream"
	}
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return a, err
	}
	if _, err := writer.Write(content); err != nil {
		return a, err
	}
	if err := writer.Close(); err != nil {
		return a, err
	}
	if packed.Len() < len(content) {
		a.packed = packed.Bytes()
	}
	return a, nil
}

// ServeHTTP answers with a file, or with the page.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if file, ok := h.assets[name]; ok {
		file.serve(w, r)
		return
	}
	// A file of another version, for which a page would be mistaken, or something that no
	// browser goes to: who does not ask for a page learns that there is nothing.
	if strings.HasPrefix(name, "assets/") || name != "" && !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.NotFound(w, r)
		return
	}
	h.servePage(w, r)
}

func (h *handler) servePage(w http.ResponseWriter, r *http.Request) {
	// The component library adds style elements; the nonce lets it, and nobody else.
	nonce := rand.Text()
	var page bytes.Buffer
	if err := h.page.Execute(&page, map[string]string{"Nonce": nonce}); err != nil {
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

// policy lets the pages load their own scripts and styles, talk to their own host and
// frame its mail page.
func policy(nonce string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		fmt.Sprintf("style-src 'self' 'nonce-%s'", nonce),
		"img-src 'self' data:",
		"connect-src 'self'",
		"frame-src 'self'",
		"manifest-src 'self'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	}, "; ")
}

// framePolicy lets a mail have the style attributes that mails need, and nothing else: it
// loads nothing, sends nothing and runs no script, whatever is in it. Frames whose source
// is in the page would inherit the page's policy, which refuses such styles.
const framePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache")
	if a.framed {
		header.Set("Content-Security-Policy", framePolicy)
		header.Set("X-Frame-Options", "SAMEORIGIN")
	}
	if a.forever {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	header.Add("Vary", "Accept-Encoding")
	content, etag := a.plain, `"`+a.etag+`"`
	if a.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		content, etag = a.packed, `"`+a.etag+`-gzip"`
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(content) // the client is gone
	}
}
