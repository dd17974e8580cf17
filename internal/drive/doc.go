// Package drive uses a Fieldwarden from outside, as its users do: it starts the
// server's own process, talks GraphQL over HTTP and websocket, and clicks through
// a CRM's consent page. The demonstration, the end-to-end and chaos tests and the
// benchmarks are written with it; the server itself never imports it.
package drive
