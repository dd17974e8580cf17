package salesforce

import (
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// generator invents field values: what the world says of a record, in Salesforce's terms, and what only Salesforce
// knows. A value depends only on the seed, the object, the field and the record's number.
type generator struct {
	seed   uint64
	counts map[string]int // invented records per object
	world  *world.World
	stages []stage
	org    orgFacts
	roles  []dealRole // OpportunityContactRole records

	companies  memo[world.Company]
	people     memo[world.Person]
	leads      memo[world.Lead]
	deals      memo[world.Deal]
	users      memo[world.User]
	activities memo[world.Activity]
}

// dealRole says which contact of which deal an OpportunityContactRole is.
type dealRole struct {
	deal  int32
	place int8
}

// newGenerator prepares the invention of counts records per object, none changed after end.
func newGenerator(seed uint64, counts map[string]int, end time.Time, org orgFacts) *generator {
	g := &generator{
		seed: seed, counts: maps.Clone(counts), world: world.New(seed, sizeOf(counts), end), org: org, stages: stages(),
	}
	for deal := range counts["Opportunity"] {
		for place := range g.world.DealContacts(deal) {
			g.roles = append(g.roles, dealRole{int32(deal), int8(place)})
		}
	}
	g.counts["OpportunityContactRole"] = len(g.roles)
	g.counts["OpportunityStage"], g.counts["Organization"] = len(g.stages), 1
	return g
}

// sizeOf is the world with these numbers of records per object. Salesforce knows no teams, but rights follow them.
func sizeOf(counts map[string]int) world.Size {
	return world.Size{
		Companies: counts["Account"], People: counts["Contact"], Leads: counts["Lead"], Deals: counts["Opportunity"],
		Users: counts["User"], Teams: counts["User"] / 6, Roles: counts["UserRole"], Activities: counts["Task"],
	}
}

// stamps says when an invented record was created and last changed.
func (g *generator) stamps(object string, n int) (created, modified time.Time) {
	switch object {
	case "Account":
		return g.world.Stamps(world.KindCompany, n)
	case "Contact":
		return g.world.Stamps(world.KindPerson, n)
	case "Lead":
		return g.world.Stamps(world.KindLead, n)
	case "Opportunity":
		return g.world.Stamps(world.KindDeal, n)
	case "OpportunityContactRole":
		return g.world.Stamps(world.KindDeal, int(g.roles[n].deal))
	case "Task":
		return g.world.Stamps(world.KindActivity, n)
	case "User":
		return g.world.Stamps(world.KindUser, n)
	}
	// What an org is set up with: years ago, one after the other.
	setUp := g.world.End().AddDate(-3, 0, 0).Add(time.Duration(n) * time.Second)
	return setUp, setUp
}

// memo keeps the descriptions of the latest records asked for: a query reads several fields of one record in a row.
// It is safe for concurrent use, because descriptions never change.
type memo[T any] struct {
	slots [256]atomic.Pointer[described[T]]
}

type described[T any] struct {
	n     int
	value T
}

func (m *memo[T]) of(n int, describe func(int) T) *T {
	slot := &m.slots[n%len(m.slots)]
	if kept := slot.Load(); kept != nil && kept.n == n {
		return &kept.value
	}
	fresh := &described[T]{n, describe(n)}
	slot.Store(fresh)
	return &fresh.value
}

func (g *generator) company(n int) *world.Company   { return g.companies.of(n, g.world.Company) }
func (g *generator) person(n int) *world.Person     { return g.people.of(n, g.world.Person) }
func (g *generator) prospect(n int) *world.Lead     { return g.leads.of(n, g.world.Lead) }
func (g *generator) deal(n int) *world.Deal         { return g.deals.of(n, g.world.Deal) }
func (g *generator) employee(n int) *world.User     { return g.users.of(n, g.world.User) }
func (g *generator) activity(n int) *world.Activity { return g.activities.of(n, g.world.Activity) }

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
	if f.was != nil {
		f = f.was
	}
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
	switch t.object.name {
	case "Opportunity":
		return s.opportunityValue(t, r, f)
	case "Task":
		switch f.name {
		case "IsClosed":
			return s.sibling(t, r, "Status") == taskDone, true
		case "IsHighPriority":
			return s.sibling(t, r, "Priority") == "High", true
		}
	}
	return nil, false
}

// opportunityValue computes what follows from stage, amount and close date.
func (s *store) opportunityValue(t *table, r *row, f *field) (any, bool) {
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
	case "OpportunityContactRole":
		v = g.contactRole(f.name, n)
	case "OpportunityStage":
		v = g.stage(f.name, n)
	case "Organization":
		v = g.organization(f.name)
	case "Task":
		v = g.task(f.name, n)
	case "User":
		v = g.user(f.name, n)
	case "UserRole":
		v = g.role(f.name, n)
	}
	if v == nil && f.kind == "boolean" {
		return false
	}
	return v
}
