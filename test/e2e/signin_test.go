package e2e

import (
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// aheadClock is the wall clock, moved ahead by hand.
type aheadClock struct {
	clockwork.Clock
	ahead *atomic.Int64
}

// Now is later than it is.
func (c aheadClock) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.ahead.Load())) }

// TestSignInsThatMustNotCount: a callback that is not exactly the one that was begun
// changes nothing, and the right one still works afterwards.
func TestSignInsThatMustNotCount(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := aheadClock{clockwork.NewRealClock(), new(atomic.Int64)}
		s := newSite(t, url, siteOptions{clock: clock})
		deniedConsent(t, s)
		sandboxAsProduction(t, s)
		appBlocked(t, s)
		unknownState(t, s)
		expired(t, s, clock)
		onlyTheRightBrowser(t, s)
		oneInstancePerSlot(t, s)
	})
}

// TestSignInLeadsBack: a browser that has a session goes on in the Integration UI, where
// the sign-in left off; one that has none is shown a page that leads there.
func TestSignInLeadsBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.SQLiteURL(t), siteOptions{})
	owner := newBrowser(t)
	link, err := s.FirstOwnerLink(t.Context())
	require.NoError(t, err)
	_, err = owner.Submit(within(t), open(t, owner, link), url.Values{"name": {"Jane Doe"}, "email": {"jane.doe@example.com"}})
	require.NoError(t, err)

	i, start := s.start(t, s.admin, "PRODUCTION")
	denied, err := owner.Decide(within(t), open(t, owner, start), "deny")
	require.NoError(t, err)
	refusedWith(t, denied, "OAUTH_DENIED")
	require.Contains(t, denied.Body, `href="/integrations/`+i.id+`/onboarding"`)

	i, start = s.start(t, s.admin, "PRODUCTION")
	page, err := owner.Decide(within(t), open(t, owner, start), "approve")
	require.NoError(t, err)
	require.Equal(t, "/integrations/"+i.id+"/onboarding?step=CHECK", page.URL.RequestURI())
	require.Equal(t, http.StatusOK, page.Status)

	var replaced struct{ SignInURL string }
	i.do(t, "replaceIntegrationUser", "signInUrl", nil, &replaced)
	stranger := newBrowser(t)
	page, err = stranger.Decide(within(t), open(t, stranger, replaced.SignInURL), "approve")
	require.NoError(t, err)
	require.Equal(t, "/oauth/callback", page.URL.Path)
	require.Contains(t, page.Body, `href="/integrations/`+i.id+`/onboarding?step=CHECK"`)
}

// refusedWith asserts that a page refuses, with the code and what to do.
func refusedWith(t *testing.T, page drive.Page, code string) {
	t.Helper()
	require.Equal(t, http.StatusBadRequest, page.Status, page.Body)
	require.Contains(t, page.Body, code)
	require.Contains(t, page.Body, "What to do:")
}

func deniedConsent(t *testing.T, s *site) {
	t.Helper()
	i, link := s.start(t, s.admin, "PRODUCTION")
	refusedWith(t, signIn(t, link, "deny"), "OAUTH_DENIED")
	require.Contains(t, i.standing(t, "DRAFT").StateReason, "OAUTH_DENIED")
}

func sandboxAsProduction(t *testing.T, s *site) {
	t.Helper()
	first := s.crm.current.Load()
	defer s.crm.current.Store(first)
	s.crm.put(t, salesforce.Config{Sandbox: true, OrgID: "00D8Z0000000009"})
	i, link := s.start(t, s.admin, "PRODUCTION")
	refusedWith(t, signIn(t, link, "approve"), "ENVIRONMENT_MISMATCH")
	i.standing(t, "DRAFT")
	require.Zero(t, s.crm.controls().OpenAuthorizations(), "what is not kept is given back")
}

