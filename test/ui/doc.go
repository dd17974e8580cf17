// Package ui tries the Integration UI as people use it: in Chromium, against a real
// server, real connectors and simulated CRMs. What the browser does stands in
// web/e2e; here is the world that it does it in, and the SQL statements of each
// GraphQL operation, which only the server can count.
package ui
