package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// connector supervises one installed program: at most one process at a time,
// started when it is needed, shared by all integrations.
type connector struct {
	installation Installation
	// launch starts a process and describe reads its manifest; the host sets
	// them, tests replace launch by one in memory.
	launch   func(ctx context.Context) (*process, *fault.Error)
	describe func(ctx context.Context, running *process) (described, *fault.Error)
	clock    clockwork.Clock
	logger   *slog.Logger
	sink     *logSink
	onChange func(Status)
	// life ends with the host; background counts its goroutines.
	life       context.Context //nolint:containedctx // the host's own life, not a request's
	background *sync.WaitGroup

	mu       sync.Mutex
	state    State
	current  *process
	attempt  *attempt
	budget   crashBudget
	known    described
	binary   string
	sha256   string
	crashes  int
	last     *fault.Error // the last failure to start or run
	terminal *fault.Error // refuses calls until restart
}

// described is what a connector said of itself.
type described struct {
	manifest crm.Manifest
	sdk      string
}

// attempt is a start under way; all calls that need the process wait for it.
type attempt struct {
	done  chan struct{}
	fault *fault.Error
}

// acquire returns the running process, after starting it if need be. The caller
// has entered it and calls calls.Done when it is through.
func (c *connector) acquire(ctx context.Context) (*process, described, *fault.Error) {
	for {
		c.mu.Lock()
		switch {
		case c.life.Err() != nil:
			c.mu.Unlock()
			return nil, described{}, stoppedFault(c.installation.Name)
		case c.terminal != nil:
			terminal := c.terminal
			c.mu.Unlock()
			return nil, described{}, terminal
		case c.current != nil && c.current.enter():
			running, known := c.current, c.known
			c.mu.Unlock()
			return running, known, nil
		}
		if c.attempt == nil {
			c.attempt = &attempt{done: make(chan struct{})}
			c.background.Go(c.start)
		}
		waiting := c.attempt
		c.mu.Unlock()

		select {
		case <-waiting.done:
			if waiting.fault != nil {
				return nil, described{}, waiting.fault
			}
		case <-ctx.Done():
			return nil, described{}, connectorFault(fault.ConnectorTimeout, c.installation.Name,
				"It was still starting when the call's time was up.", fault.Cause(ctx.Err()))
		}
	}
}

// start makes one attempt to have a running, described process. It belongs to no
// call, so a caller that gives up does not end it.
func (c *connector) start() {
	running, known, failure := c.tryStart()
	c.mu.Lock()
	attempt := c.attempt
	c.attempt = nil
	if failure == nil && c.life.Err() != nil {
		failure = stoppedFault(c.installation.Name)
	}
	switch {
	case failure == nil:
		c.current, c.known, c.state = running, known, StateLoaded
		c.background.Go(func() { c.watch(running) })
	case c.life.Err() == nil:
		c.failed(failure)
	}
	attempt.fault = failure
	status := c.snapshot()
	c.mu.Unlock()
	if failure != nil && running != nil {
		running.stop()
	}
	c.report(status, failure)
	close(attempt.done)
}

func (c *connector) tryStart() (*process, described, *fault.Error) {
	c.mu.Lock()
	wait := c.budget.wait(c.clock.Now())
	c.mu.Unlock()
	if wait > 0 {
		select {
		case <-c.clock.After(wait):
		case <-c.life.Done():
			return nil, described{}, stoppedFault(c.installation.Name)
		}
	}
	running, failure := c.launch(c.life)
	if failure != nil {
		return nil, described{}, failure
	}
	known, failure := c.describe(c.life, running)
	if failure != nil {
		return running, described{}, describeFault(c.installation.Name, failure)
	}
	return running, known, nil
}

// describeFault tells what a failed first Describe means for the start.
func describeFault(name string, failure *fault.Error) *fault.Error {
	switch failure.Code {
	case fault.ConnectorUnsupported:
		return connectorFault(fault.ConnectorProtocol, name, "It does not serve the connector protocol.", fault.Cause(failure))
	case fault.ConnectorInternal, fault.ConnectorTimeout:
		return connectorFault(fault.ConnectorStart, name, "It greeted the host and then failed: "+failure.Message, fault.Cause(failure))
	default:
		return failure
	}
}

// failed notes a failed start; the caller holds the lock.
func (c *connector) failed(failure *fault.Error) {
	c.last = failure
	if state, permanent := stateOf(failure.Code); permanent {
		c.state, c.terminal = state, failure
		return
	}
	c.state = StateFailing
	c.crashed(failure)
}

// crashed counts a crash against the budget; the caller holds the lock.
func (c *connector) crashed(failure *fault.Error) {
	c.last = failure
	c.crashes++
	if c.budget.record(c.clock.Now()) {
		c.state = StateQuarantined
		c.terminal = connectorFault(fault.ConnectorQuarantined, c.installation.Name,
			fmt.Sprintf("It failed %d times within %s; the last time: %s", c.budget.policy.Crashes, c.budget.policy.Window, failure.Message),
			fault.Cause(failure))
	}
}

