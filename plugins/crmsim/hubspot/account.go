package hubspot

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// portal is what an administrator can change about the account itself.
type portal struct {
	mu              sync.Mutex
	account         AccountType
	isUserLevel     bool
	forbidden       []string // objects that the user of a user-level token may not see
	searchCap       bool
	searchBodyLimit int
}

func newPortal(config Config) *portal {
	return &portal{account: config.AccountType, searchCap: !config.NoSearchCap, searchBodyLimit: config.SearchBodyLimit}
}

// with runs a change or a read under the lock.
func (p *portal) with(do func(*portal)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do(p)
}

func (p *portal) userLevel() (on bool) {
	p.with(func(p *portal) { on = p.isUserLevel })
	return on
}

// forbids reports whether tokens are user-level and their user may not see an object.
func (p *portal) forbids(object string) (forbidden bool) {
	p.with(func(p *portal) { forbidden = p.isUserLevel && slices.Contains(p.forbidden, object) })
	return forbidden
}

// searchRules are the limits of searches: the most results, and the longest body; 0 for any.
func (p *portal) searchRules() (most, body int) {
	p.with(func(p *portal) {
		body = p.searchBodyLimit
		if p.searchCap {
			most = searchCap
		}
	})
	return most, body
}

// accountDetails describes the portal.
type accountDetails struct {
	PortalID             int64       `json:"portalId"`
	AccountType          AccountType `json:"accountType"`
	TimeZone             string      `json:"timeZone"`
	CompanyCurrency      string      `json:"companyCurrency"`
	AdditionalCurrencies []string    `json:"additionalCurrencies"`
	UTCOffset            string      `json:"utcOffset"`
	UTCOffsetMS          int         `json:"utcOffsetMilliseconds"`
	UIDomain             string      `json:"uiDomain"`
	DataHostingLocation  string      `json:"dataHostingLocation"`
}

// uiDomain is where people look at records. Nothing is sent there.
const uiDomain = "app.hubspot.com"

// accountInfo serves /account-info/{version}/details and the usage of private apps.
func (s *Simulator) accountInfo(c *call) reply {
	rest := c.location.rest
	switch {
	case c.method != http.MethodGet:
		return methodNotAllowed()
	case strings.Join(rest, "/") == "api-usage/daily/private-apps":
		return s.dailyUsage()
	case len(rest) != 1 || rest[0] != "details":
		return resourceMissing()
	case !c.may([]string{"oauth"}):
		return missingScopes("oauth")
	}
	details := accountDetails{
		PortalID: s.config.PortalID, TimeZone: portalZone, CompanyCurrency: "USD", AdditionalCurrencies: []string{},
		UIDomain: uiDomain, DataHostingLocation: "na1",
	}
	s.portal.with(func(p *portal) { details.AccountType = p.account })
	_, seconds := s.config.Clock.Now().In(s.zone).Zone()
	details.UTCOffsetMS = seconds * 1000
	details.UTCOffset = fmt.Sprintf("%+03d:%02d", seconds/3600, abs(seconds)%3600/60)
	answer := jsonReply(http.StatusOK, details)
	answer.metered = true
	return answer
}

func abs(n int) int { return max(n, -n) }

func (s *Simulator) dailyUsage() reply {
	used, limits := s.meter.used()
	now := s.config.Clock.Now()
	local := now.In(s.zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, s.zone)
	return results([]map[string]any{{
		"name": "private-apps-api-calls-daily", "usageLimit": limits.Daily, "currentUsage": used,
		"collectedAt": timestamp(now), "fetchStatus": "SUCCESS", "resetsAt": timestamp(midnight),
	}})
}

// uninstallSelf serves DELETE /appinstalls/{version}/external-install.
func (s *Simulator) uninstallSelf(c *call) reply {
	switch {
	case len(c.location.rest) != 1 || c.location.rest[0] != "external-install":
		return resourceMissing()
	case c.method != http.MethodDelete:
		return methodNotAllowed()
	case c.token.grant.private:
		return failure(http.StatusForbidden, "FORBIDDEN", "A private app cannot be uninstalled with its own token.")
	}
	s.grants.uninstall()
	return noContent()
}
