package host

import "time"

// crashBudget decides, from the times of crashes alone, when a connector may be
// started again and when it may not at all.
type crashBudget struct {
	policy  RestartPolicy
	crashes []time.Time // within the window, oldest first
}

// record notes a crash and reports whether the budget is used up.
func (b *crashBudget) record(now time.Time) (exhausted bool) {
	b.crashes = append(b.crashes, now)
	b.forget(now)
	return len(b.crashes) >= b.policy.Crashes
}

// wait returns how long a start has to wait: nothing after the first crash, then
// doubling, counted from the last crash.
func (b *crashBudget) wait(now time.Time) time.Duration {
	b.forget(now)
	if len(b.crashes) < 2 {
		return 0
	}
	pause := b.policy.Backoff
	for range len(b.crashes) - 2 {
		pause = min(pause*2, b.policy.MaxBackoff)
	}
	last := b.crashes[len(b.crashes)-1]
	return max(0, pause-now.Sub(last))
}

func (b *crashBudget) reset() { b.crashes = nil }

func (b *crashBudget) forget(now time.Time) {
	for len(b.crashes) > 0 && now.Sub(b.crashes[0]) >= b.policy.Window {
		b.crashes = b.crashes[1:]
	}
}
