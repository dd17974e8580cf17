package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph"
	"github.com/fieldwarden/fieldwarden/graph/graphiql"
	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/audit"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/configuration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/digest"
	"github.com/fieldwarden/fieldwarden/internal/inbox"
	"github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/member"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/packages"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/picklist"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/recipient"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
	"github.com/fieldwarden/fieldwarden/internal/schedule"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/settings"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/upgrade"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// useCases are the use cases, wired with each other.
type useCases struct {
	box          *secret.Box
	publicURL    string
	catalogue    *packages.Catalogue
	packages     snapshot.Packages
	integrations *integration.Service
	settings     *settings.Service
	mappings     *mapping.Service
	previews     *mapping.Previewer
	picklists    *picklist.Service
	permissions  *permission.Service
	meter        *usage.Meter
	runlog       *runlog.Log
	runs         *syncrun.Service
	schedules    *schedule.Service
	audits       *audit.Service
	members      *member.Service
	recipients   *recipient.Service
	notify       *notify.Service
	digests      *digest.Service
	triage       *alert.Triage
	inbox        *inbox.Service
	upgrades     *upgrade.Service
	// configurations reads, writes and copies what was decided of integrations.
	configurations *configuration.Service
}

// wire makes the use cases and the API over them. Lower layers reach higher ones
// only through the hooks that are set here.
func (s *Server) wire(options Options) error {
	node, err := nodeID(s.config.DataDir)
	if err != nil {
		return err
	}
	s.jobs, err = job.New(job.Config{
		Store: s.store, Logger: s.log, NodeID: node,
		PollInterval: options.Tuning.JobPoll, DeadAfter: options.Tuning.DeadAfter, Observer: s.watch,
	})
	if err != nil {
		return err
	}
	if err := s.wireUseCases(options, node); err != nil {
		return err
	}
	s.cases.digests, err = digest.New(digest.Config{
		Store: s.store, Mails: s.cases.notify, Connectors: s.host, Logger: s.log, PublicURL: s.config.PublicURL, Now: dueTime(s.store, options),
	})
	if err != nil {
		return err
	}
	s.schedule, err = schedule.New(schedule.Config{
		Store: s.store, Runs: s.cases.runs, Logger: s.log, Clock: options.Clock, Now: dueTime(s.store, options),
		Housekeeping: []schedule.Task{
			{Name: "ending grace periods", Do: s.cases.integrations.ExpireGrace},
			{Name: "warning of grace periods that end", Do: s.cases.integrations.WarnGraceEnding},
			{Name: "simulations that nobody finished", Do: s.cases.integrations.ExpireSimulations},
			{Name: "keeping authorizations alive", Do: s.cases.integrations.KeepAlive},
			{Name: "late data", Do: s.cases.runs.WatchFreshness},
			{Name: "limits of a new day", Do: s.cases.runs.WatchLimits},
			{Name: "watch probes", Do: s.cases.permissions.WatchDue},
			{Name: "credentials that end", Do: s.cases.integrations.WarnCredentialsExpiring},
			{Name: "health of connectors", Do: s.watchConnectors},
			{Name: "snoozes that end", Do: s.cases.triage.EndSnoozes},
			{Name: "news of the schema", Do: s.cases.triage.EndNews},
			{Name: "daily digests", Do: s.cases.digests.RunDue},
			{Name: "inbox retention", Do: s.cases.inbox.Housekeep},
			{Name: "run log retention", Do: s.cases.runlog.Housekeep},
			{Name: "snapshot retention", Do: s.cases.permissions.TidySnapshots},
			{Name: "delivery retention", Do: s.cases.notify.Housekeep},
			{Name: "store housekeeping", Do: s.store.Housekeep},
			{Name: "forgetting old sessions", Do: s.auth.TidySessions},
		},
	})
	if err != nil {
		return err
	}
	return s.wireAPI()
}

