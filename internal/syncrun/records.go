package syncrun

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/failedrecord"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Records that could not be stored are tried again until they are (requirement E9):
// some with every run, when the reading of their object has come to the end, and all,
// or the named ones, by a manual run of their own. Both read single records, which a
// connector need not be able to; without it the manual run reads their objects from
// the beginning.

// maxRetried is how many failed records one manual run tries.
const maxRetried = 2000

// RetryInput says which failed records to try again.
type RetryInput struct {
	IdempotencyKey string `json:"-"`
	IntegrationID  string `json:"integrationId"`
	// Objects are CRM names; none means all.
	Objects []string `json:"objects"`
	// FailedRecordIDs are ids of failed records; none means all.
	FailedRecordIDs []string `json:"failedRecordIds"`
}

// RetryFailedRecords starts a manual run that tries failed records again, at most 2,000,
// those first that failed longest ago. It returns the run's id.
func (s *Service) RetryFailedRecords(ctx context.Context, input RetryInput) (string, error) {
	if _, err := admin(ctx); err != nil {
		return "", err
	}
	if len(input.FailedRecordIDs) > maxRetried {
		return "", fault.New(fault.BadInput, fmt.Sprintf("One run tries at most %d records.", maxRetried), fault.Field("failedRecordIds"))
	}
	return store.Idempotent(ctx, s.store, input.IdempotencyKey, "retryFailedRecords", input, func(ctx context.Context, tx *store.Tx) (string, error) {
		found, err := snapshot.Find(ctx, tx.Ent(), input.IntegrationID)
		if err != nil {
			return "", err
		}
		records, err := s.wantedRecords(ctx, tx, found, input)
		if err != nil {
			return "", err
		}
		objects := slices.Sorted(maps.Keys(records))
		wanted := newRun{kind: crm.RunManual, localDate: today(tx, found), objects: objects, records: records}
		run, err := s.insertRetry(ctx, tx, found, wanted)
		if err != nil {
			return "", err
		}
		return run.ID, tx.Audit(ctx, store.AuditItem{
			Action: "retryFailedRecords", Target: run.ID, Outcome: crm.AuditSucceeded, After: commandFacts(found.ID, objects),
		})
	})
}

func (s *Service) insertRetry(ctx context.Context, tx *store.Tx, found *ent.Integration, wanted newRun) (*ent.SyncRun, error) {
	if s.readsRecords(found.Connector) {
		return s.insert(ctx, tx, found, wanted)
	}
	wanted.records = nil
	run, err := s.insert(ctx, tx, found, wanted)
	if err != nil {
		return nil, err
	}
	return run, resetPositions(ctx, tx, found.ID, wanted.objects)
}

// readsRecords reports whether a connector can read single records.
func (s *Service) readsRecords(connector string) bool {
	manifest, err := s.meter.Describe(connector)
	return err == nil && slices.Contains(manifest.Capabilities, crm.CanReadRecords)
}

// wantedRecords lists the CRM's ids of the failed records to try again, by object.
func (s *Service) wantedRecords(ctx context.Context, tx *store.Tx, found *ent.Integration, input RetryInput) (map[string][]string, error) {
	objects, err := s.knownObjects(ctx, tx, found, input.Objects)
	if err != nil {
		return nil, err
	}
	query := tx.Ent().FailedRecord.Query().Where(failedrecord.IntegrationID(found.ID))
	if len(objects) > 0 {
		query.Where(failedrecord.ObjectNameIn(objects...))
	}
	if len(input.FailedRecordIDs) > 0 {
		query.Where(failedrecord.IDIn(input.FailedRecordIDs...))
	}
	rows, err := query.Order(failedrecord.ByLastSeenAt(), failedrecord.ByID()).Limit(maxRetried).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("syncrun: listing failed records: %w", err)
	}
	records, known := map[string][]string{}, map[string]bool{}
	for _, row := range rows {
		records[row.ObjectName] = append(records[row.ObjectName], row.RecordID)
		known[row.ID] = true
	}
	for i, id := range input.FailedRecordIDs {
		if !known[id] {
			return nil, fault.New(fault.NotFound, "There is no failed record with this id: it may have been stored since.", fault.Field("failedRecordIds", strconv.Itoa(i)))
		}
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.BadInput, "No record has failed: there is nothing to try again.", fault.Field("objects"))
	}
	return records, nil
}

// readableFields are the fields of an object that are read: the standardized ones, as
// far as the integration user may.
func (s *Service) readableFields(ctx context.Context, object *ent.CrmObject) ([]string, error) {
	fields, err := s.store.Read().CrmField.Query().
		Where(crmfield.ObjectID(object.ID), crmfield.Standardized(true), crmfield.Readable(true), crmfield.SuspectedAtIsNil()).
		Order(crmfield.ByName()).Select(crmfield.FieldName).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("syncrun: listing readable fields: %w", err)
	}
	return fields, nil
}

