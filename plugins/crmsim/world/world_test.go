package world_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

var end = time.Date(2026, time.May, 31, 0, 0, 0, 0, time.UTC)

func sizes() *rapid.Generator[world.Size] {
	return rapid.Custom(func(r *rapid.T) world.Size {
		n := func(label string, most int) int { return rapid.IntRange(0, most).Draw(r, label) }
		return world.Size{
			Companies: n("companies", 60), People: n("people", 200), Leads: n("leads", 60), Deals: n("deals", 60),
			Users: n("users", 40), Teams: n("teams", 5), Roles: n("roles", 20), Activities: n("activities", 60),
		}
	})
}

// record gives any record by kind and number.
func record(w *world.World, kind string, n int) any {
	switch kind {
	case "company":
		return w.Company(n)
	case "person":
		return w.Person(n)
	case "lead":
		return w.Lead(n)
	case "deal":
		return w.Deal(n)
	case "user":
		return w.User(n)
	case "team":
		return w.Team(n)
	case "role":
		return w.Role(n)
	default:
		return w.Activity(n)
	}
}

func counts(s world.Size) map[string]int {
	return map[string]int{
		"company": s.Companies, "person": s.People, "lead": s.Leads, "deal": s.Deals, "user": s.Users, "team": s.Teams,
		"role": s.Roles, "activity": s.Activities,
	}
}

// TestRecordsFollowFromTheirNumber: a second world of the same seed and size tells the same, whatever was asked before,
// backwards and from many goroutines.
func TestRecordsFollowFromTheirNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		seed, size := rapid.Uint64().Draw(r, "seed"), sizes().Draw(r, "size")
		one, other := world.New(seed, size, end), world.New(seed, size, end)
		require.Equal(r, one.Size(), other.Size())
		var group sync.WaitGroup
		for kind, count := range counts(one.Size()) {
			forwards := make([]any, count)
			for n := range count {
				forwards[n] = record(one, kind, n)
			}
			group.Go(func() {
				for n := count - 1; n >= 0; n-- {
					if diff := cmp.Diff(forwards[n], record(other, kind, n)); diff != "" {
						r.Errorf("%s %d: %s", kind, n, diff)
					}
				}
			})
		}
		group.Wait()
	})
}

func TestAnotherSeedIsAnotherWorld(t *testing.T) {
	t.Parallel()
	size := world.Spread(500)
	one, other := world.New(1, size, end), world.New(2, size, end)
	for kind, count := range counts(size) {
		same := 0
		for n := range count {
			if cmp.Equal(record(one, kind, n), record(other, kind, n)) {
				same++
			}
		}
		if kind == "team" || kind == "role" {
			continue // their names are a fixed list
		}
		require.LessOrEqual(t, same, 1+count/10, kind)
	}
}

// TestReferencesAreValid: each is -1 or the number of an existing record, and what belongs together does.
func TestReferencesAreValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := world.New(rapid.Uint64().Draw(r, "seed"), sizes().Draw(r, "size"), end)
		s := w.Size()
		within := func(n, count int) { require.True(r, n >= -1 && n < count, "%d of %d", n, count) }
		owned := func(n int) { require.True(r, n >= 0 && n < s.Users, "owner %d of %d", n, s.Users) }
		for n := range s.Companies {
			owned(w.Company(n).Owner)
		}
		for n := range s.People {
			within(w.Person(n).Company, s.Companies)
			owned(w.Person(n).Owner)
		}
		for n := range s.Leads {
			lead := w.Lead(n)
			owned(lead.Owner)
			within(lead.ConvertedDeal, s.Deals)
			require.Equal(r, -1, lead.Company)
			require.Equal(r, lead.ConvertedAt.IsZero(), lead.ConvertedPerson < 0)
			if lead.ConvertedAt.IsZero() {
				require.Equal(r, [2]int{-1, -1}, [2]int{lead.ConvertedCompany, lead.ConvertedDeal})
				continue
			}
			require.Equal(r, world.LeadQualified, lead.Status)
			require.Equal(r, lead.ConvertedCompany, w.Person(lead.ConvertedPerson).Company)
			require.False(r, lead.ConvertedAt.Before(lead.Created) || lead.ConvertedAt.After(lead.Modified))
			if lead.ConvertedDeal >= 0 {
				require.Equal(r, lead.ConvertedCompany, w.Deal(lead.ConvertedDeal).Company)
			}
		}
		for n := range s.Deals {
			deal := w.Deal(n)
			within(deal.Company, s.Companies)
			owned(deal.Owner)
			require.Equal(r, len(deal.Contacts), w.DealContacts(n))
			seen := map[int]bool{}
			for i, contact := range deal.Contacts {
				require.Equal(r, deal.Company, w.Person(contact.Person).Company)
				require.Equal(r, i == 0, contact.Primary)
				require.False(r, seen[contact.Person], "each person once")
				seen[contact.Person] = true
			}
		}
		for n := range s.Users {
			user := w.User(n)
			within(user.Role, s.Roles)
			within(user.Team, s.Teams)
			require.Less(r, user.Manager, max(n, 1), "managers come first, so there is no ring")
		}
		for n := range s.Roles {
			require.Less(r, w.Role(n).Parent, max(n, 1))
		}
		for n := range s.Activities {
			at := w.Activity(n)
			within(at.Company, s.Companies)
			owned(at.Owner)
			if at.Deal >= 0 {
				require.Equal(r, at.Company, w.Deal(at.Deal).Company)
			}
			if at.Person >= 0 {
				require.Equal(r, at.Company, w.Person(at.Person).Company)
			}
		}
	})
}

