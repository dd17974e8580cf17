package drive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fieldwarden/fieldwarden/server"
)

// readyMark begins the line that a server prints when it serves.
const readyMark = "READY "

// startTime is how long a server may take until it serves.
const startTime = 60 * time.Second

// Process is a running server process.
type Process struct {
	// URL is where the server is reached.
	URL    string
	Config server.Config

	command *exec.Cmd
	ended   chan struct{}
	endErr  error
}

// Start writes the configuration beside the data folder and starts
// "binary serve". The process's log goes to log. It returns when the server
// serves, or the reason why it ended instead.
func Start(ctx context.Context, binary string, config server.Config, log io.Writer, arguments ...string) (*Process, error) {
	source, err := yaml.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("drive: encoding configuration: %w", err)
	}
	file := filepath.Join(config.DataDir, "fieldwarden.yaml")
	if err := os.MkdirAll(config.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("drive: %w", err)
	}
	if err := os.WriteFile(file, source, 0o600); err != nil {
		return nil, fmt.Errorf("drive: writing configuration: %w", err)
	}
	command := exec.Command(binary, append([]string{"serve", "--config", file}, arguments...)...) //nolint:noctx // our own binary; its life is Process's
	command.Stderr = log
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("drive: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("drive: starting %s: %w", binary, err)
	}
	p := &Process{Config: config, command: command, ended: make(chan struct{})}
	ready := make(chan string, 1)
	go func() {
		defer close(p.ended)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if address, ok := strings.CutPrefix(lines.Text(), readyMark); ok {
				ready <- address
			}
		}
		p.endErr = command.Wait()
	}()
	timer := time.NewTimer(startTime)
	defer timer.Stop()
	select {
	case p.URL = <-ready:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("drive: the server ended instead of serving: %w", errors.Join(p.endErr, errEndedEarly))
	case <-timer.C:
		err = errors.New("drive: the server did not serve in time")
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.Kill()
	return nil, err
}

var errEndedEarly = errors.New("see its log")

// PID is the server's process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Kill ends the process as kill -9 does, and waits for it.
func (p *Process) Kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// Stop asks the process to end and waits for it.
func (p *Process) Stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("drive: stopping the server: %w", err)
	}
	<-p.ended
	return p.endErr
}

// Client returns a GraphQL client for the server.
func (p *Process) Client(token string) Client {
	return Client{URL: p.URL + "/graphql", Token: token}
}
