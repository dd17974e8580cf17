//go:build race

package schedule_test

// raced says that the race detector watches.
const raced = true
