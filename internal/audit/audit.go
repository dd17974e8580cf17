// Package audit reads the audit log and writes what no use case can: what was
// refused, and that somebody read (requirement O2).
//
// What succeeds is recorded by the use case that does it, in its own transaction,
// so that nothing is done without an entry. What is denied or fails has no
// transaction left; the API records it here, in one of its own. Entries are only
// ever added: the data layer refuses every change, and so does the database.
package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// ActionRead is the action of who reads or downloads the audit log.
const ActionRead = "auditLog"

// Lengths of what a client chooses, as the columns have them.
const (
	maxAction = 80
	maxTarget = 80
)

// Service reads and writes the audit log. It is safe for concurrent use.
type Service struct{ store *store.Store }

// New returns a Service.
func New(s *store.Store) *Service { return &Service{store: s} }

// Refusal is something that was tried and not done.
type Refusal struct {
	// Action is the operation's name ("runNow", "Integration.settings").
	Action string
	// Target is the id that the client named; may be empty, and may name nothing.
	Target string
	// Code is why: fault.Forbidden is DENIED, everything else FAILED.
	Code fault.Code
	// Input is what the client sent; secrets are taken out here. Nil for none.
	Input map[string]any
}

// Refused records a refusal in the name of the context's principal, in a
// transaction of its own.
func (s *Service) Refused(ctx context.Context, r Refusal) error {
	outcome := crm.AuditFailed
	if r.Code == fault.Forbidden {
		outcome = crm.AuditDenied
	}
	item := store.AuditItem{
		Action: crm.Shorten(clean(r.Action), maxAction), Target: crm.Shorten(clean(r.Target), maxTarget), Outcome: outcome, Fault: r.Code,
	}
	if r.Input != nil {
		item.After = map[string]any{"input": Redacted(r.Input)}
	}
	return s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Audit(ctx, item) })
}

// Reading records that somebody reads the audit log. form is "page", "csv" or
// "json". Nothing may be read when this fails.
func (s *Service) Reading(ctx context.Context, filter Filter, form string) error {
	return s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Audit(ctx, store.AuditItem{
			Action: ActionRead, Outcome: crm.AuditSucceeded, After: map[string]any{"form": form, "filter": filter.shown()},
		})
	})
}

// Filter says which entries; zero fields leave nothing out.
type Filter struct {
	Actor    string
	Actions  []string
	Target   string
	Outcomes []crm.AuditOutcome
	Via      string
	// Since is inclusive, Until exclusive.
	Since, Until *time.Time
}

// Predicates are the filter for a query of the workspace's entries.
func (f Filter) Predicates() []predicate.AuditEntry {
	var all []predicate.AuditEntry
	if f.Actor != "" {
		all = append(all, auditentry.Actor(f.Actor))
	}
	if f.Actions != nil {
		all = append(all, auditentry.ActionIn(f.Actions...))
	}
	if f.Target != "" {
		all = append(all, auditentry.Target(f.Target))
	}
	if f.Outcomes != nil {
		all = append(all, auditentry.OutcomeIn(f.Outcomes...))
	}
	if f.Via != "" {
		all = append(all, auditentry.Via(f.Via))
	}
	if f.Since != nil {
		all = append(all, auditentry.CreatedAtGTE(f.Since.UTC()))
	}
	if f.Until != nil {
		all = append(all, auditentry.CreatedAtLT(f.Until.UTC()))
	}
	return all
}

// shown is the filter as an entry shows it.
func (f Filter) shown() map[string]any {
	shown := map[string]any{}
	for name, text := range map[string]string{"actor": f.Actor, "target": f.Target, "via": f.Via} {
		if text != "" {
			shown[name] = shownText(text)
		}
	}
	if f.Actions != nil {
		shown["actions"] = Redacted(map[string]any{"actions": anyOf(f.Actions)})["actions"]
	}
	if f.Outcomes != nil {
		shown["outcomes"] = f.Outcomes
	}
	for name, at := range map[string]*time.Time{"since": f.Since, "until": f.Until} {
		if at != nil {
			shown[name] = at.UTC()
		}
	}
	return shown
}

func anyOf(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}

// Query selects the entries of the principal's workspace that a filter leaves.
func (s *Service) Query(filter Filter) *ent.AuditEntryQuery {
	return s.store.Read().AuditEntry.Query().Where(filter.Predicates()...)
}

// exportBatch is how many entries an export reads at a time.
const exportBatch = 500

// Export gives the entries that a filter leaves to yield, newest first, in batches;
// an error of yield ends it. What is added meanwhile is not part of it.
func (s *Service) Export(ctx context.Context, filter Filter, yield func([]*ent.AuditEntry) error) error {
	last := ""
	for {
		query := s.Query(filter)
		if last != "" {
			query.Where(auditentry.IDLT(last))
		}
		rows, err := query.Order(ent.Desc(auditentry.FieldID)).Limit(exportBatch).All(ctx)
		if err != nil {
			return fmt.Errorf("audit: reading entries: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		if err := yield(rows); err != nil {
			return err
		}
		last = rows[len(rows)-1].ID
	}
}