// watch waits for the end of a process, notes it when nobody asked for it, and
// frees what is left.
func (c *connector) watch(running *process) {
	<-running.done
	running.cancel(errEnded) // unless it was stopped already
	asked := errors.Is(context.Cause(running.ctx), errStopped)
	failure := crashFault(c.installation.Name, running)
	c.mu.Lock()
	if c.current == running {
		c.current = nil
	}
	if !asked {
		c.crashed(failure)
	}
	status := c.snapshot()
	c.mu.Unlock()
	running.stop()
	if !asked {
		c.report(status, failure)
	}
}

// report tells of a change, outside the lock.
func (c *connector) report(status Status, failure *fault.Error) {
	attrs := []any{"connector", status.Name, "state", status.State, "pid", status.PID}
	switch {
	case failure == nil:
		c.logger.Info("connector started", attrs...)
	case failure.Code == fault.ShuttingDown:
		return
	default:
		c.logger.Error("connector failed", append(attrs, "code", failure.Code, "error", failure.Message, "cause", failure.Unwrap(), "crashes", status.Crashes)...)
	}
	if c.onChange != nil {
		c.onChange(status)
	}
}

// restart stops the process, forgets failures and checksum of an unregistered
// file, and starts again.
func (c *connector) restart(ctx context.Context) *fault.Error {
	c.stop()
	c.mu.Lock()
	c.budget.reset()
	c.terminal = nil
	c.state = StateNew
	c.binary = ""
	c.mu.Unlock()
	running, _, failure := c.acquire(ctx)
	if failure == nil {
		running.calls.Done()
	}
	return failure
}

// stop ends the present process, if there is one.
func (c *connector) stop() {
	c.mu.Lock()
	running := c.current
	c.mu.Unlock()
	if running != nil {
		running.stop()
	}
}

// present is the present status.
func (c *connector) present() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.snapshot()
}

// snapshot is the present status; the caller holds the lock.
func (c *connector) snapshot() Status {
	status := Status{
		Name: c.installation.Name, Path: c.installation.Path, State: c.state,
		SHA256: c.sha256, Crashes: c.crashes, LastFault: c.last,
	}
	if status.SHA256 == "" {
		status.SHA256 = c.installation.SHA256
	}
	if c.last != nil {
		status.LastLines = c.sink.last()
	}
	if c.known.manifest.Name != "" {
		manifest := c.known.manifest
		status.Manifest, status.SDK = &manifest, c.known.sdk
	}
	if c.terminal != nil {
		status.LastFault = c.terminal
	}
	if running := c.current; running != nil {
		status.PID, status.StartedAt = running.pid, running.startedAt
		status.ProtocolVersion, status.Protections = running.version, running.protections
	}
	return status
}

// binaryFor returns the private copy, making it when this is the first start.
func (c *connector) binaryFor(dir string) (path, sum string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.binary != "" {
		return c.binary, c.sha256, nil
	}
	path, sum, err = copyBinary(c.installation, c.installation.SHA256, dir)
	if err == nil {
		c.binary, c.sha256 = path, sum
	}
	return path, sum, err
}

// stoppedFault is the answer while the host ends.
func stoppedFault(name string) *fault.Error {
	return connectorFault(fault.ShuttingDown, name, "The server is stopping; the connector is not started any more.")
}

// crashFault tells how a process ended.
func crashFault(name string, running *process) *fault.Error {
	return connectorFault(fault.ConnectorCrashed, name, fmt.Sprintf("The connector ended by itself (%s).", running.exited()))
}

// launchWith returns the launch function of a connector that is a program.
func (c *connector) launchWith(l *launcher, starts *atomic.Uint64, marker string) func(context.Context) (*process, *fault.Error) {
	return func(ctx context.Context) (*process, *fault.Error) {
		binary, sum, err := c.binaryFor(filepath.Join(l.config.WorkDir, "bin"))
		if err != nil {
			failure, _ := fault.From(err)
			return nil, failure
		}
		spec := launchSpec{
			name: c.installation.Name, shimPath: l.config.ShimPath, binary: binary, sha256: sum,
			pinned: c.installation.SHA256 != "", memory: memoryLimit(c.installation.MemoryLimit), env: c.installation.Env,
			marker: fmt.Sprintf("%s.%d", marker, starts.Add(1)), sink: c.sink,
		}
		c.sink.begin()
		ctx, cancel := context.WithTimeoutCause(ctx, l.config.Timeouts.Start, errStartTime)
		defer cancel()
		return l.launch(ctx, spec)
	}
}

var errStartTime = errors.New("the start took too long")

func memoryLimit(configured int64) uint64 {
	switch {
	case configured < 0:
		return 0
	case configured == 0:
		return DefaultMemoryLimit
	default:
		return uint64(configured)
	}
}
