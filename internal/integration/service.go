// Package integration connects a workspace to a CRM and keeps it connected: the
// OAuth clients, the sign-in, the credential and its refresh, the states of an
// integration, the connection test and the onboarding, pause, grace, disconnection
// and reconnection (requirements C1 to C11). Every change of state is a row of the
// table in state.go.
//
// The host performs OAuth; a connector only describes it and is handed a
// short-lived access token per call. What holds:
//
//   - Tokens, client secrets and PKCE verifiers are stored sealed, bound to their
//     workspace and subject, and appear in no error, log or answer.
//   - Secrets go to the hosts that the connector's manifest names, or to the one
//     that the operator put in their place, and nowhere else.
//   - A sign-in is used once, by the browser that opened it, in its time; whatever
//     is wrong with it changes nothing but, at most, ends that sign-in.
//   - One refresher at a time per credential, over all nodes; the new tokens are
//     saved before they are used; a refresh token that may be spent is never sent
//     again (see refresh.go).
//   - No transaction is open during a call to the CRM or to a connector.
package integration

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Connectors is the part of the connector host that sign-in and connection test
// need.
type Connectors interface {
	Describe(name string) (crm.Manifest, error)
	Identify(ctx context.Context, name string, t crm.Target) (crm.Identity, error)
	Checklist(ctx context.Context, name string, t crm.Target, objects []string) ([]crm.ChecklistItem, error)
}

// SignIns finds out for whom a browser comes back from a CRM.
type SignIns interface {
	SignInOfState(ctx context.Context, state crm.Secret) (auth.SignIn, error)
	SignInOfTicket(ctx context.Context, ticket crm.Secret) (auth.SignIn, error)
}

// Box seals secrets, bound to a workspace and a subject in it.
type Box interface {
	Seal(workspaceID, subjectID string, plaintext []byte) ([]byte, error)
	Open(workspaceID, subjectID string, sealed []byte) ([]byte, error)
}

// HTTPClient is the guarded client for the CRM's OAuth endpoints. Its errors are
// those of netguard.Client.Do.
type HTTPClient interface {
	Do(req *http.Request) (*netguard.Response, error)
}

// Alerts opens and resolves alerts inside the caller's transaction.
type Alerts interface {
	Apply(ctx context.Context, tx *store.Tx, integration *ent.Integration, intents []crm.AlertIntent) error
	// ResolveAll resolves the open alerts of the rules; of all rules without any.
	ResolveAll(ctx context.Context, tx *store.Tx, integration *ent.Integration, resolution crm.AlertResolution, rules ...crm.AlertRule) error
}

// Jobs runs work in the background; *job.Engine implements it.
type Jobs interface {
	Enqueue(ctx context.Context, tx *store.Tx, kind, workspaceID string, payload any, options ...job.Option) (int64, error)
}

// Registry takes job handlers; *job.Engine implements it.
type Registry interface {
	Register(kind string, h job.Handler, o job.HandlerOptions)
}

// Hook is work that belongs to a change of an integration, done in its
// transaction.
type Hook func(ctx context.Context, tx *store.Tx, integration *ent.Integration) error

// Blockers says what keeps an onboarding step from being done, for a person to
// read; none when nothing does. It runs inside a transaction and must only read.
type Blockers func(ctx context.Context, integrationID string) ([]string, error)

// OAuthClient is a client that the operator registered at a CRM. A client without
// a secret is a public one.
type OAuthClient struct {
	ID     string
	Secret crm.Secret
}

