package integration

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/oauthstate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// grant is what a sign-in brought, before it is saved.
type grant struct {
	tokens    tokens
	endpoint  string
	identity  crm.Identity
	checklist []crm.ChecklistItem
}

// inspect finds out what was granted, where, and to whom.
func (s *Service) inspect(ctx context.Context, d described, row *ent.Integration, answer tokenAnswer, kind crm.GrantType) (grant, error) {
	name := d.manifest.Title
	asked := d.oauth.Scopes
	if kind == crm.GrantClientCredentials {
		asked = d.oauth.ClientCredentialsScopes
	}
	if missing := missingScopes(asked, answer); len(missing) > 0 {
		return grant{}, fault.New(fault.CRMForbidden, fmt.Sprintf("%s did not grant: %s.", name, strings.Join(missing, ", ")),
			fault.Hint("Allow these scopes in the OAuth client's settings at the CRM, then start again."))
	}
	if kind == crm.GrantAuthorizationCode && answer.text("refresh_token") == "" {
		return grant{}, fault.New(fault.CRMForbidden, name+" gave no refresh token, without which no daily run can sign in.",
			fault.Hint("Allow the OAuth client refresh tokens (offline access) at the CRM, then start again."))
	}
	endpoint, err := d.dataEndpoint(answer)
	if err != nil {
		return grant{}, err
	}
	g := grant{tokens: tokensOf(answer, "", s.now()), endpoint: endpoint}
	g.tokens.Grant = kind
	t := crm.Target{IntegrationID: row.ID, Environment: row.Environment, Endpoint: endpoint, AccessToken: g.tokens.access(), Config: row.Config}
	if t.Introspection, err = s.introspect(ctx, d, row, t.AccessToken); err != nil {
		return grant{}, err
	}
	if g.identity, err = s.c.Connectors.Identify(ctx, row.Connector, t); err != nil {
		return grant{}, err
	}
	if err := rightInstance(row, g.identity); err != nil {
		return grant{}, err
	}
	// The test informs; without it the sign-in is good all the same.
	items, err := s.checklist(ctx, row, row.Connector, t)
	if err != nil {
		s.c.Logger.InfoContext(ctx, "the connection could not be tested after the sign-in", obs.KeyIntegration, row.ID, obs.Err(err))
		return g, nil
	}
	g.checklist = items
	return g, nil
}

// rightInstance refuses an instance of the other environment, and on reconnecting
// any but the one that was connected before.
func rightInstance(row *ent.Integration, is crm.Identity) error {
	if is.InstanceID == "" {
		return fault.New(fault.ConnectorAnswer, "The connector did not tell which instance was signed in to.")
	}
	if is.Environment != "" && is.Environment != row.Environment {
		return fault.New(fault.EnvironmentMismatch,
			fmt.Sprintf("%s is %s, but %s was chosen.", is.InstanceName, is.Environment, row.Environment),
			fault.Detail("chosen", string(row.Environment)), fault.Detail("found", string(is.Environment)))
	}
	if row.InstanceID != "" && row.InstanceID != is.InstanceID {
		return fault.New(fault.InstanceMismatch,
			fmt.Sprintf("The sign-in was to %s (%s), but this integration belongs to %s (%s).", is.InstanceName, is.InstanceID, row.InstanceName, row.InstanceID),
			fault.Detail("expected", row.InstanceID), fault.Detail("found", is.InstanceID))
	}
	return nil
}

// saveGrant makes the sign-in count, in one transaction. Where it takes the place
// of a credential that was good, it returns that one. A sign-in that was ended
// meanwhile, by a newer one or because the integration was disconnected, is refused
// (fault.OAuthStateUsed); signInID is empty for an app that signs in as itself.
func (s *Service) saveGrant(ctx context.Context, integrationID, signInID string, g grant) (former *held, err error) {
	err = s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := snapshot.Lock(ctx, tx, integrationID)
		if err != nil {
			return err
		}
		if err := stillWanted(ctx, tx, row, signInID); err != nil {
			return err
		}
		if err := rightInstance(row, g.identity); err != nil {
			return err
		}
		if err := onlyOne(ctx, tx, row, g.identity); err != nil {
			return err
		}
		slot, err := s.regainedSlot(ctx, tx, row)
		if err != nil {
			return err
		}
		if former, err = s.replaceCredential(ctx, tx, row, g.tokens); err != nil {
			return err
		}
		happens := signedIn(row)
		moved, err := move(ctx, tx, row, happens, reasonAfter(row, happens), g.apply(row, tx.Now()), func(update *ent.IntegrationUpdateOne) {
			update.SetNillableSlot(slot)
		})
		if err != nil {
			return err
		}
		if happens == authorized {
			announceStep(tx, moved, crm.StepAuthorize)
		}
		if moved, err = s.saveChecklist(ctx, tx, moved, g.checklist); err != nil {
			return err
		}
		over := []crm.AlertRule{crm.RuleCredentialExpired, crm.RuleCredentialExpiring, crm.RuleGraceStarted, crm.RuleGraceEnding, crm.RuleAutoDisconnected}
		if happens == reconnected {
			over = append(over, crm.RuleAutoPaused, crm.RuleRunFailedRepeatedly)
		}
		err = s.c.Alerts.ResolveAll(ctx, tx, moved, crm.ResolvedReconnected, over...)
		if err != nil || moved.State == crm.IntegrationPaused {
			return err // what a pause holds back is checked when it is over
		}
		return s.c.OnAuthorized.run(ctx, tx, moved)
	})
	return former, err
}