func appBlocked(t *testing.T, s *site) {
	t.Helper()
	_, err := s.crm.controls().AddFault(salesforce.Fault{Kind: salesforce.FaultAppBlocked, Times: 1})
	require.NoError(t, err)
	i, link := s.start(t, s.admin, "PRODUCTION")
	browser, err := drive.NewBrowser()
	require.NoError(t, err)
	page, err := browser.Open(within(t), link)
	require.NoError(t, err)
	refusedWith(t, page, "CRM_APP_BLOCKED")
	i.standing(t, "DRAFT")
}

func unknownState(t *testing.T, s *site) {
	t.Helper()
	browser, err := drive.NewBrowser()
	require.NoError(t, err)
	for _, path := range []string{"/oauth/callback?state=wrong&code=x", "/oauth/callback?code=x", "/oauth/callback", "/oauth/start", "/oauth/start?ticket=wrong"} {
		page, err := browser.Open(within(t), s.URL()+path)
		require.NoError(t, err)
		refusedWith(t, page, "OAUTH_STATE_INVALID")
	}
}

func expired(t *testing.T, s *site, clock aheadClock) {
	t.Helper()
	i, link := s.start(t, s.admin, "PRODUCTION")
	browser, err := drive.NewBrowser()
	require.NoError(t, err)
	consent, err := browser.Open(within(t), link)
	require.NoError(t, err)
	clock.ahead.Store(int64(11 * time.Minute))
	page, err := browser.Decide(within(t), consent, "approve")
	require.NoError(t, err)
	refusedWith(t, page, "OAUTH_STATE_EXPIRED")
	i.standing(t, "AUTHORIZING")
	clock.ahead.Store(0)
}

// onlyTheRightBrowser carries a callback to another browser; the one that began
// finishes all the same, and once.
func onlyTheRightBrowser(t *testing.T, s *site) {
	t.Helper()
	i, link := s.start(t, s.admin, "PRODUCTION")
	mine, err := drive.NewBrowser()
	require.NoError(t, err)
	theirs, err := drive.NewBrowser()
	require.NoError(t, err)
	consent, err := mine.Open(within(t), link)
	require.NoError(t, err)
	linkAgain, err := theirs.Open(within(t), link)
	require.NoError(t, err)
	refusedWith(t, linkAgain, "OAUTH_STATE_USED")
	stolen, err := theirs.Decide(within(t), consent, "approve")
	require.NoError(t, err)
	refusedWith(t, stolen, "OAUTH_STATE_INVALID")
	i.standing(t, "AUTHORIZING")

	callback := stolen.URL
	require.Equal(t, "/oauth/callback", callback.Path)
	forged := *callback
	forged.RawQuery = url.Values{"state": {callback.Query().Get("state") + "x"}, "code": callback.Query()["code"]}.Encode()
	page, err := mine.Open(within(t), forged.String())
	require.NoError(t, err)
	refusedWith(t, page, "OAUTH_STATE_INVALID")

	page, err = mine.Open(within(t), callback.String())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, page.Status, page.Body)
	i.standing(t, "ONBOARDING")
	page, err = mine.Open(within(t), callback.String())
	require.NoError(t, err)
	refusedWith(t, page, "OAUTH_STATE_USED")
	i.standing(t, "ONBOARDING")
}

// Scenario 1: one production instance, and a sandbox beside it.
func oneInstancePerSlot(t *testing.T, s *site) {
	t.Helper()
	requireRefused(t, s.admin.attempt(t, "startIntegration", "", vars{"connector": connectorName, "environment": "PRODUCTION"}), "INSTANCE_LIMIT")
	s.crm.put(t, salesforce.Config{Sandbox: true, OrgID: "00D8Z0000000009"})
	s.connect(t, "SANDBOX")
	requireRefused(t, s.admin.attempt(t, "startIntegration", "", vars{"connector": connectorName, "environment": "SANDBOX"}), "INSTANCE_LIMIT")
}
