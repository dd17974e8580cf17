package world

import (
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// history is how far back the invented records reach.
const history = 3 * 365 * 24 * time.Hour

// block is the number of neighbouring records that a mass update touches at most.
const block = 400

// stamps gives records their times the way real CRMs get them: nearly a third came in one bulk load and share one
// stamp (more than any page), two fifths were changed in mass updates of up to a few hundred that share a stamp each,
// and the rest were edited one by one. Record numbers and stamps are not in the same order.
type stamps struct {
	seed  uint64
	start time.Time
	bulk  int // records below this number came in the bulk load
	mass  int // records below this number, and not bulk, were mass-updated
}

func newStamps(seed uint64, count int, end time.Time) stamps {
	return stamps{seed: seed, start: end.Add(-history), bulk: count * 3 / 10, mass: count * 7 / 10}
}

// of gives the stamps of record n in whole seconds; created is never after modified.
func (s *stamps) of(n int) (created, modified time.Time) {
	const total = uint64(history / time.Second)
	second := func(r uint64) time.Time { return s.start.Add(time.Duration(r%total) * time.Second) }
	mix := func(salt uint64, at int) uint64 { return crmsim.Mix(s.seed^salt, uint64(at)) }
	switch {
	case n < s.bulk:
		modified = s.start.Add(history * 2 / 5)
		return modified, modified
	case n < s.mass:
		modified = second(mix(0x67726f7570, s.group(n-s.bulk)))
	default:
		modified = second(mix(0x65646974, n))
	}
	age := time.Duration(mix(0x616765, n)%(200*24*3600)) * time.Second
	return modified.Add(-age), modified
}

// group numbers the mass update that touched the n-th record after the bulk load: each block has two, of unequal size.
func (s *stamps) group(n int) int {
	cut := 1 + int(crmsim.Mix(s.seed^0x6d617373, uint64(n/block))%(block-1))
	if n%block < cut {
		return 2 * (n / block)
	}
	return 2*(n/block) + 1
}
