package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
	"github.com/fieldwarden/fieldwarden/plugins/proto/redact"
)

// ProtocolVersion is the version of the connector protocol that this host speaks.
const ProtocolVersion = handshake.Version

// Host runs the installed connectors and is the only way to call them. Its
// methods are safe for concurrent use.
type Host struct {
	config     Config
	run        *runDir
	connectors map[string]*connector
	names      []string // sorted
	secrets    *redact.Set
	memory     *semaphore.Weighted

	life       context.Context //nolint:containedctx // the host's own life, not a request's
	end        context.CancelFunc
	background sync.WaitGroup
	closed     func() error
}

// New checks the configuration and prepares the folders. It starts no process.
// Its errors are the operator's mistakes (fault.ConfigInvalid) and folders that
// cannot be made; a broken connector is none.
func New(config Config) (*Host, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(config.WorkDir, 0o700); err != nil {
		return nil, fault.New(fault.ConfigInvalid, fmt.Sprintf("The connectors' work folder cannot be made: %s.", reason(err)), fault.Cause(err))
	}
	run, err := newRunDir(config.WorkDir)
	if err != nil {
		return nil, fault.New(fault.ConfigInvalid, "The connectors' folder for sockets cannot be made.", fault.Cause(err))
	}
	h := &Host{
		config: config, run: run, connectors: map[string]*connector{},
		secrets: &redact.Set{}, memory: semaphore.NewWeighted(config.MaxInFlightBytes),
	}
	h.closed = sync.OnceValue(h.close)
	h.life, h.end = context.WithCancel(context.Background())
	launcher := &launcher{config: config, runDir: run.path, logger: config.Logger}
	var starts atomic.Uint64
	for _, installation := range config.Connectors {
		c := h.newConnector(installation)
		c.launch = c.launchWith(launcher, &starts, run.id())
		h.add(c)
	}
	return h, nil
}

func (h *Host) newConnector(installation Installation) *connector {
	logger := h.config.Logger.With("connector", installation.Name)
	return &connector{
		installation: installation,
		describe: func(ctx context.Context, running *process) (described, *fault.Error) {
			return h.describe(ctx, installation.Name, running)
		},
		clock:      h.config.Clock,
		logger:     h.config.Logger,
		sink:       &logSink{logger: logger, secrets: h.secrets, clock: h.config.Clock},
		onChange:   h.config.OnChange,
		life:       h.life,
		background: &h.background,
		state:      StateNew,
		budget:     crashBudget{policy: h.config.Restart},
	}
}

func (h *Host) add(c *connector) {
	h.connectors[c.installation.Name] = c
	h.names = append(h.names, c.installation.Name)
	slices.Sort(h.names)
}

// Start sweeps what an earlier server left behind, then starts every connector
// once to read its manifest. A connector that fails is listed with its fault; it
// does not fail Start, whose only error is that ctx ended.
func (h *Host) Start(ctx context.Context) error {
	h.run.sweep(h.config.Logger)
	var all sync.WaitGroup
	for _, name := range h.names {
		c := h.connectors[name]
		all.Go(func() {
			if running, _, failure := c.acquire(ctx); failure == nil {
				running.calls.Done()
			}
		})
	}
	all.Wait()
	h.removeOldCopies()
	return ctx.Err()
}

// removeOldCopies removes private copies of programs that are no longer
// installed, or not any more in that version.
func (h *Host) removeOldCopies() {
	inUse := map[string]bool{}
	for _, c := range h.connectors {
		c.mu.Lock()
		inUse[c.binary] = true
		c.mu.Unlock()
	}
	copies, _ := filepath.Glob(filepath.Join(h.config.WorkDir, "bin", "*")) // the pattern is well-formed
	for _, path := range copies {
		if inUse[path] {
			continue
		}
		if err := os.Remove(path); err != nil {
			h.config.Logger.Warn("an old copy of a connector could not be removed", "path", path, "error", err)
		}
	}
}

// Close cancels the calls under way, ends every connector with all it started,
// and waits for that. The host is of no use afterwards.
func (h *Host) Close() error { return h.closed() }

func (h *Host) close() error {
	h.end()
	var all sync.WaitGroup
	for _, c := range h.connectors {
		all.Go(c.stop)
	}
	all.Wait()
	h.background.Wait()
	return h.run.close()
}

// Manifests lists every installed connector, by name, with its state.
func (h *Host) Manifests() []Status {
	list := make([]Status, 0, len(h.names))
	for _, name := range h.names {
		list = append(list, h.connectors[name].present())
	}
	return list
}

// Status returns what the catalogue knows of one connector.
func (h *Host) Status(name string) (Status, error) {
	c, ok := h.connectors[name]
	if !ok {
		return Status{}, h.unknown(name)
	}
	return c.present(), nil
}

// Restart stops a connector, clears its quarantine or other fault, reads its file
// again and starts it. The error is why it did not start.
func (h *Host) Restart(ctx context.Context, name string) error {
	c, ok := h.connectors[name]
	if !ok {
		return h.unknown(name)
	}
	if failure := c.restart(ctx); failure != nil {
		return failure
	}
	return nil
}

// Describe returns a connector's manifest, as it was read at its first start. A
// connector that never could be started returns why.
func (h *Host) Describe(name string) (crm.Manifest, error) {
	c, ok := h.connectors[name]
	if !ok {
		return crm.Manifest{}, h.unknown(name)
	}
	status := c.present()
	switch {
	case status.Manifest != nil:
		return *status.Manifest, nil
	case status.LastFault != nil:
		return crm.Manifest{}, status.LastFault
	default:
		return crm.Manifest{}, connectorFault(fault.ConnectorStart, name, "It was not started yet.")
	}
}

func (h *Host) unknown(name string) *fault.Error {
	return connectorFault(fault.ConnectorNotFound, name, fmt.Sprintf("No connector %.40q is installed; there are: %s.", name, strings.Join(h.names, ", ")))
}
