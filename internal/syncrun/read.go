package syncrun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/record"
	"github.com/fieldwarden/fieldwarden/ent/runobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// batchSize is how many records a connector is asked for at a time.
const batchSize = 2000

// Neither of these leaves this file: errEnough ends a step's reading, and
// errNothingWanted says that an object has no field to read.
var (
	errEnough        = errors.New("syncrun: enough for one step")
	errNothingWanted = errors.New("syncrun: no field is standardized")
)

// read reads one part of one object and saves it.
func (s *Service) read(ctx context.Context, j job.Job, run *ent.SyncRun) error {
	target, err := s.store.Read().RunObject.Query().Where(runobject.RunID(run.ID), runobject.Position(run.ObjectIndex)).Only(ctx)
	if ent.IsNotFound(err) {
		return s.save(ctx, j, run, "", func(u *ent.SyncRunUpdate) { u.SetPhase(crm.PhaseEvaluate) }, nil)
	}
	if err != nil {
		return fmt.Errorf("syncrun: loading the object of the step: %w", err)
	}
	object, err := s.store.Read().CrmObject.Query().
		Where(crmobject.IntegrationID(run.IntegrationID), crmobject.Name(target.Name)).Only(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: loading object %s: %w", target.Name, err)
	}
	if run.Sweeping {
		return s.sweep(ctx, j, run, target, object)
	}
	if object.Status != crm.ObjectOK || object.SuspectedAt != nil {
		return s.finishObject(ctx, j, run, target, crm.RunObjectSkipped, "The integration user cannot read it.", string(fault.CRMObjectDenied))
	}
	part, err := s.readPart(ctx, run, object, s.stepRecords(j.Attempt))
	if errors.Is(err, errNothingWanted) {
		return s.nothingToRead(ctx, j, run, target, object)
	}
	if err != nil {
		return s.readFailed(ctx, j, run, target, err)
	}
	return s.savePart(ctx, j, run, target, object, part)
}

// nothingToRead ends an object of which no standardized field can be read. That
// nothing of it is mapped is as it should be; that everything mapped is lost is not.
func (s *Service) nothingToRead(ctx context.Context, j job.Job, run *ent.SyncRun, target *ent.RunObject, object *ent.CrmObject) error {
	mapped, err := s.store.Read().CrmField.Query().Where(crmfield.ObjectID(object.ID), crmfield.Standardized(true)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: looking for standardized fields: %w", err)
	}
	if mapped {
		return s.finishObject(ctx, j, run, target, crm.RunObjectSkipped, "None of its standardized fields can be read.", string(fault.CRMFieldDenied))
	}
	return s.finishObject(ctx, j, run, target, crm.RunObjectSucceeded, "None of its fields is standardized: nothing was read.", "")
}

// position says which of the standardized fields that can be read a step reads, and
// from where. No other field is read: what nobody mapped is nobody's business. The
// fields of an object are fixed at its first step; a right that is lost meanwhile
// drops out. A field that the last complete read did not have (restored, or mapped
// since) makes the object be read from the beginning, so that unchanged records get
// its value too; what is equal to the stored record is not written.
func position(run *ent.SyncRun, object *ent.CrmObject, readable []string) (fields []string, token []byte) {
	if len(run.ResumeToken) > 0 {
		return intersect(run.ReadFields, readable), run.ResumeToken
	}
	if len(intersect(readable, object.ReadFields)) == len(readable) {
		return readable, object.ResumeToken
	}
	return readable, nil
}

// intersect returns the names of a that stand in b too.
func intersect(a, b []string) []string {
	both := make([]string, 0, len(a))
	for _, name := range a {
		if slices.Contains(b, name) {
			both = append(both, name)
		}
	}
	return both
}

// stepRecords is how many records a step reads at its attempt of that number.
// What failed is tried again with half, so that even a machine on which a full
// step does not fit into a transaction's time gets forward.
func (s *Service) stepRecords(attempt int) int {
	return max(1, s.limits.Records>>max(0, attempt-1))
}

