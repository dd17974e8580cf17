package host

import (
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// State is what the catalogue says of an installed connector (requirement B3).
type State string

// States. StateNew, StateLoaded and StateFailing take calls; the others refuse
// them with the status' fault until Restart.
const (
	// StateNew: it was not started yet.
	StateNew State = "NEW"
	// StateLoaded: its manifest was read; the process runs, or is started by the
	// next call.
	StateLoaded State = "LOADED"
	// StateFailing: its last start failed; the next call tries again.
	StateFailing State = "FAILING"
	// StateQuarantined: it crashed too often.
	StateQuarantined State = "QUARANTINED"
	// StateIncompatible: it speaks another protocol version, or none.
	StateIncompatible State = "INCOMPATIBLE"
	// StateMissing: there is no file at its path.
	StateMissing State = "MISSING"
	// StateUntrusted: the file has another checksum than the expected one.
	StateUntrusted State = "UNTRUSTED"
	// StateBroken: it cannot be executed, or its manifest is invalid.
	StateBroken State = "BROKEN"
)

// Level says how far a protection can be relied on.
type Level string

// Levels of protection.
const (
	Enforced Level = "ENFORCED"
	Advisory Level = "ADVISORY"
)

// Protection is one thing that stands between a connector and the rest.
type Protection struct {
	Name  string
	Level Level
	Note  string
}

// Status is what the catalogue knows of one installed connector.
type Status struct {
	Name  string
	State State
	// Manifest is nil until the connector described itself.
	Manifest *crm.Manifest
	Path     string
	// SHA256 is the checksum of the file that runs, or the expected one.
	SHA256 string
	// SDK and ProtocolVersion are what it was built with; empty and 0 before
	// its first start.
	SDK             string
	ProtocolVersion int
	// PID is the running process; 0 when none runs.
	PID       int
	StartedAt time.Time
	// Protections of the last start.
	Protections []Protection
	// Crashes counts since the host was made.
	Crashes int
	// LastFault is the last failure to start or run; nil when there was none.
	LastFault *fault.Error
	// LastLines are the last lines the last process that failed had written, at
	// most 20, without secrets.
	LastLines []string
}

// stateOf tells which state a failure to start leads to; false means that it is
// worth trying again.
func stateOf(code fault.Code) (State, bool) {
	switch code {
	case fault.ConnectorNotFound:
		return StateMissing, true
	case fault.ConnectorChecksum:
		return StateUntrusted, true
	case fault.ConnectorProtocol:
		return StateIncompatible, true
	case fault.ConnectorNotExecutable, fault.ConnectorAnswer, fault.ConnectorTooLarge:
		return StateBroken, true
	default:
		return "", false
	}
}
