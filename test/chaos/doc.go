// Package chaos kills real processes and looks at what is left: servers and
// connectors under kill -9, servers that share one PostgreSQL.
//
// It holds tests only. The moments of the kills are random; a test prints its
// seed, and FIELDWARDEN_CHAOS_SEED repeats it. FIELDWARDEN_LONG_TESTS makes more
// kills.
package chaos
