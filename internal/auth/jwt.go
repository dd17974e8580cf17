package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/time/rate"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

const (
	// jwtLeeway is how far clocks may differ.
	jwtLeeway = 30 * time.Second
	// jwtLongest is the longest life of a JWT: it cannot be revoked.
	jwtLongest = 24 * time.Hour
	// A key that is not known makes the provider's keys be fetched again, since it may
	// be a new one. Forged tokens name unknown keys too, so that is bounded.
	keysEvery, keysBurst = 10 * time.Second, 3
	// keysKept is how long the provider's keys are trusted without being read again: a
	// key that the provider withdraws is good no longer than that.
	keysKept = time.Hour
	// maxJWT is the longest token that is looked at, in bytes.
	maxJWT = 16 << 10
)

// JWTConfig is the identity provider whose JWTs are taken as bearer tokens.
type JWTConfig struct {
	// Issuer and Audience are what a token must say, exactly.
	Issuer, Audience string
	// Algorithms are the signatures that are taken; nil is RS256 and ES256.
	Algorithms []string
	// JWKSURL is where the provider's keys are; empty means that the issuer's metadata
	// says it.
	JWKSURL string
	// HTTP reaches the provider; it should be guarded.
	HTTP *http.Client
}

// jwtVerifier checks JWTs.
type jwtVerifier struct {
	config JWTConfig
	now    func() time.Time

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
	made     time.Time
}

// DefaultAlgorithms are the signatures that are taken where the operator names none.
func DefaultAlgorithms() []string { return []string{oidc.RS256, oidc.ES256} }

func newJWT(c JWTConfig, now func() time.Time) (*jwtVerifier, error) {
	if err := checkIssuer("bearer.jwt.issuer", c.Issuer); err != nil {
		return nil, err
	}
	if c.Audience == "" || c.HTTP == nil {
		return nil, fault.New(fault.ConfigInvalid, "bearer.jwt.audience must be set.", fault.Field("bearer", "jwt", "audience"))
	}
	if len(c.Algorithms) == 0 {
		c.Algorithms = DefaultAlgorithms()
	}
	for _, algorithm := range c.Algorithms {
		if !slices.Contains(idTokenAlgorithms(), algorithm) {
			return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("bearer.jwt.algorithms: %q is not an asymmetric signature algorithm.", algorithm),
				fault.Field("bearer", "jwt", "algorithms"))
		}
	}
	// The limit is on all that is fetched, whoever causes it.
	limited := *c.HTTP
	limited.Transport = &limitedTransport{next: c.HTTP.Transport, now: now, limit: rate.NewLimiter(rate.Every(keysEvery), keysBurst)}
	c.HTTP = &limited
	return &jwtVerifier{config: c, now: now}, nil
}

// verify returns the identity that a token names and when it ends.
func (v *jwtVerifier) verify(ctx context.Context, raw string) (Identity, time.Time, error) {
	if len(raw) > maxJWT {
		return Identity{}, time.Time{}, errors.New("the token is too long")
	}
	verifier, err := v.ready(ctx)
	if err != nil {
		return Identity{}, time.Time{}, err
	}
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return Identity{}, time.Time{}, err
	}
	var times struct {
		NotBefore float64 `json:"nbf"`
	}
	if err := token.Claims(&times); err != nil {
		return Identity{}, time.Time{}, err
	}
	if err := inTime(token, time.Unix(int64(times.NotBefore), 0), v.now()); err != nil {
		return Identity{}, time.Time{}, err
	}
	identity, _, err := identityOf(token)
	return identity, token.Expiry.Add(jwtLeeway), err
}

// inTime checks a token's times with a leeway for clocks that differ.
func inTime(token *oidc.IDToken, notBefore, now time.Time) error {
	switch latest := now.Add(jwtLeeway); {
	case !now.Before(token.Expiry.Add(jwtLeeway)):
		return errors.New("the token has expired")
	case notBefore.After(latest), token.IssuedAt.After(latest):
		return errors.New("the token is not good yet")
	case token.Expiry.After(latest.Add(jwtLongest)), token.IssuedAt.Unix() > 0 && token.Expiry.Sub(token.IssuedAt) > jwtLongest:
		return errors.New("the token lives too long")
	}
	return nil
}

// ready returns the verifier, made anew when its keys are old. A provider that does
// not answer leaves the old one in place.
func (v *jwtVerifier) ready(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.verifier != nil && v.now().Sub(v.made) < keysKept {
		return v.verifier, nil
	}
	made, err := v.make(oidc.ClientContext(ctx, v.config.HTTP))
	if err == nil {
		v.verifier, v.made = made, v.now()
	} else if v.verifier == nil {
		return nil, fmt.Errorf("reading the issuer's metadata: %w", err)
	}
	return v.verifier, nil
}

func (v *jwtVerifier) make(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	// The times are checked by inTime, with its leeway and its longest life.
	checks := &oidc.Config{ClientID: v.config.Audience, SupportedSigningAlgs: v.config.Algorithms, SkipExpiryCheck: true}
	if v.config.JWKSURL != "" {
		return oidc.NewVerifier(v.config.Issuer, oidc.NewRemoteKeySet(ctx, v.config.JWKSURL), checks), nil
	}
	provider, err := oidc.NewProvider(ctx, v.config.Issuer)
	if err != nil {
		return nil, err
	}
	return provider.VerifierContext(ctx, checks), nil
}

// callerOfJWT finds whom a JWT stands for. Nobody becomes a member by a JWT.
func (s *Service) callerOfJWT(ctx context.Context, token crm.Secret) (caller, error) {
	identity, until, err := s.jwt.verify(ctx, token.Reveal())
	if err != nil {
		s.log.InfoContext(ctx, "refused a JWT", obs.Err(err))
		return caller{}, errUnauthenticated()
	}
	candidates, err := s.store.Read().Member.Query().Where(ofIdentity(identity), member.RemovedAtIsNil()).
		Order(ent.Asc(member.FieldCreatedAt, member.FieldID)).All(principal.AllWorkspaces(ctx, "authenticate"))
	if err != nil {
		return caller{}, unavailable(err)
	}
	found := home(candidates, "")
	if found == nil {
		return caller{}, errUnauthenticated()
	}
	return caller{home: found.WorkspaceID, identity: identity, life: life{until: until.Unix()}}, nil
}

// limitedTransport bounds how often a provider is asked.
type limitedTransport struct {
	next  http.RoundTripper
	now   func() time.Time
	limit *rate.Limiter
}

// RoundTrip sends a request unless there were too many.
func (t *limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !t.limit.AllowN(t.now(), 1) {
		return nil, errors.New("the identity provider's keys were fetched too often")
	}
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	return next.RoundTrip(r)
}