// stillWanted refuses a sign-in that has ended while it was finished, and one to an
// integration whose imported data is being deleted.
func stillWanted(ctx context.Context, tx *store.Tx, row *ent.Integration, signInID string) error {
	if row.PurgeRequestedAt != nil {
		return errPurging(row)
	}
	if signInID == "" {
		return nil
	}
	open, err := tx.Ent().OAuthState.Query().Where(oauthstate.ID(signInID)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("read sign-in: %w", err)
	}
	if !open {
		return fault.New(fault.OAuthStateUsed, "This sign-in was ended before it was finished.")
	}
	return nil
}

// regainedSlot is a free slot for an integration that gave its own back; nil for one
// that has its slot.
func (s *Service) regainedSlot(ctx context.Context, tx *store.Tx, row *ent.Integration) (*string, error) {
	if row.Slot != nil {
		return row.Slot, nil
	}
	taken, err := holders(ctx, tx.Ent(), row.Connector, row.Environment)
	if err != nil {
		return nil, err
	}
	slot, free := s.freeSlot(Slot(row.Connector, row.Environment), taken)
	if !free {
		return nil, errInstanceLimit(taken)
	}
	return &slot, nil
}

// reasonAfter is what an integration's reason says after a sign-in: why it is paused
// stays true, everything else is over.
func reasonAfter(row *ent.Integration, happens event) string {
	if happens == userReplaced {
		return row.StateReason
	}
	return ""
}

// apply sets what a grant says of an integration.
func (g grant) apply(row *ent.Integration, now time.Time) func(*ent.IntegrationUpdateOne) {
	return func(update *ent.IntegrationUpdateOne) {
		is := g.identity
		update.SetInstanceID(is.InstanceID).SetInstanceName(is.InstanceName).SetInstanceURL(is.InstanceURL).
			SetInstanceEdition(is.Edition).SetAPIVersion(is.APIVersion).SetEndpoint(g.endpoint).
			SetIntegrationUser(g.userName()).SetIntegrationUserDedicated(is.DedicatedUser).
			SetStepsDone(with(row.StepsDone, crm.StepAuthorize)).ClearGraceUntil().ClearGraceWarnedAt()
		if signedIn(row) == reconnected {
			forgetFailures(update)
			update.SetNextRunAt(nextRun(row, now))
		}
	}
}

// userName is what the CRM calls the user that signed in.
func (g grant) userName() string { return cmp.Or(g.identity.UserName, g.identity.UserEmail) }

// onlyOne refuses an instance that another integration of the workspace is
// connected to (requirement C2).
func onlyOne(ctx context.Context, tx *store.Tx, row *ent.Integration, is crm.Identity) error {
	other, err := tx.Ent().Integration.Query().Where(
		integration.IDNEQ(row.ID), integration.Connector(row.Connector), integration.InstanceID(is.InstanceID),
		integration.StateNEQ(crm.IntegrationDisconnected)).First(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the instance: %w", err)
	}
	return fault.New(fault.InstanceLimit, fmt.Sprintf("%s is connected already, as %s (%s).", is.InstanceName, other.Environment, other.ID),
		fault.Detail("integrationId", other.ID))
}

// with returns the steps and one more, each once.
func with(steps []crm.OnboardingStep, step crm.OnboardingStep) []crm.OnboardingStep {
	if slices.Contains(steps, step) {
		return steps
	}
	return append(slices.Clone(steps), step)
}

// without returns the steps except one.
func without(steps []crm.OnboardingStep, step crm.OnboardingStep) []crm.OnboardingStep {
	return slices.DeleteFunc(slices.Clone(steps), func(s crm.OnboardingStep) bool { return s == step })
}
