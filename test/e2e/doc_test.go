// Package e2e tests Fieldwarden from outside: GraphQL goes in at one end, and the
// Salesforce simulator stands at the other. Between them run the real server on
// SQLite and on PostgreSQL, the real connector process and real sockets; the names
// of the tests say what they promise.
//
// A test that needs an integration makes a site (a server with a CRM of its own)
// and shares it among its subtests. Nothing is stubbed but the wait before a
// suspected loss is probed again.
package e2e