func (s *Server) wireUseCases(options Options, node string) (err error) {
	c := s.cases
	c.publicURL = s.config.PublicURL
	if c.catalogue, err = s.openPackages(); err != nil {
		return err
	}
	c.packages = c.catalogue.Load
	c.audits = audit.New(s.store)
	c.inbox = inbox.New(s.store)
	if c.notify, err = s.newNotify(options); err != nil {
		return err
	}
	alerts, err := alert.New(alert.Config{
		Connectors: s.host, Logger: s.log, Notifier: alert.Notifiers{c.inbox, c.notify}, DampingWindow: options.Tuning.DampingWindow,
		OnDamped: func(ctx context.Context, tx *store.Tx, found *ent.Integration, at time.Time) error {
			return c.permissions.EnqueueSettle(ctx, tx, found, at)
		},
	})
	if err != nil {
		return err
	}
	c.triage = alert.NewTriage(s.store, alerts)
	// Whatever calls a connector does it through the meter.
	if c.meter, err = usage.New(usage.Config{Store: s.store, Host: s.host, Logger: s.log}); err != nil {
		return err
	}
	if c.runlog, err = runlog.New(runlog.Config{Store: s.store, Redactor: s.redactor}); err != nil {
		return err
	}
	c.settings = settings.New(settings.Config{
		Store: s.store, Connectors: s.host, Packages: c.packages, Alerts: alerts,
		// A right that was lost is no problem any more once nothing that is on needs it.
		OnDecided: func(ctx context.Context, tx *store.Tx, found *ent.Integration) error {
			return c.permissions.EnqueueSettle(ctx, tx, found, tx.Now())
		},
	})
	if c.mappings, err = mapping.New(mapping.Config{Store: s.store, Alerts: alerts, Packages: c.packages}); err != nil {
		return err
	}
	if err := s.wirePeople(); err != nil {
		return err
	}
	if c.integrations, err = s.newIntegrations(alerts, node); err != nil {
		return err
	}
	c.previews, err = mapping.NewPreviewer(mapping.PreviewConfig{Store: s.store, Caller: c.integrations, Reader: c.meter, Packages: c.packages})
	if err != nil {
		return err
	}
	c.picklists, err = picklist.New(picklist.Config{
		Store: s.store, Caller: c.integrations, Connectors: c.meter, Packages: c.packages, Logger: s.log,
		OnRefreshed: c.settings.WatchChoices,
	})
	if err != nil {
		return err
	}
	c.permissions, err = permission.New(permission.Config{
		Store: s.store, Caller: c.integrations.Introspecting(), Checker: c.meter, Jobs: s.jobs, Alerts: alerts, Mappings: c.mappings,
		Packages: c.packages, Meter: c.meter, Logger: s.log, Picklists: c.picklists, Now: dueTime(s.store, options), ConfirmDelay: options.Tuning.ConfirmDelay,
		OnOnboarded: func(ctx context.Context, tx *store.Tx, id string) error {
			return c.integrations.MarkStep(ctx, tx, id, crm.StepCheck)
		},
	})
	if err != nil {
		return err
	}
	c.permissions.Register(s.jobs)
	c.integrations.Register(s.jobs)
	autoPause, err := s.config.Runs.AutoPause.limits()
	if err != nil {
		return err
	}
	c.runs, err = syncrun.New(syncrun.Config{
		Store: s.store, Jobs: s.jobs, Integrations: c.integrations, Permissions: c.permissions, Picklists: c.picklists, Reader: c.meter,
		Meter: c.meter, Log: c.runlog, Alerts: alerts, Pauser: c.integrations, Packages: c.packages, Logger: s.log, AutoPause: autoPause,
	})
	if err != nil {
		return err
	}
	if c.schedules, err = schedule.NewService(s.store); err != nil {
		return err
	}
	return s.wireConfigurations(alerts)
}

func (s *Server) newIntegrations(alerts *alert.Service, node string) (*integration.Service, error) {
	allowed, err := s.config.guardedHosts()
	if err != nil {
		return nil, err
	}
	guarded, err := netguard.New(netguard.Config{Allow: allowed})
	if err != nil {
		return nil, err
	}
	clients := map[string]integration.OAuthClient{}
	for slot, client := range s.config.OAuthClients {
		secret, err := s.readSecret("oauthClients."+slot+".secret", client.Secret)
		if err != nil {
			return nil, err
		}
		clients[slot] = integration.OAuthClient{ID: client.ID, Secret: secret}
	}
	c := s.cases
	return integration.New(integration.Config{
		Store: s.store, Box: c.box, Connectors: c.meter, SignIns: s.auth, HTTP: guarded, Alerts: alerts, Jobs: s.jobs, Logger: s.log,
		Redactor: s.redactor, NodeID: node, PublicURL: s.config.PublicURL, OAuthClients: clients, Endpoints: s.config.Endpoints,
		MaxInstances: s.config.Instances.Max,
		OnAuthorized: func(ctx context.Context, tx *store.Tx, found *ent.Integration) error {
			return c.permissions.EnqueueOnboarding(ctx, tx, found)
		},
		OnActivated: func(ctx context.Context, tx *store.Tx, found *ent.Integration) error {
			return c.runs.EnqueueOnboarding(ctx, tx, found)
		},
		OnStopped: func(ctx context.Context, tx *store.Tx, found *ent.Integration) error {
			return c.runs.StopWith(ctx, tx, found)
		},
		Packages: c.packages,
		Objects:  s.packageObjects,
		Simulation: integration.SimulationParts{
			Checker: c.meter,
			Inputs: func(ctx context.Context, client *ent.Client, found *ent.Integration) (crm.SettingInputs, error) {
				return c.settings.Inputs(ctx, client, found)
			},
		},
		StepBlockers: map[crm.OnboardingStep]integration.Blockers{
			crm.StepSettings: func(ctx context.Context, id string) ([]string, error) {
				states, _, err := c.settings.Tree(ctx, id)
				return undecided(states), err
			},
			crm.StepStandardization: c.mappings.Blockers,
		},
	})
}