// Config is what a Service needs. Keys of the maps are slots, as Slot makes them.
type Config struct {
	Store      *store.Store
	Box        Box
	Connectors Connectors
	SignIns    SignIns
	HTTP       HTTPClient
	Alerts     Alerts
	Jobs       Jobs
	Logger     *slog.Logger
	// Redactor masks secrets in what CRMs say; nil makes one that knows the patterns only.
	Redactor *obs.Redactor
	// Clock times the waits for another node's refresh; nil is the store's clock.
	Clock clockwork.Clock
	// NodeID names this process among those that share the database.
	NodeID string
	// PublicURL is the address under which browsers reach this server, scheme and
	// host. It is the operator's, never taken from a request: the CRM sends its
	// answer there.
	PublicURL string
	// OAuthClients serve the workspaces that have set no client of their own.
	OAuthClients map[string]OAuthClient
	// MaxInstances is how many integrations of a kind of slot a workspace may have;
	// 1 where it says nothing (requirement C2).
	MaxInstances map[string]int
	// Endpoints replace scheme and host of a connector's OAuth and data URLs:
	// how an integration points at a simulator.
	Endpoints map[string]string

	// OnAuthorized runs when a sign-in was saved, first or again.
	OnAuthorized Hook
	// OnActivated runs when the onboarding was finished.
	OnActivated Hook
	// OnStopped runs when an integration stops to sync: paused or disconnected. A
	// run under way ends by itself at its next step; the hook may end it at once.
	OnStopped Hook
	// Packages gives a new integration the newest version of its workspace's package;
	// nil leaves it without one, which is whatever is the newest.
	Packages snapshot.Packages
	// Objects names the objects that the connection test looks at; nil is none.
	Objects func(ctx context.Context, integration *ent.Integration) ([]string, error)
	// Simulation is what StartSimulation needs.
	Simulation SimulationParts
	// StepBlockers are what SETTINGS and STANDARDIZATION wait for.
	StepBlockers map[crm.OnboardingStep]Blockers
}

// Service holds the use cases. It is safe for concurrent use.
type Service struct {
	c         Config
	endpoints map[string]*url.URL
}

// New returns a Service; fault.ConfigInvalid for an endpoint or a public URL that
// is no base URL.
func New(c Config) (*Service, error) {
	if c.Clock == nil {
		c.Clock = c.Store.Clock()
	}
	if c.Redactor == nil {
		c.Redactor = obs.NewRedactor()
	}
	public, err := baseURL("publicUrl", c.PublicURL)
	if err != nil {
		return nil, err
	}
	c.PublicURL = public.String()
	if err := checkMaxInstances(c.MaxInstances); err != nil {
		return nil, err
	}
	s := &Service{c: c, endpoints: map[string]*url.URL{}}
	for slot, raw := range c.Endpoints {
		endpoint, err := baseURL("endpoints."+slot, raw)
		if err != nil {
			return nil, err
		}
		s.endpoints[slot] = endpoint
	}
	return s, nil
}

// Register adds the handlers of this package's jobs; before the engine starts.
func (s *Service) Register(r Registry) {
	r.Register(PurgeKind, s.handlePurge, job.HandlerOptions{Queue: job.QueueDefault, MaxAttempts: purgeAttempts})
	r.Register(RevokeKind, s.handleRevoke, job.HandlerOptions{Queue: job.QueueDefault, MaxAttempts: revokeAttempts, Backoff: revokeBackoff})
	r.Register(KeepAliveKind, s.handleKeepAlive, job.HandlerOptions{
		Queue: job.QueueDefault, Backoff: func(int) time.Duration { return keepAlivePause },
	})
}

// baseURL reads "scheme://host[:port]" of the operator's configuration.
func baseURL(key, raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(raw, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
		u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("%s must have the form http(s)://host[:port].", key), fault.Field(key))
	}
	return u, nil
}

// now is the present time of the store's clock, which all nodes go by.
func (s *Service) now() time.Time { return s.c.Store.Clock().Now() }

// admin returns the principal when it may change integrations (requirement A2).
func admin(ctx context.Context) (principal.Principal, error) {
	p, ok := principal.From(ctx)
	if !ok {
		return p, fault.New(fault.Unauthenticated, "Nobody is signed in.")
	}
	if !p.IsAdmin() {
		return p, fault.New(fault.Forbidden, "Only an admin may change integrations.")
	}
	return p, nil
}

// run calls a hook that may be missing.
func (h Hook) run(ctx context.Context, tx *store.Tx, integration *ent.Integration) error {
	if h == nil {
		return nil
	}
	return h(ctx, tx, integration)
}
