package dynamics365_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/dynamics365"
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
	simulator, err := crmsim.New(crmsim.Config{RequestLimit: -1})
	require.NoError(t, err)
	g := &gate{next: simulator.Handler()}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	target := signIn(t, server.URL)
	token := target.AccessToken.Reveal()
	g.set(token, nil)
	controls := simulator.Controls()
	require.NoError(t, controls.SetObject("lead", control.ObjectChange{Read: crmsim.Off()}))
	connectortest.Run(t, connectortest.Config{
		New:     func() sdk.Connector { return dynamics365.NewWithoutPause() },
		Target:  target,
		Objects: []string{"account", "contact", "opportunity", "systemuser", "task"},
		Denied:  "lead",
		Outage: func(t *testing.T) func() {
			_, err := controls.AddFault(control.Fault{Kind: crmsim.FaultUnavailable})
			require.NoError(t, err)
			return controls.ClearFaults
		},
		Stall: func(*testing.T) func() {
			hold := make(chan struct{})
			g.set(token, hold)
			return func() {
				g.set(token, nil)
				close(hold)
			}
		},
		ReadObject: "contact",
		Fields:     []string{"lastname", "emailaddress1", "parentcustomerid"},
		BatchSize:  100,
		UnknownID:  "00000000-0000-4000-8000-000000000000",
	})
}
