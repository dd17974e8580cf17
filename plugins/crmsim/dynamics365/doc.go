// Package dynamics365 simulates one Dynamics 365 environment (Dataverse Web API v9.2) and its Entra ID tenant on
// loopback: sign-in with a consent page, metadata, privileges, queries, batches, simple writes, and switches for
// everything that can go wrong.
//
// It follows what the real service is known to answer, down to codes and texts, so that a connector which works here
// works there; the npm client dynamics-web-api runs against it unmodified. What it leaves out it refuses with an error
// that says so (status 501).
//
// # The parts
//
//   - catalog/, catalog*.go: the tables and columns, in a compact notation of our own
//   - rights.go: the one engine that decides what the integration user may see; every endpoint asks it
//   - entra.go, authorize.go, tokens.go: sign-in and tokens
//   - api.go, call.go, batch.go, records.go, functions.go: the Web API's paths
//   - metadata*.go, definitions.go, csdl.go: EntityDefinitions, RetrieveMetadataChanges, $metadata
//   - odata_*.go, query.go, rows.go, results.go, expand.go, cookie.go, delta.go, fetch.go: reading
//   - write*.go, actions.go: writing, as far as clients need it to run
//   - data*.go, store.go: the world's records as tables and rows
//   - fault.go, limits.go, controls*.go, panel.go: the switches
//
// # What is simplified
//
// One integration user (user 0) stands for whoever signs in and for the application user of client credentials. It
// has one role, "Fieldwarden Integration"; rights of an object on the control page are that role's privileges, so
// switching one activity table switches all of them, which share prvReadActivity. Depths are object conditions
// ("depth:Basic" and so on, of the read privilege). Access tokens end when the authorization is revoked, as continuous
// access evaluation does. Where the real service's wire shape is not known for sure, the likeliest one was taken.
//
// # Invariants
//
// A request, and a batch, counts once against the limit. No token, code or secret ever enters the request log, the
// state answer or the process log. Everything lives in memory and ends with the process.
package dynamics365
