//go:build unix

// Package shim is the small process that stands between the host and one
// connector (the command "fieldwarden connector-exec").
//
// It exists because a process that is killed with SIGKILL can clean up nothing:
// the host holds one end of a pipe, the lifeline, and when that end closes, for
// whatever reason, the shim kills the connector with everything the connector
// has started, and exits. On Linux it is the subreaper of that tree, so a child
// that moved to a session of its own is found as well, and the connector gets a
// parent-death signal for the case that the shim itself is killed.
//
// The shim verifies the binary's checksum on the very file it executes. It
// handles no credentials and speaks no protocol: standard output and error of
// the connector pass by it.
//
// File descriptors: 3 is the lifeline (read end), 4 takes Reports as JSON lines.
// The package depends on the standard library and x/sys only.
package shim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// Command is the name of the subcommand that runs the shim.
const Command = "connector-exec"

const (
	lifelineFD = 3
	statusFD   = 4

	exitUsage   = 2
	exitFailure = 1

	// execAttempts and execPause bound the wait for a file that another process
	// still has open for writing (ETXTBSY): a fork of the host that has not
	// reached its exec yet.
	execAttempts = 50
	execPause    = 10 * time.Millisecond
	// killPause is how often the tree is looked at again while it is killed.
	killPause = 10 * time.Millisecond
	// killPatience is when the shim gives up on processes that the kernel does
	// not end (uninterruptible sleep).
	killPatience = 5 * time.Second
)

// Failure says why the connector could not be started.
type Failure string

// Failures before the connector runs.
const (
	FailureOpen     Failure = "OPEN"
	FailureChecksum Failure = "CHECKSUM"
	FailureExec     Failure = "EXEC"
)

// Report is one line that the shim writes to the host: once when the connector
// runs or cannot, once when it has ended.
type Report struct {
	// PID is the connector's process id and process group.
	PID int `json:"pid,omitempty"`
	// Enforced names the protections that are in force.
	Enforced []string `json:"enforced,omitempty"`
	// Failure and Detail say why the connector does not run.
	Failure Failure `json:"failure,omitempty"`
	Detail  string  `json:"detail,omitempty"`
	// Exit tells how the connector ended.
	Exit *Exit `json:"exit,omitempty"`
}

// Exit is how a connector ended.
type Exit struct {
	Code   int    `json:"code"`
	Signal string `json:"signal,omitempty"`
	// Leftovers counts processes that had to be killed after it.
	Leftovers int `json:"leftovers,omitempty"`
}

// Protections that a Report may name.
const (
	Subreaper   = "subreaper"
	ParentDeath = "parent-death-signal"
	NoNewPrivs  = "no-new-privileges"
	ProcessGrp  = "process-group"
	Limits      = "limits"
	MemoryLimit = "memory-limit"
	VerifiedFD  = "verified-file"
)

// Options are the shim's command line. None of them is secret.
type Options struct {
	// Path is the private copy of the connector, SHA256 its checksum in hex.
	Path   string
	SHA256 string
	// Name becomes the connector's argv[0].
	Name string
	// Memory limits the connector's data segment, in bytes; zero is no limit.
	Memory uint64
}

// Args returns the command line for Options, without the program's name.
func (o Options) Args() []string {
	return []string{Command, "-path", o.Path, "-sha256", o.SHA256, "-name", o.Name, "-memory", fmt.Sprint(o.Memory)}
}

// Run is the subcommand: args are what follows its name. It returns the exit
// code: the connector's own, or 128 plus the signal that ended it.
func Run(args []string) int {
	var options Options
	flags := flag.NewFlagSet(Command, flag.ContinueOnError)
	flags.StringVar(&options.Path, "path", "", "the connector's file")
	flags.StringVar(&options.SHA256, "sha256", "", "its checksum, in hex")
	flags.StringVar(&options.Name, "name", "connector", "its name")
	flags.Uint64Var(&options.Memory, "memory", 0, "limit of its data segment in bytes; 0 is none")
	if err := flags.Parse(args); err != nil || options.Path == "" || options.SHA256 == "" {
		fmt.Fprintln(os.Stderr, Command+" is started by the Fieldwarden server; there is no use in running it by hand.")
		return exitUsage
	}
	// The parent-death signal follows the thread that forked, so this goroutine
	// keeps its thread until the end.
	runtime.LockOSThread()
	syscall.CloseOnExec(lifelineFD)
	syscall.CloseOnExec(statusFD)
	s := &supervisor{
		options:  options,
		lifeline: os.NewFile(lifelineFD, "lifeline"),
		status:   os.NewFile(statusFD, "status"),
	}
	return s.run()
}

