package integration

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/oauthclient"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// maxClient bounds an OAuth client's id and secret, in bytes.
const maxClient = 512

// SetOAuthClientInput is a workspace's OAuth client at a CRM.
type SetOAuthClientInput struct {
	Connector      string
	Environment    crm.Environment
	ClientID       string
	ClientSecret   crm.Secret
	IdempotencyKey string
}

// SetOAuthClient saves or replaces a workspace's OAuth client. The secret is
// sealed and cannot be read back (requirement O1).
func (s *Service) SetOAuthClient(ctx context.Context, in SetOAuthClientInput) error {
	who, err := admin(ctx)
	if err != nil {
		return err
	}
	if _, _, err := s.manifest(in.Connector, in.Environment); err != nil {
		return err
	}
	if err := in.validate(); err != nil {
		return err
	}
	// A Secret hides itself from the comparison of requests; its hash stands in.
	sum := sha256.Sum256([]byte(in.ClientSecret.Reveal()))
	request := []string{in.Connector, string(in.Environment), in.ClientID, hex.EncodeToString(sum[:])}
	_, err = store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "setOAuthClient", request,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, s.saveClient(ctx, tx, who.WorkspaceID, in)
		})
	return err
}

func (in SetOAuthClientInput) validate() error {
	if in.ClientID == "" || len(in.ClientID) > maxClient {
		return fault.New(fault.BadInput, fmt.Sprintf("The client id must have 1 to %d characters.", maxClient), fault.Field("clientId"))
	}
	if secret := in.ClientSecret.Reveal(); secret == "" || len(secret) > maxClient {
		return fault.New(fault.BadInput, fmt.Sprintf("The client secret must have 1 to %d characters.", maxClient), fault.Field("clientSecret"))
	}
	return nil
}

func (s *Service) saveClient(ctx context.Context, tx *store.Tx, workspaceID string, in SetOAuthClientInput) error {
	id := gid.New(gid.OAuthClient)
	var before any
	old, err := clientRow(ctx, tx.Ent(), in.Connector, in.Environment)
	if err != nil {
		return err
	}
	if old != nil {
		id, before = old.ID, map[string]any{"clientId": old.ClientID}
	}
	sealed, err := s.c.Box.Seal(workspaceID, id, []byte(in.ClientSecret.Reveal()))
	if err != nil {
		return err
	}
	if old != nil {
		err = tx.Ent().OAuthClient.UpdateOne(old).SetClientID(in.ClientID).SetSealedSecret(sealed).SetUpdatedAt(tx.Now()).Exec(ctx)
	} else {
		err = tx.Ent().OAuthClient.Create().SetID(id).SetWorkspaceID(workspaceID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector(in.Connector).SetEnvironment(in.Environment).SetClientID(in.ClientID).SetSealedSecret(sealed).Exec(ctx)
	}
	if ent.IsConstraintError(err) {
		return fault.New(fault.Conflict, "The OAuth client was set at the same moment by somebody else.")
	}
	if err != nil {
		return fmt.Errorf("save OAuth client: %w", err)
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "setOAuthClient", Target: id, Outcome: crm.AuditSucceeded, Before: before,
		After: map[string]any{"connector": in.Connector, "environment": in.Environment, "clientId": in.ClientID},
	})
}

// client returns the OAuth client for a connector and environment: the
// workspace's own, else the operator's. fault.OAuthClientMissing without either.
func (s *Service) client(ctx context.Context, connector string, environment crm.Environment) (OAuthClient, error) {
	row, err := clientRow(ctx, s.c.Store.Read(), connector, environment)
	if err != nil {
		return OAuthClient{}, err
	}
	if row != nil {
		secret, err := s.c.Box.Open(row.WorkspaceID, row.ID, row.SealedSecret)
		return OAuthClient{ID: row.ClientID, Secret: crm.Secret(secret)}, err
	}
	if client, ok := s.c.OAuthClients[Slot(connector, environment)]; ok {
		return client, nil
	}
	return OAuthClient{}, fault.New(fault.OAuthClientMissing,
		fmt.Sprintf("No OAuth client is set for %s, %s.", connector, environment), fault.Field("connector"))
}

// clientRow reads the workspace's client; nil when it has none.
func clientRow(ctx context.Context, client *ent.Client, connector string, environment crm.Environment) (*ent.OAuthClient, error) {
	row, err := client.OAuthClient.Query().
		Where(oauthclient.Connector(connector), oauthclient.EnvironmentEQ(environment)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // absence is an ordinary answer here
	}
	if err != nil {
		return nil, fmt.Errorf("read OAuth client: %w", err)
	}
	return row, nil
}
