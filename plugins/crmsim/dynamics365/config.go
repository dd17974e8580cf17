package dynamics365

import (
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

// The app that is registered, its tenant's domain, and the environment's address, when Config names none.
const (
	DefaultClientID     = "8f1c0b52-5d7e-4c59-9a3e-6d1f0c2b7a10"
	DefaultClientSecret = "simulator-client-secret"
	DefaultTenantDomain = "northwind-trading.onmicrosoft.com"
	DefaultOrgURL       = "https://fieldwarden-sim.crm.dynamics.com"
)

// Config describes the environment to simulate. The zero value is a production environment with a few thousand records.
type Config struct {
	Seed    uint64     // another seed, another environment; the same seed, the same records
	Records world.Size // zero: a small default
	Clock   clockwork.Clock
	Logger  *slog.Logger

	Sandbox         bool // OrganizationType CustomerTest instead of Customer
	WithoutLinkedIn bool // the LinkedIn Sales Navigator solution is not installed

	ClientID, ClientSecret string // the registered app; an empty secret with an id makes a public client
	AppName                string // shown on the consent page
	// RedirectURIs are matched exactly. Without any, every loopback URI on any port and path is accepted.
	RedirectURIs            []string
	AccessTokenTTL, CodeTTL time.Duration // default 1 h and 10 min
	TenantID, TenantDomain  string

	// OrgURL is the environment's own address: a resource that tokens can be asked for, beside the address that the
	// simulator is reached under. It is not listened on.
	OrgURL                       string
	OrgName, UniqueName, URLName string

	ChangeTrackingDays int // how long delta tokens live; default 7
	RequestLimit       int // requests in 5 minutes; default 6,000; negative means unlimited
	JournalCapacity    int // requests kept in the request log; default 1,000
}

// historyEnd is the latest stamp of an invented record, fixed so that the same seed gives the same records on any day.
func historyEnd(clock clockwork.Clock) time.Time {
	end := time.Date(2026, time.May, 31, 0, 0, 0, 0, time.UTC)
	if earlier := clock.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1); earlier.Before(end) {
		return earlier
	}
	return end
}

// defaultRecords is the total of the small default.
const defaultRecords = 3000

// withDefaults fills in what was left out and checks the rest.
func (c Config) withDefaults() (Config, error) {
	if c.Records == (world.Size{}) {
		c.Records = world.Spread(defaultRecords)
	}
	c.Records.Users = max(c.Records.Users, 1)
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
	c.OrgURL = strings.TrimSuffix(orDefault(c.OrgURL, DefaultOrgURL), "/")
	c.UniqueName = orDefault(c.UniqueName, "orgf1e1d5a0")
	c.TenantID = orDefault(c.TenantID, string(madeID("tenant")))
	c.TenantDomain = orDefault(c.TenantDomain, DefaultTenantDomain)
	c.AccessTokenTTL = orDefault(c.AccessTokenTTL, time.Hour)
	c.CodeTTL = orDefault(c.CodeTTL, 10*time.Minute)
	c.ChangeTrackingDays = orDefault(c.ChangeTrackingDays, 7)
	c.RequestLimit = orDefault(c.RequestLimit, 6000)
	c.JournalCapacity = max(orDefault(c.JournalCapacity, 1000), 1)
	org, err := url.Parse(c.OrgURL)
	if err != nil || org.Host == "" || org.Path != "" {
		return c, fmt.Errorf("dynamics365 simulator: OrgURL %q: want scheme and host only, such as %s", c.OrgURL, DefaultOrgURL)
	}
	host, _, _ := strings.Cut(org.Hostname(), ".")
	c.URLName = orDefault(c.URLName, host)
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
