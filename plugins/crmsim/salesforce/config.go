package salesforce

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// The app that is registered when Config names none.
const (
	DefaultClientID     = "3MVG9.fieldwarden.simulator"
	DefaultClientSecret = "simulator-consumer-secret"
	defaultOrgID        = "00D8Z0000000001"
)

// Config describes the org to simulate. The zero value is a production org with a few thousand records.
type Config struct {
	Seed uint64 // another seed, another org; the same seed, the same records
	// Records per object (Account, Contact, Lead, Opportunity, Task, User, UserRole); others keep their default.
	// OpportunityContactRole follows from the opportunities.
	Records map[string]int
	Clock   clockwork.Clock
	Logger  *slog.Logger

	ClientID, ClientSecret string // the registered app; an empty secret with an id makes a public client
	AppName                string // shown on the consent page
	// RedirectURIs are matched exactly. Without any, every loopback URI on any port and path is accepted.
	RedirectURIs []string
	RequirePKCE  bool // refuse authorization requests without code_challenge
	// RotateRefreshTokens makes each refresh return a new refresh token; using an old one revokes the authorization.
	RotateRefreshTokens bool
	AccessTokenTTL      time.Duration // default 2 h
	CodeTTL             time.Duration // default 15 min
	// MaxAuthorizations per user: the oldest is revoked beyond it. Default 5 as in Salesforce; negative means any number.
	MaxAuthorizations int

	Sandbox bool
	OrgID   string // 15 or 18 characters, starting 00D
	OrgName string

	AppInstalled bool // whether the LinkedIn app is installed; Controls.SetAppInstalled changes it

	DailyRequests   int // API calls in a rolling 24 hours; default 100,000; negative means unlimited
	MaxPageRows     int // cap on rows per query page, as wide rows have it in Salesforce; default 2,000
	MaxBulkRows     int // cap on rows per page of a bulk job's results; default 50,000
	MaxOpenCursors  int // query locators per authorization; default 10, the oldest is dropped
	JournalCapacity int // requests kept in the request log; default 1,000
}

// Spread divides a number of records over the objects as an org would have them, for Config.Records.
// OpportunityContactRole comes on top.
func Spread(records int) map[string]int {
	size := world.Spread(records)
	return map[string]int{
		"User": size.Users, "UserRole": size.Roles, "Account": size.Companies, "Lead": size.Leads, "Opportunity": size.Deals,
		"Task": size.Activities, "Contact": size.People + size.Teams, // Salesforce has no records for teams
	}
}

// historyEnd is the latest stamp of an invented record, fixed so that the same seed gives the same org on any day.
func historyEnd(clock clockwork.Clock) time.Time {
	end := time.Date(2026, time.May, 31, 0, 0, 0, 0, time.UTC)
	if earlier := clock.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1); earlier.Before(end) {
		return earlier
	}
	return end
}

// withDefaults fills in what was left out and checks the rest.
func (c Config) withDefaults() (Config, error) {
	records := map[string]int{
		"Account": 400, "Contact": 1200, "Lead": 600, "Opportunity": 500, "Task": 800, "User": 25, "UserRole": 8,
	}
	for name, n := range c.Records {
		if _, ok := records[name]; !ok {
			return c, fmt.Errorf("salesforce simulator: Records names %q; it makes Account, Contact, Lead, Opportunity, "+
				"Task, User and UserRole", name)
		}
		if n < 0 || n > 50_000_000 {
			return c, fmt.Errorf("salesforce simulator: %d %s records: want 0 to 50,000,000", n, name)
		}
		records[name] = n
	}
	if records["User"] < 1 {
		return c, errors.New("salesforce simulator: an org has at least one User, the integration user")
	}
	c.Records = records
	if c.Clock == nil {
		c.Clock = clockwork.NewRealClock()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.ClientID == "" {
		c.ClientID, c.ClientSecret = DefaultClientID, orDefault(c.ClientSecret, DefaultClientSecret)
	}
	c.AppName = orDefault(c.AppName, "Fieldwarden")
	c.OrgName = orDefault(c.OrgName, "Northwind Trading")
	c.OrgID = orDefault(c.OrgID, defaultOrgID)
	c.AccessTokenTTL = orDefault(c.AccessTokenTTL, 2*time.Hour)
	c.CodeTTL = orDefault(c.CodeTTL, 15*time.Minute)
	c.MaxAuthorizations = orDefault(c.MaxAuthorizations, 5)
	c.DailyRequests = orDefault(c.DailyRequests, 100_000)
	c.MaxPageRows = min(max(orDefault(c.MaxPageRows, maxBatch), 1), maxBatch)
	c.MaxBulkRows = max(orDefault(c.MaxBulkRows, 50_000), 1)
	c.MaxOpenCursors = max(orDefault(c.MaxOpenCursors, 10), 1)
	c.JournalCapacity = max(orDefault(c.JournalCapacity, 1000), 1)
	id15, ok := id15Of(c.OrgID)
	if !ok || !strings.HasPrefix(id15, "00D") {
		return c, fmt.Errorf("salesforce simulator: OrgID %q: want 15 or 18 characters starting 00D", c.OrgID)
	}
	c.OrgID = id18(id15)
	return c, nil
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// redirectAllowed reports whether the registered app may be answered at this URI.
func (c Config) redirectAllowed(uri string) bool {
	if len(c.RedirectURIs) > 0 {
		return slices.Contains(c.RedirectURIs, uri)
	}
	parsed, err := url.Parse(uri)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.User == nil &&
		parsed.Fragment == "" && crmsim.IsLoopbackHost(parsed.Hostname())
}
