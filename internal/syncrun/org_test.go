package syncrun_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// crmOrg is a CRM of numbered records; it plays integration, permission and
// connector for the runs under test.
type crmOrg struct {
	mu      sync.Mutex
	records map[string]int
	// failures are answered by the next reads of an object, one each.
	failures map[string][]error
	// spoilt is the object whose records come without data that can be stored.
	spoilt string
	// checks are the objects of each check.
	checks [][]string
	// onCheck runs inside each check.
	onCheck func(objects []string) error
	// reads are the requests that were served, memos what came with them.
	reads []crm.ReadRequest
	memos []string
	// gone are the records, by id, that the CRM has no more; deleted are sent by the
	// next reading of their object.
	gone    map[string]bool
	deleted map[string][]string
	// expired are objects whose tokens are worth nothing at the next reading.
	expired   map[string]bool
	refreshed int
	// onChecklist runs before each connection test.
	onChecklist func(integrationID string)
	// onRead runs before each reading, without the lock.
	onRead func(request crm.ReadRequest)
	// meter counts the calls; calls is what the CRM counted itself.
	meter *usage.Meter
	calls int
	// pages is how many records come with a call.
	page int
	// refused are ids of records that the host does not take.
	refused map[string]bool
	// single says that the connector can read single records; asked are the requests.
	single bool
	asked  []crm.ReadRecordsRequest
	// quota is what the CRM tells of its own quota with each check.
	quota crm.CallStats
	// breakAfter ends the next reading of an object with a failure before the record of
	// that number.
	breakAfter map[string]int
	// denials are answered by the next checks, one each.
	denials []error
}

func (o *crmOrg) Call(ctx context.Context, id string, do func(context.Context, string, crm.Target) error) error {
	return do(ctx, "fake", crm.Target{IntegrationID: id})
}

// Refresh notes that the choices of settings were brought up to date, and fails.
func (o *crmOrg) Refresh(context.Context, string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refreshed++
	return errors.New("no choices today")
}

func (o *crmOrg) RunChecklist(ctx context.Context, id string) error {
	if o.onChecklist != nil {
		o.onChecklist(id)
	}
	_, err := o.meter.Checklist(ctx, "fake", crm.Target{IntegrationID: id}, nil)
	return err
}

func (o *crmOrg) CheckForRun(ctx context.Context, id string, objects []string) error {
	if _, _, err := o.meter.CheckPermissions(ctx, "fake", crm.Target{IntegrationID: id}, crm.CheckRequest{}); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.checks = append(o.checks, objects)
	if o.onCheck != nil {
		return o.onCheck(objects)
	}
	return nil
}

// Read sends records from the token on, 20 per batch; a token counts records.
func (o *crmOrg) Read(_ context.Context, _ string, target crm.Target, request crm.ReadRequest, yield func(crm.Batch) error) error {
	if o.onRead != nil {
		o.onRead(request)
	}
	o.mu.Lock()
	o.reads, o.memos = append(o.reads, request), append(o.memos, string(target.Memo))
	var failure error
	if pending := o.failures[request.Object]; len(pending) > 0 {
		failure, o.failures[request.Object] = pending[0], pending[1:]
	}
	total := o.records[request.Object]
	deletions := o.deleted[request.Object]
	delete(o.deleted, request.Object)
	from, restarted := 0, false
	if len(request.ResumeToken) > 0 {
		restarted = o.expired[request.Object]
		delete(o.expired, request.Object)
	}
	if len(request.ResumeToken) > 0 && !restarted {
		_, _ = fmt.Sscanf(string(request.ResumeToken), "%d", &from)
	}
	o.mu.Unlock()
	for {
		if failure != nil {
			return failure
		}
		if at, breaks := o.breakAfter[request.Object]; breaks && from >= at {
			delete(o.breakAfter, request.Object)
			return fault.New(fault.CRMUnavailable, "The connection broke.")
		}
		batch := crm.Batch{Restarted: restarted}
		restarted = false
		for _, id := range deletions {
			batch.Records = append(batch.Records, crm.Record{ID: id, ModifiedAt: storetest.Start(), Deleted: true})
		}
		deletions = nil
		for ; from < total && len(batch.Records) < o.page; from++ {
			data, _ := json.Marshal(map[string]any{"n": from, "fields": len(request.Fields)})
			if request.Object == o.spoilt {
				data = json.RawMessage("[]")
			}
			id := fmt.Sprintf("%s-%d", request.Object, from)
			if o.isRefused(id) {
				batch.Refused = append(batch.Refused, crm.RefusedRecord{ID: id, Code: string(fault.RecordRefused), Message: "It is no good."})
			} else if !o.isGone(id) {
				batch.Records = append(batch.Records, crm.Record{ID: id, ModifiedAt: storetest.Start(), Data: data})
			}
		}
		batch.ResumeToken = []byte(fmt.Sprint(from))
		batch.Done = from >= total
		batch.Stats = o.called()
		if err := yield(batch); err != nil || batch.Done {
			return err
		}
	}
}

