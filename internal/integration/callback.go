package integration

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// callbackTime bounds what follows a sign-in: token, identity, connection test.
	callbackTime = 2 * time.Minute
	// revokeTime bounds the request that ends an authorization.
	revokeTime = 15 * time.Second
)

// CallbackInput is what the browser brings back from the CRM.
type CallbackInput struct {
	State            string
	Code             string
	Error            string
	ErrorDescription string
	// BrowserCookie is the value that OpenSignIn gave.
	BrowserCookie string
}

// CallbackResult says what the sign-in was for. It is filled as far as that is
// known, with an error too, so that the browser can be led back.
type CallbackResult struct {
	WorkspaceID   string
	IntegrationID string
	// SimulationID is of the simulation that the sign-in was for; empty when it was to
	// the integration itself.
	SimulationID string
	// State is what the integration is after the sign-in.
	State crm.IntegrationState
}

// Callback finishes a sign-in: it redeems the code, finds out whose instance it
// is, and saves the credential; the integration becomes ONBOARDING, or ACTIVE
// again, or goes on with another user. The sign-in of a simulation saves no credential
// and leaves the integration as it is (StartSimulation). It acts as whoever started the
// sign-in.
//
// A sign-in that is unknown, used, expired or of another browser changes nothing
// (fault.OAuthStateInvalid, OAuthStateUsed, OAuthStateExpired). Otherwise the
// sign-in is used up, and when it fails the integration is what it was, with the
// reason: fault.OAuthDenied, CRMAppBlocked, OAuthClientMissing, HostBlocked,
// EnvironmentMismatch, InstanceMismatch, InstanceLimit, CRMForbidden (scopes are
// missing) or a failure of CRM or connector.
func (s *Service) Callback(ctx context.Context, in CallbackInput) (CallbackResult, error) {
	found, err := s.c.SignIns.SignInOfState(ctx, crm.Secret(in.State))
	if err != nil {
		return CallbackResult{}, err
	}
	// A browser that goes away must not cut off what it has begun.
	ctx, cancel := context.WithTimeout(principal.With(context.WithoutCancel(ctx), found.Principal), callbackTime)
	defer cancel()
	if _, err := admin(ctx); err != nil {
		return CallbackResult{}, err
	}
	var signIn *ent.OAuthState
	var row *ent.Integration
	err = s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if signIn, err = claim(ctx, tx, found.StateID, in.BrowserCookie); err != nil {
			return err
		}
		if row, err = snapshot.Find(ctx, tx.Ent(), signIn.IntegrationID); err != nil || signIn.SimulationID == "" {
			return err
		}
		return runSimulation(ctx, tx, signIn.SimulationID)
	})
	if err != nil {
		return CallbackResult{}, err
	}
	result := CallbackResult{WorkspaceID: row.WorkspaceID, IntegrationID: row.ID, SimulationID: signIn.SimulationID, State: row.State}
	if signIn.SimulationID != "" {
		return result, s.finishSimulation(ctx, in, signIn, row)
	}
	if err := s.finishSignIn(ctx, in, signIn, row); err != nil {
		return result, errors.Join(err, s.failSignIn(ctx, row.ID, err))
	}
	result.State, _ = transition(row.State, signedIn(row))
	return result, nil
}

// finishSignIn redeems a claimed sign-in and saves what it brings.
func (s *Service) finishSignIn(ctx context.Context, in CallbackInput, signIn *ent.OAuthState, row *ent.Integration) error {
	if _, ok := transition(row.State, signedIn(row)); !ok {
		return errState(row)
	}
	d, err := s.describe(row.Connector, row.Environment, row.Config)
	if err != nil {
		return err
	}
	if in.Error != "" || in.Code == "" {
		return s.denied(d, in)
	}
	answer, err := s.redeem(ctx, d, in.Code, signIn, row)
	if err != nil {
		return err
	}
	return s.accept(ctx, d, row, signIn.ID, answer, crm.GrantAuthorizationCode)
}

// signInAsApp connects an integration with the client's own credentials (RFC 6749
// section 4.4). A request that is repeated does nothing once it is connected.
func (s *Service) signInAsApp(ctx context.Context, integrationID string, repeated bool) error {
	row, err := snapshot.Find(ctx, s.c.Store.Read(), integrationID)
	if err != nil || (repeated && holdsCredential(row.State)) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callbackTime)
	defer cancel()
	if err := s.requestAsApp(ctx, row); err != nil {
		return errors.Join(err, s.failSignIn(ctx, row.ID, err))
	}
	return nil
}

func (s *Service) requestAsApp(ctx context.Context, row *ent.Integration) error {
	d, err := s.describe(row.Connector, row.Environment, row.Config)
	if err != nil {
		return err
	}
	client, err := s.client(ctx, row.Connector, row.Environment)
	if err != nil {
		return err
	}
	answer, _, err := s.requestToken(ctx, d, client, d.clientCredentials())
	if err != nil {
		return err
	}
	return s.accept(ctx, d, row, "", answer, crm.GrantClientCredentials)
}

// clientCredentials is the form of a token request without a person.
func (d described) clientCredentials() url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {strings.Join(d.oauth.ClientCredentialsScopes, " ")}}
}

