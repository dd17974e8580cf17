package runlog

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent/runlogentry"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// pruned is how many lines one transaction removes.
const pruned = 2000

// Housekeep removes the lines that are older than Retention, some thousand in a
// transaction; ctx is that of the scheduler's housekeeping, which looks across
// workspaces. Several nodes may do it at once.
func (l *Log) Housekeep(ctx context.Context) error {
	for {
		before := l.store.Clock().Now().UTC().Add(-Retention)
		ids, err := l.store.Read().RunLogEntry.Query().Where(runlogentry.CreatedAtLT(before)).
			Order(runlogentry.ByCreatedAt()).Limit(pruned).IDs(ctx)
		if err != nil || len(ids) == 0 {
			return wrap("looking for old lines", err)
		}
		err = l.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Ent().RunLogEntry.Delete().Where(runlogentry.IDIn(ids...)).Exec(ctx)
			return err
		})
		if err != nil {
			return wrap("removing old lines", err)
		}
		if len(ids) < pruned {
			return nil
		}
	}
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("runlog: %s: %w", doing, err)
}

func sortedKeys(m map[string][]string) []string { return slices.Sorted(maps.Keys(m)) }
