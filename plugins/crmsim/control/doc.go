// Package control is what all CRM simulators share for being steered and watched: the rules that break requests on
// demand (Faults), the request log (Journal), and one control page with one control API for any number of simulators.
//
// A simulator describes itself as a Panel: its objects and fields with the rights that can be switched, its own
// switches, its faults and its log. The page and the API are made from that description alone.
//
// Invariants: no token, code, secret, header or form reaches the request log or a state answer. The control API
// answers under loopback names only and never to another site's page.
package control
