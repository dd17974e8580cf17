package server

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/graph"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

// about is what serverInfo answers. A link to sign in with can always be made by the
// operator.
func (s *Server) about() graph.About {
	about := graph.About{
		Version: cmp.Or(s.version, "dev"), ProtocolVersion: host.ProtocolVersion, SchemaURL: s.config.PublicURL + pathSchema,
		SignInMethods: []model.SignInMethod{model.SignInMethodLink}, FeedRetention: store.DefaultFeedRetention,
	}
	if s.auth.OIDCEnabled() {
		about.SignInMethods = append(about.SignInMethods, model.SignInMethodOidc)
	}
	return about
}

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
