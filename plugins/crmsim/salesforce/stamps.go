package salesforce

import (
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// history is how far back the invented records reach.
const history = 3 * 365 * 24 * time.Hour

// stamps gives every record its CreatedDate and SystemModstamp the way real orgs get them: nearly a third came in one
// bulk load and share one stamp (more than any page), two fifths were changed in mass updates of a few hundred that
// share a stamp each, and the rest were edited one by one. Record numbers and stamps are not in the same order.
type stamps struct {
	seed  uint64
	start time.Time
	bulk  int // records below this number came in the bulk load
	mass  int // records below this number, and not bulk, were mass-updated
	group []int
}

func newStamps(seed uint64, count int, end time.Time) *stamps {
	s := &stamps{seed: seed, start: end.Add(-history), bulk: count * 3 / 10, mass: count * 7 / 10}
	// Mass updates touch consecutive records in groups of 2 to 400.
	for n, g := s.bulk, 0; n < s.mass; g++ {
		size := 2 + int(crmsim.Mix(seed^0x6d617373, uint64(g))%399)
		for range min(size, s.mass-n) {
			s.group = append(s.group, g)
		}
		n += size
	}
	return s
}

// of gives the stamps of record n; created is never after modified.
func (s *stamps) of(n int) (created, modified time.Time) {
	total := uint64(history / time.Second)
	second := func(r uint64) time.Time { return s.start.Add(time.Duration(r%total) * time.Second) }
	switch {
	case n < s.bulk:
		modified = s.start.Add(history * 2 / 5).Truncate(time.Second)
		return modified, modified
	case n < s.mass:
		modified = second(crmsim.Mix(s.seed^0x67726f7570, uint64(s.group[n-s.bulk])))
	default:
		modified = second(crmsim.Mix(s.seed^0x65646974, uint64(n)))
	}
	age := time.Duration(crmsim.Mix(s.seed^0x616765, uint64(n))%(200*24*3600)) * time.Second
	return modified.Add(-age), modified
}
