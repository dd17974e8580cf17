package salesforce

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func serve(t *testing.T, handler http.HandlerFunc) sdk.Target {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return sdk.Target{Endpoint: server.URL, AccessToken: testToken}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int32
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { strayed.Add(1) })
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.Endpoint+"/login", http.StatusFound)
	})
	_, err := newTestConnector().ListObjects(t.Context(), target)
	require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err))
	require.Zero(t, strayed.Load())
}

func TestEndpointMustBeHTTPSOrLoopback(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{
		"", "acme.my.salesforce.com", "http://acme.my.salesforce.com", "ftp://acme.my.salesforce.com",
		"https://user:pass@acme.my.salesforce.com", "https://acme.my.salesforce.com/path", "http://10.0.0.1", "http://127.0.0.1.example.com",
	} {
		_, err := newTestConnector().Identify(t.Context(), sdk.Target{Endpoint: endpoint, AccessToken: testToken})
		require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(err), endpoint)
		require.NotContains(t, err.Error(), "pass")
	}
}

func TestCutAnswerIsRepeatedThenBad(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	target := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"sobjects":[`)
	})
	_, err := newTestConnector().ListObjects(t.Context(), target)
	require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err), "%v", err)
	require.EqualValues(t, 1+maxRepeats, calls.Load())
}

func TestRepeatHelps(t *testing.T) {
	t.Parallel()
	for _, status := range []int{420, 500, 502, 503, 504} {
		var calls atomic.Int32
		target := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if calls.Add(1) <= maxRepeats {
				w.WriteHeader(status)
				return
			}
			_, _ = io.WriteString(w, `{"sobjects":[{"name":"Account","label":"Account","queryable":true,"updateable":true},{"name":"Old","deprecatedAndHidden":true},{"name":"Closed__c","custom":true,"queryable":false}]}`)
		})
		objects, err := newTestConnector().ListObjects(t.Context(), target)
		require.NoError(t, err)
		require.Equal(t, []sdk.Object{
			{Name: "Account", Label: "Account", Rights: sdk.Rights{Read: true, Update: true}},
			{Name: "Closed__c", Custom: true},
		}, objects)
	}
}

func TestRealPauseEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, backoff(ctx, 4), context.Canceled)
}

func TestUnreachableOrg(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	_, err = newTestConnector().ListObjects(t.Context(), sdk.Target{Endpoint: "http://" + address, AccessToken: testToken})
	require.Equal(t, sdk.CodeUnavailable, sdk.CodeOf(err), "%v", err)
}

func TestGzipAnswer(t *testing.T) {
	t.Parallel()
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, describeOf("Account", "Name"))
		_ = z.Close()
	})
	fields, err := newTestConnector().ListFields(t.Context(), target, "Account")
	require.NoError(t, err)
	require.Len(t, fields, 2)
}

func TestAnswerSizeIsBounded(t *testing.T) {
	t.Parallel()
	c := newTestConnector()
	c.maxAnswer = 1 << 20
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write(bytes.Repeat([]byte(" "), int(c.maxAnswer)+1))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	var calls atomic.Int32
	target := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(zipped.Bytes())
	})
	checks, _, err := runCheck(t, c, target, "Account", "Contact")
	require.NoError(t, err)
	require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(checks["Account"].Failure))
	require.EqualValues(t, 3, calls.Load(), "a pack that is too large is divided once, not repeated")
}

// TestTokenNeverInErrors: also when the other side echoes it.
func TestTokenNeverInErrors(t *testing.T) {
	t.Parallel()
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `[{"errorCode":"X","message":"%s you sent %s"}]`, strings.Repeat("z", 200), r.Header.Get("Authorization"))
	})
	_, err := newTestConnector().Identify(t.Context(), target)
	require.Error(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "canary")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", target, target, target), "canary")
}

func TestDeadlineIsTimeoutAndCancelIsCanceled(t *testing.T) {
	t.Parallel()
	target := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := newTestConnector().Identify(ctx, target)
	require.Equal(t, sdk.CodeTimeout, sdk.CodeOf(err))

	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err = newTestConnector().Identify(ctx, target)
	require.ErrorIs(t, err, context.Canceled)
}

func TestUsageHeader(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sdk.Stats{
		"api-usage=24/15000": {QuotaUsed: 24, QuotaMax: 15000},
		"api-usage=24/15000; per-app-api-usage=17/250(appName=x)":   {QuotaUsed: 24, QuotaMax: 15000},
		"per-app-api-usage=17/250(appName=x), api-usage=5000/15000": {QuotaUsed: 5000, QuotaMax: 15000},
		"api-usage=x/y": {}, "api-usage=1": {}, "": {},
	} {
		var s session
		s.readUsage(http.Header{"Sforce-Limit-Info": {text}})
		require.Equal(t, want, s.stats, text)
	}
}