// part is what one step read.
type part struct {
	fields  []string
	read    int
	records store.Records
	token   []byte
	done    bool
	calls   int
	// began says that reading began from the beginning in this step though there are
	// records already: those that are not met until the end are gone.
	began bool
}

func (s *Service) readPart(ctx context.Context, run *ent.SyncRun, object *ent.CrmObject, most int) (part, error) {
	readable, err := s.store.Read().CrmField.Query().
		Where(crmfield.ObjectID(object.ID), crmfield.Standardized(true), crmfield.Readable(true), crmfield.SuspectedAtIsNil()).
		Order(crmfield.ByName()).Select(crmfield.FieldName).Strings(ctx)
	if err != nil {
		return part{}, fmt.Errorf("syncrun: listing readable fields: %w", err)
	}
	fields, token := position(run, object, readable)
	if len(fields) == 0 {
		return part{}, errNothingWanted
	}
	began := false
	if len(token) == 0 {
		began, err = s.store.Read().Record.Query().
			Where(record.IntegrationID(run.IntegrationID), record.ObjectName(object.Name)).Exist(ctx)
		if err != nil {
			return part{}, fmt.Errorf("syncrun: looking for records: %w", err)
		}
	}
	memo, err := snapshot.Memo(ctx, s.store.Read(), run.IntegrationID)
	if err != nil {
		return part{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*s.limits.Time)
	defer cancel()
	var read part
	var records []crm.Record
	err = s.integrations.Call(ctx, run.IntegrationID, func(ctx context.Context, connector string, target crm.Target) (err error) {
		target.Memo = memo
		read = part{fields: fields, token: token, began: began}
		records, err = s.readOnce(ctx, connector, target, crm.ReadRequest{
			Object: object.Name, Fields: fields, ResumeToken: token, BatchSize: min(most, batchSize),
		}, most, &read)
		return err
	})
	if err != nil {
		return part{}, err
	}
	read.read = len(records)
	read.records, err = store.PrepareRecords(records)
	return read, err
}

// readOnce collects batches until most records or another limit of a step.
// Within the time limit the reading stops between two batches, at a token.
func (s *Service) readOnce(ctx context.Context, connector string, target crm.Target, request crm.ReadRequest, most int, read *part) (records []crm.Record, err error) {
	deadline := time.Now().Add(s.limits.Time)
	bytes := 0
	err = s.reader.Read(ctx, connector, target, request, func(batch crm.Batch) error {
		if batch.Restarted {
			// What there is comes again, so what came before the new beginning is dropped:
			// it must not count as met.
			read.began, records, bytes = true, nil, 0
		}
		records = append(records, batch.Records...)
		read.calls += batch.Stats.CRMCalls
		read.done = batch.Done
		if len(batch.ResumeToken) > 0 {
			read.token = batch.ResumeToken
		}
		for _, record := range batch.Records {
			bytes += len(record.Data)
		}
		if batch.Done || len(records) >= most || bytes >= s.limits.Bytes || time.Now().After(deadline) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return records, nil
	}
	read.done = err == nil
	return records, err
}

// savePart saves what a step read. A reading that goes on from where the last one
// ended is over with its last part; one from the beginning goes on sweeping, and keeps
// the object's new position until then: if it dies, it is made again.
func (s *Service) savePart(ctx context.Context, j job.Job, run *ent.SyncRun, target *ent.RunObject, object *ent.CrmObject, read part) error {
	generation := run.Generation
	if read.began {
		generation = object.Generation + 1
	}
	finished := read.done && generation == 0
	return s.save(ctx, j, run, target.Name, func(u *ent.SyncRunUpdate) {
		u.AddCrmCalls(read.calls)
		if finished {
			nextObject(u)
			return
		}
		u.SetResumeToken(read.token).SetReadFields(read.fields).SetGeneration(generation).SetSweeping(read.done)
	}, func(ctx context.Context, tx *store.Tx) error {
		upserted, err := tx.UpsertRecords(ctx, run.WorkspaceID, run.IntegrationID, target.Name, read.records.Met(generation))
		if err != nil {
			return fmt.Errorf("syncrun: storing records: %w", err)
		}
		if read.began {
			if err := tx.Ent().CrmObject.UpdateOneID(object.ID).SetGeneration(generation).Exec(ctx); err != nil {
				return fmt.Errorf("syncrun: beginning to read from the beginning: %w", err)
			}
		}
		counts := crm.Counters{
			Read: read.read, Created: upserted.Created, Updated: upserted.Updated,
			Deleted: upserted.Deleted, Skipped: upserted.Unchanged,
		}
		if err := saveCounts(ctx, tx, run, target, counts); err != nil || !finished {
			return err
		}
		return readToTheEnd(ctx, tx, target, object, read.token, read.fields)
	})
}

// nextObject moves a run on.
func nextObject(u *ent.SyncRunUpdate) {
	u.AddObjectIndex(1).ClearResumeToken().SetGeneration(0).SetSweeping(false)
}

// saveCounts adds to the counters of the run and of the object that is being read.
func saveCounts(ctx context.Context, tx *store.Tx, run *ent.SyncRun, target *ent.RunObject, counts crm.Counters) error {
	err := tx.Ent().RunObject.UpdateOneID(target.ID).SetStatus(crm.RunObjectRunning).SetCounters(target.Counters.Add(counts)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: saving the object's counters: %w", err)
	}
	if err := tx.Ent().SyncRun.UpdateOneID(run.ID).SetCounters(run.Counters.Add(counts)).Exec(ctx); err != nil {
		return fmt.Errorf("syncrun: saving the run's counters: %w", err)
	}
	return nil
}

// readToTheEnd ends an object and notes from where the next reading goes on.
func readToTheEnd(ctx context.Context, tx *store.Tx, target *ent.RunObject, object *ent.CrmObject, token []byte, fields []string) error {
	if err := tx.Ent().CrmObject.UpdateOneID(object.ID).SetResumeToken(token).SetReadFields(fields).Exec(ctx); err != nil {
		return fmt.Errorf("syncrun: saving the object's position: %w", err)
	}
	return tx.Ent().RunObject.UpdateOneID(target.ID).SetStatus(crm.RunObjectSucceeded).Exec(ctx)
}

// readFailed decides what a failed reading means: a right that was lost between
// check and read is checked again and the step retried with what is left; a
// credential that is gone ends the run; anything else is retried, then fails
// the object only.
func (s *Service) readFailed(ctx context.Context, j job.Job, run *ent.SyncRun, target *ent.RunObject, err error) error {
	cause := asFault(err)
	if cause.Code == fault.CRMGrantRevoked {
		return s.fail(ctx, j, run, cause)
	}
	lostRight := fault.Is(err, fault.CRMFieldDenied, fault.CRMObjectDenied)
	if lostRight && j.Attempt < s.limits.Attempts {
		if err := s.permissions.CheckForRun(ctx, run.IntegrationID, []string{target.Name}); err != nil {
			return err
		}
		return fault.New(fault.CRMUnavailable, "Rights changed while reading; the step is tried again.", fault.Cause(err))
	}
	if !lostRight && !s.givenUp(err, j.Attempt) {
		return err // tried again after the backoff, at the earliest after its RetryAfter
	}
	s.log.WarnContext(ctx, "an object of a run failed", slog.String("run", run.ID), slog.String("object", target.Name), slog.String("error", err.Error()))
	return s.finishObject(ctx, j, run, target, crm.RunObjectFailed, cause.Message, string(cause.Code))
}

// finishObject ends one object without reading further.
func (s *Service) finishObject(ctx context.Context, j job.Job, run *ent.SyncRun, target *ent.RunObject, status crm.RunObjectStatus, reason, code string) error {
	return s.save(ctx, j, run, target.Name, nextObject, func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().RunObject.UpdateOneID(target.ID).SetStatus(status).SetReason(reason).SetFaultCode(code).Exec(ctx)
	})
}
