// Package auth says who acts. It turns what a caller presents (a service token, a
// browser's session cookie, a JWT of the operator's identity provider, or the
// one-time secrets of a sign-in under way) into a principal of a workspace, and it
// keeps the workspaces that principals belong to.
//
// Service tokens, cookies and tickets are 32 random bytes. Only their SHA-256 is
// stored: they cannot be read back, and the look-up by hash compares nothing secret
// byte by byte. An unknown, an expired and a revoked one get the same answer, so an
// outsider learns nothing.
//
// A person is known by issuer and subject at the identity provider. An e-mail
// address counts only where the provider vouches for it, and only until a member is
// bound to an identity. So neither a link nor a changed address leads into another
// person's workspace.
//
// Whatever ends a credential (revocation, expiry, sign-out, removal of the member,
// another role) ends the live connections that use it: at once in this process,
// within one poll interval when another process did it.
//
// Look-ups here run before anybody is known, so they are among the few that cross
// workspaces (principal.AllWorkspaces).
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Defaults of Config.
const (
	// DefaultPollInterval is how soon a revocation by another process is noticed.
	DefaultPollInterval = 5 * time.Second
	// DefaultSessionLifetime is how long a browser stays signed in at most.
	DefaultSessionLifetime = 12 * time.Hour
	// DefaultSessionIdle is how long a browser stays signed in without a request.
	DefaultSessionIdle = 2 * time.Hour
)

// touchEvery is how stale "last seen" and "last used" may be: they are written at
// most this often.
const touchEvery = 5 * time.Minute

// Config is what a Service needs.
type Config struct {
	Store  *store.Store
	Logger *slog.Logger
	// PollInterval is how often Run looks for what has ended; zero is
	// DefaultPollInterval.
	PollInterval time.Duration
	// SessionLifetime and SessionIdle bound a browser's session; zero is the default.
	SessionLifetime time.Duration
	SessionIdle     time.Duration
	// PublicURL is where browsers reach the server, without a trailing slash. Links
	// are made with it.
	PublicURL string
	// Box seals what a sign-in keeps in the browser; required with OIDC.
	Box Box
	// OIDC is the identity provider that people sign in with; nil is none.
	OIDC *OIDCConfig
	// JWT is the identity provider whose access tokens are taken as bearer tokens;
	// nil is none.
	JWT *JWTConfig
}

// Box seals a text for a subject of a workspace; see package secret.
type Box interface {
	Seal(workspaceID, subjectID string, plaintext []byte) ([]byte, error)
	Open(workspaceID, subjectID string, sealed []byte) ([]byte, error)
}

// Service issues, revokes and checks credentials. It is safe for concurrent use.
type Service struct {
	store     *store.Store
	log       *slog.Logger
	poll      time.Duration
	lifetime  time.Duration
	idle      time.Duration
	publicURL string
	oidc      *oidcSignIn  // nil without OIDC
	jwt       *jwtVerifier // nil without JWT

	mu sync.Mutex
	// watched holds a channel per life that somebody watches; it is closed and
	// removed when the life ends.
	watched map[life]chan struct{}
}

// New returns a Service. Run it for revocations by other processes.
// fault.ConfigInvalid for values that cannot work.
func New(c Config) (*Service, error) {
	setDefault(&c.PollInterval, DefaultPollInterval)
	setDefault(&c.SessionLifetime, DefaultSessionLifetime)
	setDefault(&c.SessionIdle, DefaultSessionIdle)
	if c.SessionLifetime < time.Minute || c.SessionIdle < time.Minute {
		return nil, fault.New(fault.ConfigInvalid, "signIn.sessionLifetime and signIn.sessionIdle must be at least a minute.", fault.Field("signIn"))
	}
	s := &Service{
		store: c.Store, log: c.Logger, poll: c.PollInterval, lifetime: c.SessionLifetime, idle: c.SessionIdle,
		publicURL: c.PublicURL, watched: map[life]chan struct{}{},
	}
	var err error
	if c.OIDC != nil {
		if s.oidc, err = newOIDC(*c.OIDC, c.Box, c.PublicURL, s.now); err != nil {
			return nil, err
		}
	}
	if c.JWT != nil {
		if s.jwt, err = newJWT(*c.JWT, s.now); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// Credentials are what a request presents.
type Credentials struct {
	// Bearer is a service token or a JWT; empty for none.
	Bearer crm.Secret
	// Cookie is a browser's session; it counts only without a bearer token.
	Cookie crm.Secret
	// Workspace is the id of the workspace that the request is about; empty means
	// the caller's home.
	Workspace string
}

// Authenticate returns whom credentials stand for, and for how long. Every token,
// cookie or JWT that is not valid now gets the same fault.Unauthenticated; a
// workspace that the caller may not look into is fault.NotFound, as one that does
// not exist is.
func (s *Service) Authenticate(ctx context.Context, c Credentials) (principal.Principal, Session, error) {
	var who caller
	var err error
	switch {
	case strings.HasPrefix(c.Bearer.Reveal(), tokenPrefix):
		who, err = s.callerOfToken(ctx, c.Bearer)
	case c.Bearer != "" && s.jwt != nil:
		who, err = s.callerOfJWT(ctx, c.Bearer)
	case c.Bearer == "" && c.Cookie != "":
		who, err = s.callerOfCookie(ctx, c.Cookie)
	default:
		err = errUnauthenticated()
	}
	if err != nil {
		return principal.Principal{}, Session{}, err
	}
	return s.enter(ctx, who, c.Workspace)
}

func errUnauthenticated() error {
	return fault.New(fault.Unauthenticated, "The credential is missing or not valid.")
}

// unavailable is a look-up that failed: it says nothing about the credential.
func unavailable(err error) error {
	return fault.New(fault.DatabaseUnavailable, "The credential could not be looked up.", fault.Cause(err))
}

func (s *Service) now() time.Time { return s.store.Clock().Now() }

// newSecret makes 32 random bytes as text.
func newSecret() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(random[:])
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// link is a page of ours with a ticket.
func (s *Service) link(path string, ticket crm.Secret) string {
	return fmt.Sprintf("%s%s?ticket=%s", s.publicURL, path, ticket.Reveal())
}
