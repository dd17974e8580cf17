package salesforce

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// Simulator is one simulated org. It is safe for concurrent use and starts no goroutines of its own.
type Simulator struct {
	config         Config
	engine         *engine // what the integration user may do
	colleague      *engine // what the other login may do
	store          *store
	authorizations *authorizations
	usage          *usageWindow
	faults         *control.Faults
	journal        *control.Journal
	cursors        *cursors
	tooling        *engine // what /tooling/query reads
	setup          *engine // what queries of the org's setup read
	bin            *recycleBin
	bulk           *bulkJobs
	hooks          hooks
	controls       *Controls
	api            http.Handler
	handler        http.Handler
}

// New builds an org. Building 200,000 records takes well under a second.
func New(config Config) (*Simulator, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	c := newCatalog()
	org := orgFacts{id: config.OrgID, name: config.OrgName, instance: "SIM1", sandbox: config.Sandbox}
	if config.Sandbox {
		org.instance = "SIM1S"
	}
	gen := newGenerator(config.Seed, config.Records, historyEnd(config.Clock), org)
	journal := control.NewJournal(config.Clock, config.JournalCapacity)
	s := &Simulator{
		config:         config,
		engine:         newEngine(c, config.Clock),
		colleague:      newEngine(c, config.Clock),
		store:          newStore(c, gen),
		authorizations: newAuthorizations(config, journal.Bump),
		usage:          newUsageWindow(config.Clock, config.DailyRequests),
		faults:         newFaults(),
		journal:        journal,
		cursors:        newCursors(config.Clock, config.MaxOpenCursors),
		tooling:        newEngine(toolingCatalog(), config.Clock),
		setup:          newEngine(setupCatalog(), config.Clock),
		bin:            newRecycleBin(),
		bulk:           newBulkJobs(config.Clock),
	}
	s.engine.setPackage(config.AppInstalled)
	s.colleague.setPackage(config.AppInstalled)
	restrict(s.colleague)
	s.controls = &Controls{sim: s}
	s.api = s.routes()
	s.handler = s.withControl()
	return s, nil
}

// API serves the login host and the instance on one host. Every URL it hands out is built from the request's Host
// header, so it can be mounted on any loopback listener, but only at the root.
func (s *Simulator) API() http.Handler { return s.api }

// Handler is API with a control page of its own at /sim/.
func (s *Simulator) Handler() http.Handler { return s.handler }

// Panel is this simulator on a control page that it shares with others.
func (s *Simulator) Panel() control.Panel {
	return control.Panel{Key: "salesforce", Title: "Salesforce", Board: board{s.controls}, Faults: s.faults, Journal: s.journal}
}

// Controls are the switches, for tests in the same process.
func (s *Simulator) Controls() *Controls { return s.controls }

// Serve listens on a loopback address ("127.0.0.1:0" picks a port), reports the base URL through ready, and answers
// until ctx ends. Addresses beyond loopback return crmsim.ErrNotLoopback.
func (s *Simulator) Serve(ctx context.Context, addr string, ready func(baseURL string)) error {
	listener, err := crmsim.Listen(ctx, addr)
	if err != nil {
		return err
	}
	if ready != nil {
		ready("http://" + listener.Addr().String())
	}
	return crmsim.Serve(ctx, listener, s.handler, s.config.Logger)
}

func (s *Simulator) routes() http.Handler {
	r := chi.NewRouter()
	r.With(crmsim.GuardPages).Route("/services/oauth2/authorize", func(r chi.Router) {
		r.Get("/", s.serve(s.authorize))
		r.Post("/", s.serve(s.decide))
	})
	r.Post("/services/oauth2/token", s.serve(s.token))
	r.Get("/services/oauth2/revoke", s.serve(s.revoke))
	r.Post("/services/oauth2/revoke", s.serve(s.revoke))
	r.Post("/services/oauth2/introspect", s.serve(s.introspect))
	r.Get("/services/oauth2/userinfo", s.serve(s.userinfo))
	r.Get("/id/{org}/{user}", s.serve(s.identity))
	r.Get("/login", s.serve(s.login))
	r.HandleFunc("/services/data", s.data)
	r.HandleFunc("/services/data/*", s.data)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) { s.send(w, r, resourceMissing(), nil) })
	return r
}

// withControl puts the control page before the API.
func (s *Simulator) withControl() http.Handler {
	mux := http.NewServeMux()
	page := control.Handler(s.Panel())
	mux.Handle("/sim", page)
	mux.Handle("/sim/", page)
	mux.Handle("/{$}", http.RedirectHandler("/sim/", http.StatusFound))
	mux.Handle("/", s.api)
	return mux
}

// baseURL is where this request reached the simulator: login host, instance and My Domain in one.
func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
