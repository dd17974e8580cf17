package dynamics365

import (
	"context"
	"net/http"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// Simulator is one simulated environment with its tenant. It is safe for concurrent use and starts no goroutines.
type Simulator struct {
	config   Config
	catalog  *catalog
	engine   *engine
	store    *store
	tokens   *tokens
	limiter  *limiter
	faults   *control.Faults
	journal  *control.Journal
	controls *Controls

	mu            sync.Mutex
	kind          string // OrganizationType
	floor         int64  // delta tokens below this version have expired
	metadataStart int64  // metadata stamps below this version have expired
	hook          func(table string)
}

// New builds an environment. Building 200,000 records takes under a second.
func New(config Config) (*Simulator, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	c := newCatalog()
	s := &Simulator{
		config: config, catalog: c,
		engine:  newEngine(c, config.Clock, !config.WithoutLinkedIn),
		store:   newStore(c, config, world.New(config.Seed, config.Records, historyEnd(config.Clock))),
		tokens:  newTokens(config),
		limiter: newLimiter(config.Clock, config.RequestLimit),
		faults:  newFaults(),
		journal: control.NewJournal(config.Clock, config.JournalCapacity),
		kind:    "Customer",
	}
	if config.Sandbox {
		s.kind = "CustomerTest"
	}
	s.controls = &Controls{sim: s}
	return s, nil
}

// API serves the login host and the environment: everything under /{tenant} and /api. Every URL it hands out is built
// from the request's Host header, so it can be mounted on any loopback listener, but only at the root.
func (s *Simulator) API() http.Handler {
	r := chi.NewRouter()
	s.entraRoutes(r, crmsim.GuardPages)
	r.HandleFunc("/api/*", s.api)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.send(w, r, textReply(http.StatusNotFound, "text/html", "<html><body>The resource you are looking for has been removed.</body></html>\n"))
	})
	return r
}

// Handler is API plus the control page of this simulator alone, under /sim/.
func (s *Simulator) Handler() http.Handler {
	r := chi.NewRouter()
	page := control.Handler(s.Panel())
	r.Handle("/sim", page)
	r.Handle("/sim/*", page)
	r.Handle("/", http.RedirectHandler("/sim/", http.StatusFound))
	r.Handle("/*", s.API())
	return r
}

// Panel is this simulator's part of a control page.
func (s *Simulator) Panel() control.Panel {
	return control.Panel{Key: "dynamics365", Title: "Dynamics 365", Board: s.controls, Faults: s.faults, Journal: s.journal}
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
	return crmsim.Serve(ctx, listener, s.Handler(), s.config.Logger)
}

// baseURL is where this request reached the simulator.
func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (s *Simulator) clock() clockwork.Clock { return s.config.Clock }

// user is the integration user's id.
func (s *Simulator) user() guid { return s.store.users[0] }

// userName is the integration user's sign-in name.
func (s *Simulator) userName() string { return s.store.world.User(0).Email }

func (s *Simulator) environment() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kind
}

func (s *Simulator) deltaFloor() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.floor
}

func (s *Simulator) metadataFloor() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.metadataStart
}

// beforePage calls the hook of a test, which may change records, before a page of a table is read.
func (s *Simulator) beforePage(table string) {
	s.mu.Lock()
	hook := s.hook
	s.mu.Unlock()
	if hook != nil {
		hook(table)
	}
}
