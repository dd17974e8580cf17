package dynamics365

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// TestStrangeAnswers: what comes instead of a batch answer fails the check of every
// object and is a loss of none.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write([]byte(strings.Repeat("--batchresponse_1\r\n", 100)))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	multipartKind := map[string]string{"Content-Type": "multipart/mixed; boundary=b"}
	cases := map[string]struct {
		whole canned
		want  sdk.Code
	}{
		"a page":                {canned{200, "<html>Sign in</html>", map[string]string{"Content-Type": "text/html"}}, sdk.CodeBadResponse},
		"JSON":                  {canned{200, "{}", map[string]string{"Content-Type": "application/json"}}, sdk.CodeBadResponse},
		"nothing":               {canned{200, "", nil}, sdk.CodeBadResponse},
		"no boundary":           {canned{200, "x", map[string]string{"Content-Type": "multipart/mixed"}}, sdk.CodeBadResponse},
		"no part":               {canned{200, "--b--\r\n", multipartKind}, sdk.CodeBadResponse},
		"an unfinished part":    {canned{200, "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{", multipartKind}, sdk.CodeBadResponse},
		"a part that is none":   {canned{200, "--b\r\nContent-Type: application/http\r\n\r\nhello\r\n--b--\r\n", multipartKind}, sdk.CodeBadResponse},
		"truncated gzip":        {canned{200, string(zipped.Bytes()[:zipped.Len()-8]), map[string]string{"Content-Encoding": "gzip"}}, sdk.CodeBadResponse},
		"a redirect":            {canned{302, "", map[string]string{"Location": "https://login.microsoftonline.com/x?token=" + testToken}}, sdk.CodeBadResponse},
		"throttled as a whole":  {canned{429, errorBody("0x80072322", "6000."), map[string]string{"Retry-After": "5"}}, sdk.CodeRateLimited},
		"an echo of the token":  {canned{500, errorBody("0x80040216", "Bearer "+testToken), nil}, sdk.CodeUnavailable},
		"privilege, as a whole": {canned{403, errorBody("0x80040220", "prvReadUser"), nil}, sdk.CodeForbidden},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := thing(t)
			s.whole = &c.whole
			check, outcome, err := checkOne(t, s.target(), "thing", "name")
			require.NoError(t, err)
			require.Equal(t, sdk.VerdictFailed, check.Verdict)
			require.Equal(t, c.want, sdk.CodeOf(check.Failure), "%v", check.Failure)
			require.NotContains(t, check.Failure.Error(), testToken)
			require.Nil(t, outcome.Memo)
			require.Positive(t, outcome.Stats.CRMCalls)
			if c.want == sdk.CodeRateLimited {
				require.Equal(t, 1, s.calls, "the host waits, not the connector")
			}
		})
	}
}

func TestExpiredToken(t *testing.T) {
	t.Parallel()
	s := thing(t)
	s.whole = &canned{status: http.StatusUnauthorized}
	_, _, err := checkOne(t, s.target(), "thing")
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
	s.whole = nil
	s.set(definitionPath("thing"), canned{status: http.StatusUnauthorized})
	_, _, err = checkOne(t, s.target(), "thing")
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err), "a part can tell it as well")
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := thing(t)
	_, err := NewWithoutPause().CheckPermissions(t.Context(), s.target(), sdk.CheckRequest{Objects: []sdk.CheckObject{{Name: "thing"}}, Unconditional: true}, func(sdk.ObjectCheck) error { return nil })
	require.NoError(t, err)
	for i, header := range s.headers {
		require.Equal(t, "Bearer "+testToken, header.Get("Authorization"))
		require.Equal(t, "odata.continue-on-error", header.Get("Prefer"))
		require.Equal(t, "Strong", header.Get("Consistency"))
		require.NotContains(t, s.texts[i], testToken)
		require.Equal(t, strings.Count(s.texts[i], "GET "), strings.Count(s.texts[i], "Consistency: Strong"))
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	for endpoint, good := range map[string]bool{
		"https://contoso.crm.dynamics.com": true, "https://contoso.crm4.dynamics.com/": true, "http://127.0.0.1:1": true, "http://localhost:1": true,
		"http://contoso.crm.dynamics.com": false, "https://user@contoso.crm.dynamics.com": false, "https://contoso.crm.dynamics.com/x": false,
		"https://contoso.crm.dynamics.com?x=1": false, "contoso.crm.dynamics.com": false, "": false, "ftp://127.0.0.1": false,
	} {
		_, err := New().session(sdk.Target{Endpoint: endpoint, AccessToken: "x"})
		require.Equal(t, good, err == nil, endpoint)
	}
	_, err := New().session(sdk.Target{Endpoint: "https://contoso.crm.dynamics.com"})
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
}

// TestLinks: links that lead elsewhere are not followed.
func TestLinks(t *testing.T) {
	t.Parallel()
	page := func(link string) string {
		return fmt.Sprintf(`{"value":[{"@odata.etag":"1","thingid":%q,"modifiedon":"2026-01-01T00:00:00Z","name":"x"}],"@odata.nextLink":%q}`, orgID, link)
	}
	for link, want := range map[string]sdk.Code{
		"https://evil.example" + dataPath + "/things?$skiptoken=1":   sdk.CodeBadResponse,
		"{base}/others?$skiptoken=1":                                 sdk.CodeBadResponse,
		"{base}/things(1)?x":                                         sdk.CodeBadResponse,
		"{base}/things?a b":                                          sdk.CodeBadResponse,
		"{base}/things?a\r\nX: y":                                    sdk.CodeBadResponse,
		"/things?$skiptoken=1":                                       sdk.CodeBadResponse,
		"{base}/things?$select=thingid&$skiptoken=%3Ccookie%20x%3E2": "",
	} {
		s := thing(t)
		s.set("things", ok(page(link)))
		s.set("things?$select=thingid&$skiptoken", ok(`{"value":[],"@odata.deltaLink":"{base}/things?$deltatoken=1"}`))
		var token []byte
		err := NewWithoutPause().Read(t.Context(), s.target(), sdk.ReadRequest{Object: "thing", Fields: []string{"name"}}, func(b sdk.Batch) error {
			token = b.ResumeToken
			return nil
		})
		require.Equal(t, want, sdk.CodeOf(err), "%q: %v", link, err)
		if want == "" {
			require.Contains(t, s.parts, "things?$select=thingid&$skiptoken=%3Ccookie%20x%3E2", "verbatim")
			require.NotContains(t, string(token), s.URL, "the host is not part of a position")
		}
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	require.Equal(t, callTimeout, patience(t.Context()))
	require.Less(t, time.Duration(0), patience(t.Context()))
}
