package hubspot_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
	"github.com/fieldwarden/fieldwarden/plugins/sdk/connectortest"
)

// gate stands before the simulator: it takes any token for the one that was
// issued, and can hold calls back.
type gate struct {
	next  http.Handler
	token string
	mu    sync.RWMutex
	hold  chan struct{}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.RLock()
	hold, token := g.hold, g.token
	g.mu.RUnlock()
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}
	if token != "" && r.Header.Get("Authorization") != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	g.next.ServeHTTP(w, r)
}

func (g *gate) set(token string, hold chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.token, g.hold = token, hold
}

// TestConformance runs the suite that every connector should pass. It is not
// parallel, because it replaces slog's default logger.
func TestConformance(t *testing.T) { //nolint:paralleltest // see above
	simulator, err := crmsim.New(crmsim.Config{Limits: crmsim.Limits{TenSecondly: -1, Search: -1, Daily: -1}})
	require.NoError(t, err)
	g := &gate{next: simulator.Handler()}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	p := &portal{Controls: simulator.Controls(), base: server.URL}
	p.signIn(t)
	token := p.target.AccessToken.Reveal()
	g.set(token, nil)
	p.SetScope("crm.objects.leads.read", false)
	p.introspect(t)
	connectortest.Run(t, connectortest.Config{
		New:     func() sdk.Connector { return hubspot.NewWithoutPause() },
		Target:  p.target,
		Objects: []string{"companies", "contacts", "deals", "owners"},
		Denied:  "leads",
		Outage: func(t *testing.T) func() {
			t.Helper()
			_, err := p.AddFault(control.Fault{Kind: "unavailable"})
			require.NoError(t, err)
			return p.ClearFaults
		},
		Stall: func(*testing.T) func() {
			hold := make(chan struct{})
			g.set(token, hold)
			return func() {
				g.set(token, nil)
				close(hold)
			}
		},
		ReadObject: "contacts",
		Fields:     []string{"lastname", "email", "associations.companies"},
		BatchSize:  300,
		UnknownID:  "999999999999",
	})
}
