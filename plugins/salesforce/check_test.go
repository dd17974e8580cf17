package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
	"github.com/fieldwarden/fieldwarden/plugins/sdk/connectortest"
)

// runCheck collects a check by object name.
func runCheck(t *testing.T, c *Connector, target sdk.Target, objects ...string) (map[string]sdk.ObjectCheck, sdk.Stats, error) {
	t.Helper()
	checks := map[string]sdk.ObjectCheck{}
	outcome, err := c.CheckPermissions(t.Context(), target, sdk.CheckRequest{Objects: connectortest.Objects(objects...), Unconditional: true}, func(check sdk.ObjectCheck) error {
		require.NotContains(t, checks, check.Object, "answered twice")
		checks[check.Object] = check
		return nil
	})
	return checks, outcome.Stats, err
}

func TestCheckOf24ObjectsIsOneCall(t *testing.T) {
	t.Parallel()
	answers := map[string]canned{}
	var objects []string
	for i := range 24 {
		object := fmt.Sprintf("Thing%d__c", i)
		objects = append(objects, object)
		answers[describePath(object)] = ok(describeOf(object, "A__c"))
	}
	org := newStub(t, answers)
	checks, stats, err := runCheck(t, newTestConnector(), org.target(), objects...)
	require.NoError(t, err)
	require.Len(t, checks, 24)
	for _, check := range checks {
		require.Equal(t, sdk.VerdictAccessible, check.Verdict)
	}
	require.Equal(t, []string{"POST " + dataPath + "/composite"}, org.requests)
	require.Equal(t, sdk.Stats{CRMCalls: 1, QuotaUsed: 24, QuotaMax: 15000}, stats)
	for _, conditional := range []string{"If-Modified-Since", "If-None-Match", "If-Match"} {
		require.Empty(t, org.headers[0].Get(conditional))
		require.NotContains(t, org.bodies[0], conditional)
	}
}

func TestCheckPartFailuresStayAlone(t *testing.T) {
	t.Parallel()
	org := newStub(t, map[string]canned{
		describePath("Account"):     ok(describeOf("Account", "Name")),
		describePath("Contact"):     sfError(503, "SERVER_UNAVAILABLE", "later"),
		describePath("Lead"):        sfError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
		describePath("Opportunity"): ok(`{"name":"Opportunity","label":"Deal","queryable":false}`),
		describePath("User"):        ok(`"<html>"`),
	})
	checks, _, err := runCheck(t, newTestConnector(), org.target(), "Account", "Contact", "Lead", "Opportunity", "User", "Gone__c", "not a name", "Account")
	require.NoError(t, err)
	require.Len(t, checks, 7)
	require.Equal(t, sdk.VerdictAccessible, checks["Account"].Verdict)
	require.Equal(t, sdk.CodeUnavailable, sdk.CodeOf(checks["Contact"].Failure))
	require.Equal(t, sdk.CodeQuotaExhausted, sdk.CodeOf(checks["Lead"].Failure))
	require.Equal(t, sdk.VerdictDenied, checks["Opportunity"].Verdict)
	require.Equal(t, "Deal", checks["Opportunity"].Label)
	require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(checks["User"].Failure))
	require.Equal(t, sdk.VerdictDenied, checks["Gone__c"].Verdict)
	require.Contains(t, checks["Gone__c"].Evidence, "404 NOT_FOUND")
	require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(checks["not a name"].Failure))
}

// TestCheckWholeFailure: what fails as a whole is a failed check of each object,
// never a denial; only the expired session is the call's own error.
func TestCheckWholeFailure(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer canned
		want   sdk.Code
		calls  int
	}{
		"quota":        {sfError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), sdk.CodeQuotaExhausted, 1},
		"concurrency":  {sfError(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), sdk.CodeRateLimited, 1},
		"app blocked":  {sfError(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"), sdk.CodeAppBlocked, 1},
		"API off":      {sfError(403, "API_DISABLED_FOR_ORG", "off"), sdk.CodeForbidden, 1},
		"maintenance":  {canned{status: 503, body: "<html>Maintenance</html>"}, sdk.CodeUnavailable, 3},
		"edge":         {canned{status: 420}, sdk.CodeUnavailable, 3},
		"login page":   {canned{status: 200, body: "<html>Sign in</html>"}, sdk.CodeBadResponse, 1},
		"redirect":     {canned{status: 302, header: map[string]string{"Location": "https://login.salesforce.com/?ec=302"}}, sdk.CodeBadResponse, 1},
		"other shape":  {ok(`{"hasErrors":false,"results":[]}`), sdk.CodeBadResponse, 1},
		"parts absent": {ok(`{"compositeResponse":[]}`), sdk.CodeBadResponse, 1},
		"404":          {sfError(404, "NOT_FOUND", "The requested resource does not exist"), sdk.CodeInvalidRequest, 1},
		"old version":  {sfError(410, "UNSUPPORTED_API_VERSION", "gone"), sdk.CodeAPIVersion, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := newStub(t, map[string]canned{dataPath + "/composite": c.answer})
			checks, stats, err := runCheck(t, newTestConnector(), org.target(), "Account", "Contact")
			require.NoError(t, err)
			require.Len(t, checks, 2)
			for _, check := range checks {
				require.Equal(t, sdk.VerdictFailed, check.Verdict)
				require.Equal(t, c.want, sdk.CodeOf(check.Failure), "%v", check.Failure)
			}
			require.Equal(t, c.calls, stats.CRMCalls)
		})
	}
	t.Run("session", func(t *testing.T) {
		t.Parallel()
		org := newStub(t, map[string]canned{dataPath + "/composite": sfError(401, "INVALID_SESSION_ID", "Session expired or invalid")})
		checks, stats, err := runCheck(t, newTestConnector(), org.target(), "Account")
		require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
		require.Empty(t, checks)
		require.Equal(t, 1, stats.CRMCalls)
	})
}

