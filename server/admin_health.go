package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

// readyTime bounds the look at everything that readiness stands for.
const readyTime = 3 * time.Second

// Readiness is whether a server may be sent requests, and why not.
type Readiness struct {
	Ready bool `json:"ready"`
	// Version is the program's.
	Version string      `json:"version"`
	Parts   []ReadyPart `json:"parts"`
}

// ReadyPart is one thing that readiness stands for.
type ReadyPart struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	// Detail is what is wrong, or a fact about it, and never empty; it holds no secret.
	Detail string `json:"detail"`
}

// readiness looks at the database, its version, and whether connectors and jobs have
// been started. A connector that fails makes no server unready: every node would be,
// and the rest of the product works without it.
func (s *Server) readiness(ctx context.Context) Readiness {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	answer := Readiness{Ready: true, Version: s.version}
	add := func(name string, ready bool, detail string) {
		answer.Ready = answer.Ready && ready
		answer.Parts = append(answer.Parts, ReadyPart{Name: name, Ready: ready, Detail: detail})
	}
	if err := s.store.Ping(ctx); err != nil {
		add("database", false, err.Error())
	} else {
		add("database", true, string(s.store.Dialect()))
		found, known, err := s.store.SchemaVersion(ctx)
		switch {
		case err != nil:
			add("migrations", false, string(fault.CodeOf(err)))
		case found < known:
			add("migrations", false, "the database is older than this program; was a backup restored under it?")
		default:
			add("migrations", true, fmt.Sprintf("version %d", found))
		}
	}
	working, state := s.working.Load(), "started"
	if !working {
		state = "not started yet, or stopping"
	}
	add("connector host", working, state)
	for _, status := range s.host.Manifests() {
		if status.State != host.StateLoaded && status.State != host.StateNew {
			answer.Parts = append(answer.Parts, ReadyPart{Name: "connector " + status.Name, Ready: true, Detail: string(status.State)})
		}
	}
	add("jobs", working, state)
	return answer
}

// ready answers whether requests may come; only the admin socket says more.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if found := s.readiness(r.Context()); !found.Ready {
		for _, part := range found.Parts {
			if !part.Ready {
				s.log.WarnContext(r.Context(), "not ready", slog.String("part", part.Name), slog.String("detail", part.Detail))
			}
		}
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

func (s *Server) readyDetail(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, s.readiness(r.Context()))
}

// observeRoutes serve what only an operator on this machine may see.
func (s *Server) observeRoutes(mux *http.ServeMux) {
	mux.Handle("GET /metrics", s.watch.metrics.Handler())
	mux.HandleFunc("GET /readyz", s.readyDetail)
	mux.HandleFunc("GET /doctor/connectors", s.doctorConnectors)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}

// newWatch makes the figures and, when the configuration says where to, the traces.
func (s *Server) newWatch(ctx context.Context, options Options) (err error) {
	s.watch = &watch{metrics: obs.NewMetrics(s.version), tracing: options.Tracing}
	if s.watch.tracing == nil {
		s.watch.tracing, err = obs.NewTracing(ctx, s.config.Tracing.OTLPEndpoint, s.version)
	}
	return err
}
