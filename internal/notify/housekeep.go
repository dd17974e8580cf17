package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent/delivery"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// Retention is how long the delivery log goes back.
	Retention = 90 * 24 * time.Hour
	// pruned is how many rows one transaction removes.
	pruned = 1000
	// overdue is how long a delivery may be due before somebody looks after its job.
	overdue = 30 * time.Second
	// maxOverdue bounds how many are looked at in a round.
	maxOverdue = 5000
)

// Housekeep wakes whoever should have sent what is overdue, and removes deliveries that
// are older than Retention. ctx is that of the scheduler's housekeeping, which looks
// across workspaces. Several nodes may do it at once.
func (s *Service) Housekeep(ctx context.Context) error {
	if err := s.wakeOverdue(ctx); err != nil {
		return err
	}
	return s.prune(ctx)
}

// wakeOverdue is the net under the jobs: they are lost when the job engine gives one up,
// and a clock that is moved moves what is due, but not the job for it.
func (s *Service) wakeOverdue(ctx context.Context) error {
	before := s.c.Store.Clock().Now().UTC().Add(-overdue)
	rows, err := s.c.Store.Read().Delivery.Query().Where(delivery.NextAttemptAtLTE(before)).Order(delivery.ByNextAttemptAt()).Limit(maxOverdue).
		Select(delivery.FieldWorkspaceID, delivery.FieldChannelID, delivery.FieldAddress).All(ctx)
	if err != nil {
		return fmt.Errorf("notify: what is overdue: %w", err)
	}
	late := map[string][]receiver{}
	for _, row := range rows {
		late[row.WorkspaceID] = append(late[row.WorkspaceID], receiver{ChannelID: row.ChannelID, Address: row.Address})
	}
	for _, workspaceID := range slices.Sorted(maps.Keys(late)) {
		err := s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return s.wake(ctx, tx, workspaceID, late[workspaceID]...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// prune removes the oldest. Ids sort by creation, so the oldest rows are found by the
// primary key, however long the log is.
func (s *Service) prune(ctx context.Context) error {
	before := s.c.Store.Clock().Now().UTC().Add(-Retention)
	for {
		rows, err := s.c.Store.Read().Delivery.Query().Order(delivery.ByID()).Limit(pruned).
			Select(delivery.FieldID, delivery.FieldCreatedAt, delivery.FieldNextAttemptAt).All(ctx)
		if err != nil {
			return fmt.Errorf("notify: old deliveries: %w", err)
		}
		var ids []string
		for _, row := range rows {
			if row.CreatedAt.Before(before) {
				ids = append(ids, row.ID)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		err = s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Ent().Delivery.Delete().Where(delivery.IDIn(ids...)).Exec(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("notify: removing old deliveries: %w", err)
		}
	}
}
