// Package alert keeps the alerts of an integration: one open alert per rule,
// object and field, however often its problem is seen (requirement K10).
//
// crm.EvaluateAlerts says what to do; this package stores it, inside the
// transaction of the change that caused it, and tells subscribers. A feed entry is
// written for each change of an alert and never for a mere repetition (K11).
//
// Callers hold the integration's lock (snapshot.Lock, or an update of its row), so
// two transactions never decide about the same problem.
package alert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Describer gives a connector's manifest; the connector host implements it.
type Describer interface {
	Describe(name string) (crm.Manifest, error)
}

// Config is what a Service is made of.
type Config struct {
	Connectors Describer
	Logger     *slog.Logger
	// Notifier tells people of changed alerts; nil tells nobody.
	Notifier Notifier
	// OnDamped is called when a problem that came back was damped, with the time from
	// which its states are to be evaluated again; nil leaves that to the next check.
	OnDamped func(ctx context.Context, tx *store.Tx, integration *ent.Integration, at time.Time) error
	// DampingWindow is how long after an opening a problem that comes back stays
	// resolved; zero means crm.DampingWindow.
	DampingWindow time.Duration
}

// Service opens, updates, reopens and resolves alerts. It is safe for concurrent
// use.
type Service struct {
	connectors Describer
	log        *slog.Logger
	notifier   Notifier
	onDamped   func(ctx context.Context, tx *store.Tx, integration *ent.Integration, at time.Time) error
	window     time.Duration
}

// New makes a Service; the connectors and the logger are required.
func New(c Config) (*Service, error) {
	if c.Connectors == nil || c.Logger == nil {
		return nil, errors.New("alert: incomplete config")
	}
	return &Service{
		connectors: c.Connectors, log: c.Logger, notifier: c.Notifier, onDamped: c.OnDamped,
		window: cmp.Or(c.DampingWindow, crm.DampingWindow),
	}, nil
}

// Payload is what an "alert" feed entry says.
type Payload struct {
	Event   crm.AlertEvent `json:"event"`
	AlertID string         `json:"alertId"`
}

// Apply does what the intents ask for: opens alerts, or reopens them, as
// crm.AlertLife.See says; counts repetitions; resolves. An intent that finds the alert
// in another state than it expects heals it: opening an open alert updates it,
// resolving a resolved one does nothing. A muted rule opens nothing (requirement K10).
func (s *Service) Apply(ctx context.Context, tx *store.Tx, integration *ent.Integration, intents []crm.AlertIntent) error {
	if len(intents) == 0 {
		return nil
	}
	open, err := openAlerts(ctx, tx, integration)
	if err != nil {
		return err
	}
	return s.apply(ctx, tx, integration, open, intents)
}

// Evaluate compares the alerts on some objects with the objects' states and applies
// the difference. The states must hold every mapped field of their object.
// Mappings count once standardization is over (requirement H1).
func (s *Service) Evaluate(ctx context.Context, tx *store.Tx, integration *ent.Integration, pkg crm.Package, states []crm.ObjectState) error {
	if len(states) == 0 {
		return nil
	}
	open, err := openAlerts(ctx, tx, integration)
	if err != nil {
		return err
	}
	mappings, err := watchedFields(ctx, tx, integration)
	if err != nil {
		return err
	}
	inputs := crm.AlertInputs{
		Package: pkg, Objects: states, Mappings: mappings,
		Standardized: slices.Contains(integration.StepsDone, crm.StepStandardization),
		InstanceURL:  integration.InstanceURL, User: integration.IntegrationUser,
	}
	for _, row := range open {
		inputs.Open = append(inputs.Open, keyOf(row))
	}
	manifest, err := s.connectors.Describe(integration.Connector)
	if err != nil {
		// The alert matters more than its best words: without the connector's
		// templates the rules use words that hold for every CRM.
		s.log.WarnContext(ctx, "no remediation templates: the connector does not describe itself",
			slog.String("connector", integration.Connector), slog.String("error", err.Error()))
	} else if inputs.Needs, err = needs(ctx, tx, integration, pkg, manifest); err != nil {
		// Without the connector's capabilities it is not known which settings work.
		return err
	} else if inputs.Objects, err = withWritten(ctx, tx, integration, *inputs.Needs, states); err != nil {
		return err
	}
	inputs.Remediations = manifest.Remediations
	return s.apply(ctx, tx, integration, open, crm.EvaluateAlerts(inputs))
}

// ResolveAll resolves the integration's open alerts of the rules, of every rule when
// none is named: when it is disconnected, or connected again.
func (s *Service) ResolveAll(ctx context.Context, tx *store.Tx, integration *ent.Integration, resolution crm.AlertResolution, rules ...crm.AlertRule) error {
	open, err := openAlerts(ctx, tx, integration)
	if err != nil {
		return err
	}
	var intents []crm.AlertIntent
	for _, row := range open {
		if len(rules) == 0 || slices.Contains(rules, row.Rule) {
			intents = append(intents, crm.AlertIntent{Action: crm.ActionResolve, Key: keyOf(row), Resolution: resolution})
		}
	}
	return s.apply(ctx, tx, integration, open, intents)
}

// openAlerts loads the alerts that are not resolved, in a stable order.
func openAlerts(ctx context.Context, tx *store.Tx, integration *ent.Integration) ([]*ent.Alert, error) {
	rows, err := tx.Ent().Alert.Query().
		Where(alert.IntegrationID(integration.ID), alert.OpenKeyNotNil()).
		Order(alert.ByCreatedAt(), alert.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("alert: open alerts: %w", err)
	}
	return rows, nil
}

// watchedFields loads the mappings that alerts go by.
func watchedFields(ctx context.Context, tx *store.Tx, integration *ent.Integration) ([]crm.Mapping, error) {
	if !slices.Contains(integration.StepsDone, crm.StepStandardization) {
		return nil, nil
	}
	rows, err := tx.Ent().Mapping.Query().Where(mapping.IntegrationID(integration.ID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("alert: mappings: %w", err)
	}
	mappings := make([]crm.Mapping, len(rows))
	for i, row := range rows {
		mappings[i] = crm.Mapping{StandardField: row.StandardField, Object: row.ObjectName, CRMField: row.CrmField, MappedAt: row.CreatedAt}
	}
	return mappings, nil
}

// needs are who needs which right, for the alerts about rights to write.
func needs(ctx context.Context, tx *store.Tx, integration *ent.Integration, pkg crm.Package, manifest crm.Manifest) (*crm.Needs, error) {
	found, err := snapshot.Needs(ctx, tx.Ent(), integration, pkg, manifest)
	if err != nil {
		return nil, fmt.Errorf("alert: needs: %w", err)
	}
	return &found, nil
}

func keyOf(row *ent.Alert) crm.AlertKey {
	return crm.AlertKey{Rule: row.Rule, Object: row.ObjectName, Field: row.FieldName}
}

// openKey is unique in the workspace while an alert is not resolved.
func openKey(integration *ent.Integration, key crm.AlertKey) string {
	return integration.ID + "|" + key.String()
}
