package world

import (
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// Size says how many records of each kind a world has. Negative numbers count as 0; there is always user 0.
type Size struct{ Companies, People, Leads, Deals, Users, Teams, Roles, Activities int }

// Total adds all records up.
func (s Size) Total() int {
	return s.Companies + s.People + s.Leads + s.Deals + s.Users + s.Teams + s.Roles + s.Activities
}

// Spread divides a number of records over the kinds as a CRM would have them. The sum is total, but never less than
// the one integration user.
func Spread(total int) Size {
	users := min(25, max(1, total/100))
	s := Size{Users: users, Teams: users / 6, Roles: min(users/2, len(roleNames()))}
	rest := max(0, total-s.Total())
	s.Companies, s.Leads, s.Deals, s.Activities = rest*15/100, rest*15/100, rest/10, rest/5
	s.People = rest - s.Companies - s.Leads - s.Deals - s.Activities
	return s
}

// World is an invented business. It never changes and is safe for concurrent use.
type World struct {
	seed   uint64
	size   Size
	end    time.Time
	names  *crmsim.Names
	words  words
	stamps [kinds]stamps
}

// Kind is a kind of record that has a history.
type Kind uint64

// The kinds. Their numbers keep the chances of different kinds apart.
const (
	KindCompany Kind = iota
	KindPerson
	KindLead
	KindDeal
	KindUser
	KindActivity
	kinds
)

// New describes a world. No record was changed after end, except that open deals and activities lie ahead of it.
func New(seed uint64, size Size, end time.Time) *World {
	for _, n := range []*int{
		&size.Companies, &size.People, &size.Leads, &size.Deals, &size.Teams, &size.Roles, &size.Activities,
	} {
		*n = max(0, *n)
	}
	size.Users = max(1, size.Users)
	w := &World{seed: seed, size: size, end: end.UTC().Truncate(time.Second), names: crmsim.NewNames(), words: newWords()}
	for k, count := range map[Kind]int{
		KindCompany: size.Companies, KindPerson: size.People, KindLead: size.Leads, KindDeal: size.Deals, KindUser: size.Users,
		KindActivity: size.Activities,
	} {
		w.stamps[k] = newStamps(crmsim.Mix(seed, uint64(k)), count, w.end)
	}
	return w
}

// Size says how many records there are.
func (w *World) Size() Size { return w.size }

// End is the newest moment of the history.
func (w *World) End() time.Time { return w.end }

// Stamps says when record n of a kind was created and last changed, without describing the record.
func (w *World) Stamps(k Kind, n int) (created, modified time.Time) { return w.stamps[k].of(n) }

// roll is a record's number for one trait of it.
func (w *World) roll(k Kind, trait string, n int) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(trait) {
		h = (h ^ uint64(trait[i])) * 1099511628211
	}
	return crmsim.Mix(w.seed^h^uint64(k)<<56, uint64(n))
}

// chance is true for about percent of the records.
func (w *World) chance(k Kind, trait string, n int, percent uint64) bool {
	return w.roll(k, trait+"?", n)%100 < percent
}

// one picks a record among count, -1 when there are none.
func (w *World) one(k Kind, trait string, n, count int) int {
	if count == 0 {
		return -1
	}
	return int(w.roll(k, trait, n) % uint64(count))
}

// owner is a user other than the integration user, as long as there is one.
func (w *World) owner(k Kind, n int) int {
	if w.size.Users == 1 {
		return 0
	}
	return 1 + w.one(k, "owner", n, w.size.Users-1)
}
