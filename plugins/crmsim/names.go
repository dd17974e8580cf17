package crmsim

import "strings"

// Mix turns a seed and a position into an even 64-bit number (the finaliser of SplitMix64). Everything a simulator
// invents comes from it, so a value depends only on the seed and on where it stands, never on order or time.
func Mix(seed, position uint64) uint64 {
	x := seed + position*0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

// Pick chooses one of the values by the number r.
func Pick[T any](values []T, r uint64) T { return values[r%uint64(len(values))] }

// Words to invent names from. Returned by functions, so that nobody can change them.
func firstNames() []string {
	return strings.Fields(`Amara Anders Anika Beatriz Benoit Camille Carlos Chiara Daniel Divya Elena Emeka Erik Fatima
		Felix Grace Hanna Hiro Ines Ivan Jamal Jana Kofi Laila Lars Lena Linh Lucas Maeve Malik Marta Mei Mikael Nadia
		Noah Olga Omar Petra Priya Rafael Rosa Samir Sara Sofia Tariq Tom Uma Viktor Wanda Yara Yusuf Zoe`)
}

func lastNames() []string {
	return strings.Fields(`Abbott Adeyemi Almeida Andersson Baker Bauer Bianchi Campbell Castillo Chen Costa Dubois
		Eriksen Evans Farouk Fischer Garcia Gupta Haddad Hansen Hoffmann Ito Jansen Johnson Kaya Kim Kowalski Lambert
		Larsen Lopez Martin Mbeki Meyer Moreau Nakamura Nguyen Novak Okafor Olsen Patel Petrov Quinn Reyes Rossi Santos
		Schmidt Silva Singh Tanaka Thompson Usman Vargas Virtanen Weber Williams Yamada Zhang Zimmermann`)
}

func companyHeads() []string {
	return strings.Fields(`Alder Amber Atlas Beacon Birch Blue Bright Cedar Clear Cobalt Copper Coral Crown Delta Eagle
		Elm Ember Falcon First Granite Green Harbor Hazel Highland Iron Juniper Lake Lumen Maple Meridian North Oak
		Orchid Pacific Pine Pioneer Quartz Red River Sierra Silver Slate Solar Stone Summit Union Vector West Willow`)
}

func companyTails() []string {
	return strings.Fields(`Analytics Automation Bank Biotech Builders Capital Chemicals Clinics Components Consulting
		Data Dynamics Energy Engineering Foods Freight Hotels Industries Insurance Labs Logistics Machinery Materials
		Media Mills Motors Networks Partners Pharma Power Retail Robotics Security Shipping Software Steel Studios
		Systems Telecom Textiles Travel Utilities Ventures Water Works`)
}

func companyForms() []string { return strings.Fields("Inc. Ltd. GmbH LLC AG Corp. Group Co.") }

// Names invents people and companies from fixed word lists. The zero value is not usable; call NewNames.
type Names struct{ first, last, head, tail, form []string }

// NewNames prepares the word lists once.
func NewNames() *Names {
	return &Names{first: firstNames(), last: lastNames(), head: companyHeads(), tail: companyTails(), form: companyForms()}
}

// First gives a person's first name for the number r.
func (n *Names) First(r uint64) string { return Pick(n.first, r) }

// Last gives a family name for the number r.
func (n *Names) Last(r uint64) string { return Pick(n.last, r) }

// Company is an invented company.
type Company struct{ head, tail, form string }

// Distinct gives the i-th company of a seed. Within a round, names differ by their first two words; round counts how
// often all pairs of words have been used up before.
func (n *Names) Distinct(seed, i uint64) (company Company, round uint64) {
	pairs := uint64(len(n.head) * len(n.tail))
	// Stepping by a prime that does not divide the number of pairs meets each pair once per round.
	const step = 1_000_003
	at := (seed%pairs + i%pairs*step) % pairs
	return Company{
		n.head[at%uint64(len(n.head))], n.tail[at/uint64(len(n.head))], Pick(n.form, Mix(seed, i)),
	}, i / pairs
}

// Name is the company's name.
func (c Company) Name() string { return c.head + " " + c.tail + " " + c.form }

// Domain is the company's web domain, under the reserved .example.
func (c Company) Domain() string { return strings.ToLower(c.head+c.tail) + ".example" }
