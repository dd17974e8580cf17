package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/credential"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// held is a credential as this process holds it for one call: the tokens of one
// version of the row.
type held struct {
	row    *ent.Credential
	tokens tokens
}

// Call runs do with a target that has an access token. When the CRM refuses the
// token (fault.CRMUnauthenticated), Call refreshes it and runs do once more: do
// keeps its position between the two, so that it resumes. Call must not be made
// inside a transaction.
//
// Errors of its own: fault.IntegrationState where nobody is signed in;
// fault.CRMGrantRevoked when the CRM no longer accepts the authorization, which
// also puts the integration into GRACE; a transient fault when the sign-in
// service of the CRM cannot be used now.
func (s *Service) Call(ctx context.Context, integrationID string, do func(ctx context.Context, connector string, t crm.Target) error) error {
	row, current, err := s.ready(ctx, integrationID)
	if err != nil {
		return err
	}
	if current, err = s.refreshAhead(ctx, row, current); err != nil {
		return err
	}
	err = do(ctx, row.Connector, target(row, current.tokens))
	if !fault.Is(err, fault.CRMUnauthenticated) {
		return err
	}
	_, err = s.refresh(ctx, row, current)
	if errors.Is(err, errUncertain) {
		return s.giveUp(ctx, row, current.row.Version, "A refresh of the authorization was cut off, and the CRM refuses the stored access token.")
	}
	if err != nil {
		return err
	}
	// Read again: a refresh may have moved the endpoint, too.
	if row, current, err = s.ready(ctx, integrationID); err != nil {
		return err
	}
	return do(ctx, row.Connector, target(row, current.tokens))
}

// ready reads an integration that somebody is signed in to and that is not paused,
// and its credential: while it is PAUSED nothing calls the CRM (requirement C11).
func (s *Service) ready(ctx context.Context, integrationID string) (*ent.Integration, held, error) {
	row, err := snapshot.Find(ctx, s.c.Store.Read(), integrationID)
	if err != nil {
		return nil, held{}, err
	}
	switch row.State {
	case crm.IntegrationOnboarding, crm.IntegrationActive:
	case crm.IntegrationGrace:
		return nil, held{}, errRevoked(row)
	default:
		return nil, held{}, errState(row)
	}
	current, err := s.load(ctx, row)
	return row, current, err
}

// target is what a connector call carries.
func target(row *ent.Integration, t tokens) crm.Target {
	return crm.Target{
		IntegrationID: row.ID, Environment: row.Environment, Endpoint: row.Endpoint,
		AccessToken: t.access(), Config: row.Config,
	}
}

// load reads and opens the credential of an integration.
func (s *Service) load(ctx context.Context, row *ent.Integration) (held, error) {
	saved, err := credentialRow(ctx, s.c.Store.Read(), row.ID)
	if err != nil {
		return held{}, err
	}
	if saved == nil {
		return held{}, errState(row)
	}
	return s.unseal(saved)
}

func (s *Service) unseal(row *ent.Credential) (held, error) {
	plain, err := s.c.Box.Open(row.WorkspaceID, row.IntegrationID, row.Sealed)
	if err != nil {
		return held{}, err
	}
	h := held{row: row}
	if err := json.Unmarshal(plain, &h.tokens); err != nil {
		return held{}, fmt.Errorf("decode credential of %s: %w", row.IntegrationID, err)
	}
	return h, nil
}

func (s *Service) seal(row *ent.Integration, t tokens) ([]byte, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("encode credential: %w", err)
	}
	return s.c.Box.Seal(row.WorkspaceID, row.ID, plain)
}

// replaceCredential stores the tokens of a new sign-in. They take the place of
// whatever was there: the version rises, so that a refresh under way for the old
// tokens cannot overwrite them. It returns the former tokens where they were good.
func (s *Service) replaceCredential(ctx context.Context, tx *store.Tx, row *ent.Integration, t tokens) (former *held, err error) {
	if saved, err := credentialRow(ctx, tx.Ent(), row.ID); err != nil {
		return nil, err
	} else if saved != nil {
		// What cannot be opened cannot be given back either.
		if was, err := s.unseal(saved); err == nil && (!saved.Revoked || was.tokens.Ending) {
			former = &was
		}
	}
	sealed, err := s.seal(row, t)
	if err != nil {
		return nil, err
	}
	n, err := tx.Ent().Credential.Update().Where(credential.IntegrationID(row.ID)).
		SetSealed(sealed).AddVersion(1).ClearLeaseOwner().ClearLeaseUntil().SetRevoked(false).SetRefreshedAt(tx.Now()).Save(ctx)
	if err == nil && n == 0 {
		err = tx.Ent().Credential.Create().SetWorkspaceID(row.WorkspaceID).SetCreatedAt(tx.Now()).
			SetIntegrationID(row.ID).SetSealed(sealed).SetRefreshedAt(tx.Now()).Exec(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("save credential: %w", err)
	}
	return former, nil
}

// credentialRow reads the credential of an integration; nil when there is none.
func credentialRow(ctx context.Context, client *ent.Client, integrationID string) (*ent.Credential, error) {
	row, err := client.Credential.Query().Where(credential.IntegrationID(integrationID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // absence is an ordinary answer here
	}
	if err != nil {
		return nil, fmt.Errorf("read credential: %w", err)
	}
	return row, nil
}

// wipe forgets the tokens of an integration, but for those that wait for their
// revocation, after which they are forgotten.
func (s *Service) wipe(ctx context.Context, tx *store.Tx, row *ent.Integration) error {
	saved, err := credentialRow(ctx, tx.Ent(), row.ID)
	if err != nil || saved == nil {
		return err
	}
	if was, err := s.unseal(saved); err == nil && was.tokens.Ending {
		return nil
	}
	return s.forget(ctx, tx, row, saved)
}

// forget takes the tokens out of a credential. What stays, sealed, is how they were
// got: a reconnection signs in the same way.
func (s *Service) forget(ctx context.Context, tx *store.Tx, row *ent.Integration, saved *ent.Credential) error {
	was, err := s.unseal(saved)
	if err != nil {
		if err := tx.Ent().Credential.DeleteOne(saved).Exec(ctx); err != nil {
			return fmt.Errorf("delete credential: %w", err)
		}
		return nil // what cannot be opened is forgotten all the same
	}
	sealed, err := s.seal(row, tokens{Grant: was.tokens.Grant, Issued: was.tokens.Issued})
	if err != nil {
		return err
	}
	err = tx.Ent().Credential.UpdateOne(saved).SetSealed(sealed).AddVersion(1).SetRevoked(true).ClearLeaseOwner().ClearLeaseUntil().Exec(ctx)
	if err != nil {
		return fmt.Errorf("wipe credential: %w", err)
	}
	return nil
}

func errRevoked(row *ent.Integration) error {
	return fault.New(fault.CRMGrantRevoked, "The CRM no longer accepts the authorization of this integration.",
		fault.Detail("integrationId", row.ID))
}
