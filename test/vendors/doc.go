// Package vendors plays with all bundled CRMs at once, from outside: one server
// process, the real connector processes and a simulator of each CRM.
package vendors
