package integration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/credential"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// KeepAliveKind is the kind of the jobs that refresh an authorization before it ends
// for want of use.
const KeepAliveKind = "integration.keepAlive"

const (
	// keepAliveBatch bounds the refreshes that one KeepAlive asks for.
	keepAliveBatch = 100
	// keepAlivePause is the wait after a refresh that failed: half of the limit is
	// left, so there is no hurry.
	keepAlivePause = 15 * time.Minute
)

// KeepAlive asks for a refresh of the authorizations that would end for want of use:
// of those whose connector tells such a limit, when half of it is over, paused
// integrations included. It looks as far as the principal of ctx may see. Call it now
// and then; a bounded number is asked for each time, each once until it is done.
func (s *Service) KeepAlive(ctx context.Context) error {
	var idle []*ent.Credential
	err := s.eachIdleLimit(ctx, func(connector string, environment crm.Environment, limit time.Duration) (bool, error) {
		found, err := s.idle(ctx, connector, environment, limit/2, keepAliveBatch-len(idle))
		idle = append(idle, found...)
		return len(idle) < keepAliveBatch, err
	})
	if err != nil {
		return err
	}
	if len(idle) == 0 {
		return nil
	}
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, row := range idle {
			_, err := s.c.Jobs.Enqueue(ctx, tx, KeepAliveKind, row.WorkspaceID, jobPayload{IntegrationID: row.IntegrationID}, job.UniqueKey(row.IntegrationID))
			if err != nil {
				return fmt.Errorf("ask for a refresh: %w", err)
			}
		}
		return nil
	})
}

// eachIdleLimit calls do with the connectors and environments in use whose
// authorizations end for want of use, and with the limit, until do returns false.
func (s *Service) eachIdleLimit(ctx context.Context, do func(connector string, environment crm.Environment, limit time.Duration) (bool, error)) error {
	var kinds []struct {
		Connector   string          `json:"connector"`
		Environment crm.Environment `json:"environment"`
	}
	err := s.c.Store.Read().Integration.Query().Where(integration.StateIn(signedInStates()...)).
		GroupBy(integration.FieldConnector, integration.FieldEnvironment).Scan(ctx, &kinds)
	if err != nil {
		return fmt.Errorf("look for connectors in use: %w", err)
	}
	for _, kind := range kinds {
		_, spec, err := s.manifest(kind.Connector, kind.Environment)
		if err != nil || spec.OAuth.RefreshTokenIdle <= 0 {
			continue // a connector that is away now is back before half its limit is over
		}
		if more, err := do(kind.Connector, kind.Environment, spec.OAuth.RefreshTokenIdle); err != nil || !more {
			return err
		}
	}
	return nil
}

// signedInStates are the states in which a credential is kept alive.
func signedInStates() []crm.IntegrationState {
	return []crm.IntegrationState{crm.IntegrationOnboarding, crm.IntegrationActive, crm.IntegrationPaused}
}

// idle lists the good credentials of a connector and environment that were not used
// for a time, in no order: one that cannot be refreshed now must not keep
// others from their turn.
func (s *Service) idle(ctx context.Context, connector string, environment crm.Environment, unused time.Duration, room int) ([]*ent.Credential, error) {
	ofKind := predicate.Credential(func(selector *sql.Selector) {
		t := sql.Table(integration.Table)
		states := make([]any, 0, len(signedInStates()))
		for _, state := range signedInStates() {
			states = append(states, string(state))
		}
		selector.Where(sql.In(selector.C(credential.FieldIntegrationID), sql.Select(t.C(integration.FieldID)).From(t).Where(sql.And(
			sql.EQ(t.C(integration.FieldConnector), connector), sql.EQ(t.C(integration.FieldEnvironment), string(environment)),
			sql.In(t.C(integration.FieldState), states...),
		))))
	})
	rows, err := s.c.Store.Read().Credential.Query().
		Where(credential.Revoked(false), credential.RefreshedAtLTE(s.now().UTC().Add(-unused)), ofKind).
		Order(func(selector *sql.Selector) { selector.OrderExpr(sql.Raw("RANDOM()")) }).Limit(room).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for unused credentials: %w", err)
	}
	return rows, nil
}

// handleKeepAlive refreshes one authorization, by its lease as every refresh, unless
// that happened meanwhile.
func (s *Service) handleKeepAlive(ctx context.Context, j job.Job) error {
	row, err := s.integrationOf(ctx, j)
	if err != nil || row == nil || !holdsCredential(row.State) {
		return err
	}
	_, spec, err := s.manifest(row.Connector, row.Environment)
	if err != nil {
		return err
	}
	current, err := s.load(ctx, row)
	if err != nil {
		return err
	}
	fresh := current.row.RefreshedAt.After(s.now().Add(-spec.OAuth.RefreshTokenIdle / 2))
	if fresh || current.row.Revoked {
		return nil
	}
	_, err = s.refresh(ctx, row, current)
	if errors.Is(err, errUncertain) {
		s.c.Logger.WarnContext(ctx, "an authorization cannot be kept alive: the outcome of an earlier refresh is not known", obs.KeyIntegration, row.ID)
		return nil
	}
	return err
}