// supervisor owns one connector process and its descendants. Only its own
// goroutine reaps, so a pid it kills is never one that was given away again.
type supervisor struct {
	options  Options
	lifeline *os.File
	status   *os.File
	enforced []string

	pid      int
	reaped   bool
	exit     Exit
	childEnd *os.File // the write end of the connector's own lifeline
}

func (s *supervisor) run() int {
	binary, report := s.open()
	if report != nil {
		s.report(*report)
		return exitFailure
	}
	// Signals first: a child that ends at once must not be missed.
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	s.enforced = append(protectSelf(), ProcessGrp)
	if err := s.start(binary); err != nil {
		s.report(Report{Failure: FailureExec, Detail: err.Error()})
		return exitFailure
	}
	s.enforced = append(s.enforced, limitChild(s.pid, s.options.Memory)...)
	s.report(Report{PID: s.pid, Enforced: s.enforced})

	hostGone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, s.lifeline)
		close(hostGone)
	}()
	s.supervise(hostGone, signals)
	s.killAll(signals)
	s.report(Report{PID: s.pid, Exit: &s.exit})
	return s.exit.Code
}

// open verifies the checksum of the file that will be executed.
func (s *supervisor) open() (*os.File, *Report) {
	binary, err := os.Open(s.options.Path)
	if err != nil {
		return nil, &Report{Failure: FailureOpen, Detail: err.Error()}
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, binary); err != nil {
		return nil, &Report{Failure: FailureOpen, Detail: err.Error()}
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != s.options.SHA256 {
		return nil, &Report{Failure: FailureChecksum, Detail: "the copy has the checksum " + sum}
	}
	return binary, nil
}

func (s *supervisor) start(binary *os.File) error {
	stdin, childEnd, err := os.Pipe()
	if err != nil {
		return err
	}
	s.childEnd = childEnd
	path, extra := executable(binary, s.options.Path)
	attr := &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: append([]uintptr{stdin.Fd(), os.Stdout.Fd(), os.Stderr.Fd()}, extra...),
		Sys:   childAttributes(),
	}
	for attempt := 1; ; attempt++ {
		s.pid, err = syscall.ForkExec(path, []string{s.options.Name}, attr)
		if !errors.Is(err, syscall.ETXTBSY) || attempt == execAttempts {
			break
		}
		time.Sleep(execPause)
	}
	runtime.KeepAlive(binary)
	_ = stdin.Close()
	return err
}

// supervise returns when the connector has ended or has to.
func (s *supervisor) supervise(hostGone <-chan struct{}, signals <-chan os.Signal) {
	for !s.reaped {
		select {
		case <-hostGone:
			return
		case received := <-signals:
			if received != syscall.SIGCHLD {
				return
			}
			s.reap()
		}
	}
}

// killAll kills the connector, its process group and every process that was
// handed to this one, generation by generation, until none is left.
func (s *supervisor) killAll(signals <-chan os.Signal) {
	deadline := time.Now().Add(killPatience)
	killed := map[int]struct{}{s.pid: {}}
	for s.reap() && time.Now().Before(deadline) {
		if !s.reaped {
			// The group's id belongs to the connector as long as it is not reaped.
			_ = syscall.Kill(-s.pid, syscall.SIGKILL)
		}
		for _, pid := range children(s.pid, s.reaped) {
			killed[pid] = struct{}{}
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		s.exit.Leftovers = len(killed) - 1
		select {
		case <-signals:
		case <-time.After(killPause):
		}
	}
}

// reap collects every child that has ended and reports whether any is left.
func (s *supervisor) reap() bool {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil: // ECHILD: there are no children
			return false
		case pid == 0:
			return true
		case pid == s.pid:
			s.reaped = true
			s.exit.Code = status.ExitStatus()
			if status.Signaled() {
				s.exit.Code = 128 + int(status.Signal())
				s.exit.Signal = status.Signal().String()
			}
		}
	}
}

// report tells the host; a host that is gone cannot be told.
func (s *supervisor) report(report Report) { _ = json.NewEncoder(s.status).Encode(report) }
