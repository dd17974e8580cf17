package salesforce

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// generator invents field values. A value depends only on the seed, the object, the field and the record's number.
type generator struct {
	seed   uint64
	counts map[string]int // invented records per object
	end    time.Time      // the last moment of the invented history
	names  *crmsim.Names
	stages []stage
	org    orgFacts
	words  words
}

// words are the lists that invented values are picked from, made once.
type words struct {
	places                                       []place
	titles, departments, industries, leadSources []string
}

// newGenerator prepares the invention of counts records per object, none changed after end.
func newGenerator(seed uint64, counts map[string]int, end time.Time, org orgFacts) *generator {
	return &generator{
		seed: seed, counts: counts, end: end, org: org, names: crmsim.NewNames(), stages: stages(),
		words: words{
			places: places(), titles: jobTitles(), departments: departments(), industries: industries(),
			leadSources: leadSources(),
		},
	}
}

// orgFacts are what the Organization record says.
type orgFacts struct {
	id, name, instance string
	sandbox            bool
}

// textHash is FNV-1a: a fixed number for a name.
func textHash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// roll is the record's number for one trait of it.
func (g *generator) roll(object, trait string, n int) uint64 {
	return crmsim.Mix(g.seed^textHash(object)^textHash(trait)<<1, uint64(n))
}

// value reads a field of a record: what somebody set, what follows from other fields, else what is invented.
// It knows nothing of permissions.
func (s *store) value(t *table, r *row, f *field) any {
	if v, ok := r.values[f.name]; ok {
		return v
	}
	switch f.name {
	case "Id":
		return t.id(r)
	case "IsDeleted":
		return r.deleted
	case "CreatedDate":
		return r.created
	case "LastModifiedDate", "SystemModstamp":
		return r.modified
	case "CreatedById", "LastModifiedById":
		return recordIDOf("005", 0)
	}
	if f.kind == "address" {
		return s.address(t, r, f.name)
	}
	if v, ok := s.derivedValue(t, r, f); ok {
		return v
	}
	if r.made {
		if v, ok := blank(f); ok {
			return v
		}
	}
	return s.invented(t.object.name, f, r.number)
}

// blank is the value of a field nobody filled in; ok is false where Salesforce would have asked for one.
func blank(f *field) (value any, ok bool) {
	if f.name == "OwnerId" {
		return recordIDOf("005", 0), true
	}
	return f.defaultValue, f.defaultValue != nil || f.traits.has(nillable)
}

func (s *store) sibling(t *table, r *row, name string) any {
	f, ok := t.object.field(name)
	if !ok {
		return nil
	}
	return s.value(t, r, f)
}

func (s *store) address(t *table, r *row, compound string) any {
	prefix := strings.TrimSuffix(compound, "Address")
	address, filled := map[string]any{}, false
	for key, suffix := range map[string]string{
		"street": "Street", "city": "City", "state": "State", "postalCode": "PostalCode", "country": "Country",
		"latitude": "Latitude", "longitude": "Longitude", "geocodeAccuracy": "GeocodeAccuracy",
	} {
		address[key] = s.sibling(t, r, prefix+suffix)
		filled = filled || address[key] != nil
	}
	if !filled {
		return nil
	}
	return address
}

// derivedValue computes the fields that Salesforce computes from others, so that a touched record stays consistent.
func (s *store) derivedValue(t *table, r *row, f *field) (any, bool) {
	if f.name == "Name" && f.compound == "" && f.extra == "personname" {
		first, _ := s.sibling(t, r, "FirstName").(string)
		last, _ := s.sibling(t, r, "LastName").(string)
		return strings.TrimSpace(first + " " + last), true
	}
	if t.object.name != "Opportunity" {
		return nil, false
	}
	switch f.name {
	case "IsClosed", "IsWon", "Probability", "ForecastCategory", "ForecastCategoryName":
		return s.stageValue(s.sibling(t, r, "StageName"), f.name), true
	case "ExpectedRevenue":
		amount, ok := s.sibling(t, r, "Amount").(float64)
		if !ok {
			return nil, true
		}
		probability, _ := s.sibling(t, r, "Probability").(float64)
		return amount * probability / 100, true
	case "Fiscal", "FiscalYear", "FiscalQuarter":
		closes, _ := s.sibling(t, r, "CloseDate").(string)
		day, err := time.Parse(time.DateOnly, closes)
		if err != nil {
			return nil, true
		}
		quarter := (int(day.Month())-1)/3 + 1
		return map[string]any{
			"Fiscal": fmt.Sprintf("%d %d", day.Year(), quarter), "FiscalYear": day.Year(),
			"FiscalQuarter": quarter,
		}[f.name], true
	}
	return nil, false
}

func (s *store) stageValue(name any, fieldName string) any {
	var at stage
	for _, candidate := range s.gen.stages {
		if candidate.name == name {
			at = candidate
		}
	}
	switch fieldName {
	case "IsClosed":
		return at.closed
	case "IsWon":
		return at.won
	case "Probability", "DefaultProbability":
		return at.probability
	case "ForecastCategory":
		return at.forecast
	}
	return at.forecastName
}

// invented is a generated value; nil where real orgs mostly have none.
func (s *store) invented(object string, f *field, n int) any {
	g := s.gen
	var v any
	switch object {
	case "Account":
		v = g.account(f.name, n)
	case "Contact":
		v = g.contact(f.name, n)
	case "Lead":
		v = g.lead(f.name, n)
	case "Opportunity":
		v = g.opportunity(f.name, n)
	case "OpportunityStage":
		v = g.stage(f.name, n)
	case "Organization":
		v = g.organization(f.name)
	case "User":
		v = g.user(f.name, n)
	}
	if v == nil && f.kind == "boolean" {
		return false
	}
	return v
}
