package salesforce_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

func TestFaultAnswers(t *testing.T) {
	t.Parallel()
	for kind, want := range map[salesforce.FaultKind]string{
		salesforce.FaultServerError:        `500 application/json;charset=UTF-8 .*UNKNOWN_EXCEPTION`,
		salesforce.FaultUnavailable:        `503 text/html;charset=UTF-8 <!DOCTYPE html>.*maintenance`,
		salesforce.FaultUnavailableJSON:    `503 application/json;charset=UTF-8 .*SERVER_UNAVAILABLE`,
		salesforce.FaultTooManyRequests:    `429 text/html .*Too Many Requests`,
		salesforce.FaultEdge:               `420  $`,
		salesforce.FaultDailyLimit:         `403 .*"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"`,
		salesforce.FaultConcurrentLimit:    `403 .*"ConcurrentRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"`,
		salesforce.FaultSessionExpired:     `401 .*"Session expired or invalid","errorCode":"INVALID_SESSION_ID"`,
		salesforce.FaultSessionNotREST:     `401 .*"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"`,
		salesforce.FaultAPIDisabled:        `403 .*API_DISABLED_FOR_ORG`,
		salesforce.FaultInsufficientAccess: `403 .*INSUFFICIENT_ACCESS`,
		salesforce.FaultQueryTimeout:       `400 .*QUERY_TIMEOUT`,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			org := start(t, nil)
			client := org.login(t)
			require.Equal(t, http.StatusOK, org.control(t, http.MethodPost, "/faults", salesforce.Fault{Kind: kind, Times: 2}).status)
			for range 2 {
				a := client.get(t, root+"/sobjects/Lead/describe")
				require.Regexp(t, want, fmt.Sprintf("%d %s %s", a.status, a.header.Get("Content-Type"), a.body))
			}
			require.Equal(t, http.StatusOK, client.get(t, root+"/sobjects/Lead/describe").status, "used up")
			counters := org.Controls().Counters()
			require.Equal(t, 2, counters.Faults)
			require.Equal(t, 1, counters.APICalls)
		})
	}
}

func TestBrokenBodies(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	_, err := org.Controls().AddFault(salesforce.Fault{Kind: salesforce.FaultTruncated, Times: 1})
	require.NoError(t, err)
	a := client.get(t, root+"/limits")
	require.Equal(t, http.StatusOK, a.status)
	require.NotEmpty(t, a.body)
	require.False(t, json.Valid(a.body))

	_, err = org.Controls().AddFault(salesforce.Fault{Kind: salesforce.FaultCut, Times: 1})
	require.NoError(t, err)
	a, err = org.try(t, http.MethodGet, root+"/limits", "", client.header())
	require.Error(t, err)
	require.Equal(t, http.StatusOK, a.status, "the headers arrive, the rest does not")
	require.Equal(t, http.StatusOK, client.get(t, root+"/limits").status)
}