// slowOrg answers composite calls of more than limit parts never, and describes
// of the object "Slow" neither.
func slowOrg(t *testing.T, limit int, sizes chan<- int) *httptest.Server {
	t.Helper()
	inner := &stub{answers: map[string]canned{}}
	for i := range 25 {
		object := fmt.Sprintf("Thing%d__c", i)
		inner.answers[describePath(object)] = ok(describeOf(object))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request compositeRequest
		if json.NewDecoder(r.Body).Decode(&request) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		sizes <- len(request.Parts)
		slow := len(request.Parts) > limit
		for _, part := range request.Parts {
			slow = slow || part.URL == describePath("Slow")
		}
		if slow {
			<-r.Context().Done()
			return
		}
		body, err := json.Marshal(request)
		if err != nil {
			panic(err)
		}
		_, _ = w.Write([]byte(inner.composite(body).body))
	}))
	t.Cleanup(server.Close)
	return server
}

func TestCheckDividesSlowPacks(t *testing.T) {
	t.Parallel()
	sizes := make(chan int, 100)
	server := slowOrg(t, 6, sizes)
	c := newTestConnector()
	c.packTimeout = 700 * time.Millisecond
	objects := []string{"Slow"}
	for i := range 24 {
		objects = append(objects, fmt.Sprintf("Thing%d__c", i))
	}
	checks, stats, err := runCheck(t, c, sdk.Target{Endpoint: server.URL, AccessToken: testToken}, objects...)
	require.NoError(t, err)
	require.Len(t, checks, 25)
	for object, check := range checks {
		if object == "Slow" {
			require.Equal(t, sdk.CodeTimeout, sdk.CodeOf(check.Failure))
		} else {
			require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%s: %v", object, check.Failure)
		}
	}
	close(sizes)
	var got []int
	for size := range sizes {
		got = append(got, size)
	}
	require.Equal(t, []int{25, 6, 2, 2, 2, 2, 2, 6, 6, 6, 5, 2}, got)
	require.Equal(t, len(got), stats.CRMCalls)
}

func TestCheckObeysTheDeadline(t *testing.T) {
	t.Parallel()
	server := slowOrg(t, 0, make(chan int, 100))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := newTestConnector().CheckPermissions(ctx, sdk.Target{Endpoint: server.URL, AccessToken: testToken},
		sdk.CheckRequest{Objects: connectortest.Objects("A", "B", "C")}, func(check sdk.ObjectCheck) error {
			require.Equal(t, sdk.VerdictFailed, check.Verdict)
			return nil
		})
	if err != nil { // the deadline may also end during the last object
		require.Equal(t, sdk.CodeTimeout, sdk.CodeOf(err))
	}
	require.Less(t, time.Since(deadlineOf(ctx)), 2*time.Second)
}

func deadlineOf(ctx context.Context) time.Time {
	deadline, _ := ctx.Deadline()
	return deadline
}

func TestCheckReturnsTheSendersError(t *testing.T) {
	t.Parallel()
	org := newStub(t, map[string]canned{describePath("Account"): ok(describeOf("Account"))})
	stop := errors.New("stop")
	var sent atomic.Int32
	_, err := newTestConnector().CheckPermissions(t.Context(), org.target(), sdk.CheckRequest{Objects: connectortest.Objects("Account", "Lead")},
		func(sdk.ObjectCheck) error { sent.Add(1); return stop })
	require.Same(t, stop, err)
	require.EqualValues(t, 1, sent.Load())
}
