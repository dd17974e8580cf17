// Package crmsim holds the little that all CRM simulators share: serving on loopback only, guarding their control
// pages, and words to invent names from. Package world below it invents the business that all of them show; package
// control breaks, logs and steers them.
//
// A simulator plays one CRM well enough that a connector cannot tell the difference: the vendor's own paths, bodies
// and error texts, plus switches that take rights away or break the service on demand. Connector authors, the demo
// and our own tests use the same ones. Each vendor has a package of its own below this one.
//
// Invariants: a simulator never listens beyond loopback, never sends a request itself, and keeps all state in memory.
package crmsim
