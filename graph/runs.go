package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/failedrecord"
	"github.com/fieldwarden/fieldwarden/ent/runerror"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/syncrun"
)

// someOrAll refuses an empty list where a list left out means all: whoever selected
// nothing did not ask for everything.
func someOrAll(field string, names []string) error {
	if names != nil && len(names) == 0 {
		return errEmptyList(field)
	}
	return nil
}

func errEmptyList(field string) error {
	return fault.New(fault.BadInput, fmt.Sprintf("The list is empty; leave %s out to mean all.", field), fault.Field(field))
}

func (r *Resolver) runNow(ctx context.Context, input model.RunNowInput) (string, error) {
	if err := someOrAll("objects", input.Objects); err != nil {
		return "", err
	}
	return r.Runs.RunNow(ctx, input.IntegrationID, input.IdempotencyKey, input.Objects...)
}

func (r *Resolver) retryFailedRecords(ctx context.Context, input model.RetryFailedRecordsInput) (string, error) {
	if err := errors.Join(someOrAll("objects", input.Objects), someOrAll("failedRecordIds", input.FailedRecordIds)); err != nil {
		return "", err
	}
	return r.Runs.RetryFailedRecords(ctx, syncrun.RetryInput{
		IdempotencyKey: input.IdempotencyKey, IntegrationID: input.IntegrationID,
		Objects: input.Objects, FailedRecordIDs: input.FailedRecordIds,
	})
}

// run loads a run that a payload shows.
func (r *Resolver) run(ctx context.Context, id string) (*ent.SyncRun, error) {
	found, err := r.Store.Read().SyncRun.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("graph: loading run: %w", err)
	}
	return found, nil
}

// logs pages through the log of a run. Lines are numbered, so a position stays where
// it is while the log grows.
func (r *Resolver) logs(ctx context.Context, runID string, filter runlog.Filter, p page) (*ent.RunLogEntryConnection, error) {
	which, err := filter.Predicates(runID)
	if err != nil {
		return nil, err
	}
	return r.Store.Read().RunLogEntry.Query().Where(which...).Paginate(ctx, p.after, p.first, p.before, p.last,
		ent.WithRunLogEntryOrder(&ent.RunLogEntryOrder{Direction: entgql.OrderDirectionAsc, Field: ent.RunLogEntryOrderFieldSeq}))
}

// attributes shows the facts of a line; null when there are none.
func attributes(line *ent.RunLogEntry) (json.RawMessage, error) {
	if len(line.Attributes) == 0 {
		return nil, nil
	}
	return json.Marshal(line.Attributes)
}

// failedRecords pages through the records of an integration that could not be stored.
func (r *Resolver) failedRecords(
	ctx context.Context, integrationID string, object *string, first, last *int, after, before *cursor,
) (*ent.FailedRecordConnection, error) {
	p, err := newPage(gid.FailedRecord, first, last, after, before)
	if err != nil {
		return nil, err
	}
	query := r.Store.Read().FailedRecord.Query().Where(failedrecord.IntegrationID(integrationID))
	if object != nil {
		query.Where(failedrecord.ObjectName(*object))
	}
	return query.Paginate(ctx, p.after, p.first, p.before, p.last, ent.WithFailedRecordOrder(&ent.FailedRecordOrder{
		Direction: entgql.OrderDirectionDesc, Field: ent.DefaultFailedRecordOrder.Field,
	}))
}

// runErrors loads the groups of errors of several runs, the most frequent first.
func runErrors(s *store.Store) func(context.Context, []string) ([][]*ent.RunError, []error) {
	return func(ctx context.Context, runIDs []string) ([][]*ent.RunError, []error) {
		rows, err := s.Read().RunError.Query().Where(runerror.RunIDIn(runIDs...)).
			Order(runerror.ByCount(sql.OrderDesc()), runerror.ByID()).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading errors of runs: %w", err)}
		}
		found := map[string][]*ent.RunError{}
		for _, row := range rows {
			found[row.RunID] = append(found[row.RunID], row)
		}
		return inOrder(runIDs, found, func(string) ([]*ent.RunError, error) { return []*ent.RunError{}, nil })
	}
}