// TestNamesAreUnique: companies by name and domain, also those of leads against those in the books; people by mail.
func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	w := world.New(7, world.Size{Companies: 10_000, People: 10_000, Leads: 2_000, Users: 50}, end)
	names, domains, mails := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for n := range 10_000 {
		company, person := w.Company(n), w.Person(n)
		require.False(t, names[company.Name] || domains[company.Domain] || mails[person.Email], "%d: %v", n, company)
		names[company.Name], domains[company.Domain], mails[person.Email] = true, true, true
		require.True(t, strings.HasSuffix(company.Domain, ".example"))
	}
	for n := range 2_000 {
		require.False(t, domains[w.Lead(n).CompanyDomain])
	}
}

func TestMayViewDeal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		size := sizes().Draw(r, "size")
		size.Deals, size.Users = size.Deals+1, size.Users+1
		w := world.New(rapid.Uint64().Draw(r, "seed"), size, end)
		deal := rapid.IntRange(0, size.Deals-1).Draw(r, "deal")
		owner := w.Deal(deal).Owner
		above := map[int]bool{}
		for at := w.User(owner).Manager; at >= 0; at = w.User(at).Manager {
			above[at] = true
		}
		for user := range size.Users {
			sameTeam := w.User(owner).Team >= 0 && w.User(owner).Team == w.User(user).Team
			want := user == 0 || user == owner || above[user] || sameTeam
			require.Equal(r, want, w.MayViewDeal(user, deal), "user %d, owner %d", user, owner)
		}
		require.False(r, w.MayViewDeal(-1, deal) || w.MayViewDeal(size.Users, deal))
		require.False(r, w.MayViewDeal(0, -1) || w.MayViewDeal(0, size.Deals))
	})
}

// TestSellersSeeDifferentDeals: record rights hide something from most users, else nothing could be tested with them.
func TestSellersSeeDifferentDeals(t *testing.T) {
	t.Parallel()
	w := world.New(0, world.Spread(3000), end)
	visible := func(user int) (n int) {
		for deal := range w.Size().Deals {
			if w.MayViewDeal(user, deal) {
				n++
			}
		}
		return n
	}
	require.Equal(t, w.Size().Deals, visible(0))
	require.Equal(t, w.Size().Deals, visible(1), "everybody reports to user 1 in the end")
	for user := 10; user < w.Size().Users; user++ {
		require.Positive(t, visible(user))
		require.Less(t, visible(user), w.Size().Deals*3/4)
	}
}

// TestHistory: stamps lie in order within the history, and reading by stamp meets all its difficulties.
func TestHistory(t *testing.T) {
	t.Parallel()
	w := world.New(3, world.Size{People: 10_000, Deals: 2_000, Activities: 500}, end)
	perStamp := map[time.Time]int{}
	ordered := true
	var last time.Time
	for n := range 10_000 {
		p := w.Person(n)
		created, modified := w.Stamps(world.KindPerson, n)
		require.Equal(t, [2]time.Time{created, modified}, [2]time.Time{p.Created, p.Modified})
		require.False(t, p.Modified.Before(p.Created) || p.Modified.After(end) || p.Modified.Nanosecond() != 0)
		perStamp[p.Modified]++
		ordered, last = ordered && !p.Modified.Before(last), p.Modified
	}
	require.False(t, ordered)
	most, shared := 0, 0
	for _, n := range perStamp {
		most = max(most, n)
		if n > 1 && n <= 400 {
			shared++
		}
	}
	require.GreaterOrEqual(t, most, 3_000, "one bulk load")
	require.Greater(t, shared, 10, "mass updates")
	require.Greater(t, len(perStamp), 2_500, "single changes")
	stages := map[world.StageKey]world.Stage{}
	for _, stage := range world.Stages() {
		stages[stage.Key] = stage
	}
	for n := range 2_000 {
		deal := w.Deal(n)
		require.Equal(t, deal.Close, deal.Close.Truncate(24*time.Hour))
		if stages[deal.Stage].Closed {
			require.False(t, deal.Close.After(end))
		} else {
			require.True(t, deal.Close.After(end.AddDate(0, 0, -21)))
		}
	}
	for n := range 500 {
		at := w.Activity(n)
		require.Equal(t, at.Done, !at.At.After(end))
		require.NotEmpty(t, at.Subject)
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		total := rapid.IntRange(-5, 300_000).Draw(r, "total")
		size := world.Spread(total)
		require.Equal(r, max(1, total), size.Total())
		for kind, count := range counts(size) {
			require.GreaterOrEqual(r, count, 0, kind)
		}
		require.GreaterOrEqual(r, size.Users, 1)
	})
}

func TestSizesAreMadeSensible(t *testing.T) {
	t.Parallel()
	require.Equal(t, world.Size{Users: 1}, world.New(0, world.Size{Companies: -1, Deals: -3}, end).Size())
}

// BenchmarkNew200k makes a world of 200,000 records; describing them happens when they are read.
func BenchmarkNew200k(b *testing.B) {
	for b.Loop() {
		w := world.New(1, world.Spread(200_000), end)
		require.Equal(b, 200_000, w.Size().Total())
	}
}

func BenchmarkPerson(b *testing.B) {
	w := world.New(1, world.Spread(200_000), end)
	for b.Loop() {
		_ = w.Person(77_777)
	}
}

func BenchmarkDeal(b *testing.B) {
	w := world.New(1, world.Spread(200_000), end)
	for b.Loop() {
		_ = w.Deal(7_777)
	}
}
