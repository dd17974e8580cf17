// Package picklist keeps the choices that settings are made from, as the CRM gives
// them: the stages of opportunities, and whatever other source a setting names
// (crm.SettingDefinition.Source).
//
// Invariants: no connector call runs inside a transaction; an attempt that fails
// keeps the choices there are and marks them stale; a row is written only when
// something about it changed.
package picklist

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/picklist"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Caller runs do with a fresh access token of an integration; integration.Service
// implements it.
type Caller interface {
	Call(ctx context.Context, integrationID string, do func(ctx context.Context, connector string, target crm.Target) error) error
}

// Connectors describes connectors and asks them for choices; the connector host
// implements it. Errors are *fault.Error.
type Connectors interface {
	Describe(name string) (crm.Manifest, error)
	ListPicklist(ctx context.Context, connector string, target crm.Target, source crm.PicklistSource) ([]crm.Choice, error)
}

// Config is what a Service is made of; all of it is required but the hook.
type Config struct {
	Store      *store.Store
	Caller     Caller
	Connectors Connectors
	Packages   snapshot.Packages
	Logger     *slog.Logger
	// OnRefreshed is called when the choices of an integration were brought up to date,
	// as far as the CRM answered.
	OnRefreshed func(ctx context.Context, integrationID string) error
}

// Service fetches choices and keeps them. It is safe for concurrent use.
type Service struct {
	store      *store.Store
	caller     Caller
	connectors Connectors
	packages   snapshot.Packages
	log        *slog.Logger
	refreshed  func(ctx context.Context, integrationID string) error
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Caller == nil || c.Connectors == nil || c.Packages == nil || c.Logger == nil {
		return nil, errors.New("picklist: incomplete config")
	}
	return &Service{store: c.Store, caller: c.Caller, connectors: c.Connectors, packages: c.Packages, log: c.Logger, refreshed: c.OnRefreshed}, nil
}

// Refresh brings the sources up to date that the settings of an integration need
// (crm.NeededPicklists). That the CRM does not answer is no error: the choices there
// are stand, marked stale. NOT_FOUND for an unknown integration.
func (s *Service) Refresh(ctx context.Context, integrationID string) error {
	integration, err := snapshot.Find(ctx, s.store.Read(), integrationID)
	if err != nil {
		return err
	}
	manifest, err := s.connectors.Describe(integration.Connector)
	if err != nil {
		return err
	}
	pkg, tenant, err := s.packages.Of(ctx, s.store.Read(), integration)
	if err != nil {
		return err
	}
	memo, err := snapshot.Memo(ctx, s.store.Read(), integrationID)
	if err != nil {
		return err
	}
	for _, source := range crm.NeededPicklists(tenant.Edition, manifest, pkg) {
		choices := []crm.Choice{}
		err := s.caller.Call(ctx, integrationID, func(ctx context.Context, connector string, target crm.Target) error {
			target.Memo = memo
			listed, err := s.connectors.ListPicklist(ctx, connector, target, source)
			choices = append([]crm.Choice{}, listed...)
			return err
		})
		if ctx.Err() != nil {
			// Ours ended, not theirs: that says nothing about the CRM.
			return context.Cause(ctx)
		}
		if err := s.keep(ctx, integration, source, choices, err); err != nil {
			return fmt.Errorf("picklist: %s: %w", source, err)
		}
	}
	if s.refreshed == nil {
		return nil
	}
	return s.refreshed(ctx, integrationID)
}

// keep stores the outcome of one attempt, if it is news.
func (s *Service) keep(ctx context.Context, integration *ent.Integration, source crm.PicklistSource, choices []crm.Choice, failure error) error {
	stored, err := s.store.Read().Picklist.Query().
		Where(picklist.IntegrationID(integration.ID), picklist.SourceEQ(source)).Only(ctx)
	if ent.IsNotFound(err) {
		stored = nil
	} else if err != nil {
		return err
	}
	reason := ""
	if failure != nil {
		s.log.WarnContext(ctx, "choices could not be fetched", slog.String("integration", integration.ID),
			slog.String("source", string(source)), slog.String("error", failure.Error()))
		if stored == nil {
			return nil // there is nothing to be stale
		}
		choices, reason = stored.Choices, staleReason(failure)
	}
	same := stored != nil && reflect.DeepEqual(stored.Choices, choices)
	if same && stored.Stale == (failure != nil) && stored.StaleReason == reason {
		return nil
	}
	return s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		fetchedAt := tx.Now()
		if same {
			fetchedAt = stored.FetchedAt
		}
		return tx.Ent().Picklist.Create().
			SetWorkspaceID(integration.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(integration.ID).SetSource(source).
			SetChoices(choices).SetFetchedAt(fetchedAt).SetStale(failure != nil).SetStaleReason(reason).
			OnConflict(
				sql.ConflictColumns(picklist.FieldWorkspaceID, picklist.FieldIntegrationID, picklist.FieldSource),
				sql.ResolveWith(func(u *sql.UpdateSet) {
					u.SetExcluded(picklist.FieldChoices).SetExcluded(picklist.FieldFetchedAt)
					u.SetExcluded(picklist.FieldStale).SetExcluded(picklist.FieldStaleReason)
				}),
			).Exec(ctx)
	})
}

// reasonLength bounds the reason of a failure.
const reasonLength = 500

// staleReason says what failed, for a person. A failure without a code is ours, and
// its text was not written for people.
func staleReason(failure error) string {
	e, ok := fault.From(failure)
	if !ok {
		return "Fetching the choices failed inside Fieldwarden."
	}
	return crm.Shorten(fmt.Sprintf("%s (%s)", e.Message, e.Code), reasonLength)
}
