// Package store owns the database: opening, migrating, transactions, the feed,
// idempotency keys, audit entries and the bulk upsert of records. It runs on
// SQLite (one process, one file) and on PostgreSQL (many nodes), and is the only
// place with SQL of our own.
//
// Its rules:
//
//   - WithTx opens every transaction. It is short (2 s), makes no network or
//     connector call, does not nest, and never retries. Ent, the job engine and
//     raw SQL share its one *sql.Tx.
//   - Every read and write acts as the principal of the context. Without one it
//     is refused; with one it sees the principal's workspace only.
//   - The feed's sequence is given by the last statements of a transaction, under
//     the lock of the workspace's counter row. So the sequence follows the order
//     of commits and has no gaps, and a reader that knows the last sequence it
//     saw misses nothing.
//   - Times are UTC with microseconds, on both databases.
package store
