package settings

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// WatchChoices opens, updates and resolves the alert on settings that point to choices
// which the CRM has no more (requirement K8). Call it when the choices were fetched.
func (s *Service) WatchChoices(ctx context.Context, integrationID string) error {
	found, err := snapshot.Find(ctx, s.store.Read(), integrationID)
	if err != nil {
		return err
	}
	// Looked at outside of a transaction first: as a rule there is nothing to do.
	if _, news, err := s.choices(ctx, s.store.Read(), found); err != nil || !news {
		return err
	}
	return s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		locked, err := snapshot.Lock(ctx, tx, integrationID)
		if err != nil {
			return err
		}
		return s.tellChoices(ctx, tx, locked)
	})
}

// tellChoices is WatchChoices within a transaction that holds the integration's lock.
func (s *Service) tellChoices(ctx context.Context, tx *store.Tx, found *ent.Integration) error {
	if s.alerts == nil {
		return nil
	}
	intent, news, err := s.choices(ctx, tx.Ent(), found)
	if err != nil || !news {
		return err
	}
	return s.alerts.Apply(ctx, tx, found, []crm.AlertIntent{intent})
}

// choices says what is to be done about the alert.
func (s *Service) choices(ctx context.Context, client *ent.Client, found *ent.Integration) (crm.AlertIntent, bool, error) {
	inputs, err := s.inputs(ctx, client, found)
	if err != nil {
		return crm.AlertIntent{}, false, err
	}
	open, err := client.Alert.Query().
		Where(alert.IntegrationID(found.ID), alert.RuleEQ(crm.RulePicklistValueGone), alert.OpenKeyNotNil()).Exist(ctx)
	if err != nil {
		return crm.AlertIntent{}, false, fmt.Errorf("settings: alert on choices: %w", err)
	}
	intent, news := crm.PicklistValueGone(crm.Evaluate(inputs), open)
	return intent, news, nil
}
