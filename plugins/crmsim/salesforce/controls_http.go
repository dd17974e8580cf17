package salesforce

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// controlRoutes serves the control page at /sim/ and the control API under /sim/api.
func (s *Simulator) controlRoutes() http.Handler {
	r := chi.NewRouter()
	r.Use(crmsim.GuardControl)
	c := s.controls
	r.Get("/", asset("web/control.html", "text/html; charset=utf-8"))
	r.Get("/style.css", asset("web/style.css", "text/css; charset=utf-8"))
	r.Get("/icon.svg", asset("web/icon.svg", "image/svg+xml"))
	r.Get("/control.js", asset("web/control.js", "text/javascript; charset=utf-8"))
	r.Route("/api", func(r chi.Router) {
		r.Get("/state", func(w http.ResponseWriter, _ *http.Request) { controlAnswer(w, c.State(), nil) })
		r.Post("/objects/{object}", func(w http.ResponseWriter, r *http.Request) {
			body, err := controlBody[ObjectSwitch](r)
			done(w, err, func() error { return c.SetObject(chi.URLParam(r, "object"), body) })
		})
		r.Post("/objects/{object}/fields/{field}", func(w http.ResponseWriter, r *http.Request) {
			body, err := controlBody[FieldSwitch](r)
			done(w, err, func() error { return c.SetField(chi.URLParam(r, "object"), chi.URLParam(r, "field"), body) })
		})
		r.Post("/permissions/reset", action(c.ResetPermissions))
		r.Post("/tokens/kill", func(w http.ResponseWriter, _ *http.Request) {
			controlAnswer(w, map[string]int{"killed": c.KillAccessTokens()}, nil)
		})
		r.Post("/authorizations/revoke", func(w http.ResponseWriter, _ *http.Request) {
			controlAnswer(w, map[string]int{"revoked": c.RevokeAuthorizations()}, nil)
		})
		r.Post("/rotation", func(w http.ResponseWriter, r *http.Request) {
			body, err := controlBody[struct {
				On bool `json:"on"`
			}](r)
			done(w, err, func() error { c.SetRotation(body.On); return nil })
		})
		r.Post("/cursors/drop", action(c.DropCursors))
		s.faultRoutes(r)
		r.Post("/records/create", recordChange(c.CreateRecords))
		r.Post("/records/touch", recordChange(c.TouchRecords))
		r.Post("/records/delete", recordChange(c.DeleteRecords))
		r.Get("/requests", func(w http.ResponseWriter, r *http.Request) {
			after, err := strconv.Atoi(orDefault(r.URL.Query().Get("after"), "0"))
			if err != nil {
				controlAnswer(w, nil, badRequest("after: want the sequence number of a request"))
				return
			}
			controlAnswer(w, map[string]any{"requests": c.Requests(after), "counters": c.Counters()}, nil)
		})
		r.Delete("/requests", action(c.ClearRequests))
		r.Post("/reset", action(c.Reset))
	})
	return r
}

func (s *Simulator) faultRoutes(r chi.Router) {
	c := s.controls
	r.Get("/faults", func(w http.ResponseWriter, _ *http.Request) { controlAnswer(w, s.faults.list(), nil) })
	r.Post("/faults", func(w http.ResponseWriter, r *http.Request) {
		rule, err := controlBody[Fault](r)
		if err != nil {
			controlAnswer(w, nil, err)
			return
		}
		id, err := c.AddFault(rule)
		controlAnswer(w, map[string]int{"id": id}, err)
	})
	r.Delete("/faults", action(c.ClearFaults))
	r.Delete("/faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(chi.URLParam(r, "id"))
		done(w, err, func() error { return c.RemoveFault(id) })
	})
}

// asset serves an embedded file.
func asset(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := fs.ReadFile(web, name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(body)
	}
}

// action serves a switch without a body.
func action(run func()) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		run()
		controlAnswer(w, map[string]bool{"ok": true}, nil)
	}
}

func recordChange(run func(RecordChange) ([]string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		change, err := controlBody[RecordChange](r)
		if err != nil {
			controlAnswer(w, nil, err)
			return
		}
		ids, err := run(change)
		controlAnswer(w, map[string]any{"ids": ids}, err)
	}
}

// done runs a switch whose body was read.
func done(w http.ResponseWriter, err error, run func() error) {
	if err == nil {
		err = run()
	}
	controlAnswer(w, map[string]bool{"ok": true}, err)
}

// controlBody reads a JSON body and refuses keys it does not know, so that a misspelt switch does not pass silently.
func controlBody[T any](r *http.Request) (T, error) {
	var body T
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxForm))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		return body, badRequest("the body is not what this switch takes: %v", err)
	}
	return body, nil
}

// controlAnswer writes the value, or {"error": "…"} with the status of a *ControlError.
func controlAnswer(w http.ResponseWriter, value any, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		var refused *ControlError
		if errors.As(err, &refused) {
			status = refused.Status
		}
		value = map[string]string{"error": err.Error()}
	}
	body, err := marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
