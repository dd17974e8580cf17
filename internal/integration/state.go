package integration

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// event is something that happens to an integration.
type event string

const (
	signInStarted  event = "signInStarted"
	signInFailed   event = "signInFailed"
	authorized     event = "authorized"
	reconnected    event = "reconnected"
	userReplaced   event = "userReplaced"
	activated      event = "activated"
	paused         event = "paused"
	resumed        event = "resumed"
	credentialLost event = "credentialLost"
	graceExpired   event = "graceExpired"
	disconnected   event = "disconnected"
)

// transition is the whole life of an integration: the state that follows when an
// event happens in a state; false when it cannot happen there. An integration
// that was active once keeps its state while somebody signs in again, so that an
// abandoned attempt neither stops its grace nor loses its place; one whose user is
// replaced goes on meanwhile.
func transition(from crm.IntegrationState, happens event) (crm.IntegrationState, bool) {
	to, ok := map[crm.IntegrationState]map[event]crm.IntegrationState{
		crm.IntegrationDraft: {
			signInStarted: crm.IntegrationAuthorizing,
			disconnected:  crm.IntegrationDisconnected,
		},
		crm.IntegrationAuthorizing: {
			signInStarted: crm.IntegrationAuthorizing,
			signInFailed:  crm.IntegrationDraft,
			authorized:    crm.IntegrationOnboarding,
			disconnected:  crm.IntegrationDisconnected,
		},
		crm.IntegrationOnboarding: {
			activated:      crm.IntegrationActive,
			userReplaced:   crm.IntegrationOnboarding,
			credentialLost: crm.IntegrationDraft,
			disconnected:   crm.IntegrationDisconnected,
		},
		crm.IntegrationActive: {
			paused:         crm.IntegrationPaused,
			userReplaced:   crm.IntegrationActive,
			credentialLost: crm.IntegrationGrace,
			disconnected:   crm.IntegrationDisconnected,
		},
		crm.IntegrationPaused: {
			resumed:        crm.IntegrationActive,
			userReplaced:   crm.IntegrationPaused,
			credentialLost: crm.IntegrationGrace,
			disconnected:   crm.IntegrationDisconnected,
		},
		crm.IntegrationGrace: {
			signInStarted: crm.IntegrationGrace,
			signInFailed:  crm.IntegrationGrace,
			reconnected:   crm.IntegrationActive,
			graceExpired:  crm.IntegrationDisconnected,
			disconnected:  crm.IntegrationDisconnected,
		},
		crm.IntegrationDisconnected: {
			signInStarted: crm.IntegrationDisconnected,
			signInFailed:  crm.IntegrationDisconnected,
			authorized:    crm.IntegrationOnboarding, // its onboarding was never finished
			reconnected:   crm.IntegrationActive,
			disconnected:  crm.IntegrationDisconnected, // to delete what was kept
		},
	}[from][happens]
	return to, ok
}

// signedIn is the event of a sign-in that succeeded: what it means depends on where
// the integration is, and whether it was active before.
func signedIn(row *ent.Integration) event {
	switch {
	case holdsCredential(row.State):
		return userReplaced
	case row.State == crm.IntegrationGrace || slices.Contains(row.StepsDone, crm.StepReview):
		return reconnected
	default:
		return authorized
	}
}

// holdsCredential reports whether an integration in a state has a credential that
// the CRM accepts, as far as is known.
func holdsCredential(state crm.IntegrationState) bool {
	return state == crm.IntegrationOnboarding || state == crm.IntegrationActive || state == crm.IntegrationPaused
}

// statePayload is the payload of the feed kind "integration".
type statePayload struct {
	State  crm.IntegrationState `json:"state"`
	Reason string               `json:"reason"`
}

// move takes an integration through an event, with the other changes that belong
// to it, and leaves feed and audit entries. It compares and swaps on the state:
// fault.Conflict when another transaction moved the integration meanwhile.
func move(
	ctx context.Context, tx *store.Tx, row *ent.Integration, happens event, reason string, changes ...func(*ent.IntegrationUpdateOne),
) (*ent.Integration, error) {
	to, ok := transition(row.State, happens)
	if !ok {
		return nil, errState(row)
	}
	update := tx.Ent().Integration.UpdateOne(row).Where(integration.StateEQ(row.State)).
		SetState(to).SetStateReason(clip(reason, 500)).SetUpdatedAt(tx.Now())
	for _, change := range changes {
		change(update)
	}
	moved, err := update.Save(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.Conflict, "The integration changed at the same moment.")
	}
	if err != nil {
		return nil, fmt.Errorf("move integration: %w", err)
	}
	announce(tx, moved)
	before := statePayload{State: row.State, Reason: row.StateReason}
	return moved, tx.Audit(ctx, store.AuditItem{
		Action: "integration." + string(happens), Target: row.ID, Outcome: crm.AuditSucceeded,
		Before: before, After: statePayload{State: moved.State, Reason: moved.StateReason},
	})
}

// announce tells subscribers that an integration changed.
func announce(tx *store.Tx, row *ent.Integration) {
	tx.Feed(store.FeedItem{
		WorkspaceID: row.WorkspaceID, Kind: "integration", IntegrationID: row.ID, SubjectID: row.ID,
		Payload: statePayload{State: row.State, Reason: row.StateReason},
	})
}

func errState(row *ent.Integration) error {
	return fault.New(fault.IntegrationState, fmt.Sprintf("The integration is %s, so this cannot be done now.", row.State),
		fault.Detail("state", string(row.State)), fault.Detail("integrationId", row.ID))
}

// clip shortens text to at most n bytes without cutting a character.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && text[n]&0xC0 == 0x80 {
		n--
	}
	return text[:n]
}