// accept judges the tokens of an answer as a grant and saves it; tokens that are
// not kept, new or old, are given back.
func (s *Service) accept(ctx context.Context, d described, row *ent.Integration, signInID string, answer tokenAnswer, kind crm.GrantType) error {
	granted, err := s.inspect(ctx, d, row, answer, kind)
	var former *held
	if err == nil {
		former, err = s.saveGrant(ctx, row.ID, signInID, granted)
	}
	if err != nil {
		s.giveBack(ctx, d, row, tokensOf(answer, "", s.now()))
		return err
	}
	// Another user's authorization has no use any more. The same user's may be the
	// new one as well.
	if former != nil && row.IntegrationUser != granted.userName() && former.tokens.Refresh != granted.tokens.Refresh {
		s.giveBack(ctx, d, row, former.tokens)
	}
	return nil
}

// denied words the CRM's refusal to sign somebody in (RFC 6749 section 4.1.2.1).
func (s *Service) denied(d described, in CallbackInput) error {
	name, code := d.manifest.Title, errorCode(in.Error)
	if code == "" {
		return fault.New(fault.CRMBadResponse, name+" gave neither a code nor a reason.")
	}
	answer := tokenAnswer{"error_description": in.ErrorDescription}
	sent := url.Values{"state": {in.State}}
	switch {
	case code == "access_denied":
		return fault.New(fault.OAuthDenied, s.said(name, "reports that the access was denied", code, answer, sent))
	case strings.HasPrefix(code, "OAUTH_"):
		return fault.New(fault.CRMAppBlocked, s.said(name, "blocks the app", code, answer, sent))
	default:
		return fault.New(fault.CRMInvalidRequest, s.said(name, "refused the sign-in", code, answer, sent), d.hint(hintClient))
	}
}

// redeem exchanges the code for tokens (RFC 6749 section 4.1.3, RFC 7636 section
// 4.5) and judges them as a grant.
func (s *Service) redeem(ctx context.Context, d described, code string, signIn *ent.OAuthState, row *ent.Integration) (tokenAnswer, error) {
	client, err := s.client(ctx, row.Connector, row.Environment)
	if err != nil {
		return nil, err
	}
	secrets, err := s.signInSecrets(signIn)
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {signIn.RedirectURI}}
	if d.oauth.PKCE {
		form.Set("code_verifier", secrets.Verifier)
	}
	answer, result, err := s.requestToken(ctx, d, client, form)
	if result == refused {
		found, _ := fault.From(err)
		return nil, fault.New(fault.CRMInvalidRequest, found.Message, fault.Hint("The sign-in took too long or was broken off; start the connection again."))
	}
	return answer, err
}

// failSignIn notes why a sign-in failed. An integration that was never signed in
// to goes back to DRAFT; one whose user was to be replaced goes on as it is.
func (s *Service) failSignIn(ctx context.Context, integrationID string, cause error) error {
	code, reason := fault.Internal, string(fault.Internal)
	if found, ok := fault.From(cause); ok {
		code, reason = found.Code, found.Error()
	}
	// Also when it failed for lack of time.
	return s.c.Store.WithTx(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
		row, err := snapshot.Lock(ctx, tx, integrationID)
		if err != nil {
			return err
		}
		if _, ok := transition(row.State, signInFailed); !ok {
			return tx.Audit(ctx, store.AuditItem{
				Action: "integration." + string(signInFailed), Target: row.ID, Outcome: crm.AuditFailed, Fault: code,
			})
		}
		if kept := keptReason(row); kept != "" {
			reason = kept
		}
		_, err = move(ctx, tx, row, signInFailed, reason)
		return err
	})
}

// giveBack revokes tokens that are not kept, so that they neither lie about nor
// count against the CRM's limit of grants per user (requirement C10). It is a
// courtesy: a failure is logged.
func (s *Service) giveBack(ctx context.Context, d described, row *ent.Integration, t tokens) {
	if err := s.revokeTokens(context.WithoutCancel(ctx), d, row, t); err != nil {
		s.c.Logger.InfoContext(ctx, "could not give back tokens that are not kept", obs.KeyIntegration, row.ID, obs.Err(err))
	}
}

// revokeTokens ends an authorization at the CRM (RFC 7009). A CRM without
// revocation, as tokens of nobody, is no error.
func (s *Service) revokeTokens(ctx context.Context, d described, row *ent.Integration, t tokens) error {
	token, hint := t.Refresh, "refresh_token"
	if token == "" {
		token, hint = t.Access, "access_token"
	}
	if d.oauth.RevokeURL == "" || token == "" {
		return nil
	}
	client, err := s.client(ctx, row.Connector, row.Environment)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, revokeTime)
	defer cancel()
	form := url.Values{"token": {token}, "token_type_hint": {hint}, "client_id": {client.ID}}
	if client.Secret != "" {
		form.Set("client_secret", client.Secret.Reveal())
	}
	response, err := s.post(ctx, d.oauth.RevokeURL, form)
	if err != nil {
		return transportFault(d.manifest.Title, err)
	}
	if response.Status != http.StatusOK && response.Status != http.StatusNoContent {
		answer, _ := decodeAnswer(response.Body)
		_, failure := s.refusal(d, response, answer, form)
		return failure
	}
	return nil
}
