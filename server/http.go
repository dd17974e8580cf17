package server

import (
	"embed"
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/web"
)

// Paths of the server.
const (
	pathGraphQL = "/graphql"
	pathSchema  = "/graphql/schema.graphql"
	pathErrors  = "/docs/errors"
)

//go:embed pages/*.html
var pageFiles embed.FS

// routes serves everything that browsers and API clients reach.
func (s *Server) routes(graphiql, graphqlHTTP http.Handler, sdl string) (http.Handler, error) {
	pages, err := template.ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, err
	}
	dist, hasUI := web.Dist()
	signIn := &signInPages{cases: s.cases, auth: s.auth, pages: pages, log: s.log, ui: hasUI}
	router := chi.NewRouter()
	router.Use(requestID, s.watch.requests, middleware.Recoverer, securityHeaders)
	router.With(s.guard.api(auth.InterfaceGraphQL)...).Handle(pathGraphQL, transport.ByUpgrade(graphqlHTTP, s.sockets))
	downloads := &exports{audits: s.cases.audits, runs: s.cases.runlog, log: s.log}
	for _, form := range []string{formCSV, formJSON} {
		router.With(s.guard.api(auth.InterfaceExport)...).Get("/export/audit."+form, downloads.auditLog(form))
		router.With(s.guard.api(auth.InterfaceExport)...).Get("/export/runs/{id}/log."+form, downloads.runLog(form))
	}
	router.Method(http.MethodGet, pathSchema, schemaDownload(sdl))
	router.Method(http.MethodHead, pathSchema, schemaDownload(sdl))
	router.Handle("/graphiql/*", http.StripPrefix("/graphiql/", graphiql))
	router.Get("/graphiql", http.RedirectHandler("/graphiql/", http.StatusFound).ServeHTTP)
	people := &peoplePages{auth: s.auth, pages: pages, log: s.log, ui: hasUI}
	router.Group(func(r chi.Router) {
		r.Use(s.guard.pages()...)
		people.routes(r)
	})
	router.Get("/oauth/start", signIn.start)
	router.Get("/oauth/callback", signIn.callback)
	router.Get(pathErrors, errorPage(pages, s.log))
	guides, err := newGuides(pages, s.log)
	if err != nil {
		return nil, err
	}
	router.Get(pathGuides, guides.list)
	router.Get(strings.TrimSuffix(pathGuides, "/"), guides.list)
	router.Get(pathGuides+"{name}", guides.show)
	router.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	router.Get("/readyz", s.ready)
	if hasUI {
		ui, err := web.Handler(dist)
		if err != nil {
			return nil, err
		}
		// Every other address is the pages' own.
		router.NotFound(ui.ServeHTTP)
	} else {
		router.Get("/", http.RedirectHandler("/graphiql/", http.StatusFound).ServeHTTP)
	}
	return router, nil
}

// refuse answers a request that goes no further, in GraphQL's form. Only what the
// caller can do something about is shown.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	shown, ok := fault.From(err)
	if !ok {
		shown = fault.New(fault.Internal, "The request failed inside Fieldwarden.")
	}
	status := http.StatusServiceUnavailable
	switch shown.Code {
	case fault.Unauthenticated:
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Bearer realm="fieldwarden", error="invalid_token"`)
	case fault.OriginRefused, fault.Forbidden:
		status = http.StatusForbidden
	case fault.NotFound:
		status = http.StatusNotFound
	case fault.TooManyRequests:
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", strconv.Itoa(retrySeconds(shown.RetryAfter)))
	default:
	}
	w.Header().Set("Content-Type", "application/graphql-response+json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
		"message":    shown.Message,
		"extensions": map[string]any{"code": shown.Code, "side": shown.Info().Side, "hint": shown.WhatToDo(), "requestId": obs.RequestID(r.Context())},
	}}})
}

// requestID gives each request the id that its answer and its log lines carry.
func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(obs.WithRequestID(r.Context(), obs.NewRequestID())))
	})
}

func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// errorPage lists every error code with its side and what to do: the page that
// docsUrl points to.
func errorPage(pages *template.Template, log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		showPage(w, r, pages, log, http.StatusOK, "errors.html", fault.Codes())
	}
}

func showPage(w http.ResponseWriter, r *http.Request, pages *template.Template, log *slog.Logger, status int, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		log.WarnContext(r.Context(), "a page was not written whole", obs.Err(err))
	}
}
