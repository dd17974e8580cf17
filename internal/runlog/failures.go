package runlog

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/failedrecord"
	"github.com/fieldwarden/fieldwarden/ent/runerror"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/plural"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// lookup is how many ids one statement names.
const lookup = 500

// Failure is one error of a run, or several of the same kind.
type Failure struct {
	Code fault.Code
	// Object and Field are CRM names; empty when it is not about one.
	Object string
	Field  string
	// Message says what failed, for a person, without a record's data.
	Message string
	// RecordIDs are the CRM's ids of the records that it hit; each counts once. Without
	// any it counts once.
	RecordIDs []string
}

// Error adds a failure to the run's errors, inside tx: those of the same code, object
// and field are one group that counts them and names the first records.
func (l *Log) Error(ctx context.Context, tx *store.Tx, run *ent.SyncRun, failure Failure) error {
	object, field := crm.Shorten(failure.Object, maxName), crm.Shorten(failure.Field, maxName)
	message := l.text(failure.Message, maxErrorMessage)
	count := max(1, len(failure.RecordIDs))
	group, err := tx.Ent().RunError.Query().Where(runerror.RunID(run.ID), runerror.FaultCode(string(failure.Code)),
		runerror.ObjectName(object), runerror.FieldName(field)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		err = tx.Ent().RunError.Create().
			SetWorkspaceID(run.WorkspaceID).SetCreatedAt(tx.Now()).SetLastSeenAt(tx.Now()).
			SetRunID(run.ID).SetIntegrationID(run.IntegrationID).
			SetFaultCode(string(failure.Code)).SetObjectName(object).SetFieldName(field).
			SetMessage(message).SetCount(count).SetRecordIds(firstIDs(nil, failure.RecordIDs)).Exec(ctx)
	case err == nil:
		err = group.Update().AddCount(count).SetMessage(message).SetLastSeenAt(tx.Now()).
			SetRecordIds(firstIDs(group.RecordIds, failure.RecordIDs)).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("runlog: grouping an error: %w", err)
	}
	return nil
}

// firstIDs adds ids that are not known yet, as many as a group names.
func firstIDs(known, more []string) []string {
	for _, id := range more {
		if len(known) >= MaxErrorRecords {
			break
		}
		if id = crm.Shorten(id, maxRecordID); !slices.Contains(known, id) {
			known = append(known, id)
		}
	}
	return known
}

// Refused notes records of an object that the CRM has and that were not taken, inside
// tx: in the failed records, which are tried again until they are stored or dismissed
// (requirement E9), in the run's errors, and with one line in its log. It returns how
// many records there were, each id once.
func (l *Log) Refused(ctx context.Context, tx *store.Tx, run *ent.SyncRun, object string, refused []crm.RefusedRecord) (int, error) {
	byID := make(map[string]crm.RefusedRecord, len(refused))
	byCode := map[string][]string{}
	var ids []string
	for _, one := range refused {
		one.ID = crm.Shorten(one.ID, maxRecordID)
		if _, twice := byID[one.ID]; twice {
			continue
		}
		byID[one.ID] = one
		byCode[one.Code] = append(byCode[one.Code], one.ID)
		ids = append(ids, one.ID)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	for part := range slices.Chunk(ids, lookup) {
		if err := l.keepFailed(ctx, tx, run, object, part, byID); err != nil {
			return 0, err
		}
	}
	var lines []Line
	for _, code := range sortedKeys(byCode) {
		hit := byCode[code]
		failure := Failure{Code: fault.Code(code), Object: object, Message: byID[hit[0]].Message, RecordIDs: hit}
		if err := l.Error(ctx, tx, run, failure); err != nil {
			return 0, err
		}
		lines = append(lines, Line{
			Level: crm.LogWarn, Object: object, Fault: fault.Code(code), Message: plural.Of(len(hit), "record was", "records were") + " not stored: " + failure.Message,
			Attributes: map[string]string{"records": fmt.Sprint(len(hit)), "first": hit[0]},
		})
	}
	return len(ids), l.Append(ctx, tx, run, lines...)
}

// keepFailed makes or updates the rows of at most lookup failed records.
func (l *Log) keepFailed(ctx context.Context, tx *store.Tx, run *ent.SyncRun, object string, ids []string, byID map[string]crm.RefusedRecord) error {
	ofObject := failedrecord.And(failedrecord.IntegrationID(run.IntegrationID), failedrecord.ObjectName(object))
	known, err := tx.Ent().FailedRecord.Query().Where(ofObject, failedrecord.RecordIDIn(ids...)).All(ctx)
	if err != nil {
		return fmt.Errorf("runlog: looking for failed records: %w", err)
	}
	again := map[string]bool{}
	for _, row := range known {
		again[row.RecordID] = true
		now := byID[row.RecordID]
		if err := row.Update().AddAttempts(1).SetRunID(run.ID).SetFaultCode(now.Code).SetMessage(l.text(now.Message, maxErrorMessage)).
			SetLastSeenAt(tx.Now()).Exec(ctx); err != nil {
			return fmt.Errorf("runlog: counting a failed record: %w", err)
		}
	}
	kept, err := tx.Ent().FailedRecord.Query().Where(ofObject).Count(ctx)
	if err != nil {
		return fmt.Errorf("runlog: counting failed records: %w", err)
	}
	var creates []*ent.FailedRecordCreate
	for _, id := range ids {
		if again[id] || kept+len(creates) >= MaxFailedRecords {
			continue
		}
		creates = append(creates, tx.Ent().FailedRecord.Create().
			SetWorkspaceID(run.WorkspaceID).SetCreatedAt(tx.Now()).SetLastSeenAt(tx.Now()).
			SetIntegrationID(run.IntegrationID).SetObjectName(object).SetRecordID(id).SetRunID(run.ID).
			SetFaultCode(byID[id].Code).SetMessage(l.text(byID[id].Message, maxErrorMessage)))
	}
	if err := tx.Ent().FailedRecord.CreateBulk(creates...).Exec(ctx); err != nil {
		return fmt.Errorf("runlog: keeping failed records: %w", err)
	}
	return nil
}

// Stored forgets those of an object's failed records that are stored now, or gone from
// the CRM, inside tx.
func (l *Log) Stored(ctx context.Context, tx *store.Tx, integrationID, object string, ids []string) error {
	ofObject := failedrecord.And(failedrecord.IntegrationID(integrationID), failedrecord.ObjectName(object))
	// Hardly any object has failed records, and every step asks.
	if some, err := tx.Ent().FailedRecord.Query().Where(ofObject).Exist(ctx); err != nil || !some {
		return wrap("looking for failed records", err)
	}
	for part := range slices.Chunk(ids, lookup) {
		if _, err := tx.Ent().FailedRecord.Delete().Where(ofObject, failedrecord.RecordIDIn(part...)).Exec(ctx); err != nil {
			return wrap("forgetting failed records", err)
		}
	}
	return nil
}
