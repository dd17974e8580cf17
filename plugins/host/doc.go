// Package host starts connector programs, keeps them running and calls them.
//
// A connector is somebody else's program. The package assumes that it may be
// missing, changed, noisy, slow, hanging, crashing, greedy or lying, and makes
// each of these a typed error of that connector alone: the server starts and
// runs on, and other connectors are unaffected.
//
// From the outside in:
//
//	Host        the catalogue and the facade: methods in domain types (crm)
//	connector   supervisor of one installed program: start, restart, quarantine
//	process     one running process and its gRPC connection
//	starter     go-plugin's Runner: verified copy, shim, stdout filter, logs
//	shim        the process between host and connector (package shim)
//
// Invariants: a process never outlives its host by two seconds; nothing of the
// host's environment reaches it; every answer passes proto/validate before it
// becomes a domain value; a failed check never becomes a denial; an access token
// in flight never reaches a log line or an error text.
//
// It imports internal/crm, internal/fault and plugins/proto, nothing else of
// ours.
package host
