package syncrun

import (
	"bytes"
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
	"github.com/fieldwarden/fieldwarden/internal/plural"
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
func (s *Service) read(ctx context.Context, t *turn) error {
	target, err := s.store.Read().RunObject.Query().Where(runobject.RunID(t.run.ID), runobject.Position(t.run.ObjectIndex)).Only(ctx)
	if ent.IsNotFound(err) {
		return s.save(ctx, t, func(u *ent.SyncRunUpdate) { u.SetPhase(crm.PhaseEvaluate) }, nil)
	}
	if err != nil {
		return fmt.Errorf("syncrun: loading the object of the step: %w", err)
	}
	t.object = target.Name
	object, err := s.store.Read().CrmObject.Query().
		Where(crmobject.IntegrationID(t.run.IntegrationID), crmobject.Name(target.Name)).Only(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: loading object %s: %w", target.Name, err)
	}
	if !object.Published {
		return s.finishObject(ctx, t, target, crm.RunObjectSucceeded, "It was taken out while the run was under way: nothing more was read.", "")
	}
	if t.run.Sweeping {
		return s.sweep(ctx, t, target, object)
	}
	if object.Status != crm.ObjectOK || object.SuspectedAt != nil {
		return s.finishObject(ctx, t, target, crm.RunObjectSkipped, "The integration user cannot read it.", fault.CRMObjectDenied)
	}
	allowance, ended, err := s.limited(ctx, t)
	if err != nil || ended {
		return err
	}
	if t.run.RecordsWanted != nil {
		return s.readWanted(ctx, t, target, object)
	}
	part, err := s.readPart(ctx, t, object, allowance)
	if errors.Is(err, errNothingWanted) {
		return s.nothingToRead(ctx, t, target, object)
	}
	if err != nil {
		return s.readFailed(ctx, t, target, err)
	}
	return s.savePart(ctx, t, target, object, part)
}

// nothingToRead ends an object of which no standardized field can be read. That
// nothing of it is mapped is as it should be; that everything mapped is lost is not.
func (s *Service) nothingToRead(ctx context.Context, t *turn, target *ent.RunObject, object *ent.CrmObject) error {
	mapped, err := s.store.Read().CrmField.Query().Where(crmfield.ObjectID(object.ID), crmfield.Standardized(true)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: looking for standardized fields: %w", err)
	}
	if mapped {
		return s.finishObject(ctx, t, target, crm.RunObjectSkipped, "None of its standardized fields can be read.", fault.CRMFieldDenied)
	}
	return s.finishObject(ctx, t, target, crm.RunObjectSucceeded, "None of its fields is standardized: nothing was read.", "")
}

// place is from where a step reads an object, and which of its fields.
type place struct {
	fields []string
	// token is where reading goes on; empty is the beginning.
	token []byte
	// generation is the reading from the beginning that is under way; 0 when none is.
	generation int
}

// position says which of the standardized fields that can be read a step reads, and
// from where. No other field is read: what nobody mapped is nobody's business. The
// fields of an object are fixed at its first step; a right that is lost meanwhile
// drops out. A reading that an earlier run had to leave goes on where it was left
// (requirement G5). A field that the last complete read did not have (restored, or
// mapped since) makes the object be read from the beginning, so that unchanged records
// get its value too; what is equal to the stored record is not written.
func position(run *ent.SyncRun, object *ent.CrmObject, readable []string) place {
	switch {
	case len(run.ResumeToken) > 0:
		return place{intersect(run.ReadFields, readable), run.ResumeToken, run.Generation}
	case object.Partial:
		return place{intersect(object.PartialFields, readable), object.PartialToken, object.PartialGeneration}
	case len(intersect(readable, object.ReadFields)) == len(readable):
		return place{readable, object.ResumeToken, run.Generation}
	default:
		return place{readable, nil, run.Generation}
	}
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
	return max(1, s.limits.Records>>min(30, max(0, attempt-1)))
}

// part is what one step read.
type part struct {
	// from is where it began.
	from    place
	read    int
	ids     []string
	records store.Records
	refused []crm.RefusedRecord
	token   []byte
	done    bool
	// began says that reading began from the beginning in this step though there are
	// records already: those that are not met until the end are gone.
	began bool
	// again says that the connector began from the beginning by itself: what the CRM
	// told where to go on is worth nothing any more.
	again bool
}

func (s *Service) readPart(ctx context.Context, t *turn, object *ent.CrmObject, allowance crm.Allowance) (part, error) {
	readable, err := s.readableFields(ctx, object)
	if err != nil {
		return part{}, err
	}
	from := position(t.run, object, readable)
	if len(from.fields) == 0 {
		return part{}, errNothingWanted
	}
	began := false
	if len(from.token) == 0 {
		began, err = s.store.Read().Record.Query().
			Where(record.IntegrationID(t.run.IntegrationID), record.ObjectName(object.Name)).Exist(ctx)
		if err != nil {
			return part{}, fmt.Errorf("syncrun: looking for records: %w", err)
		}
	}
	memo, err := snapshot.Memo(ctx, s.store.Read(), t.run.IntegrationID)
	if err != nil {
		return part{}, err
	}
	most := s.stepRecords(t.job.Attempt)
	ctx, cancel := context.WithTimeout(ctx, 2*s.limits.Time)
	defer cancel()
	var read part
	var records []crm.Record
	err = s.integrations.Call(ctx, t.run.IntegrationID, func(ctx context.Context, connector string, target crm.Target) (err error) {
		target.Memo = memo
		read = part{from: from, token: from.token, began: began}
		request := crm.ReadRequest{Object: object.Name, Fields: from.fields, ResumeToken: from.token, BatchSize: min(most, batchSize)}
		records, err = s.readOnce(ctx, connector, target, request, most, allowance, &read)
		if err == nil && read.done {
			records = s.retryAlong(ctx, t, connector, target, request, allowance, records, &read)
		}
		return err
	})
	if err != nil {
		return part{}, err
	}
	read.read, read.ids = len(records)+len(read.refused), idsOf(records)
	read.records, err = store.PrepareRecords(records)
	return read, err
}

func idsOf(records []crm.Record) []string {
	ids := make([]string, len(records))
	for i, record := range records {
		ids[i] = record.ID
	}
	return ids
}

func refusedIDs(refused []crm.RefusedRecord) []string {
	ids := make([]string, len(refused))
	for i, record := range refused {
		ids[i] = record.ID
	}
	return ids
}

// readOnce collects batches until most records or another limit of a step, or until
// the calls that are allowed are made. Within its limits the reading stops between two
// batches, at a token. What came before a failure is kept, as far as there is a token
// to go on from: the next step meets the failure again, with nothing to lose.
func (s *Service) readOnce(
	ctx context.Context, connector string, target crm.Target, request crm.ReadRequest, most int, allowance crm.Allowance, read *part,
) (records []crm.Record, err error) {
	deadline := time.Now().Add(s.limits.Time)
	size, kept := 0, 0
	err = s.reader.Read(ctx, connector, target, request, func(batch crm.Batch) error {
		if batch.Restarted {
			// What there is comes again, so what came before the new beginning is dropped:
			// it must not count as met.
			read.began, read.again, records, read.refused, size = true, true, nil, nil, 0
		}
		records = append(records, batch.Records...)
		read.refused = append(read.refused, batch.Refused...)
		read.done = batch.Done
		if len(batch.ResumeToken) > 0 {
			read.token, kept = batch.ResumeToken, len(records)
		}
		for _, record := range batch.Records {
			size += len(record.Data)
		}
		allowance = allowance.Spend(batch.Stats)
		limit, _ := allowance.Stop()
		if batch.Done || len(records) >= most || size >= s.limits.Bytes || limit != crm.LimitNone || time.Now().After(deadline) {
			return errEnough
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
		return records, nil
	case err != nil && ctx.Err() == nil && len(read.token) > 0 && !bytes.Equal(read.token, request.ResumeToken):
		return records[:kept], nil
	}
	read.done = err == nil
	return records, err
}

// savePart saves what a step read. A reading that goes on from where the last one
// ended is over with its last part; one from the beginning goes on sweeping, and keeps
// the object's new position until then: if it dies, it is made again.
func (s *Service) savePart(ctx context.Context, t *turn, target *ent.RunObject, object *ent.CrmObject, read part) error {
	generation := read.from.generation
	if read.began {
		generation = object.Generation + 1
	}
	finished := read.done && generation == 0
	s.tellPart(t, target, object, read)
	return s.save(ctx, t, func(u *ent.SyncRunUpdate) {
		if finished {
			nextObject(u)
			return
		}
		u.SetResumeToken(read.token).SetReadFields(read.from.fields).SetGeneration(generation).SetSweeping(read.done)
	}, func(ctx context.Context, tx *store.Tx) error {
		counts, err := s.storePart(ctx, tx, t, target.Name, read, generation)
		if err != nil {
			return err
		}
		if read.began {
			if err := tx.Ent().CrmObject.UpdateOneID(object.ID).SetGeneration(generation).Exec(ctx); err != nil {
				return fmt.Errorf("syncrun: beginning to read from the beginning: %w", err)
			}
		}
		if err := saveCounts(ctx, tx, t, target, counts); err != nil || !finished {
			return err
		}
		return readToTheEnd(ctx, tx, t, target, object, target.Counters.Add(counts), read.token, read.from.fields)
	})
}

// storePart stores records and notes those that were refused.
func (s *Service) storePart(ctx context.Context, tx *store.Tx, t *turn, object string, read part, generation int) (crm.Counters, error) {
	run := t.run
	upserted, err := tx.UpsertRecords(ctx, run.WorkspaceID, run.IntegrationID, object, read.records.Met(generation))
	if err != nil {
		return crm.Counters{}, fmt.Errorf("syncrun: storing records: %w", err)
	}
	if err := s.runlog.Stored(ctx, tx, run.IntegrationID, object, read.ids); err != nil {
		return crm.Counters{}, err
	}
	refused, err := s.runlog.Refused(ctx, tx, run, object, read.refused)
	if err != nil {
		return crm.Counters{}, err
	}
	return crm.Counters{
		Read: read.read, Created: upserted.Created, Updated: upserted.Updated,
		Deleted: upserted.Deleted, Skipped: upserted.Unchanged, Failed: refused,
	}, tx.MeetRecords(ctx, run.WorkspaceID, run.IntegrationID, object, generation, refusedIDs(read.refused))
}

// tellPart tells from where an object is read, with its first part, and when that
// changes.
func (s *Service) tellPart(t *turn, target *ent.RunObject, object *ent.CrmObject, read part) {
	switch {
	case read.again:
		t.say(crm.LogWarn, "", "The CRM no longer knows the saved position: the object is read from the beginning.")
	case target.StartedAt != nil:
		t.say(crm.LogDebug, "", plural.Of(read.read, "record was", "records were")+" read.")
	case len(read.from.token) == 0:
		t.say(crm.LogInfo, "", "Reading began from the beginning.", "phase", string(target.Phase))
	case object.Partial:
		t.say(crm.LogInfo, "", "Reading went on where an earlier run had stopped.", "phase", string(target.Phase))
	default:
		t.say(crm.LogInfo, "", "Reading went on from where the last run ended.", "phase", string(target.Phase))
	}
}

// nextObject moves a run on.
func nextObject(u *ent.SyncRunUpdate) {
	u.AddObjectIndex(1).ClearResumeToken().SetGeneration(0).SetSweeping(false)
}

// saveCounts adds to the counters of the run and of the object that is being read.
func saveCounts(ctx context.Context, tx *store.Tx, t *turn, target *ent.RunObject, counts crm.Counters) error {
	update := tx.Ent().RunObject.UpdateOneID(target.ID).SetStatus(crm.RunObjectRunning).
		SetCounters(target.Counters.Add(counts)).AddCrmCalls(t.tally.Spent().CRMCalls)
	if target.StartedAt == nil {
		update.SetStartedAt(tx.Now())
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("syncrun: saving the object's counters: %w", err)
	}
	if err := tx.Ent().SyncRun.UpdateOneID(t.run.ID).SetCounters(t.run.Counters.Add(counts)).Exec(ctx); err != nil {
		return fmt.Errorf("syncrun: saving the run's counters: %w", err)
	}
	return nil
}

// readToTheEnd ends an object and notes from where the next reading goes on. All its
// history is read now (requirement G3).
func readToTheEnd(
	ctx context.Context, tx *store.Tx, t *turn, target *ent.RunObject, object *ent.CrmObject, counts crm.Counters, token []byte, fields []string,
) error {
	t.say(crm.LogInfo, "", "It was read to the end.", countsOf(counts)...)
	err := tx.Ent().CrmObject.UpdateOneID(object.ID).SetResumeToken(token).SetReadFields(fields).
		SetSyncPhase(crm.SyncDaily).SetLastReadAt(tx.Now()).
		SetPartial(false).ClearPartialToken().ClearPartialFields().SetPartialGeneration(0).Exec(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: saving the object's position: %w", err)
	}
	return tx.Ent().RunObject.UpdateOneID(target.ID).SetStatus(crm.RunObjectSucceeded).SetFinishedAt(tx.Now()).Exec(ctx)
}

// countsOf gives counters as a line's attributes.
func countsOf(c crm.Counters) []string {
	return []string{
		"read", fmt.Sprint(c.Read), "created", fmt.Sprint(c.Created), "updated", fmt.Sprint(c.Updated),
		"deleted", fmt.Sprint(c.Deleted), "skipped", fmt.Sprint(c.Skipped), "failed", fmt.Sprint(c.Failed),
	}
}

// readFailed decides what a failed reading means: a right that was lost between
// check and read is checked again and the step retried with what is left; a
// credential that is gone ends the run; a limit makes it wait or ends it; anything
// else is retried, then fails the object only.
func (s *Service) readFailed(ctx context.Context, t *turn, target *ent.RunObject, failure error) error {
	if ctx.Err() != nil {
		return failure // ours ended: that says nothing about the CRM
	}
	cause := asFault(failure)
	switch s.limits.remedyFor(cause, t.job.Attempt, t.payload.Waits) {
	case failRun:
		return s.end(ctx, t, ending{status: crm.RunFailed, code: cause.Code, reason: cause.Message, keep: true})
	case endRun:
		return s.endLimited(ctx, t, crm.LimitQuota, cause.Code, cause.Message)
	case waitForLimit:
		return s.wait(ctx, t, cause, s.limits.limitWait(cause, t.payload.Waits))
	case recheck:
		if err := s.permissions.CheckForRun(ctx, t.run.IntegrationID, []string{target.Name}); err != nil {
			return err
		}
		return fault.New(fault.CRMUnavailable, "Rights changed while reading; the step is tried again.", fault.Cause(failure))
	case tryAgain:
		return failure
	default:
	}
	s.log.WarnContext(ctx, "an object of a run failed", slog.String("run", t.run.ID), slog.String("object", target.Name), slog.String("error", failure.Error()))
	t.failed(cause, "It could not be read: "+cause.Message)
	return s.finishObject(ctx, t, target, crm.RunObjectFailed, cause.Message, cause.Code)
}

// finishObject ends one object without reading further.
func (s *Service) finishObject(ctx context.Context, t *turn, target *ent.RunObject, status crm.RunObjectStatus, reason string, code fault.Code) error {
	if status == crm.RunObjectSkipped {
		t.say(crm.LogWarn, code, "It was skipped: "+reason)
	}
	return s.save(ctx, t, nextObject, func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().RunObject.UpdateOneID(target.ID).SetStatus(status).SetReason(crm.Shorten(reason, maxReason)).SetFaultCode(string(code)).
			SetFinishedAt(tx.Now()).AddCrmCalls(t.tally.Spent().CRMCalls).Exec(ctx)
	})
}
