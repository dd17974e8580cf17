package store

import (
	"context"
	"fmt"
)

// MeetRecords marks records that a reading from the beginning has met without being
// able to store them: what is stored of them is old, but they are not gone (see
// SweepRecords). Ids without a record are left out. Generation 0 marks nothing.
func (tx *Tx) MeetRecords(ctx context.Context, workspaceID, integrationID, object string, generation int, ids []string) error {
	if err := inWorkspace(ctx, workspaceID); err != nil || generation == 0 {
		return err
	}
	if err := tx.markMet(ctx, recordKey{workspaceID, integrationID, object}, generation, ids); err != nil {
		return fmt.Errorf("store: records: %w", err)
	}
	return nil
}