// readWanted reads some of the single records that a run is for, and saves them. The
// run's resume token counts those that are done.
func (s *Service) readWanted(ctx context.Context, t *turn, target *ent.RunObject, object *ent.CrmObject) error {
	wanted := t.run.RecordsWanted[target.Name]
	done, _ := strconv.Atoi(string(t.run.ResumeToken)) // empty is none
	ids := wanted[min(done, len(wanted)):]
	ids = ids[:min(len(ids), crm.MaxReadRecords)]
	fields, err := s.readableFields(ctx, object)
	if err != nil {
		return err
	}
	if len(fields) == 0 {
		return s.nothingToRead(ctx, t, target, object)
	}
	read, err := s.readRecords(ctx, t, object.Name, fields, ids)
	if err != nil {
		return s.readFailed(ctx, t, target, err)
	}
	done += len(ids)
	t.say(crm.LogInfo, "", fmt.Sprintf("Failed records were tried again: %d, not stored: %d.", len(ids), len(read.refused)))
	return s.save(ctx, t, func(u *ent.SyncRunUpdate) {
		if done >= len(wanted) {
			nextObject(u)
			return
		}
		u.SetResumeToken([]byte(strconv.Itoa(done)))
	}, func(ctx context.Context, tx *store.Tx) error {
		counts, err := s.storePart(ctx, tx, t, target.Name, read, 0)
		if err != nil {
			return err
		}
		if err := saveCounts(ctx, tx, t, target, counts); err != nil || done < len(wanted) {
			return err
		}
		return tx.Ent().RunObject.UpdateOneID(target.ID).SetStatus(crm.RunObjectSucceeded).SetFinishedAt(tx.Now()).Exec(ctx)
	})
}

// readRecords reads single records.
func (s *Service) readRecords(ctx context.Context, t *turn, object string, fields, ids []string) (part, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.limits.Time)
	defer cancel()
	var records []crm.Record
	var read part
	err := s.integrations.Call(ctx, t.run.IntegrationID, func(ctx context.Context, connector string, target crm.Target) (err error) {
		records, read.refused, err = s.askRecords(ctx, connector, target, crm.ReadRecordsRequest{Object: object, Fields: fields, IDs: ids})
		return err
	})
	if err != nil {
		return part{}, err
	}
	read.read, read.ids = len(records)+len(read.refused), idsOf(records)
	read.records, err = store.PrepareRecords(records)
	return read, err
}

func (s *Service) askRecords(
	ctx context.Context, connector string, target crm.Target, request crm.ReadRecordsRequest,
) (records []crm.Record, refused []crm.RefusedRecord, err error) {
	err = s.meter.ReadRecords(ctx, connector, target, request, func(batch crm.Batch) error {
		records, refused = append(records, batch.Records...), append(refused, batch.Refused...)
		return nil
	})
	return records, refused, err
}

// retryAlong reads failed records of earlier runs along with the last part of their
// object. That they cannot be read now fails nothing: the next run tries again.
func (s *Service) retryAlong(
	ctx context.Context, t *turn, connector string, target crm.Target, request crm.ReadRequest, allowance crm.Allowance, records []crm.Record, read *part,
) []crm.Record {
	if limit, _ := allowance.Spend(t.tally.Spent()).Stop(); limit != crm.LimitNone || !s.readsRecords(connector) {
		return records
	}
	failed, err := s.store.Read().FailedRecord.Query().
		Where(failedrecord.IntegrationID(t.run.IntegrationID), failedrecord.ObjectName(request.Object), failedrecord.RunIDNEQ(t.run.ID)).
		Order(failedrecord.ByLastSeenAt()).Limit(crm.MaxReadRecords).Select(failedrecord.FieldRecordID).Strings(ctx)
	if err == nil {
		met := map[string]bool{}
		for _, id := range append(idsOf(records), refusedIDs(read.refused)...) {
			met[id] = true
		}
		failed = slices.DeleteFunc(failed, func(id string) bool { return met[id] })
	}
	if err == nil && len(failed) == 0 {
		return records
	}
	var again []crm.Record
	var refused []crm.RefusedRecord
	if err == nil {
		again, refused, err = s.askRecords(ctx, connector, target, crm.ReadRecordsRequest{Object: request.Object, Fields: request.Fields, IDs: failed})
	}
	if err != nil {
		cause := asFault(err)
		t.say(crm.LogWarn, cause.Code, "Failed records could not be tried again: "+cause.Message)
		s.log.WarnContext(ctx, "failed records could not be tried again", slog.String("run", t.run.ID),
			slog.String("object", request.Object), slog.String("error", err.Error()))
		return records
	}
	t.say(crm.LogInfo, "", fmt.Sprintf("Failed records were tried again: %d, not stored: %d.", len(failed), len(refused)))
	read.refused = append(read.refused, refused...)
	return append(records, again...)
}
