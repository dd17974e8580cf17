package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// signInTime is how long a sign-in at the identity provider may take.
const signInTime = 10 * time.Minute

// pathCallback is where the identity provider sends the browser back to.
const pathCallback = "/signin/oidc/callback"

// sealSubject is what the browser's part of a sign-in is sealed for.
const sealSubject = "oidc sign-in"

// idTokenAlgorithms are the signatures that an id token may have: asymmetric ones.
// "none" and HMAC, whose key a client would share, are never taken.
func idTokenAlgorithms() []string {
	return []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}
}

// DefaultScopes are asked for where the operator names none.
func DefaultScopes() []string { return []string{oidc.ScopeOpenID, "email", "profile"} }

// OIDCConfig is the identity provider that people sign in with.
type OIDCConfig struct {
	// Issuer is the provider's URL, exactly as it names itself.
	Issuer string
	// ClientID and ClientSecret are the operator's client at the provider; a public
	// client has no secret.
	ClientID     string
	ClientSecret crm.Secret
	// Scopes are asked for; nil is openid, email and profile.
	Scopes []string
	// CSMClaim and CSMValue mark vendor-side staff: the claim is the value, or a list
	// that has it. Empty marks nobody.
	CSMClaim, CSMValue string
	// HTTP reaches the provider; it should be guarded.
	HTTP *http.Client
}

// oidcSignIn signs people in with the code flow, PKCE, state and nonce.
type oidcSignIn struct {
	config OIDCConfig
	box    Box
	url    string
	now    func() time.Time

	mu sync.Mutex
	// found is the provider once it was discovered: the provider may be down when
	// this server starts.
	found *discovered
}

type discovered struct {
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
}

func newOIDC(c OIDCConfig, box Box, publicURL string, now func() time.Time) (*oidcSignIn, error) {
	if err := checkIssuer("signIn.oidc.issuer", c.Issuer); err != nil {
		return nil, err
	}
	if c.ClientID == "" || c.HTTP == nil || box == nil {
		return nil, fault.New(fault.ConfigInvalid, "signIn.oidc.clientId must be set.", fault.Field("signIn", "oidc", "clientId"))
	}
	if (c.CSMClaim == "") != (c.CSMValue == "") {
		return nil, fault.New(fault.ConfigInvalid, "signIn.oidc.csmClaim and csmValue belong together.", fault.Field("signIn", "oidc", "csmClaim"))
	}
	if c.Scopes == nil {
		c.Scopes = DefaultScopes()
	}
	if !slices.Contains(c.Scopes, oidc.ScopeOpenID) {
		c.Scopes = append([]string{oidc.ScopeOpenID}, c.Scopes...)
	}
	return &oidcSignIn{config: c, box: box, url: publicURL, now: now}, nil
}

// checkIssuer refuses what is no issuer URL.
func checkIssuer(key, issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "" {
		return fault.New(fault.ConfigInvalid, fmt.Sprintf("%s: %q is not the URL of an issuer.", key, issuer), fault.Field(strings.Split(key, ".")...))
	}
	return nil
}

// attempt is what a sign-in under way keeps in the browser, sealed.
type attempt struct {
	State     string `json:"s"`
	Nonce     string `json:"n"`
	Verifier  string `json:"v"`
	Return    string `json:"r"`
	Workspace string `json:"w,omitempty"`
	// Expires is in Unix seconds.
	Expires int64 `json:"e"`
}

// begin makes an attempt and the URL to send the browser to.
func (o *oidcSignIn) begin(ctx context.Context, returnPath, workspaceID string) (target string, cookie crm.Secret, err error) {
	found, err := o.discover(ctx)
	if err != nil {
		return "", "", err
	}
	a := attempt{
		State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Return: LocalPath(returnPath), Workspace: workspaceID,
		Expires: o.now().Add(signInTime).Unix(),
	}
	text, err := json.Marshal(a)
	if err != nil {
		return "", "", fmt.Errorf("begin sign-in: %w", err)
	}
	sealed, err := o.box.Seal("", sealSubject, text)
	if err != nil {
		return "", "", err
	}
	target = found.oauth.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier))
	return target, crm.Secret(base64.RawURLEncoding.EncodeToString(sealed)), nil
}

