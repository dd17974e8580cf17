package mapping

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Found is an object that has become accessible, with the fields that the CRM shows
// of it and what it says of fields that it does not show.
type Found struct {
	Object *snapshot.Object
	Fields []crm.FieldInfo
	Denied []crm.DeniedField
}

// AutoMap gives the standard fields of objects their first mapping, for an admin to
// review (requirement H2), in the transaction of the check that found the objects: the
// workspace's default where there is one, else the package's candidates. Objects that
// are not published get none.
// The rows of the objects and their fields are stored already. What is mapped stays
// as it is. A required standard field whose CRM field cannot be read is mapped too,
// so that the gap shows (reading 1b.9).
func (s *Service) AutoMap(ctx context.Context, tx *store.Tx, integration *ent.Integration, pkg crm.Package, found []Found) error {
	if len(found) == 0 {
		return nil
	}
	p, ok := principal.From(ctx)
	if !ok {
		return fault.New(fault.Forbidden, "Nobody acts.")
	}
	rows, err := tx.Ent().Mapping.Query().Where(mapping.IntegrationID(integration.ID)).All(ctx)
	if err != nil {
		return fmt.Errorf("mapping: present mappings: %w", err)
	}
	defaults, err := defaultsOf(ctx, tx.Ent(), integration.Connector)
	if err != nil {
		return err
	}
	var creates []*ent.MappingCreate
	var log []audited
	var steps []step
	for _, object := range found {
		name := object.Object.Row.Name
		if !object.Object.Row.Published {
			continue
		}
		proposals := slices.DeleteFunc(crm.Propose(pkg, name, object.Fields, defaults), func(proposal crm.Proposal) bool {
			return slices.ContainsFunc(rows, func(row *ent.Mapping) bool {
				return row.StandardField == proposal.StandardField || row.ObjectName == name && row.CrmField == proposal.CRMField
			})
		})
		if err := standardize(ctx, tx, object, proposals); err != nil {
			return fmt.Errorf("mapping: standardizing fields of %s: %w", name, err)
		}
		for _, proposal := range proposals {
			creates = append(creates, tx.Ent().Mapping.Create().
				SetWorkspaceID(integration.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(integration.ID).
				SetObjectName(name).SetStandardField(proposal.StandardField).SetCrmField(proposal.CRMField).
				SetOrigin(proposal.Origin).SetCreatedBy(p.ID))
			log = append(log, audited{StandardField: proposal.StandardField, Object: name, CRMField: proposal.CRMField, Origin: proposal.Origin})
			steps = append(steps, step{
				action: crm.MappingMapped, object: name, standardField: proposal.StandardField,
				after: proposal.CRMField, origin: proposal.Origin, reason: proposal.Reason,
			})
		}
	}
	if len(creates) == 0 {
		return nil
	}
	if err := tx.Ent().Mapping.CreateBulk(creates...).Exec(ctx); err != nil {
		return fmt.Errorf("mapping: saving: %w", err)
	}
	if err := record(ctx, tx, integration, p.ID, steps); err != nil {
		return err
	}
	return tx.Audit(ctx, store.AuditItem{Action: "mapping.auto", Target: integration.ID, Outcome: crm.AuditSucceeded, After: log})
}

// standardize marks the fields of proposals; a field that cannot be read gets a row,
// because no check has given it one.
func standardize(ctx context.Context, tx *store.Tx, found Found, proposals []crm.Proposal) error {
	object := found.Object
	var names []string
	var unseen []*ent.CrmFieldCreate
	for _, proposal := range proposals {
		if proposal.Readable {
			names = append(names, proposal.CRMField)
			continue
		}
		why := found.whyNot(proposal)
		unseen = append(unseen, tx.Ent().CrmField.Create().
			SetID(gid.New(gid.Field)).SetWorkspaceID(object.Row.WorkspaceID).SetIntegrationID(object.Row.IntegrationID).
			SetObjectID(object.Row.ID).SetCreatedAt(tx.Now()).SetName(proposal.CRMField).
			SetStandardized(true).SetCause(why.Cause).SetEvidence(crm.Shorten(why.Evidence, evidenceLength)))
	}
	if len(unseen) > 0 {
		err := tx.Ent().CrmField.CreateBulk(unseen...).OnConflict(
			sql.ConflictColumns(crmfield.FieldWorkspaceID, crmfield.FieldObjectID, crmfield.FieldName),
			// What the connector said to exist without being readable has a row.
			sql.ResolveWith(func(u *sql.UpdateSet) { u.SetExcluded(crmfield.FieldStandardized) })).Exec(ctx)
		if err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return nil
	}
	return tx.Ent().CrmField.Update().
		Where(crmfield.ObjectID(object.Row.ID), crmfield.NameIn(names...)).SetStandardized(true).Exec(ctx)
}

// evidenceLength bounds what a connector says of a field.
const evidenceLength = 1000

// whyNot is what is known of a proposed field that cannot be read.
func (f Found) whyNot(proposal crm.Proposal) crm.DeniedField {
	why := crm.DeniedField{Name: proposal.CRMField, Cause: crm.CauseUnknown, Evidence: proposal.Reason}
	for _, denied := range f.Denied {
		if denied.Name == proposal.CRMField {
			why.Cause = cmp.Or(denied.Cause, why.Cause)
			why.Evidence = cmp.Or(denied.Evidence, why.Evidence)
		}
	}
	return why
}

// Blockers says what keeps standardization from being over, for a person to read (see
// Survey).
func (s *Service) Blockers(ctx context.Context, integrationID string) ([]string, error) {
	integration, err := snapshot.Find(ctx, s.store.Read(), integrationID)
	if err != nil {
		return nil, err
	}
	pkg, _, err := s.packages.Of(ctx, s.store.Read(), integration)
	if err != nil {
		return nil, err
	}
	return blockers(ctx, s.store.Read(), integration, pkg)
}

func blockers(ctx context.Context, client *ent.Client, integration *ent.Integration, pkg crm.Package) ([]string, error) {
	rows, err := client.CrmObject.Query().Where(crmobject.IntegrationID(integration.ID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapping: objects: %w", err)
	}
	mapped, err := client.Mapping.Query().Where(mapping.IntegrationID(integration.ID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapping: mapped standard fields: %w", err)
	}
	return Survey(integration, pkg, rows, mapped).Blockers, nil
}

// CompleteInput ends standardization.
type CompleteInput struct {
	IntegrationID  string
	IdempotencyKey string
}

// CompleteStandardization ends the phase: from now on every mapped field is watched
// (requirement H1), and those that cannot be read are alerted at once (reading 1b.9).
// While something blocks it, ONBOARDING_BLOCKED says what, in the details "0", "1"
// and so on. Ending it again changes nothing.
func (s *Service) CompleteStandardization(ctx context.Context, in CompleteInput) error {
	if _, err := admin(ctx); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, s.store, in.IdempotencyKey, "mapping.completeStandardization", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, s.completeStandardization(ctx, tx, in.IntegrationID)
		})
	return err
}

func (s *Service) completeStandardization(ctx context.Context, tx *store.Tx, integrationID string) error {
	p, err := admin(ctx)
	if err != nil {
		return err
	}
	integration, err := lock(ctx, tx, integrationID)
	if err != nil || slices.Contains(integration.StepsDone, crm.StepStandardization) {
		return err
	}
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), integration)
	if err != nil {
		return err
	}
	found, err := blockers(ctx, tx.Ent(), integration, pkg)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return blocked(found)
	}
	// UpdateOne returns the row as it is now: Evaluate must see that the step is done.
	integration, err = tx.Ent().Integration.UpdateOne(integration).
		SetStepsDone(append(slices.Clone(integration.StepsDone), crm.StepStandardization)).SetUpdatedAt(tx.Now()).Save(ctx)
	if err != nil {
		return fmt.Errorf("mapping: saving the step: %w", err)
	}
	if err := s.evaluate(ctx, tx, integration, pkg); err != nil {
		return err
	}
	tx.Feed(store.FeedItem{
		WorkspaceID: integration.WorkspaceID, Kind: crm.FeedOnboarding, IntegrationID: integration.ID, SubjectID: integration.ID,
		Payload: crm.OnboardingProgress{Step: crm.StepStandardization, StepDone: true},
	})
	if err := record(ctx, tx, integration, p.ID, []step{{action: crm.MappingCompleted}}); err != nil {
		return err
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "completeOnboardingStep", Target: integration.ID, Outcome: crm.AuditSucceeded,
	})
}

func blocked(found []string) error {
	options := make([]fault.Option, len(found))
	for i, blocker := range found {
		options[i] = fault.Detail(fmt.Sprint(i), blocker)
	}
	return fault.New(fault.OnboardingBlocked, "Standardization cannot end yet: "+found[0], options...)
}
