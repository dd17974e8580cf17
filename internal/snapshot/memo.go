package snapshot

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/connectormemo"
)

// Memo returns what the connector asked to have kept for an integration: its own
// cache, which goes with every call for the integration (crm.Target). Nil when there
// is none.
func Memo(ctx context.Context, client *ent.Client, integrationID string) ([]byte, error) {
	row, err := client.ConnectorMemo.Query().Where(connectormemo.IntegrationID(integrationID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("snapshot: the connector's memo: %w", err)
	}
	return row.Content, nil
}
