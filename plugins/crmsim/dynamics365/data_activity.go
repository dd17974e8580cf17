package dynamics365

import (
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

func number1(n int) string { return strconv.Itoa(n) }

// number5 pads to five digits, as account numbers are written.
func number5(n int) string {
	digits := strconv.Itoa(n)
	for len(digits) < 5 {
		digits = "0" + digits
	}
	return digits
}

// regarding is what an activity is about: the deal, else the person, else the company.
func regarding(a world.Activity) any {
	switch {
	case a.Deal >= 0:
		return refTo("opportunity", a.Deal)
	case a.Person >= 0:
		return refTo("contact", a.Person)
	}
	return refTo("account", a.Company)
}

// doneStatus are the status reasons of open and completed activities.
func doneStatus(table string, done bool) (state, status int) {
	open := map[string]int{"phonecall": 1, "email": 1, "appointment": 5, "task": 2}[table]
	completed := map[string]int{"phonecall": 2, "email": 3, "appointment": 3, "task": 5}[table]
	switch {
	case done:
		return 1, completed
	case table == "appointment":
		return 3, open // scheduled
	}
	return 0, open
}

func (s *store) activityValues(table string) func(int) func(string) any {
	return func(n int) func(string) any {
		a := s.world.Activity(n)
		state, status := doneStatus(table, a.Done)
		return func(column string) any {
			if table == "annotation" {
				return noteValue(a, column)
			}
			switch column {
			case "subject":
				return text(a.Subject)
			case "description":
				return text(a.Body)
			case "regardingobjectid":
				return regarding(a)
			case "scheduledstart":
				return a.At
			case "scheduledend":
				return a.At.Add(time.Duration(a.Minutes) * time.Minute)
			case "scheduleddurationminutes":
				return a.Minutes
			case "actualstart", "actualend", "senton":
				if a.Done {
					return a.At
				}
			case "actualdurationminutes":
				if a.Done && a.Minutes > 0 {
					return a.Minutes
				}
			case "directioncode":
				return n%2 == 0
			case "phonenumber":
				if a.Person >= 0 {
					return text(s.world.Person(a.Person).Phone)
				}
			case "prioritycode":
				return 1
			case "statecode":
				return state
			case "statuscode":
				return status
			}
			return nil
		}
	}
}

func noteValue(a world.Activity, column string) any {
	switch column {
	case "subject":
		return text(a.Subject)
	case "notetext":
		return text(a.Body)
	case "objectid":
		return regarding(a)
	case "objecttypecode":
		if about, ok := regarding(a).(ref); ok {
			return about.table
		}
	case "isdocument":
		return false
	}
	return nil
}

// partyValues: of each call, mail and meeting, party 2n is the user's side and 2n+1 the person's.
func (s *store) partyValues(n int) func(string) any {
	a := s.world.Activity(n / 2)
	table := map[world.ActivityKind]string{
		world.ActivityCall: "phonecall", world.ActivityEmail: "email", world.ActivityMeeting: "appointment",
	}[a.Kind]
	from, to := 1, 2
	if table == "appointment" {
		from, to = 7, 5
	}
	return func(column string) any {
		switch column {
		case "activityid":
			return ref{table, recordID(table, n/2)}
		case "partyid":
			if n%2 == 1 {
				return refTo("contact", a.Person)
			}
			return ref{"systemuser", s.users[max(a.Owner, 0)]}
		case "partyobjecttypecode":
			if n%2 == 1 {
				return "contact"
			}
			return "systemuser"
		case "participationtypemask":
			if n%2 == 1 {
				return to
			}
			return from
		case "addressused":
			if n%2 == 1 && a.Person >= 0 && table == "email" {
				return text(s.world.Person(a.Person).Email)
			}
		case "ispartydeleted":
			return false
		}
		return nil
	}
}

func (s *store) connectionValues(n int) func(string) any {
	deal := n / maxDealContacts
	d := s.world.Deal(deal)
	contact := d.Contacts[n%maxDealContacts]
	return func(column string) any {
		switch column {
		case "record1id":
			return refTo("opportunity", deal)
		case "record2id":
			return refTo("contact", contact.Person)
		case "record2roleid":
			return ref{"connectionrole", connectionRoleID(contact.Role)}
		case "name":
			p := s.world.Person(contact.Person)
			return joined(p.First, p.Last)
		case "ismaster":
			return true
		}
		return nil
	}
}

func connectionRoleID(r world.ContactRole) guid { return madeID("connectionrole:" + string(r)) }

func (s *store) userValues(n int) func(string) any {
	u := s.world.User(n)
	return func(column string) any {
		switch column {
		case "firstname":
			return text(u.First)
		case "lastname":
			return text(u.Last)
		case "internalemailaddress", "domainname", "windowsliveid":
			return u.Email
		case "title", "jobtitle":
			return text(u.Title)
		case "isdisabled":
			return !u.Active
		case "accessmode":
			if n == 0 {
				return 4 // non-interactive
			}
			return 0
		case "islicensed":
			return n != 0
		case "azureactivedirectoryobjectid":
			return madeID("entra:" + u.Email)
		case "businessunitid":
			return ref{"businessunit", unitID(unitOf(n))}
		case "organizationid":
			return organizationID()
		case "parentsystemuserid":
			if u.Manager >= 0 {
				return ref{"systemuser", s.users[u.Manager]}
			}
		case "positionid":
			return refTo("position", u.Role)
		}
		return nil
	}
}

func organizationID() guid { return madeID("organization") }
