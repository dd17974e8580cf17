package host

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Installation is one connector program on this machine, named by the operator.
type Installation struct {
	// Name is the connector's key; its manifest must bear the same.
	Name string
	// Path of the program.
	Path string
	// SHA256 is the expected checksum in hex. Empty: the file is trusted as it
	// is at its first start, and reported so.
	SHA256 string
	// Env are extra environment variables, "KEY=value". Names beginning with
	// PLUGIN_ or FIELDWARDEN_ are the host's.
	Env []string
	// MemoryLimit is the limit of the program's data segment in bytes. Zero:
	// DefaultMemoryLimit; negative: none (a binary built with -race needs that).
	MemoryLimit int64
}

// DefaultMemoryLimit is a connector's memory unless its Installation says else.
const DefaultMemoryLimit = 1 << 30

// Config is what a Host needs.
type Config struct {
	Connectors []Installation
	// WorkDir keeps the private copies of the programs; it is created with mode
	// 0700. Required.
	WorkDir string
	// ShimPath is a program that runs shim.Run for the subcommand shim.Command:
	// the server's own binary. Required.
	ShimPath string
	// Logger takes the host's lines and, with the attribute "connector", those
	// of the connectors. Required.
	Logger *slog.Logger
	// Clock is the wall clock by default.
	Clock clockwork.Clock
	// Timeouts and Restart have defaults for every zero field.
	Timeouts Timeouts
	Restart  RestartPolicy
	// MaxInFlightBytes bounds the memory that answers under way may take, over
	// all connectors; calls wait when it is used up. Zero: 64 MiB.
	MaxInFlightBytes int64
	// Observe is called before each call of a connector, with the connector's and the
	// verb's name; the call runs with the context that it returns, and the function is
	// called with the call's error. Optional.
	Observe func(ctx context.Context, connector, verb string) (context.Context, func(error))
	// OnChange is called after a connector's state has changed, outside any
	// lock; it must not block. Optional.
	OnChange func(Status)
}

// Timeouts are the deadlines of the boundary.
type Timeouts struct {
	// Start is from the launch to the first valid Describe. Zero: 10 s.
	Start time.Duration
	// Describe, Checklist, Identify and List (objects, fields) are deadlines of
	// one call. Zero: 5 s, 60 s, 30 s, 60 s.
	Describe, Checklist, Identify, List time.Duration
	// Check and Read are deadlines of one stream. Zero: 2 min, 30 min.
	Check, Read time.Duration
	// Idle is how long a stream may be silent. Zero: 60 s.
	Idle time.Duration
	// Stop is how long a connector may take to end when asked to. Zero: 1 s.
	Stop time.Duration
}

// RestartPolicy says what happens after crashes.
type RestartPolicy struct {
	// Backoff is the pause before the second restart within Window; it doubles
	// up to MaxBackoff. The first restart is at once. Zero: 100 ms, 1.5 s.
	Backoff, MaxBackoff time.Duration
	// Crashes within Window lead to quarantine. Zero: 5 in 10 min.
	Crashes int
	Window  time.Duration
}

func or[T int | int64 | time.Duration](value, fallback T) T {
	if value == 0 {
		return fallback
	}
	return value
}

// withDefaults fills zero fields.
func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = clockwork.NewRealClock()
	}
	t := &c.Timeouts
	t.Start = or(t.Start, 10*time.Second)
	t.Describe = or(t.Describe, 5*time.Second)
	t.Checklist = or(t.Checklist, time.Minute)
	t.Identify = or(t.Identify, 30*time.Second)
	t.List = or(t.List, time.Minute)
	t.Check = or(t.Check, 2*time.Minute)
	t.Read = or(t.Read, 30*time.Minute)
	t.Idle = or(t.Idle, time.Minute)
	t.Stop = or(t.Stop, time.Second)
	r := &c.Restart
	r.Backoff = or(r.Backoff, 100*time.Millisecond)
	r.MaxBackoff = or(r.MaxBackoff, 1500*time.Millisecond)
	r.Crashes = or(r.Crashes, 5)
	r.Window = or(r.Window, 10*time.Minute)
	c.MaxInFlightBytes = or(c.MaxInFlightBytes, 64<<20)
	return c
}

var (
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	sumPattern  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	envPattern  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
)

// validate returns the first mistake of the operator's. A program that is
// missing or broken is none: it is listed with its fault.
func (c Config) validate() error {
	invalid := func(key, format string, args ...any) error {
		return fault.New(fault.ConfigInvalid, fmt.Sprintf(key+": "+format, args...), fault.Detail("key", key))
	}
	switch {
	case c.WorkDir == "":
		return invalid("connectors.workDir", "is empty")
	case c.ShimPath == "":
		return invalid("connectors.shimPath", "is empty")
	case c.Logger == nil:
		return invalid("connectors.logger", "is missing")
	case c.MaxInFlightBytes < maxCallBytes:
		return invalid("connectors.maxInFlightBytes", "is %d, at least %d are needed for one call", c.MaxInFlightBytes, maxCallBytes)
	}
	seen := map[string]bool{}
	for _, installation := range c.Connectors {
		key := "connectors." + installation.Name
		switch {
		case !namePattern.MatchString(installation.Name):
			return invalid(key, "the name must be a lower-case letter, then lower-case letters, digits and dashes, 40 in all")
		case seen[installation.Name]:
			return invalid(key, "the name stands twice")
		case !filepath.IsAbs(installation.Path):
			return invalid(key+".path", "%q is not an absolute path", installation.Path)
		case installation.SHA256 != "" && !sumPattern.MatchString(installation.SHA256):
			return invalid(key+".sha256", "is not 64 lower-case hex digits")
		}
		seen[installation.Name] = true
		for _, variable := range installation.Env {
			name, _, _ := strings.Cut(variable, "=")
			if !envPattern.MatchString(variable) || strings.HasPrefix(name, "PLUGIN_") || strings.HasPrefix(name, "FIELDWARDEN_") {
				return invalid(key+".env", "%q is not KEY=value with a name of your own", name)
			}
		}
	}
	return nil
}
