package host

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/fieldwarden/fieldwarden/plugins/host/shim"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

const (
	// shimPatience is how long the shim gets to kill its tree before it is
	// killed itself.
	shimPatience = time.Second
	// drainPatience is how long output is still read after the end.
	drainPatience = 200 * time.Millisecond
)

// starter is go-plugin's Runner: it launches one connector behind the shim and
// owns the process, its pipes and the goroutines that read them. It starts once.
type starter struct {
	spec   launchSpec
	env    []string
	tmpDir string

	// The host's ends, for run alone.
	stdoutR, stderrR, statusR *os.File

	greetings  *io.PipeReader // what go-plugin reads as standard output
	greetingsW *io.PipeWriter
	silence    *io.PipeReader // what go-plugin reads as standard error: nothing
	silenceW   *io.PipeWriter

	started chan struct{} // closed at the shim's first report or its end
	done    chan struct{} // closed when the process has ended and all is read

	mu       sync.Mutex
	command  *exec.Cmd
	lifeline *os.File // closing it makes the shim kill the connector's tree
	killed   bool     // Kill came, perhaps before the launch was through
	first    shim.Report
	exit     *shim.Exit
	shimErr  error
	greeted  *greeting
	hostAddr string
}

var _ runner.Runner = (*starter)(nil)

// launchSpec is what is fixed before a start.
type launchSpec struct {
	name     string
	shimPath string
	binary   string
	sha256   string
	pinned   bool // sha256 was registered by the operator
	memory   uint64
	env      []string
	marker   string
	sink     *logSink
}

func newStarter(spec launchSpec, command *exec.Cmd, tmpDir string) *starter {
	s := &starter{
		spec: spec, tmpDir: tmpDir,
		started: make(chan struct{}), done: make(chan struct{}),
	}
	s.env = append(environment(spec, tmpDir), command.Env...)
	s.greetings, s.greetingsW = io.Pipe()
	s.silence, s.silenceW = io.Pipe()
	return s
}

// environment is all that a connector gets; nothing of the host's own.
func environment(spec launchSpec, tmpDir string) []string {
	env := []string{
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"LANG=C.UTF-8",
		"TZ=UTC",
		"HOME=" + tmpDir,
		"TMPDIR=" + tmpDir,
	}
	if spec.memory > 0 {
		// A Go program collects garbage in time instead of meeting the limit.
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", spec.memory/4*3))
	}
	env = append(env, spec.env...)
	return append(env,
		handshake.LifelineEnv+"=stdin",
		handshake.InstanceEnv+"="+spec.marker,
	)
}

// Start launches the shim and returns when the connector runs or cannot.
func (s *starter) Start(ctx context.Context) error {
	if err := s.launch(); err != nil {
		s.end(nil)
		return fmt.Errorf("launching the connector's shim: %w", err)
	}
	select {
	case <-s.started:
	case <-ctx.Done():
		return errors.Join(ctx.Err(), s.Kill(context.WithoutCancel(ctx)))
	}
	if failure := s.report().Failure; failure != "" {
		<-s.done
		return fmt.Errorf("the connector was not started: %s", failure)
	}
	return nil
}

func (s *starter) launch() error {
	var ends pipes
	defer ends.closeChildEnds()
	lifelineR, lifelineW := ends.new(toChild)
	statusR, statusW := ends.new(fromChild)
	stdoutR, stdoutW := ends.new(fromChild)
	stderrR, stderrW := ends.new(fromChild)
	if ends.err != nil {
		ends.closeOwnEnds()
		return ends.err
	}
	options := shim.Options{Path: s.spec.binary, SHA256: s.spec.sha256, Name: s.spec.name, Memory: s.spec.memory}
	command := exec.Command(s.spec.shimPath, options.Args()...) //nolint:noctx // its life is the lifeline's; the path is ours
	command.Env = s.env
	command.Dir = s.tmpDir
	command.Stdout, command.Stderr = stdoutW, stderrW
	command.ExtraFiles = []*os.File{lifelineR, statusW}
	// A group of its own: Ctrl-C at the server's terminal is for the server.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		ends.closeOwnEnds()
		return err
	}
	s.statusR, s.stdoutR, s.stderrR = statusR, stdoutR, stderrR
	s.mu.Lock()
	s.command, s.lifeline = command, lifelineW
	killed := s.killed
	s.mu.Unlock()
	if killed {
		s.closeLifeline()
	}
	go s.run(command)
	return nil
}

