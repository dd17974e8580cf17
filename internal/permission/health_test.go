package permission_test

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// health is the history of the integration's access as numbers: lost at the end of the
// day, lost on it, restored on it.
func (f *fixture) health(days int) [][3]int {
	f.t.Helper()
	found, err := f.permissions.Health(f.ctx, []string{f.integration.ID}, days)
	require.NoError(f.t, err)
	numbers := [][3]int{}
	for _, day := range found[f.integration.ID] {
		numbers = append(numbers, [3]int{day.Lost, day.LostDuring, day.RestoredDuring})
	}
	return numbers
}

func TestHealthIsCountedDayByDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		require.Equal(t, [][3]int{{0, 0, 0}}, f.health(30), "no day before the integration was made")

		showEmail, showPhone := f.crm.hide("Contact", "Email"), f.crm.hide("Contact", "Phone")
		f.crm.hide("Contact", "Fax") // not standardized
		f.nextDay()
		f.crm.hide("Opportunity", "") // with its fields
		f.nextDay()
		require.Equal(t, [][3]int{{0, 0, 0}, {2, 2, 0}, {3, 1, 0}}, f.health(30))

		showPhone()
		showEmail()
		f.crm.hide("Contact", "Title")
		f.nextDay()
		require.Equal(t, [][3]int{{0, 0, 0}, {2, 2, 0}, {3, 1, 0}, {2, 1, 2}}, f.health(30))

		require.NoError(t, f.mappings.Unmap(f.ctx, mapping.UnmapInput{
			IntegrationID: f.integration.ID, StandardField: "contact.title", Reason: "Not needed.", IdempotencyKey: f.key(),
		}))
		require.Equal(t, [3]int{1, 1, 2}, f.health(30)[3], "what is unmapped is not lost any more")
		f.nextDay()
		require.Equal(t, [][3]int{{1, 0, 0}}, f.health(1))
		require.Equal(t, [][3]int{{3, 1, 0}, {1, 1, 2}, {1, 0, 0}}, f.health(3))

		found, err := f.permissions.Health(f.ctx, []string{f.integration.ID}, 2)
		require.NoError(t, err)
		require.Equal(t, crm.LocalDate(clock.Now(), time.UTC), found[f.integration.ID][1].Date)
	})
}

// What was missing from the first check on is lost without ever having been there.
func TestHealthCountsWhatWasNeverThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		show := f.crm.hide("Opportunity", "")
		f.check(permission.Onboarding)
		f.nextDay()
		require.Equal(t, [][3]int{{1, 0, 0}, {1, 0, 0}}, f.health(30))
		show()
		f.nextDay()
		require.Equal(t, [][3]int{{1, 0, 0}, {1, 0, 0}, {0, 0, 1}}, f.health(30))
	})
}

func TestHealthRefusesOtherNumbersOfDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, clock)
		for _, days := range []int{-1, 0, permission.MaxHealthDays + 1} {
			_, err := f.permissions.Health(f.ctx, []string{f.integration.ID}, days)
			require.Equal(t, fault.BadInput, fault.CodeOf(err))
		}
		require.Len(t, f.health(permission.MaxHealthDays), 1)
	})
}

// Rows of another workspace are not counted.
func TestHealthStaysInItsWorkspace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.hide("Contact", "Email")
		f.nextDay()
		other, _ := storetest.Workspace(t, s)
		found, err := f.permissions.Health(other, []string{f.integration.ID}, 30)
		require.NoError(t, err)
		require.Empty(t, found)
	})
}
