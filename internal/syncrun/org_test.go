package syncrun_test

import (
	"context"
	"encoding/json"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// The methods of this file play the connector host for the meter.

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
