package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/plugins/host"
	"github.com/fieldwarden/fieldwarden/plugins/host/internal/testconnector"
	"github.com/fieldwarden/fieldwarden/plugins/host/shim"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// canary is a secret that must never be seen anywhere.
const canary = "canary-Zx81-00Dabc!AQ0AQ.secret"

// connectorBinary is the test connector, built once.
var connectorBinary string

// TestMain lets the test binary play the server: its shim and, for kill -9, a
// whole host process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case shim.Command:
			os.Exit(shim.Run(os.Args[2:]))
		case helperCommand:
			os.Exit(runHelper(os.Args[2:]))
		}
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "host-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	connectorBinary = filepath.Join(dir, "testconnector")
	build := exec.Command("go", "build", "-o", connectorBinary, "./testdata/testconnector")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the test connector: %v\n%s", err, output)
		return 1
	}
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// journal collects log lines.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// lab is a host with the test connector.
type lab struct {
	*host.Host
	log *journal
}

// newLab makes a started host; change edits its configuration. The host is closed
// with the test, and no secret may be in its log by then.
func newLab(t *testing.T, change ...func(*host.Config)) lab {
	t.Helper()
	l := lab{log: &journal{}}
	config := host.Config{
		Connectors: []host.Installation{{Name: "test", Path: connectorBinary}},
		WorkDir:    t.TempDir(),
		ShimPath:   os.Args[0],
		Logger:     l.log.logger(),
	}
	for _, edit := range change {
		edit(&config)
	}
	var err error
	l.Host, err = host.New(config)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		require.NotContains(t, l.log.String(), canary)
	})
	return l
}

func (l lab) start(t *testing.T) lab {
	t.Helper()
	require.NoError(t, l.Start(t.Context()))
	return l
}

// status is the test connector's.
func (l lab) status(t *testing.T) host.Status {
	t.Helper()
	status, err := l.Status("test")
	require.NoError(t, err)
	return status
}

func mode(value string) func(*host.Config) {
	return func(c *host.Config) { c.Connectors[0].Env = append(c.Connectors[0].Env, "MODE="+value) }
}

// each runs a test against the connector in memory and as a process.
func each(t *testing.T, test func(t *testing.T, l lab), change ...func(*host.Config)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, change...)
		host.InMemory(l.Host, "test", func(registrar grpc.ServiceRegistrar) {
			sdk.Register(registrar, &testconnector.Connector{Name: "test"}, slog.New(slog.DiscardHandler))
		})
		test(t, l.start(t))
	})
	t.Run("process", func(t *testing.T) {
		t.Parallel()
		test(t, newLab(t, change...).start(t))
	})
}

// target is an integration whose calls go wrong in the named mode.
func target(mode string, more ...func(map[string]any)) crm.Target {
	config := map[string]any{"mode": mode, "records": 25}
	for _, edit := range more {
		edit(config)
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(err)
	}
	return crm.Target{IntegrationID: "int_1", Environment: crm.Production, Endpoint: "https://test.example", AccessToken: canary, Config: text}
}

// requireFault checks code and that no secret is in the error.
func requireFault(t *testing.T, err error, code fault.Code, parts ...string) *fault.Error {
	t.Helper()
	require.Error(t, err)
	failure, ok := fault.From(err)
	require.True(t, ok, "%v has no code", err)
	require.Equal(t, code, failure.Code, failure.Message)
	require.NotContains(t, failure.Message, canary)
	require.NotContains(t, fmt.Sprintf("%+v", failure.Unwrap()), canary)
	for _, part := range parts {
		require.Contains(t, failure.Message, part)
	}
	require.Equal(t, "test", failure.Details["connector"])
	return failure
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func lines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }

var errEnough = errors.New("enough")
