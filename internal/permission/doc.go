// Package permission asks the CRM what the integration user may read and write,
// and keeps the verdicts: one check gives a snapshot per object, crm.Diff makes
// changes of two snapshots, and one transaction stores the new state, the change
// history, the feed entries and the alerts (design section 4, requirements J1 to
// J5).
//
// Invariants:
//
//   - No connector call runs inside a transaction, and all asked objects go in one
//     call.
//   - A check that fails, whole or for one object, changes no verdict: it marks it
//     stale with the reason and whose side failed (J4).
//   - A loss is SUSPECTED first. A persisted job probes again, unconditionally,
//     some seconds later and only then is the loss real and alerted (J5).
//   - A slow old answer never overwrites a newer one: checks of one integration
//     are applied one at a time, and an answer that was asked for before the
//     stored one is dropped.
//   - A check that finds nothing new writes nothing but the time of the check.
package permission
