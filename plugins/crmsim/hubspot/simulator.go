package hubspot

import (
	"context"
	"fmt"
	"net/http"
	"time"
	_ "time/tzdata" // the portal's time zone, also where the machine has no zone files

	"github.com/go-chi/chi/v5"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// Simulator is one simulated portal. It is safe for concurrent use and starts no goroutines of its own.
type Simulator struct {
	config   Config
	zone     *time.Location
	types    *typeIndex
	schema   *definitions
	portal   *portal
	store    *store
	links    *links
	grants   *grants
	meter    *meter
	faults   *control.Faults
	journal  *control.Journal
	controls *Controls
	handler  http.Handler // the vendor's own paths
}

// portalZone is the time zone of every simulated portal.
const portalZone = "US/Eastern"

// New builds a portal. Records are invented when they are first asked for, so this is quick at any size.
func New(config Config) (*Simulator, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(portalZone)
	if err != nil {
		return nil, fmt.Errorf("hubspot simulator: %w", err)
	}
	types := newTypeIndex(objectTypes())
	loaded, err := loadCatalog(types.all)
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		config: config, zone: zone, types: types, schema: newDefinitions(loaded),
		portal:  newPortal(config),
		store:   newStore(types.all, world.New(config.Seed, config.Records, historyEnd(config.Clock)), config.Clock),
		meter:   newMeter(config.Clock, zone, config.Limits),
		faults:  control.NewFaults(faultKinds(), "/crm", relative),
		journal: control.NewJournal(config.Clock, config.JournalCapacity),
	}
	s.store.setLag(config.IndexLag)
	s.links = newLinks(s.store)
	s.grants = newGrants(config, s.journal)
	s.controls = &Controls{sim: s}
	s.handler = s.routes()
	return s, nil
}

// API serves the API host and the pages of OAuth on one host, without the control page.
func (s *Simulator) API() http.Handler { return s.handler }

// Handler serves API and, under /sim, the control page of this portal alone.
func (s *Simulator) Handler() http.Handler {
	r := chi.NewRouter()
	page := control.Handler(s.Panel())
	r.Handle("/sim", page)
	r.Handle("/sim/*", page)
	r.Handle("/", http.RedirectHandler("/sim/", http.StatusFound))
	r.Handle("/*", s.handler)
	return r
}

// Panel is this portal's part of a control page.
func (s *Simulator) Panel() control.Panel {
	return control.Panel{Key: "hubspot", Title: "HubSpot", Board: board{s}, Faults: s.faults, Journal: s.journal}
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

func (s *Simulator) routes() http.Handler {
	r := chi.NewRouter()
	pages := r.With(crmsim.GuardPages)
	for _, path := range []string{"/oauth/authorize", "/oauth/{portal}/authorize"} {
		pages.Get(path, s.serve("/oauth/authorize", "authorize", s.authorize))
		pages.Post(path, s.serve("/oauth/authorize", "authorize", s.decide))
	}
	pages.Get("/login", s.serve("/login", "login", loginPage))
	for _, version := range []string{"v1", "v3", "2026-03", "2026-09"} {
		root := "/oauth/" + version + "/token"
		r.Post(root, s.serve(root, "token", s.token))
		if version != "v1" {
			r.Post(root+"/introspect", s.serve(root+"/introspect", "introspect", s.introspect))
			r.Post(root+"/revoke", s.serve(root+"/revoke", "revoke", s.revoke))
		}
	}
	// These paths hold a token, which the request log must not.
	r.Get("/oauth/v1/access-tokens/{token}", s.serve("/oauth/v1/access-tokens/…", "access-token info", s.accessTokenInfo))
	r.Get("/oauth/v1/refresh-tokens/{token}", s.serve("/oauth/v1/refresh-tokens/…", "refresh-token info", s.refreshTokenInfo))
	r.Delete("/oauth/v1/refresh-tokens/{token}", s.serve("/oauth/v1/refresh-tokens/…", "revoke", s.deleteRefreshToken))
	const private = "/oauth/v2/private-apps/get/access-token-info"
	r.Post(private, s.serve(private, "private-app token info", s.privateTokenInfo))
	r.NotFound(s.api)
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) { s.send(w, r, methodNotAllowed()) })
	return r
}

// typeIndex finds object types by every name that paths may use.
type typeIndex struct {
	all    []*objectType
	byName map[string]*objectType
}

func newTypeIndex(all []*objectType) *typeIndex {
	index := &typeIndex{all: all, byName: map[string]*objectType{}}
	for _, o := range all {
		index.byName[o.name], index.byName[o.singular], index.byName[o.typeID] = o, o, o
	}
	return index
}

func (t *typeIndex) find(name string) (*objectType, bool) {
	o, ok := t.byName[name]
	return o, ok
}
