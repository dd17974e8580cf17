// Package hubspot simulates one HubSpot portal on loopback: OAuth with a consent page, private-app tokens, and the CRM
// API that a permission-checking and syncing connector needs, with switches for everything that can go wrong.
//
// It answers what HubSpot is known to answer, down to success codes, header names and error texts, so that a connector
// which works here works there; the official Node client runs against it unmodified. What it leaves out (exports,
// webhooks and their journal, merges, property history) it refuses with an error that says so.
//
// # The parts
//
//   - catalog.go, catalog/, labels.go, options.go: the property definitions of a plain portal
//   - objects.go, scopes.go: object types, their ids and the scopes they need
//   - authorize.go, token.go, grants.go, introspect.go, account.go: installing the app, tokens, the account
//   - api.go, location.go, limits.go, reply.go, errors.go, fault.go: how a request is met, counted, refused and answered
//   - properties.go, schemas.go, records.go, search.go, filter.go, write.go, batch*.go: definitions and records
//   - link_types.go, links.go, associations*.go, pipelines.go, owners.go: what records refer to
//   - table.go, invent*.go, derive.go: the invented records, the same for the same seed
//   - controls.go, board.go: the switches
//
// # Invariants
//
// Reading an unknown property is no error, as in HubSpot: the name is left out. A token acts for the portal, never for
// a person. No token, code or secret enters the request log, the state answer or the process log. Everything lives in
// memory and ends with the process.
package hubspot
