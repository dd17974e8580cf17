// Package inbox keeps the in-app inbox of a workspace: one item for each alert that
// opened, came back, woke or was resolved (requirement K13). All members share the
// items; what each has read is their own.
//
// An item is written in the transaction of the change that it tells, so the inbox
// misses nothing and tells nothing that did not happen.
//
// What a member has read is one time, before which everything is read, and the items
// after it that were read one by one. So reading everything costs a few rows, however
// long the inbox is.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/inboxitem"
	"github.com/fieldwarden/fieldwarden/ent/inboxread"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// Retention is how long an item is kept.
	Retention = 90 * 24 * time.Hour
	// MaxUnread is how far unread items are counted.
	MaxUnread = 1000
	// rowsPerStatement bounds one bulk statement.
	rowsPerStatement = 500
	// pruned is how many items one transaction removes.
	pruned = 2000
)

// Service writes the inbox and keeps what is read. It is safe for concurrent use.
type Service struct{ store *store.Store }

// New makes a Service.
func New(s *store.Store) *Service { return &Service{store: s} }

// AlertsChanged writes an item for each change that members are told of. A folded alert
// makes none: its object's alert tells the story. Neither does what members do with
// an alert: everybody sees that at the alert. It implements alert.Notifier.
func (s *Service) AlertsChanged(ctx context.Context, tx *store.Tx, integration *ent.Integration, changes []alert.Change) error {
	var creates []*ent.InboxItemCreate
	for _, change := range changes {
		if change.Alert.Folded || !tells(change.Event) {
			continue
		}
		creates = append(creates, tx.Ent().InboxItem.Create().
			SetWorkspaceID(integration.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(integration.ID).
			SetAlertID(change.Alert.ID).SetEvent(change.Event).SetSeverity(change.Alert.Severity))
	}
	for part := range slices.Chunk(creates, rowsPerStatement) {
		if err := tx.Ent().InboxItem.CreateBulk(part...).Exec(ctx); err != nil {
			return fmt.Errorf("inbox: saving: %w", err)
		}
	}
	return nil
}

func tells(event crm.AlertEvent) bool {
	switch event {
	case crm.AlertOpened, crm.AlertReopened, crm.AlertWasResolved, crm.AlertWoke:
		return true
	default:
		return false
	}
}

// Housekeep removes the items that are older than Retention, and what was read of
// them, as far as the principal of ctx may see. Call it now and then.
func (s *Service) Housekeep(ctx context.Context) error {
	before := s.store.Clock().Now().UTC().Add(-Retention)
	return errors.Join(
		s.prune(ctx, "items",
			func(ctx context.Context) ([]string, error) {
				return s.store.Read().InboxItem.Query().Where(inboxitem.CreatedAtLT(before)).
					Order(inboxitem.ByCreatedAt()).Limit(pruned).IDs(ctx)
			},
			func(ctx context.Context, tx *store.Tx, ids []string) error {
				_, err := tx.Ent().InboxItem.Delete().Where(inboxitem.IDIn(ids...)).Exec(ctx)
				return err
			}),
		// What was read is at least as old as its item.
		s.prune(ctx, "read items",
			func(ctx context.Context) ([]string, error) {
				return s.store.Read().InboxRead.Query().Where(inboxread.CreatedAtLT(before)).
					Order(inboxread.ByCreatedAt()).Limit(pruned).IDs(ctx)
			},
			func(ctx context.Context, tx *store.Tx, ids []string) error {
				_, err := tx.Ent().InboxRead.Delete().Where(inboxread.IDIn(ids...)).Exec(ctx)
				return err
			}),
	)
}

// prune removes what find finds, some thousand rows in a transaction.
func (s *Service) prune(
	ctx context.Context, what string, find func(context.Context) ([]string, error),
	remove func(context.Context, *store.Tx, []string) error,
) error {
	for {
		ids, err := find(ctx)
		if err != nil {
			return fmt.Errorf("inbox: looking for old %s: %w", what, err)
		}
		if len(ids) == 0 {
			return nil
		}
		err = s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error { return remove(ctx, tx, ids) })
		if err != nil {
			return fmt.Errorf("inbox: removing old %s: %w", what, err)
		}
		if len(ids) < pruned {
			return nil
		}
	}
}

// unreadBy matches the items that a member has not read.
func unreadBy(member *ent.Member) func(*sql.Selector) {
	return func(selector *sql.Selector) {
		if member.InboxReadThrough != nil {
			selector.Where(sql.GTE(selector.C(inboxitem.FieldCreatedAt), *member.InboxReadThrough))
		}
		read := sql.Table(inboxread.Table)
		selector.Where(sql.NotExists(sql.Select(read.C(inboxread.FieldID)).From(read).Where(sql.And(
			sql.EQ(read.C(inboxread.FieldWorkspaceID), member.WorkspaceID),
			sql.EQ(read.C(inboxread.FieldMemberID), member.ID),
			sql.ColumnsEQ(read.C(inboxread.FieldItemID), selector.C(inboxitem.FieldID)),
		))))
	}
}
