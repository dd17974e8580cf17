package hubspot

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// The app that is registered when Config names none, and the token of the portal's private app.
const (
	DefaultClientID        = "f1e1d3a4-0b5c-4c55-9a1d-5e1d3a40b5c4"
	DefaultClientSecret    = "simulator-client-secret"
	DefaultPrivateAppToken = "pat-na1-simulator-0000-0000-000000000000"
	// DefaultPortalID is the account that everything belongs to.
	DefaultPortalID = 12345678
)

// AccountType says what kind of account the portal is. HubSpot has no host for sandboxes; only this tells them apart.
type AccountType string

// The account types.
const (
	AccountStandard      AccountType = "STANDARD"
	AccountSandbox       AccountType = "SANDBOX"
	AccountDeveloperTest AccountType = "DEVELOPER_TEST"
)

// Config describes the portal to simulate. The zero value is a production portal with a few thousand records.
type Config struct {
	Seed    uint64     // another seed, another portal; the same seed, the same records
	Records world.Size // leads of the world are contacts with a lead; the zero value is a small portal
	Clock   clockwork.Clock
	Logger  *slog.Logger

	ClientID, ClientSecret string // the registered app
	AppName                string // shown on the consent page
	AppID                  int64
	// RedirectURIs are matched exactly. Without any, every loopback URI on any port and path is accepted.
	RedirectURIs []string
	// RequiredScopes must all be named in every authorization request's scope; default "oauth".
	RequiredScopes []string
	// PrivateAppToken is the token of a private app with DefaultScopes.
	PrivateAppToken string
	// RotateRefreshTokens makes each refresh return a new refresh token; the old one is dead. HubSpot mostly keeps it.
	RotateRefreshTokens bool
	AccessTokenTTL      time.Duration // default 30 min
	CodeTTL             time.Duration // default 1 min

	Sandbox     bool        // short for AccountType: AccountSandbox
	AccountType AccountType // default AccountStandard
	PortalID    int64
	PortalName  string

	Limits          Limits
	NoSearchCap     bool          // search past 10,000 results
	SearchBodyLimit int           // characters a search body may have (HubSpot documents 3,000); default any
	IndexLag        time.Duration // how long a change takes to reach the search; default none
	MaxURL          int           // longer request targets get 414 with HTML; default 16,000
	JournalCapacity int           // requests kept in the request log; default 1,000
}

// historyEnd is the latest stamp of an invented record, fixed so that the same seed gives the same portal on any day.
func historyEnd(clock clockwork.Clock) time.Time {
	end := time.Date(2026, time.May, 31, 0, 0, 0, 0, time.UTC)
	if earlier := clock.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1); earlier.Before(end) {
		return earlier
	}
	return end
}

// withDefaults fills in what was left out and checks the rest.
func (c Config) withDefaults() (Config, error) {
	if c.Records == (world.Size{}) {
		c.Records = world.Spread(3000)
	}
	if c.Records.Total() > 50_000_000 {
		return c, fmt.Errorf("hubspot simulator: %d records: want at most 50,000,000", c.Records.Total())
	}
	if c.Clock == nil {
		c.Clock = clockwork.NewRealClock()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.ClientID, c.ClientSecret = orDefault(c.ClientID, DefaultClientID), orDefault(c.ClientSecret, DefaultClientSecret)
	c.AppName, c.AppID = orDefault(c.AppName, "Fieldwarden"), orDefault(c.AppID, 987654)
	if c.RequiredScopes == nil {
		c.RequiredScopes = []string{"oauth"}
	}
	c.PrivateAppToken = orDefault(c.PrivateAppToken, DefaultPrivateAppToken)
	c.AccessTokenTTL, c.CodeTTL = orDefault(c.AccessTokenTTL, 30*time.Minute), orDefault(c.CodeTTL, time.Minute)
	if c.AccountType == "" && c.Sandbox {
		c.AccountType = AccountSandbox
	}
	c.AccountType = orDefault(c.AccountType, AccountStandard)
	if !slices.Contains(accountTypes(), string(c.AccountType)) {
		return c, fmt.Errorf("hubspot simulator: there is no account type %q", c.AccountType)
	}
	c.PortalID, c.PortalName = orDefault(c.PortalID, DefaultPortalID), orDefault(c.PortalName, "Northwind Trading")
	if c.PortalID < 0 {
		return c, errors.New("hubspot simulator: PortalID: want a positive number")
	}
	c.Limits.TenSecondly = orDefault(c.Limits.TenSecondly, 110)
	c.Limits.Search = orDefault(c.Limits.Search, 5)
	c.Limits.Daily = orDefault(c.Limits.Daily, 250_000)
	c.MaxURL = orDefault(c.MaxURL, 16_000)
	c.JournalCapacity = max(orDefault(c.JournalCapacity, 1000), 1)
	return c, nil
}

func accountTypes() []string {
	return []string{string(AccountStandard), string(AccountSandbox), string(AccountDeveloperTest)}
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
	u, err := url.Parse(uri)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Fragment != "" {
		return false
	}
	host := u.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return crmsim.IsLoopbackHost(host)
}