// run reads everything the process writes, waits for its end and cleans up. It
// is the one owner of the goroutines below it.
func (s *starter) run(command *exec.Cmd) {
	var readers, reports sync.WaitGroup
	reports.Go(s.readReports)
	readers.Go(func() { filterStdout(s.stdoutR, s.greetingsW, s.greet, s.spec.sink) })
	readers.Go(func() {
		for line := range lines(s.stderrR) {
			s.spec.sink.stderr(line)
		}
	})
	err := command.Wait()
	// Nobody may be waiting for the greeting any more; its writer must not wait.
	_ = s.greetings.Close()
	deadline := time.Now().Add(drainPatience)
	_ = s.statusR.SetReadDeadline(deadline)
	reports.Wait()
	if !s.endedClean() {
		// A shim that was killed left the tree behind: find it by its mark.
		killMarked(s.spec.marker)
	}
	_ = errors.Join(s.stdoutR.SetReadDeadline(deadline), s.stderrR.SetReadDeadline(deadline))
	readers.Wait()
	_ = errors.Join(s.stdoutR.Close(), s.stderrR.Close(), s.statusR.Close())
	s.end(err)
}

// endedClean reports whether the shim saw the connector's end, or never had one.
func (s *starter) endedClean() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exit != nil || s.first.Failure != ""
}

func (s *starter) end(err error) {
	s.mu.Lock()
	s.shimErr = err
	s.mu.Unlock()
	s.closeLifeline()
	_ = errors.Join(s.greetingsW.Close(), s.silenceW.Close())
	select {
	case <-s.started:
	default:
		close(s.started)
	}
	close(s.done)
}

// readReports takes the shim's reports.
func (s *starter) readReports() {
	decoder := json.NewDecoder(bufio.NewReader(s.statusR))
	for first := true; ; first = false {
		var report shim.Report
		if err := decoder.Decode(&report); err != nil {
			return
		}
		s.mu.Lock()
		if first {
			s.first = report
		}
		s.exit = report.Exit
		s.mu.Unlock()
		if first {
			close(s.started)
		}
	}
}

func (s *starter) greet(g greeting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.greeted = &g
}

// greeting is the line the connector greeted with; nil before that, also for a
// nil starter.
func (s *starter) greeting() *greeting {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.greeted
}

// report is the shim's first report.
func (s *starter) report() shim.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

func (s *starter) closeLifeline() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killed = true
	if s.lifeline != nil {
		_ = s.lifeline.Close()
		s.lifeline = nil
	}
}

// Kill ends the connector with everything it started, and waits for it.
func (s *starter) Kill(context.Context) error {
	s.closeLifeline()
	patience := time.NewTimer(shimPatience)
	defer patience.Stop()
	select {
	case <-s.done:
		return nil
	case <-patience.C:
	}
	s.mu.Lock()
	command := s.command
	s.mu.Unlock()
	if command != nil {
		_ = command.Process.Kill() // by descriptor: never another's pid
	}
	<-s.done
	return nil
}

// Wait returns when the process has ended and its output was read.
func (s *starter) Wait(context.Context) error {
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shimErr
}

// Stdout gives go-plugin the greeting and nothing else.
func (s *starter) Stdout() io.ReadCloser { return s.greetings }

// Stderr gives go-plugin nothing: the lines go to our log.
func (s *starter) Stderr() io.ReadCloser { return s.silence }

// Name is the connector's name.
func (s *starter) Name() string { return s.spec.name }

// ID is the connector's process id, empty until it runs.
func (s *starter) ID() string {
	if pid := s.pid(); pid != 0 {
		return strconv.Itoa(pid)
	}
	return ""
}

func (s *starter) pid() int { return s.report().PID }

// Diagnose adds nothing: failures to start are told by startFault.
func (s *starter) Diagnose(context.Context) string { return "" }

// PluginToHost accepts only a Unix socket in the folder made for this start, so
// a connector cannot make the host talk to somebody else.
func (s *starter) PluginToHost(network, address string) (string, string, error) {
	if network != "unix" {
		return "", "", fmt.Errorf("it listens on %s, only unix sockets are accepted", network)
	}
	clean := filepath.Clean(address)
	if filepath.Dir(clean) != filepath.Clean(s.tmpDir) {
		return "", "", errors.New("its socket is not in PLUGIN_UNIX_SOCKET_DIR")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hostAddr = clean
	return network, clean, nil
}

// HostToPlugin refuses: the host serves nothing to connectors.
func (s *starter) HostToPlugin(string, string) (string, string, error) {
	return "", "", errors.New("the host serves no sockets to connectors")
}

// dial connects to the connector's socket and to nothing else.
func (s *starter) dial(ctx context.Context, _ string) (net.Conn, error) {
	s.mu.Lock()
	address, pid := s.hostAddr, s.first.PID
	s.mu.Unlock()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", address)
	if err != nil {
		return nil, err
	}
	if unixConn, ok := conn.(*net.UnixConn); ok {
		if err := checkPeer(unixConn, pid); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// exited describes how the process ended; call it after done.
func (s *starter) exited() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.exit == nil:
		return "its shim was killed"
	case s.exit.Signal != "":
		return "signal: " + s.exit.Signal
	default:
		return fmt.Sprintf("exit code %d", s.exit.Code)
	}
}
