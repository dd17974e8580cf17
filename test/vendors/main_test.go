package vendors

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

// update writes the golden files anew.
var update = flag.Bool("update", false, "write the golden files anew")

// patience is how long a test waits for what must happen by itself; the machines
// that run this are shared.
const patience = 2 * time.Minute

var programs rig.Programs

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("/tmp", "fwv-") // short: sockets live below it
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := 1
	if programs, err = rig.Build(context.Background(), folder, rig.Bundled()); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// house is a server with integrations to all CRMs.
type house struct {
	t            *testing.T
	simulators   *simulated.Running
	integrations map[string]drive.Integration
	keys         int
}

// newHouse starts everything and waits until each integration's first run ended. Its
// server may be configured in more ways.
func newHouse(t *testing.T, records int, configure ...func(*server.Config)) *house {
	t.Helper()
	var crms []*simulated.CRM
	for _, name := range simulated.Names() {
		one, err := simulated.New(name, simulated.Options{Records: records})
		require.NoError(t, err)
		crms = append(crms, one)
	}
	h := &house{t: t, integrations: map[string]drive.Integration{}}
	var err error
	h.simulators, err = simulated.Start(t.Context(), "127.0.0.1:0", slog.New(slog.DiscardHandler), crms...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.simulators.Close()) })
	folder, err := os.MkdirTemp("/tmp", "fwv-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	site, err := rig.NewSite(folder, "n", "", programs, crms, "--confirm-delay", "1ms", "--job-poll", "50ms")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, site.Close()) })
	for _, more := range configure {
		more(&site.Config)
	}
	running, err := site.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		running.Kill()
		if t.Failed() {
			t.Logf("the server's last log lines:\n%s", site.Log(6000))
		}
	})
	token, err := site.Token(t.Context())
	require.NoError(t, err)
	for _, one := range crms {
		integration, err := drive.Onboard(t.Context(), running.Client(token), one.Name, one.Config)
		require.NoError(t, err, one.Name)
		h.integrations[one.Name] = integration
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for name, integration := range h.integrations {
		run, err := integration.RunEnds(ctx, 1)
		require.NoError(t, err, name)
		require.Equal(t, "SUCCEEDED", run.Status, "%s: %s", name, run.Reason)
		requireMapped(t, integration)
	}
	return h
}

// requireMapped holds the automatic mapping to every standard field of the package.
func requireMapped(t *testing.T, i drive.Integration) {
	t.Helper()
	var found struct {
		Integration struct {
			StandardFields []struct {
				Key     string
				Mapping *struct{ Origin string }
			}
		}
	}
	require.NoError(t, i.Client.Do(t.Context(), `query($id: ID!) { integration(id: $id) { standardFields { key mapping { origin } } } }`,
		map[string]any{"id": i.ID}, &found))
	require.NotEmpty(t, found.Integration.StandardFields)
	for _, field := range found.Integration.StandardFields {
		require.NotNil(t, field.Mapping, "%s is not mapped", field.Key)
	}
}

// board is the switchboard of a CRM.
func (h *house) board(name string) control.Switchboard { return h.crm(name).Panel.Board }

func (h *house) crm(name string) *simulated.CRM {
	for _, one := range h.simulators.CRMs {
		if one.Name == name {
			return one
		}
	}
	h.t.Fatalf("there is no CRM %s", name)
	return nil
}

// check tests the connection and checks all objects of an integration.
func (h *house) check(name string) {
	h.t.Helper()
	h.keys++
	i := h.integrations[name]
	err := i.Client.Do(h.t.Context(), `mutation($id: ID!, $key: String!) {
		checkIntegration(input: {idempotencyKey: $key, integrationId: $id}) { userErrors { code message field } }
	}`, map[string]any{"id": i.ID, "key": fmt.Sprintf("check-%d", h.keys)}, nil)
	require.NoError(h.t, err, name)
}

// until waits until a question about an integration is answered with yes.
func (h *house) until(name string, ask func(ctx context.Context, i drive.Integration) (bool, error)) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	require.NoError(h.t, drive.Until(ctx, func(ctx context.Context) (bool, error) { return ask(ctx, h.integrations[name]) }), name)
}
