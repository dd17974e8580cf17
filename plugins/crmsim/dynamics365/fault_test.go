package dynamics365_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
)

func (e *env) addFault(t testing.TB, f control.Fault) {
	t.Helper()
	_, err := e.Controls().AddFault(f)
	require.NoError(t, err)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	for kind, want := range map[string]struct {
		status     int
		code, kind string
	}{
		dynamics365.FaultUnauthorized: {401, "", ""}, dynamics365.FaultNotMember: {403, "0x80072560", "json"},
		dynamics365.FaultNoRoles: {403, "0x80042f09", "json"}, dynamics365.FaultUserDisabled: {403, "0x80040225", "json"},
		dynamics365.FaultRequestLimit: {429, "0x80072322", "json"}, dynamics365.FaultTimeLimit: {429, "0x80072321", "json"},
		dynamics365.FaultConcurrentLimit: {429, "0x80072326", "json"}, dynamics365.FaultServerError: {500, "0x80040216", "json"},
		dynamics365.FaultSQLError: {500, "0x80044150", "json"}, dynamics365.FaultPlugin: {400, "0x80040265", "json"},
		dynamics365.FaultBadGateway: {502, "", "html"}, dynamics365.FaultGatewayTimeout: {504, "", "html"},
		dynamics365.FaultUnavailable: {503, "", "html"}, dynamics365.FaultLoginPage: {200, "", "html"}, dynamics365.FaultLoginRedirect: {302, "", ""},
	} {
		s.addFault(t, control.Fault{Kind: kind, Times: 1})
		a := s.get(t, "/contacts?$top=1")
		require.Equal(t, want.status, a.status, kind)
		require.Contains(t, a.header.Get("Content-Type"), want.kind, kind)
		if want.code != "" {
			a.fails(t, want.status, want.code, "")
		}
		require.Equal(t, want.status == 429, a.header.Get("Retry-After") == "3", kind)
		require.Equal(t, http.StatusOK, s.get(t, "/contacts?$top=1").status, "%s was meant once", kind)
	}
	require.Contains(t, s.Controls().Counters().Named, control.CountCodesRedeemed)
}

func TestSpoiledAnswers(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	s.addFault(t, control.Fault{Kind: dynamics365.FaultTruncated, Times: 1})
	a := s.get(t, "/contacts?$top=5")
	require.Equal(t, http.StatusOK, a.status)
	require.False(t, strings.HasSuffix(string(a.body), "}"))
	for _, kind := range []string{dynamics365.FaultCut, dynamics365.FaultTruncatedGzip} {
		s.addFault(t, control.Fault{Kind: kind, Times: 1})
		_, err := s.try(t, http.MethodGet, root+"/contacts?$top=5", "", s.header())
		require.Error(t, err, kind)
	}
}

// TestPartFaults: a fault can meet only the parts of batches, and then only those about one table.
func TestPartFaults(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	s.addFault(t, control.Fault{Kind: dynamics365.FaultSQLError, Object: "account", Parts: true})
	require.Equal(t, http.StatusOK, s.get(t, "/accounts?$top=1").status)
	_, answers := s.batch(t, continueOnError, getPart(root+"/contacts?$top=1"), getPart(root+"/accounts?$top=1"))
	require.Equal(t, []int{200, 500}, statuses(answers))
	s.Controls().ClearFaults()
	s.addFault(t, control.Fault{Kind: dynamics365.FaultRequestLimit})
	a, answers := s.batch(t, continueOnError, getPart(root+"/contacts?$top=1"))
	a.fails(t, http.StatusTooManyRequests, "0x80072322", "")
	require.Nil(t, answers, "a throttled batch is refused whole")
}

// TestLimit: 6,000 requests in five minutes, sliding.
func TestLimit(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	s := start(t, func(c *dynamics365.Config) { c.Clock = clock; c.RequestLimit = 3 }).login(t)
	for range 3 {
		clock.Advance(time.Minute)
		s.get(t, "/WhoAmI").json(t, http.StatusOK)
	}
	a := s.get(t, "/WhoAmI")
	a.fails(t, http.StatusTooManyRequests, "0x80072322", "exceeded the limit of 3 over time window of 300 seconds")
	require.Equal(t, "181", a.header.Get("Retry-After"))
	require.Equal(t, control.Quota{Used: 3, Limit: 3}, s.Controls().State().Quota)
	clock.Advance(181 * time.Second)
	s.get(t, "/WhoAmI").json(t, http.StatusOK)
}

// TestSlow: a slow answer waits on the simulator's clock.
func TestSlow(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	s := start(t, func(c *dynamics365.Config) { c.Clock = clock }).login(t)
	s.addFault(t, control.Fault{Kind: control.FaultSlow, DelayMS: 5000, Times: 1})
	done := make(chan answer, 1)
	go func() {
		a, _ := s.try(t, http.MethodGet, root+"/WhoAmI", "", s.header())
		done <- a
	}()
	require.NoError(t, clock.BlockUntilContext(t.Context(), 1))
	clock.Advance(5 * time.Second)
	require.Equal(t, http.StatusOK, (<-done).status)
}
