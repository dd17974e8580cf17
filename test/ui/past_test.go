package ui

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// pastDays is how long the workspace has been connected, as the pictures over time show it.
const pastDays = 24

// past gives the integration a history: daily runs, and fields that were lost for some
// days.
func (s *site) past(t *testing.T, integrationID string) {
	t.Helper()
	ago := func(days int) time.Time { return time.Now().UTC().AddDate(0, 0, -days) }
	for _, statement := range []string{
		"UPDATE integrations SET created_at = $1 WHERE id = $2",
		"UPDATE crm_objects SET created_at = $1 WHERE integration_id = $2",
		"UPDATE crm_fields SET created_at = $1 WHERE integration_id = $2",
		"UPDATE mapping_changes SET created_at = $1 WHERE integration_id = $2",
	} {
		_, err := s.Store().SQL().ExecContext(t.Context(), statement, ago(pastDays), integrationID)
		require.NoError(t, err, statement)
	}
	ctx := principal.System(t.Context(), s.WorkspaceID(), "test")
	require.NoError(t, s.Store().WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		for day := 1; day < pastDays; day++ {
			changed := (day*day)%17 + 3
			err := tx.Ent().SyncRun.Create().SetWorkspaceID(s.WorkspaceID()).SetIntegrationID(integrationID).SetCreatedAt(ago(day)).
				SetStartedAt(ago(day)).SetFinishedAt(ago(day).Add(40 * time.Second)).SetKind(crm.RunScheduled).SetStatus(crm.RunSucceeded).
				SetLocalDate(ago(day).Format(time.DateOnly)).SetCounters(crm.Counters{Read: 3 * changed, Created: changed, Updated: changed, Skipped: changed}).
				Exec(ctx)
			if err != nil {
				return err
			}
		}
		for _, one := range []struct {
			field          string
			lost, restored int
		}{{"Phone", 22, 18}, {"Title", 21, 18}, {"LastName", 19, 12}, {"MobilePhone", 9, 3}, {"Department", 8, 3}} {
			for days, change := range map[int]crm.ChangeType{one.lost: crm.ChangeLost, one.restored: crm.ChangeRestored} {
				err := tx.Ent().PermissionChange.Create().SetWorkspaceID(s.WorkspaceID()).SetIntegrationID(integrationID).SetCreatedAt(ago(days)).
					SetObjectName("Contact").SetFieldName(one.field).SetChange(change).SetStandardized(true).Exec(ctx)
				if err != nil {
					return err
				}
			}
		}
		return nil
	}))
}
