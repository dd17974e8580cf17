package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScenario11RevokedFieldThatIsNotStandardized: it disappears from the list and
// from search, nothing is alerted, and the tombstone shows on demand only
// (requirements I2, I3, I9).
func TestScenario11RevokedFieldThatIsNotStandardized(t *testing.T) {
	t.Parallel()
	eachVendor(t, func(t *testing.T, url string, v vendor) {
		i := newSite(t, url, siteOptions{vendor: v}).active(t)
		name := fieldOf(v.idle)
		require.Equal(t, "ACTIVE", i.fields(t, v.contact, fmt.Sprintf("search: %q", name))[name].Status)
		before := i.openRules(t)

		i.setRead(t, false, v.idle)
		i.check(t)
		eventually(t, "the confirmed loss", func() bool {
			_, listed := i.fields(t, v.contact, "")[name]
			return !listed
		})
		require.Empty(t, i.fields(t, v.contact, fmt.Sprintf("search: %q", name)), "absent from search")
		require.Equal(t, before, i.openRules(t), "no alert")
		found := i.search(t, v.contact, name)
		require.Equal(t, 1, found.MatchCounts.Inaccessible)
		require.NotNil(t, found.EmptySearch, "what the absence means")
		require.Equal(t, 1, found.EmptySearch.InaccessibleMatches)
		require.Contains(t, found.EmptySearch.Message, "no permission")
		require.NotEmpty(t, found.EmptySearch.Steps)
		tombstone := i.fields(t, v.contact, fmt.Sprintf("includeInaccessible: true, search: %q", name))[name]
		require.Equal(t, "INACCESSIBLE", tombstone.Status, "listed on demand")
		require.NotEmpty(t, tombstone.Cause)

		i.setRead(t, true, v.idle)
		i.check(t)
		require.Equal(t, "ACTIVE", i.fields(t, v.contact, fmt.Sprintf("search: %q", name))[name].Status)
		require.Nil(t, i.search(t, v.contact, name).EmptySearch)
		require.Equal(t, before, i.openRules(t))
	})
}

type searched struct {
	MatchCounts struct{ Active, Inaccessible int }
	EmptySearch *struct {
		Message             string
		Steps               []string
		InaccessibleMatches int
	}
}

// search is what the screen of an object's fields says of a search.
func (i *integration) search(t *testing.T, object, text string) searched {
	t.Helper()
	var found struct{ Object searched }
	i.look(t, fmt.Sprintf(`object(name: %q) { matchCounts(search: %q) { active inaccessible }
		emptySearch(search: %q) { message steps inaccessibleMatches } }`, object, text, text), &found)
	return found.Object
}
