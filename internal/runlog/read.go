package runlog

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/ent/runlogentry"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// maxSearch is the longest text that a log is searched for, in bytes.
const maxSearch = 200

// page is how many lines are read or written at a time.
const page = 500

// Filter says which lines of a log; zero fields leave nothing out.
type Filter struct {
	// Level is the least.
	Level crm.LogLevel
	// Object is a CRM name.
	Object string
	// Search is a text that the message contains, in any case.
	Search string
}

// Predicates are the filter for a query of the lines of a run. BAD_INPUT means that
// the filter cannot be.
func (f Filter) Predicates(runID string) ([]predicate.RunLogEntry, error) {
	all := []predicate.RunLogEntry{runlogentry.RunID(runID)}
	if f.Level != "" {
		least := slices.Index(f.Level.Values(), string(f.Level))
		if least < 0 {
			return nil, fault.New(fault.BadInput, fmt.Sprintf("%.20q is no level.", string(f.Level)), fault.Field("level"))
		}
		var levels []crm.LogLevel
		for _, level := range f.Level.Values()[least:] {
			levels = append(levels, crm.LogLevel(level))
		}
		all = append(all, runlogentry.LevelIn(levels...))
	}
	if f.Object != "" {
		all = append(all, runlogentry.ObjectName(f.Object))
	}
	if len(f.Search) > maxSearch {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("The text to search for has at most %d bytes.", maxSearch), fault.Field("search"))
	}
	if f.Search != "" {
		all = append(all, runlogentry.MessageContainsFold(f.Search))
	}
	return all, nil
}

// Lines returns the lines of one feed entry that a filter leaves, oldest first.
func (l *Log) Lines(ctx context.Context, lines Lines, filter Filter) ([]*ent.RunLogEntry, error) {
	which, err := filter.Predicates(lines.RunID)
	if err != nil {
		return nil, err
	}
	entries, err := l.store.Read().RunLogEntry.Query().Where(which...).
		Where(runlogentry.SeqGTE(lines.From), runlogentry.SeqLTE(lines.To)).Order(runlogentry.BySeq()).All(ctx)
	return entries, wrap("reading lines", err)
}

// Exists fails with NOT_FOUND unless there is such a run in the principal's workspace.
func (l *Log) Exists(ctx context.Context, runID string) error {
	exists, err := l.store.Read().SyncRun.Query().Where(syncrun.ID(runID)).Exist(ctx)
	if err == nil && !exists {
		return fault.New(fault.NotFound, "There is no run with this id.", fault.Field("runId"))
	}
	return wrap("looking for the run", err)
}

// Export gives the lines of a run to yield, some at a time, oldest first.
func (l *Log) Export(ctx context.Context, runID string, filter Filter, yield func([]*ent.RunLogEntry) error) error {
	which, err := filter.Predicates(runID)
	if err != nil {
		return err
	}
	for after := 0; ; {
		entries, err := l.store.Read().RunLogEntry.Query().Where(which...).Where(runlogentry.SeqGT(after)).
			Order(runlogentry.BySeq()).Limit(page).All(ctx)
		if err != nil {
			return wrap("reading lines", err)
		}
		if len(entries) > 0 {
			if err := yield(entries); err != nil {
				return err
			}
			after = entries[len(entries)-1].Seq
		}
		if len(entries) < page {
			return nil
		}
	}
}
