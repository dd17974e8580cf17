package server

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/access"
	"github.com/fieldwarden/fieldwarden/internal/audit"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
)

// exports serves files to download, with the credentials, the workspace selection
// and the table of access of the API (requirement O2). They are streamed: what is
// large is never held in memory, and a file that could not be written whole ends
// with a broken transfer, never as if it were complete.
type exports struct {
	audits *audit.Service
	runs   *runlog.Log
	log    *slog.Logger
}

// Forms of a file to download.
const (
	formCSV  = "csv"
	formJSON = "json"
)

// auditLog serves /export/audit.csv and /export/audit.json: the entries of the
// workspace, newest first, filtered by query parameters named as in AuditFilterInput.
func (e *exports) auditLog(form string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !e.allowed(w, r, access.ExportAudit, audit.ActionRead) {
			return
		}
		filter, err := auditFilter(r.URL.Query())
		if err == nil {
			err = e.audits.Reading(r.Context(), filter, form)
		}
		if err != nil {
			refuseExport(w, r, err)
			return
		}
		out := newRows(w, form, "audit-log", auditColumns())
		err = e.audits.Export(r.Context(), filter, func(entries []*ent.AuditEntry) error {
			for _, entry := range entries {
				if err := out.write(auditRow(entry)); err != nil {
					return err
				}
			}
			return nil
		})
		e.finish(r, out, err)
	}
}

// allowed asks the table of access and answers who may not; a denial is recorded
// under the action.
func (e *exports) allowed(w http.ResponseWriter, r *http.Request, operation access.Operation, action string) bool {
	who, ok := principal.From(r.Context())
	if !ok {
		refuse(w, r, fault.New(fault.Unauthenticated, "A download needs a bearer token or a session."))
		return false
	}
	err := access.Check(who, operation)
	if err == nil {
		return true
	}
	if recordErr := e.audits.Refused(r.Context(), audit.Refusal{Action: action, Code: fault.CodeOf(err)}); recordErr != nil {
		e.log.ErrorContext(r.Context(), "a refusal was not recorded", slog.String("action", action), obs.Err(recordErr))
	}
	refuse(w, r, err)
	return false
}

// finish ends a file. When it could not be written whole, the connection is cut:
// the status was sent long ago.
func (e *exports) finish(r *http.Request, out *rows, err error) {
	if err == nil {
		err = out.close()
	}
	if err == nil {
		return
	}
	if r.Context().Err() == nil {
		e.log.WarnContext(r.Context(), "a download was not written whole", obs.Err(err))
	}
	panic(http.ErrAbortHandler)
}

// refuseExport answers a download that did not begin.
func refuseExport(w http.ResponseWriter, r *http.Request, err error) {
	shown, ok := fault.From(err)
	status := http.StatusBadRequest
	switch {
	case ok && shown.Code == fault.NotFound:
		status = http.StatusNotFound
	case !ok || shown.Code != fault.BadInput:
		refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(ErrorAnswer{Code: shown.Code, Message: shown.Message, Hint: shown.WhatToDo()})
}

// auditFilter reads the filter of an export. Lists are parameters that repeat.
func auditFilter(query url.Values) (audit.Filter, error) {
	var filter audit.Filter
	for name, values := range query {
		var err error
		switch name {
		case "actor":
			filter.Actor = values[0]
		case "actions":
			filter.Actions = values
		case "target":
			filter.Target = values[0]
		case "outcomes":
			filter.Outcomes, err = outcomes(values)
		case "via":
			filter.Via = values[0]
		case "since":
			filter.Since, err = instant(name, values[0])
		case "until":
			filter.Until, err = instant(name, values[0])
		default:
			err = fault.New(fault.BadInput, fmt.Sprintf("There is no parameter %.40q.", name), fault.Field(name))
		}
		if err != nil {
			return filter, err
		}
	}
	return filter, nil
}

func outcomes(values []string) ([]crm.AuditOutcome, error) {
	var all []crm.AuditOutcome
	for _, value := range values {
		if !slices.Contains(crm.AuditOutcome("").Values(), value) {
			return nil, fault.New(fault.BadInput, fmt.Sprintf("%.40q is no outcome.", value), fault.Field("outcomes"))
		}
		all = append(all, crm.AuditOutcome(value))
	}
	return all, nil
}

func instant(name, value string) (*time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("%s must be an instant as in RFC 3339, 2026-03-02T08:00:00Z.", name), fault.Field(name))
	}
	return &at, nil
}

func auditColumns() []string {
	return []string{
		"id", "createdAt", "actor", "actorName", "via", "action", "target", "outcome", "errorCode",
		"interface", "address", "userAgent", "requestId", "before", "after",
	}
}

// auditRow is an entry's values, in the order of auditColumns.
func auditRow(e *ent.AuditEntry) []any {
	return []any{
		e.ID, e.CreatedAt.UTC(), e.Actor, e.ActorName, e.Via, e.Action, e.Target, string(e.Outcome), e.FaultCode,
		e.Interface, e.Address, e.UserAgent, e.RequestID, e.Before, e.After,
	}
}

// rows writes rows of named values as CSV or as a JSON array of objects.
type rows struct {
	to      io.Writer
	columns []string
	csv     *csv.Writer // nil for JSON
	written bool
}

// newRows begins a file with a name for the browser to keep it under.
func newRows(w http.ResponseWriter, form, name string, columns []string) *rows {
	out := &rows{to: w, columns: columns}
	kind := "application/json; charset=utf-8"
	if form == formCSV {
		kind = "text/csv; charset=utf-8; header=present"
		out.csv = csv.NewWriter(w)
		_ = out.csv.Write(columns) // a broken connection shows at the flush
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+"."+form))
	w.Header().Set("Cache-Control", "no-store")
	return out
}

// write adds a row: texts, numbers, instants, or json.RawMessage.
func (o *rows) write(values []any) error {
	if o.csv != nil {
		cells := make([]string, len(values))
		for i, value := range values {
			cells[i] = cell(value)
		}
		return o.csv.Write(cells)
	}
	separator := "["
	if o.written {
		separator = ",\n"
	}
	o.written = true
	object := make([]string, len(values))
	for i, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("server: encoding %s: %w", o.columns[i], err)
		}
		object[i] = fmt.Sprintf("%q:%s", o.columns[i], text)
	}
	_, err := fmt.Fprintf(o.to, "%s{%s}", separator, strings.Join(object, ","))
	return err
}

// close ends the file.
func (o *rows) close() error {
	if o.csv != nil {
		o.csv.Flush()
		return o.csv.Error()
	}
	end := "]\n"
	if !o.written {
		end = "[]\n"
	}
	_, err := io.WriteString(o.to, end)
	return err
}

// cell is a value as a cell of CSV. A text that a spreadsheet would run as a formula
// gets an apostrophe before it (OWASP, CSV injection): what an entry says may come
// from an attacker, such as a user agent.
func cell(value any) string {
	var text string
	switch value := value.(type) {
	case time.Time:
		return value.Format(time.RFC3339Nano)
	case json.RawMessage:
		text = string(value)
	default:
		text = fmt.Sprint(value)
	}
	if text != "" && strings.ContainsRune("=+-@\t\r\n|", rune(text[0])) {
		return "'" + text
	}
	return text
}