func (o *crmOrg) isGone(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.gone[id]
}

// lose takes records out of the CRM, give puts them back; neither is told to those
// who read on.
func (o *crmOrg) lose(object string, numbers ...int) { o.setGone(true, object, numbers) }
func (o *crmOrg) give(object string, numbers ...int) { o.setGone(false, object, numbers) }

func (o *crmOrg) setGone(gone bool, object string, numbers []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range numbers {
		o.gone[fmt.Sprintf("%s-%d", object, n)] = gone
	}
}

func (o *crmOrg) expire(object string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.expired[object] = true
}

func (o *crmOrg) isRefused(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.refused[id]
}

// The methods from here on play the connector host for the meter.

func (o *crmOrg) Describe(name string) (crm.Manifest, error) {
	manifest := crm.Manifest{Name: name, Title: "Fake", Costs: []crm.VerbCost{{Verb: "Checklist", CallsPerRequest: 1}}}
	if o.single {
		manifest.Capabilities = []crm.Capability{crm.CanReadRecords}
	}
	return manifest, nil
}

// called counts a call, as the CRM does, and tells what it cost.
func (o *crmOrg) called() crm.CallStats {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls++
	stats := o.quota
	stats.CRMCalls = 1
	return stats
}

func (o *crmOrg) Identify(context.Context, string, crm.Target) (crm.Identity, error) {
	return crm.Identity{}, nil
}

func (o *crmOrg) Checklist(context.Context, string, crm.Target, []string) ([]crm.ChecklistItem, error) {
	o.called()
	return nil, nil
}

func (o *crmOrg) CheckPermissions(context.Context, string, crm.Target, crm.CheckRequest) ([]crm.ObjectCheck, crm.CheckOutcome, error) {
	stats := o.called()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.denials) > 0 {
		failure := o.denials[0]
		o.denials = o.denials[1:]
		return nil, crm.CheckOutcome{Stats: stats}, failure
	}
	return nil, crm.CheckOutcome{Stats: stats}, nil
}

func (o *crmOrg) ListPicklist(context.Context, string, crm.Target, crm.PicklistSource) ([]crm.Choice, error) {
	o.called()
	return nil, nil
}

// ReadRecords sends the records that are asked for, as Read does; those that are gone
// come as deleted.
func (o *crmOrg) ReadRecords(_ context.Context, _ string, _ crm.Target, request crm.ReadRecordsRequest, yield func(crm.Batch) error) error {
	batch := crm.Batch{Done: true, Stats: o.called()}
	o.mu.Lock()
	o.asked = append(o.asked, request)
	o.mu.Unlock()
	for _, id := range request.IDs {
		switch {
		case o.isRefused(id):
			batch.Refused = append(batch.Refused, crm.RefusedRecord{ID: id, Code: string(fault.RecordRefused), Message: "It is no JSON object."})
		case o.isGone(id):
			batch.Records = append(batch.Records, crm.Record{ID: id, ModifiedAt: storetest.Start(), Deleted: true})
		default:
			batch.Records = append(batch.Records, crm.Record{ID: id, ModifiedAt: storetest.Start(), Data: json.RawMessage(`{"single":true}`)})
		}
	}
	return yield(batch)
}

// pauser pauses integrations.
type pauser struct{}

func (pauser) AutoPause(ctx context.Context, tx *store.Tx, row *ent.Integration, reason string) error {
	return tx.Ent().Integration.UpdateOneID(row.ID).SetState(crm.IntegrationPaused).SetStateReason("AUTO_PAUSED: " + reason).ClearNextRunAt().Exec(ctx)
}
