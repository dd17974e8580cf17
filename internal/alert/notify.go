package alert

import (
	"context"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Change is something that happened to an alert and that people may be told of.
// Event is never UPDATED. Alert is the whole row as the transaction leaves it; with
// RESOLVED its Resolution says why.
type Change struct {
	Alert *ent.Alert
	Event crm.AlertEvent
}

// Notifier tells people of changed alerts. It is called inside the transaction of the
// change, once for each batch, so that what is to be told is stored with what
// happened or not at all (requirement K11). It must not call out.
type Notifier interface {
	AlertsChanged(ctx context.Context, tx *store.Tx, integration *ent.Integration, changes []Change) error
}

// Notifiers tells several, in order.
type Notifiers []Notifier

// AlertsChanged tells each; the first error ends it.
func (n Notifiers) AlertsChanged(ctx context.Context, tx *store.Tx, integration *ent.Integration, changes []Change) error {
	for _, notifier := range n {
		if err := notifier.AlertsChanged(ctx, tx, integration, changes); err != nil {
			return err
		}
	}
	return nil
}
