package alert

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// healthAgrees is for how long no node must have seen a connector fail before its
// alerts are resolved: each node looks each minute, and knows of its own processes.
const healthAgrees = 3 * time.Minute

// ConnectorHealth is what a node knows of a connector that it runs.
type ConnectorHealth struct {
	// Name is the one that integrations have, Title the one for people.
	Name, Title string
	// Works says that it takes calls.
	Works bool
	// Reason is why it does not; it holds no secret.
	Reason string
}

// WatchConnectors opens CONNECTOR_UNHEALTHY for the integrations of connectors that do
// not work, as far as the principal of ctx may see, and resolves it minutes after they
// work on all nodes (requirement K9). Call it each minute.
func (t *Triage) WatchConnectors(ctx context.Context, connectors []ConnectorHealth) error {
	var errs []error
	for _, one := range connectors {
		if one.Works {
			errs = append(errs, t.connectorWorks(ctx, one.Name))
		} else {
			errs = append(errs, t.connectorFails(ctx, one))
		}
	}
	return errors.Join(errs...)
}

// unhealthy are the open alerts of a connector.
func unhealthy(connector string) []predicate.Alert {
	return []predicate.Alert{
		alert.RuleEQ(crm.RuleConnectorUnhealthy), alert.OpenKeyNotNil(), alert.HasIntegrationWith(integration.Connector(connector)),
	}
}

func (t *Triage) connectorFails(ctx context.Context, one ConnectorHealth) error {
	present, err := t.store.Read().Alert.Query().Where(unhealthy(one.Name)...).Exist(ctx)
	if err != nil {
		return fmt.Errorf("alert: health of %s: %w", one.Name, err)
	}
	if present {
		err := t.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Alert.Update().Where(unhealthy(one.Name)...).SetLastSeenAt(tx.Now()).Exec(ctx)
		})
		if err != nil {
			return fmt.Errorf("alert: health of %s: %w", one.Name, err)
		}
	}
	untold := []predicate.Integration{
		integration.Connector(one.Name), integration.StateIn(crm.IntegrationOnboarding, crm.IntegrationActive, crm.IntegrationPaused),
		integration.Not(integration.HasAlertsWith(alert.RuleEQ(crm.RuleConnectorUnhealthy), alert.OpenKeyNotNil())),
	}
	intents := []crm.AlertIntent{crm.ConnectorUnhealthy(one.Title, one.Reason)}
	return t.eachIntegration(ctx, untold, func(ctx context.Context, tx *store.Tx, row *ent.Integration) error {
		return t.alerts.Apply(ctx, tx, row, intents)
	})
}

func (t *Triage) connectorWorks(ctx context.Context, name string) error {
	agreed := alert.LastSeenAtLTE(t.store.Clock().Now().UTC().Add(-healthAgrees))
	told := integration.HasAlertsWith(alert.RuleEQ(crm.RuleConnectorUnhealthy), alert.OpenKeyNotNil(), agreed)
	return t.eachIntegration(ctx, []predicate.Integration{integration.Connector(name), told},
		func(ctx context.Context, tx *store.Tx, row *ent.Integration) error {
			// Another node may have seen it fail meanwhile.
			still, err := tx.Ent().Alert.Query().
				Where(alert.IntegrationID(row.ID), alert.RuleEQ(crm.RuleConnectorUnhealthy), alert.OpenKeyNotNil(), agreed).Exist(ctx)
			if err != nil || !still {
				return err
			}
			return t.alerts.ResolveAll(ctx, tx, row, crm.ResolvedRestored, crm.RuleConnectorUnhealthy)
		})
}

// eachIntegration does something to the integrations that match, each in a transaction
// that holds its lock.
func (t *Triage) eachIntegration(
	ctx context.Context, which []predicate.Integration, do func(ctx context.Context, tx *store.Tx, row *ent.Integration) error,
) error {
	var errs []error
	for last := ""; ; {
		rows, err := t.store.Read().Integration.Query().Where(which...).Where(integration.IDGT(last)).
			Order(integration.ByID()).Limit(housekeepingBatch).All(ctx)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("alert: integrations of a connector: %w", err))...)
		}
		for _, row := range rows {
			last = row.ID
			errs = append(errs, t.store.WithTx(principal.System(ctx, row.WorkspaceID, "health of a connector"), func(ctx context.Context, tx *store.Tx) error {
				locked, err := snapshot.Lock(ctx, tx, row.ID)
				if err != nil {
					return err
				}
				return do(ctx, tx, locked)
			}))
		}
		if len(rows) < housekeepingBatch {
			return errors.Join(errs...)
		}
	}
}
