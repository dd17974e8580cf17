package world

import "time"

// Address is a postal address. State is empty where addresses have none.
type Address struct{ Street, City, State, PostalCode, Country, CountryCode string }

// Company is an organisation that one sells to, buys from or works with. Domain is unique, under the reserved .example.
type Company struct {
	Name, Domain, Website, Phone, Description string
	Industry                                  Industry
	Kind                                      CompanyKind
	Employees                                 int
	Revenue                                   float64 // a year's, 0 when unknown
	Address                                   Address
	Owner                                     int // user
	Created, Modified                         time.Time
}

// Person is somebody at a company. Email is unique among people. Phone, Mobile, Department and Source may be empty.
type Person struct {
	First, Last, Email, Phone, Mobile, Title, Department string
	Source                                               Source
	Company                                              int // -1 for the few who belong to none
	Address                                              Address
	Owner                                                int // user
	Created, Modified                                    time.Time
}

// Lead is a person whom nobody has qualified yet, at a company that is not in the books: Person.Company is -1.
// ConvertedAt is zero unless the lead became a person at a company, sometimes with a deal.
type Lead struct {
	Person
	CompanyName, CompanyDomain                       string
	Industry                                         Industry
	Status                                           LeadStatus
	ConvertedAt                                      time.Time
	ConvertedCompany, ConvertedPerson, ConvertedDeal int // -1 for none
}

// Deal is a chance to sell. Company is -1 only in a world without companies; Contacts are people of that company, the
// first one primary, and may be empty.
type Deal struct {
	Name              string
	Company           int
	Stage             StageKey
	Roll              uint64    // an even random number for what only one CRM knows
	Amount            float64   // 0 when nobody has estimated it
	Close             time.Time // midnight UTC: past for closed deals, mostly future for open ones
	Kind              DealKind
	Source            Source // may be empty
	Owner             int    // user
	Contacts          []DealContact
	Created, Modified time.Time
}

// DealContact is a person's part in a deal.
type DealContact struct {
	Person  int
	Role    ContactRole
	Primary bool
}

// User is somebody who works in the CRM. User 0 is the integration user, outside every team, role and reporting line.
// The other users report to one another as a tree whose top is user 1.
type User struct {
	First, Last, Email, Title, Department string
	Role, Team, Manager                   int // -1 for none
	Active                                bool
	Created, Modified                     time.Time
}

// Team is a group of users; User.Team says who is in it.
type Team struct{ Name string }

// Role is a place in the hierarchy; the one role with Parent -1 is role 0.
type Role struct {
	Name   string
	Parent int
}

// Activity is something done or to be done: with a person, about a company or a deal, any of which may be -1.
// The person and the deal belong to the company.
type Activity struct {
	Kind                         ActivityKind
	Subject, Body                string
	At                           time.Time
	Minutes                      int // 0 for kinds that take no time
	Done                         bool
	Person, Company, Deal, Owner int
	Created, Modified            time.Time
}
