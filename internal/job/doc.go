// Package job runs work in the background: enqueued inside a transaction of the
// store, run at least once, and completed inside a transaction too. It is River
// (v0.34.0) behind an interface of our own, on SQLite and on PostgreSQL.
//
// What River does not do, or not the same on both databases, is done here:
//
//   - Complete completes a job inside the caller's transaction and fences it by
//     its attempt: when another worker took the job over, the transaction fails.
//   - Jobs of a dead process are taken over: at the next start on SQLite, where
//     only one process runs; within seconds on PostgreSQL, where every process
//     has a heartbeat. A job knows how often its process died (Job.Crashes).
//   - A running job can be cancelled on SQLite as well.
//   - What River stores of an error is its code and message only; arguments are
//     ids only. Both stand in the database in clear text.
//
// River goes by real time; so do the delays here, whatever clock the store has.
package job
