package permission

import (
	"context"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// ChangePayload is what a "permission" feed entry says; its subject is the change.
type ChangePayload struct {
	ChangeID string         `json:"changeId"`
	Change   crm.ChangeType `json:"change"`
	Object   string         `json:"object"`
	Field    string         `json:"field,omitempty"`
}

// CheckPayload is what a "check" feed entry says: that a check people can see the
// effect of, or wait for, was applied. Its subject is the integration. A daily check
// that finds nothing new writes none.
type CheckPayload struct {
	CheckedAt time.Time `json:"checkedAt"`
	// Objects were answered for, Failed were not: their verdicts are stale.
	Objects []string `json:"objects"`
	Failed  []string `json:"failed,omitempty"`
}

// saveChanges writes the permission history (requirement J3) and tells subscribers.
func (a *application) saveChanges(ctx context.Context) error {
	creates := make([]*ent.PermissionChangeCreate, len(a.changes))
	for i, change := range a.changes {
		id := gid.New(gid.PermissionChange)
		creates[i] = a.tx.Ent().PermissionChange.Create().
			SetID(id).SetWorkspaceID(a.integration.WorkspaceID).SetIntegrationID(a.integration.ID).SetCreatedAt(a.tx.Now()).
			SetObjectName(change.Object).SetFieldName(change.Field).SetChange(change.Type).
			SetNillableCause(optional(change.Cause)).SetEvidence(crm.Shorten(change.Evidence, evidenceLength)).
			SetStandardized(a.isStandardized(change))
		a.tx.Feed(store.FeedItem{
			WorkspaceID: a.integration.WorkspaceID, Kind: "permission", IntegrationID: a.integration.ID, SubjectID: id,
			Payload: ChangePayload{ChangeID: id, Change: change.Type, Object: change.Object, Field: change.Field},
		})
	}
	for part := range slices.Chunk(creates, rowsPerStatement) {
		if err := a.tx.Ent().PermissionChange.CreateBulk(part...).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (a *application) isStandardized(change crm.Change) bool {
	for _, v := range a.verdicts {
		if v.check.Object == change.Object {
			return v.object.State.Fields[change.Field].Standardized
		}
	}
	return false
}

// announceCheck tells subscribers that the verdicts they look at are fresh, or stale.
func (a *application) announceCheck() {
	payload := CheckPayload{CheckedAt: a.askedAt, Objects: []string{}}
	visible := a.announce
	for _, v := range a.verdicts {
		switch {
		case v.result.Superseded:
		case v.result.Failure != nil:
			payload.Failed = append(payload.Failed, v.check.Object)
		default:
			payload.Objects = append(payload.Objects, v.check.Object)
		}
		visible = visible || v.visible
	}
	if visible {
		a.tx.Feed(store.FeedItem{
			WorkspaceID: a.integration.WorkspaceID, Kind: "check", IntegrationID: a.integration.ID, SubjectID: a.integration.ID,
			Payload: payload,
		})
	}
}
