// Package simulated starts the bundled CRM simulators on this machine and points a
// server's configuration at them: for a first look (serve --dev), the
// demonstration, tests and benchmarks.
//
// Each simulator listens on an address of its own; every one of them shows the one
// control page, with all that were started together.
package simulated