func TestFaultScopes(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.MaxPageRows = 10 })
	client := org.login(t)
	next := client.rows(t, "SELECT Id FROM Lead").NextRecordsURL
	composite := func() (outer int, parts []int) {
		a := client.composite(t, false, part("Lead", "/sobjects/Lead/describe"), part("User", "/sobjects/User/describe"))
		var got compositeAnswer
		if a.status == http.StatusOK {
			a.json(t, http.StatusOK, &got)
		}
		for _, p := range got.CompositeResponse {
			parts = append(parts, p.HTTPStatusCode)
		}
		return a.status, parts
	}
	for name, test := range map[string]struct {
		rule                           salesforce.Fault
		lead, user, more, outer, token int
		parts                          []int
	}{
		"everything":    {salesforce.Fault{}, 500, 500, 500, 500, 400, nil},
		"one object":    {salesforce.Fault{Object: "lead"}, 500, 200, 500, 200, 400, []int{500, 200}},
		"parts only":    {salesforce.Fault{Object: "User", Parts: true}, 200, 200, 200, 200, 400, []int{200, 500}},
		"any part":      {salesforce.Fault{Parts: true}, 200, 200, 200, 200, 400, []int{500, 500}},
		"path":          {salesforce.Fault{Path: "/sobjects/Lead"}, 500, 200, 200, 200, 400, []int{500, 200}},
		"full path":     {salesforce.Fault{Path: root + "/query"}, 200, 200, 500, 200, 400, []int{200, 200}},
		"token":         {salesforce.Fault{Path: "/services/oauth2/token"}, 200, 200, 200, 200, 500, []int{200, 200}},
		"composite":     {salesforce.Fault{Path: "/composite"}, 200, 200, 200, 500, 400, nil},
		"nothing known": {salesforce.Fault{Object: "Nope"}, 200, 200, 200, 200, 400, []int{200, 200}},
	} {
		org.Controls().ClearFaults()
		test.rule.Kind = salesforce.FaultServerError
		_, err := org.Controls().AddFault(test.rule)
		require.NoError(t, err)
		require.Equal(t, test.lead, client.get(t, root+"/sobjects/Lead/describe").status, name)
		require.Equal(t, test.user, client.get(t, root+"/sobjects/User/describe").status, name)
		require.Equal(t, test.more, client.get(t, next).status, name)
		require.Equal(t, test.token, org.form(t, "/services/oauth2/token", refreshForm("x")).status, name)
		outer, parts := composite()
		require.Equal(t, test.outer, outer, name)
		require.Equal(t, test.parts, parts, name)
	}
}

func TestSlowFaultWaitsOnTheClock(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	org := start(t, func(c *salesforce.Config) { c.Clock = clock })
	client := org.login(t)
	_, err := org.Controls().AddFault(salesforce.Fault{Kind: salesforce.FaultSlow, DelayMS: 60_000})
	require.NoError(t, err)
	got := make(chan answer)
	go func() { got <- client.get(t, root+"/limits") }()
	require.NoError(t, clock.BlockUntilContext(t.Context(), 1))
	clock.Advance(time.Minute)
	require.Equal(t, http.StatusOK, (<-got).status)

	// A client that gives up leaves nothing waiting.
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, org.url+root+"/limits", nil)
	require.NoError(t, err)
	failed := make(chan error)
	go func() {
		response, err := org.http.Do(request)
		if err == nil {
			err = response.Body.Close()
		}
		failed <- err
	}()
	require.NoError(t, clock.BlockUntilContext(t.Context(), 1))
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	require.NoError(t, clock.BlockUntilContext(t.Context(), 0))
}

func TestTokenRace(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	_, err := org.Controls().AddFault(salesforce.Fault{Kind: salesforce.FaultTokenRace, Times: 1})
	require.NoError(t, err)
	a := org.form(t, "/services/oauth2/token", refreshForm(client.tokens.RefreshToken))
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, string(a.body), "Token request is already being processed.")
	_, status := client.refresh(t, client.tokens.RefreshToken)
	require.Equal(t, http.StatusOK, status)
}

func TestFaultRulesAreChecked(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	for text, rule := range map[string]salesforce.Fault{
		"no fault kind": {Kind: "explode"}, "times:": {Kind: salesforce.FaultCut, Times: -1}, "delay_ms:": {Kind: salesforce.FaultSlow},
	} {
		a := org.control(t, http.MethodPost, "/faults", rule)
		require.Equal(t, http.StatusBadRequest, a.status)
		require.Contains(t, string(a.body), text)
	}
	id, err := org.Controls().AddFault(salesforce.Fault{Kind: salesforce.FaultCut})
	require.NoError(t, err)
	require.NoError(t, org.Controls().RemoveFault(id))
	require.Error(t, org.Controls().RemoveFault(id))
	require.Empty(t, org.Controls().Faults())
}
