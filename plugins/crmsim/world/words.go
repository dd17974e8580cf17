package world

// words are the lists that records are made of, prepared once.
type words struct {
	places                                          []Address
	titles, departments, userTitles, remarks, roles []string
	industries                                      []Industry
	sources                                         []Source
	stages                                          []Stage
	contactRoles                                    []ContactRole
	subjects                                        map[ActivityKind][]string
}

func newWords() words {
	return words{
		places: places(), titles: titles(), departments: departments(), userTitles: userTitles(), remarks: remarks(),
		roles: roleNames(), industries: Industries(), sources: Sources(), stages: Stages(), contactRoles: ContactRoles(),
		subjects: subjects(),
	}
}

// places are the cities that addresses lie in; the street is invented.
func places() []Address {
	return []Address{
		{"", "Austin", "TX", "78701", "United States", "US"},
		{"", "Boston", "MA", "02108", "United States", "US"},
		{"", "Chicago", "IL", "60601", "United States", "US"},
		{"", "Denver", "CO", "80202", "United States", "US"},
		{"", "San Francisco", "CA", "94105", "United States", "US"},
		{"", "Toronto", "ON", "M5H 2N2", "Canada", "CA"},
		{"", "London", "", "EC2A 4NE", "United Kingdom", "GB"},
		{"", "Berlin", "", "10115", "Germany", "DE"},
		{"", "München", "", "80331", "Germany", "DE"},
		{"", "Paris", "", "75002", "France", "FR"},
		{"", "Singapore", "", "018956", "Singapore", "SG"},
		{"", "Sydney", "NSW", "2000", "Australia", "AU"},
		{"", "Dublin", "", "D02 X285", "Ireland", "IE"},
	}
}

func titles() []string {
	return []string{
		"Account Executive", "CEO", "CFO", "CTO", "Director of Sales", "Head of Procurement", "IT Manager",
		"Marketing Manager", "Operations Manager", "Software Engineer", "VP Engineering", "VP Marketing", "VP Sales",
	}
}

func departments() []string {
	return []string{"Engineering", "Finance", "IT", "Marketing", "Operations", "Procurement", "Sales"}
}

func userTitles() []string {
	return []string{
		"Account Executive", "Account Manager", "Business Development Representative", "Customer Success Manager",
		"Sales Engineer", "Sales Manager",
	}
}

func roleNames() []string {
	return []string{
		"CEO", "VP Sales", "VP Customer Success", "Sales Director Americas", "Sales Director EMEA", "Sales Director APAC",
		"Account Management", "Inside Sales", "Enterprise Sales", "Customer Support", "Channel Sales", "Sales Operations",
	}
}

func teamNames() []string {
	return []string{"Americas", "EMEA", "APAC", "Enterprise", "Mid-Market", "Partners"}
}

func remarks() []string {
	return []string{
		"Notes from the last call:\nasked for \"pricing\" and a reference.",
		"Prefers e-mail; don't call before 10 a.m.",
		"Budget is decided in Q3 & needs <two> signatures.",
		"Met at the trade fair; wants a demo of the new release. Größe: 200 Plätze.",
	}
}

func subjects() map[ActivityKind][]string {
	return map[ActivityKind][]string{
		ActivityCall:    {"Call about pricing", "Discovery call", "Follow-up call", "Renewal call"},
		ActivityEmail:   {"Sent proposal", "Answered questions on security", "Introduction", "Thank you for the meeting"},
		ActivityMeeting: {"Demo", "Kick-off", "Quarterly business review", "Negotiation"},
		ActivityTask:    {"Send quote", "Prepare contract", "Check references", "Update forecast"},
		ActivityNote:    {"Notes from the meeting", "Competitor mentioned", "Change of contact"},
	}
}
