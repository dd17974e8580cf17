package integration

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/oauthstate"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// OpenSignIn turns the ticket of a sign-in link into the CRM's authorize URL and
// a cookie value that ties the sign-in to this browser. Set the cookie HttpOnly,
// SameSite=Lax and for the path /oauth; give it back to Callback.
//
// A ticket works once. Errors: fault.OAuthStateInvalid, OAuthStateExpired,
// OAuthStateUsed; fault.Unauthenticated or Forbidden when whoever made the link
// may no longer connect.
func (s *Service) OpenSignIn(ctx context.Context, ticket string) (redirectURL, browserCookie string, err error) {
	found, err := s.c.SignIns.SignInOfTicket(ctx, crm.Secret(ticket))
	if err != nil {
		return "", "", err
	}
	ctx = principal.With(ctx, found.Principal)
	if _, err := admin(ctx); err != nil {
		return "", "", err
	}
	signIn, err := s.c.Store.Read().OAuthState.Get(ctx, found.StateID)
	if err != nil {
		return "", "", errSignIn(err)
	}
	// Before the ticket is used up: this may fail.
	if redirectURL, err = s.authorizeURL(ctx, signIn); err != nil {
		return "", "", err
	}
	browserCookie = randomSecret()
	err = s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return bindBrowser(ctx, tx, signIn.ID, browserCookie)
	})
	if err != nil {
		return "", "", err
	}
	return redirectURL, browserCookie, nil
}

// bindBrowser ties an open sign-in to a browser, once.
func bindBrowser(ctx context.Context, tx *store.Tx, id, browserCookie string) error {
	if _, err := openState(ctx, tx, id); err != nil {
		return err
	}
	n, err := tx.Ent().OAuthState.Update().
		Where(oauthstate.ID(id), oauthstate.BrowserHashIsNil()).
		SetBrowserHash(auth.HashSignInSecret(crm.Secret(browserCookie))).Save(ctx)
	if err != nil {
		return fmt.Errorf("bind browser: %w", err)
	}
	if n == 0 {
		return fault.New(fault.OAuthStateUsed, "This sign-in link was already opened.")
	}
	return nil
}

// openState reads a sign-in that is still open.
func openState(ctx context.Context, tx *store.Tx, id string) (*ent.OAuthState, error) {
	row, err := tx.Ent().OAuthState.Get(ctx, id)
	switch {
	case err != nil:
		return nil, errSignIn(err)
	case row.UsedAt != nil:
		return nil, fault.New(fault.OAuthStateUsed, "This sign-in was already finished.")
	case !tx.Now().Before(row.ExpiresAt):
		return nil, fault.New(fault.OAuthStateExpired, fmt.Sprintf("This sign-in expired at %s.", row.ExpiresAt.UTC().Format(time.RFC3339)))
	}
	return row, nil
}

// errSignIn words a failure to read a sign-in.
func errSignIn(err error) error {
	if ent.IsNotFound(err) {
		return fault.New(fault.OAuthStateInvalid, "This sign-in is not known.")
	}
	return fmt.Errorf("read sign-in: %w", err)
}

// claim ends an open sign-in in favour of the caller: of two at the same time one
// gets it. The wrong browser, as the wrong time, changes nothing.
func claim(ctx context.Context, tx *store.Tx, id, browserCookie string) (*ent.OAuthState, error) {
	row, err := openState(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	hash := auth.HashSignInSecret(crm.Secret(browserCookie))
	if len(row.BrowserHash) == 0 || subtle.ConstantTimeCompare(hash, row.BrowserHash) != 1 {
		return nil, fault.New(fault.OAuthStateInvalid, "This sign-in was opened in another browser.",
			fault.Hint("Finish the sign-in in the browser that opened its link, with cookies allowed, or start again."))
	}
	n, err := tx.Ent().OAuthState.Update().
		Where(oauthstate.ID(id), oauthstate.UsedAtIsNil()).SetUsedAt(tx.Now()).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("claim sign-in: %w", err)
	}
	if n == 0 {
		return nil, fault.New(fault.OAuthStateUsed, "This sign-in was already finished.")
	}
	return row, nil
}

// authorizeURL is where the browser goes to sign in (RFC 6749 section 4.1.1, RFC
// 7636 section 4.3).
func (s *Service) authorizeURL(ctx context.Context, signIn *ent.OAuthState) (string, error) {
	row, err := snapshot.Find(ctx, s.c.Store.Read(), signIn.IntegrationID)
	if err != nil {
		return "", err
	}
	d, err := s.describe(row.Connector, row.Environment, row.Config)
	if err != nil {
		return "", err
	}
	client, err := s.client(ctx, row.Connector, row.Environment)
	if err != nil {
		return "", err
	}
	secrets, err := s.signInSecrets(signIn)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(d.oauth.AuthorizeURL)
	if err != nil {
		return "", errBlocked(d.oauth.AuthorizeURL)
	}
	query := u.Query()
	for name, value := range d.oauth.AuthorizeParams {
		query.Set(name, value)
	}
	query.Set("response_type", "code")
	query.Set("client_id", client.ID)
	query.Set("redirect_uri", signIn.RedirectURI)
	query.Set("state", secrets.State)
	if len(d.oauth.Scopes) > 0 {
		query.Set("scope", strings.Join(d.oauth.Scopes, " "))
	}
	if len(d.oauth.OptionalScopes) > 0 {
		query.Set("optional_scope", strings.Join(d.oauth.OptionalScopes, " "))
	}
	if d.oauth.PKCE {
		challenge := sha256.Sum256([]byte(secrets.Verifier))
		query.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
		query.Set("code_challenge_method", "S256")
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// signInSecrets opens what openSignIn sealed.
func (s *Service) signInSecrets(signIn *ent.OAuthState) (secrets signInSecrets, err error) {
	plain, err := s.c.Box.Open(signIn.WorkspaceID, signIn.ID, signIn.SealedVerifier)
	if err != nil {
		return secrets, err
	}
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return secrets, fmt.Errorf("decode sign-in: %w", err)
	}
	return secrets, nil
}
