package control

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// maxBody bounds a control request.
const maxBody = 1 << 20

// Handler serves the control page and the control API of these simulators, to be mounted at /sim:
//
//	GET    /sim/                                        the page
//	GET    /sim/api                                     {"panels": [{"key", "title", "records"}]}
//	GET    /sim/api/{crm}/state                         State
//	PUT    /sim/api/{crm}/objects/{object}              ObjectChange
//	PUT    /sim/api/{crm}/objects/{object}/fields/{field}  FieldChange
//	PUT    /sim/api/{crm}/switches/{key}                {"value": …}
//	POST   /sim/api/{crm}/records                       RecordChange → {"ids": […]}, if the board is a RecordBoard
//	GET    /sim/api/{crm}/faults                        {"faults": […], "kinds": […]}
//	POST   /sim/api/{crm}/faults                        Fault → {"id": 1}
//	DELETE /sim/api/{crm}/faults, …/faults/{id}
//	GET    /sim/api/{crm}/requests?after=SEQ            {"requests": […]}
//	DELETE /sim/api/{crm}/requests                      clears the log and the counters
//	GET    /sim/api/{crm}/counters                      Counters
//
// Changes answer {"ok": true}; errors {"error": "…"}. See crmsim.GuardControl for what requests must carry.
func Handler(panels ...Panel) http.Handler {
	root, r := chi.NewRouter(), chi.NewRouter()
	r.Use(crmsim.GuardControl)
	page(r)
	r.Route("/api", func(r chi.Router) {
		r.Get("/", func(w http.ResponseWriter, _ *http.Request) {
			respond(w, map[string]any{"panels": titles(panels)}, nil)
		})
		for _, p := range panels {
			r.Route("/"+p.Key, p.routes)
		}
	})
	root.Mount("/sim", r)
	return root
}

func titles(panels []Panel) []map[string]any {
	list := make([]map[string]any, len(panels))
	for i, p := range panels {
		_, records := p.Board.(RecordBoard)
		list[i] = map[string]any{"key": p.Key, "title": p.Title, "records": records}
	}
	return list
}

// routes serves one simulator's part of the API.
func (p Panel) routes(r chi.Router) {
	r.Get("/state", func(w http.ResponseWriter, _ *http.Request) { respond(w, p.Board.State(), nil) })
	r.Put("/objects/{object}", func(w http.ResponseWriter, r *http.Request) {
		change, err := body[ObjectChange](r)
		carryOut(w, err, func() error { return p.Board.SetObject(param(r, "object"), change) })
	})
	r.Put("/objects/{object}/fields/{field}", func(w http.ResponseWriter, r *http.Request) {
		change, err := body[FieldChange](r)
		carryOut(w, err, func() error { return p.Board.SetField(param(r, "object"), param(r, "field"), change) })
	})
	r.Put("/switches/{key}", func(w http.ResponseWriter, r *http.Request) {
		given, err := body[struct {
			Value json.RawMessage `json:"value"`
		}](r)
		carryOut(w, err, func() error { return p.Board.SetSwitch(param(r, "key"), given.Value) })
	})
	if board, ok := p.Board.(RecordBoard); ok {
		r.Post("/records", func(w http.ResponseWriter, r *http.Request) {
			change, err := body[RecordChange](r)
			ids := []string{}
			if err == nil {
				ids, err = board.ChangeRecords(change)
			}
			respond(w, map[string]any{"ids": ids}, err)
		})
	}
	p.faultRoutes(r)
	r.Get("/requests", func(w http.ResponseWriter, r *http.Request) {
		after, err := 0, error(nil)
		if text := r.URL.Query().Get("after"); text != "" {
			if after, err = strconv.Atoi(text); err != nil {
				err = BadRequest("after: want the sequence number of a request, got %q", text)
			}
		}
		respond(w, map[string]any{"requests": p.Journal.After(after)}, err)
	})
	r.Delete("/requests", func(w http.ResponseWriter, _ *http.Request) {
		carryOut(w, nil, func() error { p.Journal.Clear(); return nil })
	})
	r.Get("/counters", func(w http.ResponseWriter, _ *http.Request) { respond(w, p.Journal.Count(), nil) })
}

func (p Panel) faultRoutes(r chi.Router) {
	r.Get("/faults", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, map[string]any{"faults": p.Faults.List(), "kinds": p.Faults.Kinds()}, nil)
	})
	r.Post("/faults", func(w http.ResponseWriter, r *http.Request) {
		rule, err := body[Fault](r)
		id := 0
		if err == nil {
			id, err = p.Faults.Add(rule)
		}
		respond(w, map[string]int{"id": id}, err)
	})
	r.Delete("/faults", func(w http.ResponseWriter, _ *http.Request) {
		carryOut(w, nil, func() error { p.Faults.Clear(); return nil })
	})
	r.Delete("/faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		carryOut(w, nil, func() error {
			id, err := strconv.Atoi(param(r, "id"))
			if err != nil {
				return NotFound("there is no fault %q", param(r, "id"))
			}
			return p.Faults.Remove(id)
		})
	})
}

// param is a path parameter, unescaped.
func param(r *http.Request, name string) string {
	value := chi.URLParam(r, name)
	if plain, err := url.PathUnescape(value); err == nil && r.URL.RawPath != "" {
		return plain
	}
	return value
}

// body reads a JSON body and refuses keys it does not know, so that a misspelt switch does not pass silently.
func body[T any](r *http.Request) (T, error) {
	var value T
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil {
		return value, BadRequest("the body is not what this request takes: %v", err)
	}
	return value, nil
}

// carryOut runs a change whose body was read.
func carryOut(w http.ResponseWriter, err error, change func() error) {
	if err == nil {
		err = change()
	}
	respond(w, map[string]bool{"ok": true}, err)
}

// respond writes the value, or {"error": "…"} with the status of an *Error.
func respond(w http.ResponseWriter, value any, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		var refused *Error
		if errors.As(err, &refused) {
			status = refused.Status
		}
		value = map[string]string{"error": err.Error()}
	}
	text, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}
