// Package salesforce simulates one Salesforce org on loopback: OAuth with a consent page, the REST API that a
// permission-checking and syncing connector needs, and switches for everything that can go wrong.
//
// It follows what the real service is known to answer, down to header names and error texts, so that a connector
// which works here works there. What it leaves out it refuses with an error that says so.
//
// # The parts
//
//   - catalog*.go: the objects and fields of a plain org, with their true names, types and flags
//   - permission.go: the one engine that decides what the integration user may see; every endpoint asks it
//   - oauth.go, token.go, authorization.go, identity.go: sign-in, tokens, rotation, revocation
//   - api.go, versions.go, limits.go, describe*.go, query.go, soql_*.go, composite.go: the data API
//   - data*.go, table.go: the business of crmsim/world in Salesforce's terms, and what was changed in it
//   - fault.go, controls*.go, state.go: the switches, here and on the control page of crmsim/control
//
// # Invariants
//
// A data request counts once against the daily limit, also a composite with 25 parts. No token, code or secret ever
// enters the request log, the state answer or the process log. Everything lives in memory and ends with the process.
package salesforce
