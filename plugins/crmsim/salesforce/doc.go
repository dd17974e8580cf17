// Package salesforce simulates one Salesforce org on loopback: OAuth with a consent page, the REST API that a
// permission-checking and syncing connector needs, and switches for everything that can go wrong.
//
// It follows what the real service is known to answer, down to header names and error texts, so that a connector
// which works here works there. What it leaves out it refuses with an error that says so.
//
// # The parts
//
//   - catalog*.go: the objects and fields of a plain org, with their true names, types and flags
//   - permission.go, package.go: the one engine that decides what the integration user may see; every endpoint asks it
//   - oauth.go, token.go, authorization.go, identity.go: sign-in, tokens, rotation, revocation
//   - api.go, versions.go, limits.go, describe*.go: what the data API is and has
//   - query.go, soql_*.go, virtual.go, tooling.go, setup.go: SOQL over stored records and over rows made for a query
//   - replication.go, recyclebin.go: updated and deleted records
//   - bulk*.go: Bulk API 2.0 query jobs
//   - write*.go, collection.go, composite.go, batch.go: single and many records, many requests at once
//   - data*.go, table.go: the records, as the simulated business (package world) has them, and what was changed since
//   - fault*.go, controls*.go, state.go, hooks.go: the switches, the request log and the hooks for tests
//
// # Invariants
//
// A data request counts once against the daily limit, also a composite with 25 parts; only the parts of a batch count
// each. No token, code or secret ever
// enters the request log, the state answer or the process log. Everything lives in memory and ends with the process.
package salesforce
