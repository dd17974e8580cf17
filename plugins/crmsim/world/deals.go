package world

import (
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

const day = 24 * time.Hour

// Deal describes deal n.
func (w *World) Deal(n int) Deal {
	stage := crmsim.Pick(w.words.stages, w.roll(deals, "stage", n))
	d := Deal{
		Company: w.one(deals, "company", n, w.size.Companies), Stage: stage.Key, Roll: w.roll(deals, "roll", n),
		Kind:   crmsim.Pick([]DealKind{DealNewBusiness, DealNewBusiness, DealRenewal, DealExpansion}, w.roll(deals, "kind", n)),
		Source: w.source(deals, n), Owner: w.owner(deals, n), Contacts: w.dealContacts(n),
	}
	d.Created, d.Modified = w.stamps[deals].of(n)
	d.Name = fmt.Sprintf("%s %d", w.dealTitle(d), n+1)
	if w.chance(deals, "amount", n, 90) {
		d.Amount = float64(5+w.roll(deals, "amount", n)%2000) * 100
	}
	// A deal was closed when it was last changed; an open one is expected soon, or is a little overdue.
	closes := d.Modified
	if !stage.Closed {
		closes = w.end.Add(time.Duration(int(w.roll(deals, "close", n)%200)-20) * day) //nolint:gosec // small
	}
	d.Close = closes.Truncate(day)
	return d
}

func (w *World) dealTitle(d Deal) string {
	what := map[DealKind]string{DealNewBusiness: "New Business", DealRenewal: "Renewal", DealExpansion: "Expansion"}[d.Kind]
	if d.Company < 0 {
		return what
	}
	name, _ := w.companyName(d.Company)
	return name + " - " + what
}

// dealContacts are up to three people of the deal's company.
func (w *World) dealContacts(n int) []DealContact {
	limit := 1 + int(w.roll(deals, "contacts", n)%3) //nolint:gosec // small
	company := w.one(deals, "company", n, w.size.Companies)
	var contacts []DealContact
	for i, person := range w.colleagues(company, limit, w.roll(deals, "person", n)) {
		role := crmsim.Pick(w.words.contactRoles, w.roll(deals, "role", n)+uint64(i)) //nolint:gosec // small
		contacts = append(contacts, DealContact{Person: person, Role: role, Primary: i == 0})
	}
	return contacts
}

// DealContacts counts the people of deal n without describing the deal.
func (w *World) DealContacts(n int) int { return len(w.dealContacts(n)) }

// MayViewDeal says whether the deal's owner shares it with a user: the owner's managers see it, the owner's team sees
// it, and the integration user sees everything.
func (w *World) MayViewDeal(user, deal int) bool {
	if user < 0 || user >= w.size.Users || deal < 0 || deal >= w.size.Deals {
		return false
	}
	owner := w.owner(deals, deal)
	if user == 0 || user == owner {
		return true
	}
	if team := w.teamOf(owner); team >= 0 && team == w.teamOf(user) {
		return true
	}
	for at := managerOf(owner); at >= 0; at = managerOf(at) {
		if at == user {
			return true
		}
	}
	return false
}

// Activity describes activity n.
func (w *World) Activity(n int) Activity {
	a := Activity{
		Kind:   crmsim.Pick(ActivityKinds(), w.roll(activities, "kind", n)),
		Person: -1, Company: -1, Deal: -1, Owner: w.owner(activities, n),
	}
	a.Subject = crmsim.Pick(w.words.subjects[a.Kind], w.roll(activities, "subject", n))
	if a.Kind == ActivityNote || w.chance(activities, "body", n, 50) {
		a.Body = crmsim.Pick(w.words.remarks, w.roll(activities, "body", n))
	}
	a.Created, a.Modified = w.stamps[activities].of(n)
	a.At, a.Done = a.Modified, true
	if (a.Kind == ActivityTask || a.Kind == ActivityMeeting) && w.chance(activities, "open", n, 40) {
		a.At, a.Done = w.end.Add(time.Duration(1+w.roll(activities, "due", n)%60)*day), false //nolint:gosec // small
	}
	if a.Kind == ActivityCall || a.Kind == ActivityMeeting {
		a.Minutes = 5 * (1 + int(w.roll(activities, "minutes", n)%18)) //nolint:gosec // small
	}
	w.relate(&a, n)
	return a
}

// relate ties an activity to a deal and its people, or to a person and their company.
func (w *World) relate(a *Activity, n int) {
	if deal := w.one(activities, "deal", n, w.size.Deals); deal >= 0 && w.chance(activities, "deal", n, 40) {
		a.Deal, a.Company = deal, w.one(deals, "company", deal, w.size.Companies)
		if contacts := w.dealContacts(deal); len(contacts) > 0 {
			a.Person = contacts[0].Person
		}
		return
	}
	if a.Person = w.one(activities, "person", n, w.size.People); a.Person >= 0 {
		a.Company = w.employer(a.Person)
	}
}
