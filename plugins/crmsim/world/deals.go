package world

import (
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

const day = 24 * time.Hour

// Deal describes deal n.
func (w *World) Deal(n int) Deal {
	stage := crmsim.Pick(w.words.stages, w.roll(KindDeal, "stage", n))
	d := Deal{
		Company: w.one(KindDeal, "company", n, w.size.Companies), Stage: stage.Key, Roll: w.roll(KindDeal, "roll", n),
		Kind:   crmsim.Pick([]DealKind{DealNewBusiness, DealNewBusiness, DealRenewal, DealExpansion}, w.roll(KindDeal, "kind", n)),
		Source: w.source(KindDeal, n), Owner: w.owner(KindDeal, n), Contacts: w.dealContacts(n),
	}
	d.Created, d.Modified = w.stamps[KindDeal].of(n)
	d.Name = fmt.Sprintf("%s %d", w.dealTitle(d), n+1)
	if w.chance(KindDeal, "amount", n, 90) {
		d.Amount = float64(5+w.roll(KindDeal, "amount", n)%2000) * 100
	}
	// A deal was closed when it was last changed; an open one is expected soon, or is a little overdue.
	closes := d.Modified
	if !stage.Closed {
		closes = w.end.Add(time.Duration(int(w.roll(KindDeal, "close", n)%200)-20) * day)
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
	limit := 1 + int(w.roll(KindDeal, "contacts", n)%3)
	company := w.one(KindDeal, "company", n, w.size.Companies)
	var contacts []DealContact
	for i, person := range w.colleagues(company, limit, w.roll(KindDeal, "person", n)) {
		role := crmsim.Pick(w.words.contactRoles, w.roll(KindDeal, "role", n)+uint64(i))
		contacts = append(contacts, DealContact{Person: person, Role: role, Primary: i == 0})
	}
	return contacts
}

// DealContacts counts the people of deal n without describing the deal.
func (w *World) DealContacts(n int) int { return len(w.dealContacts(n)) }

// MayViewDeal says whether a user may see a deal: see MayView. Nobody may see a deal that does not exist.
func (w *World) MayViewDeal(user, deal int) bool {
	return deal >= 0 && deal < w.size.Deals && w.MayView(user, w.owner(KindDeal, deal))
}

// MayView says whether a user may see what the owner keeps to those concerned: the owner's managers see it, so does the
// owner's team, and the integration user sees everything.
func (w *World) MayView(user, owner int) bool {
	switch {
	case user < 0 || user >= w.size.Users:
		return false
	case user == 0 || user == owner || w.manages(user, owner):
		return true
	}
	team := w.teamOf(owner)
	return team >= 0 && team == w.teamOf(user)
}

// manages says whether a user is above another in the reporting line.
func (w *World) manages(user, other int) bool {
	for at := managerOf(other); at >= 0; at = managerOf(at) {
		if at == user {
			return true
		}
	}
	return false
}

// Activity describes activity n.
func (w *World) Activity(n int) Activity {
	a := Activity{
		Kind:   crmsim.Pick(ActivityKinds(), w.roll(KindActivity, "kind", n)),
		Person: -1, Company: -1, Deal: -1, Owner: w.owner(KindActivity, n),
	}
	a.Subject = crmsim.Pick(w.words.subjects[a.Kind], w.roll(KindActivity, "subject", n))
	if a.Kind == ActivityNote || w.chance(KindActivity, "body", n, 50) {
		a.Body = crmsim.Pick(w.words.remarks, w.roll(KindActivity, "body", n))
	}
	a.Created, a.Modified = w.stamps[KindActivity].of(n)
	a.At, a.Done = a.Modified, true
	if (a.Kind == ActivityTask || a.Kind == ActivityMeeting) && w.chance(KindActivity, "open", n, 40) {
		a.At, a.Done = w.end.Add(time.Duration(1+w.roll(KindActivity, "due", n)%60)*day), false
	}
	if a.Kind == ActivityCall || a.Kind == ActivityMeeting {
		a.Minutes = 5 * (1 + int(w.roll(KindActivity, "minutes", n)%18))
	}
	w.relate(&a, n)
	return a
}

// relate ties an activity to a deal and its people, or to a person and their company.
func (w *World) relate(a *Activity, n int) {
	if deal := w.one(KindActivity, "deal", n, w.size.Deals); deal >= 0 && w.chance(KindActivity, "deal", n, 40) {
		a.Deal, a.Company = deal, w.one(KindDeal, "company", deal, w.size.Companies)
		if contacts := w.dealContacts(deal); len(contacts) > 0 {
			a.Person = contacts[0].Person
		}
		return
	}
	if a.Person = w.one(KindActivity, "person", n, w.size.People); a.Person >= 0 {
		a.Company = w.employer(a.Person)
	}
}
