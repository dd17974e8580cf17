package salesforce

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// Simulator is one simulated org. It is safe for concurrent use and starts no goroutines of its own.
type Simulator struct {
	config         Config
	engine         *engine
	store          *store
	authorizations *authorizations
	usage          *usageWindow
	faults         *faults
	journal        *journal
	cursors        *cursors
	controls       *Controls
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
	s := &Simulator{
		config:         config,
		engine:         newEngine(c, config.Clock),
		store:          newStore(c, gen),
		authorizations: newAuthorizations(config),
		usage:          newUsageWindow(config.Clock, config.DailyRequests),
		faults:         newFaults(),
		journal:        newJournal(config.Clock, config.JournalCapacity),
		cursors:        newCursors(config.Clock, config.MaxOpenCursors),
	}
	s.controls = &Controls{sim: s}
	s.handler = s.routes()
	return s, nil
}

// Handler serves the login host, the instance and the control page on one host. Every URL it hands out is built from
// the request's Host header, so it can be mounted on any loopback listener, but only at the root.
func (s *Simulator) Handler() http.Handler { return s.handler }

// Controls are the switches, for tests in the same process. The control API under /sim/api offers the same.
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
	r.Get("/services/oauth2/userinfo", s.serve(s.userinfo))
	r.Get("/id/{org}/{user}", s.serve(s.identity))
	r.HandleFunc("/services/data", s.api)
	r.HandleFunc("/services/data/*", s.api)
	r.Mount("/sim", s.controlRoutes())
	r.Handle("/", http.RedirectHandler("/sim/", http.StatusFound))
	r.NotFound(func(w http.ResponseWriter, r *http.Request) { s.send(w, r, resourceMissing(), nil) })
	return r
}

// baseURL is where this request reached the simulator: login host, instance and My Domain in one.
func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
