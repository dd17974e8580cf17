package syncrun_test

import (
	"context"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// The methods of this file play the connector host for the meter.

func (o *crmOrg) Describe(name string) (crm.Manifest, error) {
	return crm.Manifest{Name: name, Title: "Fake", Costs: []crm.VerbCost{{Verb: "Checklist", CallsPerRequest: 1}}}, nil
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

func (o *crmOrg) ReadRecords(context.Context, string, crm.Target, crm.ReadRecordsRequest, func(crm.Batch) error) error {
	return nil
}

// pauser pauses integrations.
type pauser struct{}

func (pauser) AutoPause(ctx context.Context, tx *store.Tx, row *ent.Integration, reason string) error {
	return tx.Ent().Integration.UpdateOneID(row.ID).SetState(crm.IntegrationPaused).SetStateReason("AUTO_PAUSED: " + reason).ClearNextRunAt().Exec(ctx)
}
