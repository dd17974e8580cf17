package mapping

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// FeedKind is the kind of the feed entries that tell of standardization.
const FeedKind = "mapping"

// Payload is what a "mapping" feed entry says: what was done, and to which objects.
// An entry sums up what one transaction did to an integration; the single steps are
// in its history (requirement H4).
type Payload struct {
	Actions map[crm.MappingAction]int `json:"actions"`
	Objects []string                  `json:"objects"`
}

// rowsPerStatement bounds one bulk statement: 500 rows of a dozen columns stay below
// SQLite's 32,766 and PostgreSQL's 65,535 parameters.
const rowsPerStatement = 500

// step is one step of the history to be.
type step struct {
	action        crm.MappingAction
	object        string
	standardField string
	before, after string
	// origin is that of the mapping that was made; empty when none was.
	origin crm.MappingOrigin
	reason string
}

// stepOf is the step that a changed mapping makes.
func stepOf(one Changed, origin crm.MappingOrigin, reason string) step {
	made := step{
		action: crm.MappingMapped, object: one.Object, standardField: one.StandardField,
		before: one.Before, after: one.After, origin: origin, reason: reason,
	}
	switch {
	case one.After == "":
		made.action, made.origin = crm.MappingUnmapped, ""
	case one.Before != "":
		made.action = crm.MappingRemapped
	}
	return made
}

// record writes steps into the history of an integration (requirement H4) and tells
// subscribers once of all that the transaction does.
func record(ctx context.Context, tx *store.Tx, integration *ent.Integration, by string, steps []step) error {
	for part := range slices.Chunk(steps, rowsPerStatement) {
		creates := make([]*ent.MappingChangeCreate, len(part))
		for i, one := range part {
			creates[i] = tx.Ent().MappingChange.Create().
				SetWorkspaceID(integration.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(integration.ID).
				SetAction(one.action).SetObjectName(one.object).SetStandardField(one.standardField).
				SetCrmFieldBefore(one.before).SetCrmFieldAfter(one.after).
				SetReason(crm.Shorten(one.reason, reasonLength)).SetChangedBy(by)
			if one.origin != "" {
				creates[i].SetOrigin(one.origin)
			}
		}
		if err := tx.Ent().MappingChange.CreateBulk(creates...).Exec(ctx); err != nil {
			return fmt.Errorf("mapping: writing the history: %w", err)
		}
	}
	tell(tx, integration, steps)
	return nil
}

func tell(tx *store.Tx, integration *ent.Integration, steps []step) {
	if len(steps) == 0 {
		return
	}
	item := tx.Queued(FeedKind, integration.ID)
	if item == nil {
		tx.Feed(store.FeedItem{
			WorkspaceID: integration.WorkspaceID, Kind: FeedKind, IntegrationID: integration.ID, SubjectID: integration.ID,
			Payload: Payload{Actions: map[crm.MappingAction]int{}, Objects: []string{}},
		})
		item = tx.Queued(FeedKind, integration.ID)
	}
	told, _ := item.Payload.(Payload)
	for _, one := range steps {
		told.Actions[one.action]++
		if one.object != "" && !slices.Contains(told.Objects, one.object) {
			told.Objects = append(told.Objects, one.object)
		}
	}
	item.Payload = told
}