// undecided says which settings wait for somebody's decision.
func undecided(states []crm.SettingState) []string {
	keys := crm.Undecided(states)
	var said []string
	for _, state := range states {
		if slices.Contains(keys, state.Definition.Key) {
			said = append(said, fmt.Sprintf("The setting %q (%s) is undecided.", state.Definition.Title, state.Definition.Key))
		}
	}
	return said
}

// packageObjects names the objects that an integration's package needs.
func (s *Server) packageObjects(ctx context.Context, found *ent.Integration) ([]string, error) {
	pkg, _, err := s.cases.packages.Of(ctx, s.store.Read(), found)
	return pkg.ObjectNames(), err
}

// wireAPI makes the GraphQL executor, its transports and all routes.
func (s *Server) wireAPI() error {
	docsURL := s.config.PublicURL + pathErrors
	audits := s.cases.audits
	schema, err := graph.NewSchema(graph.Deps{
		Store: s.store, Identities: s.auth, Integrations: s.cases.integrations, Settings: s.cases.settings, Mappings: s.cases.mappings,
		Previews:    s.cases.previews,
		Permissions: s.cases.permissions, Runs: s.cases.runs, RunLogs: s.cases.runlog, Schedules: s.cases.schedules, Usage: s.cases.meter, Packages: s.cases.packages, Connectors: catalogue{host: s.host, docsURL: docsURL},
		Audit: audits, Members: s.cases.members, Recipients: s.cases.recipients, Channels: s.cases.notify, Digests: s.cases.digests, Configurations: s.cases.configurations, Upgrades: s.cases.upgrades, Catalogue: s.cases.catalogue, Logger: s.log, DocsURL: docsURL, PublicURL: s.config.PublicURL,
		Triage: s.cases.triage, Inbox: s.cases.inbox,
		About: s.about(),
	})
	if err != nil {
		return err
	}
	executor := transport.NewExecutor(schema, transport.ExecutorConfig{
		Logger: s.log, Presenter: graph.NewPresenter(s.log, docsURL),
		// The schema is shown to whoever may use it.
		Introspection: func(ctx context.Context) bool { _, ok := principal.From(ctx); return ok },
	})
	executor.AroundResponses(graph.Observe(s.watch))
	executor.AroundResponses(graph.Nullify)
	executor.AroundResponses(graph.WithLoaders(s.store))
	if s.guard, err = newGuard(s.config, s.auth, s.store.Clock().Now); err != nil {
		return err
	}
	graph.Throttle(executor, s.guard.allowOnSocket)
	graph.Protect(executor, schema, audits, s.log)
	config := transport.Config{
		Executor: executor, Logger: s.log, RequestID: obs.RequestID, AllowedOrigins: s.config.AllowedOrigins, Authenticate: s.authenticateSocket,
		OperationTimeout: operationTimeout,
	}
	config.Ended = func(ctx context.Context) <-chan struct{} { return auth.SessionFrom(ctx).Done() }
	s.sockets, s.streams = transport.NewWebSocket(config), transport.NewEventStreams(config)
	s.admin = s.adminRoutes()
	s.handler, err = s.routes(graphiql.Handler(pathGraphQL, pathGraphQL), transport.ByAccept(transport.NewHTTP(config), s.streams), graph.SDL(schema.Schema()))
	return err
}

// nodeID names this process's place, so that a restart takes its predecessor's
// jobs over at once. It lives in the data folder.
func nodeID(dataDir string) (string, error) {
	path := filepath.Join(dataDir, "node-id")
	known, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(known))) > 0 {
		return strings.TrimSpace(string(known)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("server: reading the node id: %w", err)
	}
	id := strings.ToLower(rand.Text()[:12])
	if err := os.WriteFile(path, []byte(id+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("server: saving the node id: %w", err)
	}
	return id, nil
}

// dueTime is the time that decides what is due. On PostgreSQL it is the database's,
// which all nodes share; one SQLite process goes by its own clock, and so does a server
// that was given one.
func dueTime(s *store.Store, options Options) func(context.Context) (time.Time, error) {
	if s.Dialect() == store.SQLite || !options.wallClock {
		return func(context.Context) (time.Time, error) { return options.Clock.Now(), nil }
	}
	return s.DatabaseTime
}
