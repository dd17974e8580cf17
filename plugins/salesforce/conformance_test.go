package salesforce_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/salesforce"
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
	simulator, err := crmsim.New(crmsim.Config{})
	require.NoError(t, err)
	g := &gate{next: simulator.Handler()}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	target := signIn(t, server.URL)
	token := target.AccessToken.Reveal()
	g.set(token, nil)
	controls := simulator.Controls()
	require.NoError(t, controls.SetObject("Lead", crmsim.ObjectSwitch{Read: crmsim.Off()}))
	connectortest.Run(t, connectortest.Config{
		New:     func() sdk.Connector { return salesforce.NewWithoutPause() },
		Target:  target,
		Objects: []string{"Account", "Contact", "Opportunity", "User"},
		Denied:  "Lead",
		Outage: func(t *testing.T) func() {
			_, err := controls.AddFault(crmsim.Fault{Kind: crmsim.FaultUnavailable})
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
		ReadObject: "Contact",
		Fields:     []string{"LastName", "Email", "MailingAddress"},
		BatchSize:  300,
		UnknownID:  "003000000000000AAA",
	})
}
