package server

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// schemaDownload serves the schema as one SDL document, for code generators. It
// stands in the project's own sources and holds nothing of any workspace: everybody
// may read it, from every origin, without a credential.
func schemaDownload(sdl string) http.Handler {
	hash := sha256.Sum256([]byte(sdl))
	tag := `"` + hex.EncodeToString(hash[:16]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "application/graphql; charset=utf-8")
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Cache-Control", "public, no-cache") // kept, and asked about by its tag
		header.Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(sdl))
	})
}
