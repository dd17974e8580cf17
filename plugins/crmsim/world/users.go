package world

import (
	"fmt"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// MailDomain is the domain of the users' own mail addresses.
const MailDomain = "northwind-trading.example"

// span is how many users report to one manager.
const span = 5

// User describes user n.
func (w *World) User(n int) User {
	u := User{Role: w.roleOf(n), Team: w.teamOf(n), Manager: managerOf(n), Active: n <= 1 || w.chance(KindUser, "active", n, 94)}
	u.Created, u.Modified = w.stamps[KindUser].of(n)
	if n == 0 {
		u.First, u.Last, u.Email = "Integration", "User", "integration.user@"+MailDomain
		return u
	}
	u.First, u.Last = w.names.First(w.roll(KindUser, "first", n)), w.names.Last(w.roll(KindUser, "last", n))
	u.Email = mailAddress(u.First, u.Last, n, MailDomain)
	u.Department = "Sales"
	u.Title = crmsim.Pick(w.words.userTitles, w.roll(KindUser, "title", n))
	if n == 1 {
		u.Title, u.Department = "CEO", "Management"
	}
	return u
}

// managerOf: user 1 is at the top, and each manager has up to span reports.
func managerOf(n int) int {
	if n <= 1 {
		return -1
	}
	return 1 + (n-2)/span
}

func (w *World) teamOf(n int) int {
	if n <= 1 {
		return -1
	}
	return w.one(KindUser, "team", n, w.size.Teams)
}

// roleOf: user 1 holds the top role; a few users hold none.
func (w *World) roleOf(n int) int {
	switch {
	case n == 0 || w.size.Roles == 0:
		return -1
	case n == 1 || w.size.Roles == 1:
		return 0
	case !w.chance(KindUser, "role", n, 90):
		return -1
	}
	return 1 + w.one(KindUser, "role", n, w.size.Roles-1)
}

// Team describes team n.
func (w *World) Team(n int) Team { return Team{Name: numbered(teamNames(), n)} }

// Role describes role n. Each role has up to three below it.
func (w *World) Role(n int) Role {
	r := Role{Name: numbered(w.words.roles, n), Parent: -1}
	if n > 0 {
		r.Parent = (n - 1) / 3
	}
	return r
}

// numbered gives the n-th name, and names beyond the list a number.
func numbered(names []string, n int) string {
	if n < len(names) {
		return names[n]
	}
	return fmt.Sprintf("%s %d", names[n%len(names)], n/len(names)+1)
}