// reopen returns the attempt that this browser began, when the state is its own.
func (o *oidcSignIn) reopen(cookie crm.Secret, state string) (attempt, error) {
	var a attempt
	sealed, err := base64.RawURLEncoding.DecodeString(cookie.Reveal())
	if err != nil || len(sealed) == 0 {
		return a, errSignInFailed("This sign-in was not begun in this browser.", nil)
	}
	text, err := o.box.Open("", sealSubject, sealed)
	if err != nil {
		return a, errSignInFailed("This sign-in was not begun in this browser.", nil)
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, errSignInFailed("This sign-in was not begun in this browser.", err)
	}
	if !o.now().Before(time.Unix(a.Expires, 0)) {
		return a, errSignInFailed("This sign-in took too long.", nil)
	}
	if subtle.ConstantTimeCompare([]byte(state), []byte(a.State)) != 1 {
		return a, errSignInFailed("This sign-in was not begun in this browser.", nil)
	}
	return a, nil
}

// redeem trades the code for an id token and returns whom that names.
func (o *oidcSignIn) redeem(ctx context.Context, a attempt, code string) (identity Identity, csm bool, err error) {
	found, err := o.discover(ctx)
	if err != nil {
		return Identity{}, false, err
	}
	ctx = oidc.ClientContext(ctx, o.config.HTTP)
	tokens, err := found.oauth.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Identity{}, false, errSignInFailed("The identity provider did not take the sign-in's code.", withoutBody(err))
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := found.verifier.Verify(ctx, raw)
	if err != nil {
		return Identity{}, false, errSignInFailed("The identity provider's answer could not be trusted.", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(a.Nonce)) != 1 {
		return Identity{}, false, errSignInFailed("The identity provider's answer belongs to another sign-in.", nil)
	}
	identity, claims, err := identityOf(token)
	if err != nil {
		return Identity{}, false, errSignInFailed("The identity provider's answer does not name a person.", err)
	}
	return identity, o.config.CSMClaim != "" && hasValue(claims[o.config.CSMClaim], o.config.CSMValue), nil
}

// discover reads the provider's metadata, once.
func (o *oidcSignIn) discover(ctx context.Context) (*discovered, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.found != nil {
		return o.found, nil
	}
	ctx = oidc.ClientContext(ctx, o.config.HTTP)
	provider, err := oidc.NewProvider(ctx, o.config.Issuer)
	if err != nil {
		return nil, errSignInFailed("The identity provider cannot be reached, or is not the one that is configured.", err)
	}
	o.found = &discovered{
		oauth: oauth2.Config{
			ClientID: o.config.ClientID, ClientSecret: o.config.ClientSecret.Reveal(), Endpoint: provider.Endpoint(),
			RedirectURL: o.url + pathCallback, Scopes: o.config.Scopes,
		},
		verifier: provider.VerifierContext(ctx, &oidc.Config{
			ClientID: o.config.ClientID, SupportedSigningAlgs: idTokenAlgorithms(), Now: o.now,
		}),
	}
	return o.found, nil
}

// identityOf reads whom a verified token names, and all its claims.
func identityOf(token *oidc.IDToken) (Identity, map[string]any, error) {
	var known struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"`
		Name     string `json:"name"`
	}
	claims := map[string]any{}
	if err := errors.Join(token.Claims(&known), token.Claims(&claims)); err != nil {
		return Identity{}, nil, err
	}
	if token.Subject == "" || len(token.Subject) > 300 || len(token.Issuer) > 500 {
		return Identity{}, nil, errors.New("the subject is missing or too long")
	}
	identity := Identity{Issuer: token.Issuer, Subject: token.Subject, Name: crm.Shorten(known.Name, 200)}
	// Some providers write the boolean as text.
	if known.Verified == true || known.Verified == "true" {
		identity.Email, _ = crm.NormalizeEmail(known.Email)
	}
	return identity, claims, nil
}

// hasValue reports whether a claim is a value or a list that has it.
func hasValue(claim any, value string) bool {
	if list, ok := claim.([]any); ok {
		return slices.ContainsFunc(list, func(one any) bool { return one == value })
	}
	return claim == value || claim == true && value == "true"
}

// withoutBody keeps of an error of the token endpoint the code that the standard
// knows: what else a provider writes there is not for our log.
func withoutBody(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return err
	}
	return fmt.Errorf("the token endpoint answered %s", shownCode(refused.ErrorCode))
}

// shownCode is an error code of RFC 6749; what is none is not repeated.
func shownCode(code string) string {
	if !regexp.MustCompile(`^[a-z_]{1,60}$`).MatchString(code) {
		return "an unknown error"
	}
	return code
}

func errSignInFailed(message string, cause error) error {
	return fault.New(fault.SignInFailed, message, fault.Cause(cause))
}

// LocalPath returns path when it is one of this server's own, else "/": a browser is
// never sent elsewhere after a sign-in.
func LocalPath(path string) string {
	u, err := url.Parse(path)
	local := err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && strings.HasPrefix(path, "/") &&
		!strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\x00\r\n\t") && len(path) <= 1000
	if !local {
		return "/"
	}
	return path
}
