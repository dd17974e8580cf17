package permission

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Bounds of what one request names.
const (
	maxNames      = 200
	maxNameLength = 255
)

// RefreshIfStale asks for a check of an object that somebody looks at when its
// verdict is older than Config.FreshFor, and reports whether it did; the answer
// arrives as a "check" feed entry. Viewers may do it. A check that is waiting or
// being retried is not asked for again, nor within Config.FreshFor one that failed:
// whoever looks again at every answer would ask without end.
func (s *Service) RefreshIfStale(ctx context.Context, integrationID, object string) (bool, error) {
	row, err := s.store.Read().CrmObject.Query().
		Where(crmobject.IntegrationID(integrationID), crmobject.Name(object)).WithIntegration().Only(ctx)
	if ent.IsNotFound(err) {
		return false, fault.New(fault.NotFound, "There is no such object.", fault.Field("object"))
	}
	if err != nil {
		return false, fmt.Errorf("permission: object: %w", err)
	}
	fresh := row.CheckedAt != nil && !row.Stale && row.CheckedAt.After(s.now().Add(-s.freshFor))
	if fresh || checkable(row.Edges.Integration) != nil || !s.looks.allow(row.ID, s.now(), s.freshFor) {
		return false, nil //nolint:nilerr // opening the list of a paused integration is no failure
	}
	err = s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := s.jobs.Enqueue(ctx, tx, RecheckKind, row.WorkspaceID, payload{IntegrationID: integrationID, Object: object},
			job.UniqueKey(row.ID))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("permission: asking for a check: %w", err)
	}
	return true, nil
}

// RecheckInput asks for the rights on an object's fields now.
type RecheckInput struct {
	IntegrationID string
	Object        string
	// Fields narrows the answer, and if the CRM does not show one of them, the connector
	// says why as far as it can. None means all fields that are not INACCESSIBLE.
	Fields         []string
	IdempotencyKey string
}

// RecheckResult is what an object's fields are now.
type RecheckResult struct {
	CheckedAt time.Time `json:"checkedAt"`
	// ObjectStatus is the object's verdict, which the check brings up to date too.
	ObjectStatus crm.ObjectStatus `json:"objectStatus"`
	// Stale says that the check failed, and StaleReason why: all is as it was.
	Stale       bool          `json:"stale"`
	StaleReason string        `json:"staleReason,omitempty"`
	Fields      []FieldResult `json:"fields"`
}

// FieldResult is the status of one field.
type FieldResult struct {
	Name   string          `json:"name"`
	Status crm.FieldStatus `json:"status"`
	// Suspected says that the field is missing from the CRM's answer and the loss
	// waits for its confirmation.
	Suspected bool `json:"suspected"`
}

// RecheckFields asks the CRM for the rights on one object and its fields now, and
// returns what they are then (requirement I5, scenario 12): a repaired field shows,
// and its alert is resolved, at once. An object that was repaired shows too. A new
// loss is only suspected until its confirmation.
//
// A check that fails is no error: the result says that it is stale, and why. A
// repeated request with the same idempotency key gets the first answer.
func (s *Service) RecheckFields(ctx context.Context, in RecheckInput) (RecheckResult, error) {
	if p, ok := principal.From(ctx); !ok || !p.IsAdmin() {
		return RecheckResult{}, fault.New(fault.Forbidden, "Only an admin asks for a check.")
	}
	if err := checkNames("fields", in.Fields); err != nil {
		return RecheckResult{}, err
	}
	asked, err := s.ask(ctx, in.IntegrationID, CheckInput{Objects: []string{in.Object}, Explain: in.Fields, Mode: OnDemand})
	if err != nil {
		return RecheckResult{}, err
	}
	return store.Idempotent(ctx, s.store, in.IdempotencyKey, "permission.recheckFields", in,
		func(ctx context.Context, tx *store.Tx) (RecheckResult, error) {
			if _, err := s.apply(ctx, tx, asked); err != nil {
				return RecheckResult{}, err
			}
			result, err := recheckResult(ctx, tx.Ent(), in)
			if err != nil {
				return RecheckResult{}, fmt.Errorf("permission: reading the verdict: %w", err)
			}
			outcome := crm.AuditSucceeded
			if result.Stale {
				outcome = crm.AuditFailed
			}
			return result, tx.Audit(ctx, store.AuditItem{
				Action: "recheckFields", Target: in.IntegrationID, Outcome: outcome,
				After: map[string]any{"object": in.Object, "fields": in.Fields},
			})
		})
}

// checkNames refuses lists of the CRM's names that no CRM has.
func checkNames(field string, names []string) error {
	if len(names) > maxNames {
		return fault.New(fault.BadInput, fmt.Sprintf("At most %d names in one request.", maxNames), fault.Field(field))
	}
	for _, name := range names {
		if name == "" || len(name) > maxNameLength {
			return fault.New(fault.BadInput, fmt.Sprintf("A name has 1 to %d characters.", maxNameLength), fault.Field(field))
		}
	}
	return nil
}

// recheckResult reads the verdict on an object and its fields.
func recheckResult(ctx context.Context, client *ent.Client, in RecheckInput) (RecheckResult, error) {
	objects, err := snapshot.Objects(ctx, client, in.IntegrationID, in.Object)
	if err != nil {
		return RecheckResult{}, err
	}
	if err := snapshot.LoadFields(ctx, client, objects); err != nil {
		return RecheckResult{}, err
	}
	object := objects[in.Object]
	result := RecheckResult{
		ObjectStatus: object.Row.Status, Stale: object.Row.Stale, StaleReason: object.Row.StaleReason, Fields: []FieldResult{},
	}
	if object.Row.CheckedAt != nil {
		result.CheckedAt = *object.Row.CheckedAt
	}
	names := in.Fields
	if len(names) == 0 {
		for name, field := range object.State.Fields {
			if field.Status() != crm.FieldInaccessible {
				names = append(names, name)
			}
		}
		slices.Sort(names)
	}
	for _, name := range names {
		// A field that no check has ever seen is the zero state: INACCESSIBLE.
		field := object.State.Fields[name]
		result.Fields = append(result.Fields, FieldResult{Name: name, Status: field.Status(), Suspected: !field.SuspectedAt.IsZero()})
	}
	return result, nil
}
