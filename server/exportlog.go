package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/access"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
)

// runLog serves /export/runs/{id}/log.csv and log.json: the lines of a run's log,
// oldest first, filtered by query parameters named as the arguments of SyncRun.logs
// (requirement G12).
func (e *exports) runLog(form string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !e.allowed(w, r, access.ExportRunLog, "exportRunLog") {
			return
		}
		runID := chi.URLParam(r, "id")
		filter, err := runLogFilter(r.URL.Query())
		if err == nil {
			_, err = filter.Predicates(runID)
		}
		if err == nil {
			err = e.runs.Exists(r.Context(), runID)
		}
		if err != nil {
			refuseExport(w, r, err)
			return
		}
		out := newRows(w, form, "run-log-"+runID, runLogColumns())
		err = e.runs.Export(r.Context(), runID, filter, func(lines []*ent.RunLogEntry) error {
			for _, line := range lines {
				row, err := runLogRow(line)
				if err != nil {
					return err
				}
				if err := out.write(row); err != nil {
					return err
				}
			}
			return nil
		})
		e.finish(r, out, err)
	}
}

// runLogFilter reads the filter of an export.
func runLogFilter(query url.Values) (runlog.Filter, error) {
	var filter runlog.Filter
	for name, values := range query {
		switch name {
		case "level":
			filter.Level = crm.LogLevel(values[0])
		case "object":
			filter.Object = values[0]
		case "search":
			filter.Search = values[0]
		default:
			return filter, fault.New(fault.BadInput, fmt.Sprintf("There is no parameter %.40q.", name), fault.Field(name))
		}
	}
	return filter, nil
}

func runLogColumns() []string {
	return []string{"seq", "createdAt", "level", "objectName", "message", "errorCode", "attributes"}
}

// runLogRow is a line's values, in the order of runLogColumns.
func runLogRow(line *ent.RunLogEntry) ([]any, error) {
	var attributes json.RawMessage
	if len(line.Attributes) > 0 {
		encoded, err := json.Marshal(line.Attributes)
		if err != nil {
			return nil, fmt.Errorf("server: encoding the attributes of a line: %w", err)
		}
		attributes = encoded
	}
	return []any{line.Seq, line.CreatedAt.UTC(), string(line.Level), line.ObjectName, line.Message, line.FaultCode, attributes}, nil
}
