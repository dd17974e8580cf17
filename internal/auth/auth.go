// Package auth says who acts. It turns what a caller presents (a bearer token, or
// the one-time secrets of a sign-in under way) into a principal of a workspace,
// and it keeps the workspaces that principals belong to.
//
// A bearer token is 32 random bytes. Only its SHA-256 is stored: the token cannot
// be read back, and the look-up by hash compares nothing secret byte by byte. An
// unknown, an expired and a revoked token get the same answer, so an outsider
// learns nothing. Revoking ends live subscriptions too: at once in this process,
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
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apitoken"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// tokenPrefix makes a token recognizable, for people and for secret scanners.
const tokenPrefix = "fw_"

// DefaultPollInterval is how soon a revocation by another process is noticed.
const DefaultPollInterval = 5 * time.Second

// Config is what a Service needs.
type Config struct {
	Store  *store.Store
	Logger *slog.Logger
	// PollInterval is how often Run looks for ended tokens; zero is
	// DefaultPollInterval.
	PollInterval time.Duration
}

// Service issues, revokes and checks tokens. It is safe for concurrent use.
type Service struct {
	store *store.Store
	log   *slog.Logger
	poll  time.Duration

	mu sync.Mutex
	// watched holds a channel per token that somebody watches; it is closed and
	// removed when the token ends.
	watched map[string]chan struct{}
}

// New returns a Service. Run it for revocations by other processes.
func New(c Config) *Service {
	if c.PollInterval == 0 {
		c.PollInterval = DefaultPollInterval
	}
	return &Service{store: c.Store, log: c.Logger, poll: c.PollInterval, watched: map[string]chan struct{}{}}
}

// Authenticate returns whom a bearer token stands for. Every token that is not
// valid now gets the same fault.Unauthenticated.
func (s *Service) Authenticate(ctx context.Context, token crm.Secret) (principal.Principal, Session, error) {
	if !strings.HasPrefix(token.Reveal(), tokenPrefix) {
		return principal.Principal{}, Session{}, errUnauthenticated()
	}
	row, err := s.store.Read().ApiToken.Query().
		Where(apitoken.Hash(hashOf(token.Reveal()))).
		Only(principal.AllWorkspaces(ctx, "authenticate"))
	switch {
	case ent.IsNotFound(err):
		return principal.Principal{}, Session{}, errUnauthenticated()
	case err != nil:
		return principal.Principal{}, Session{}, fault.New(fault.DatabaseUnavailable, "The token could not be looked up.", fault.Cause(err))
	case !live(row, s.now()):
		s.log.InfoContext(ctx, "refused a token that has ended", "token", row.ID)
		return principal.Principal{}, Session{}, errUnauthenticated()
	}
	return principalOf(row), Session{service: s, tokenID: row.ID}, nil
}

func errUnauthenticated() error {
	return fault.New(fault.Unauthenticated, "The bearer token is missing or not valid.")
}

func principalOf(row *ent.ApiToken) principal.Principal {
	return principal.Principal{
		ID: row.ID, Kind: principal.KindService, Name: row.Name, WorkspaceID: row.WorkspaceID, Role: row.Role, Scopes: row.Scopes,
	}
}

// live reports whether a token is good at an instant.
func live(row *ent.ApiToken, now time.Time) bool {
	return row.RevokedAt == nil && (row.ExpiresAt == nil || now.Before(*row.ExpiresAt))
}

func (s *Service) now() time.Time { return s.store.Clock().Now() }

func newToken() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(random[:])
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
