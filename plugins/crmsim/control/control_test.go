package control_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// desk is a simulator that only remembers what it was told.
type desk struct{ told []any }

func (d *desk) State() control.State {
	return control.State{
		Instance: control.Instance{ID: "1", Name: "Acme"},
		Objects:  []control.Object{{Name: "contacts", Fields: []control.Field{{Name: "email"}}}},
	}
}

func (d *desk) SetObject(object string, change control.ObjectChange) error {
	if object != "contacts" {
		return control.NotFound("there is no object %q", object)
	}
	d.told = append(d.told, object, change)
	return nil
}

func (d *desk) SetField(object, field string, change control.FieldChange) error {
	d.told = append(d.told, object, field, change)
	return nil
}

func (d *desk) SetSwitch(key string, value json.RawMessage) error {
	if key == "action" {
		d.told = append(d.told, key)
		return nil
	}
	n, err := control.ParseValue[int](key, value)
	if err == nil {
		d.told = append(d.told, key, n)
	}
	return err
}

// recording desks can change records too.
type recording struct{ *desk }

func (r recording) ChangeRecords(change control.RecordChange) ([]string, error) {
	if change.Count > 9 {
		return nil, control.Conflict("too many")
	}
	return []string{change.Object}, nil
}

func panel(key string, board control.Switchboard) control.Panel {
	return control.Panel{
		Key: key, Title: strings.ToUpper(key), Board: board, Journal: control.NewJournal(clockwork.NewFakeClock(), 3),
		Faults: control.NewFaults([]control.FaultKind{{Key: "error", Title: "500"}}, "/", nil),
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func request(t *testing.T, server *httptest.Server, method, path, body string, header http.Header) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	maps.Copy(r.Header, header)
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := server.Client().Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	one, other := &desk{}, &desk{}
	first, second := panel("one", one), panel("other", recording{other})
	server := httptest.NewServer(control.Handler(first, second))
	t.Cleanup(server.Close)
	first.Journal.Add(control.Request{Method: "GET", Path: "/a", Endpoint: "a"})
	first.Journal.Add(control.Request{Method: "GET", Path: "/b", Endpoint: "b", Counted: true})
	first.Journal.Bump(control.CountTokenRefreshes)
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "", "", 200, `{"panels":[{"key":"one","records":false,"title":"ONE"},{"key":"other","records":true,"title":"OTHER"}]}`},
		{"GET", "/one/state", "", 200, `"instance":{"id":"1","name":"Acme"`},
		{"PUT", "/one/objects/contacts", `{"read":false,"condition":"archived"}`, 200, `{"ok":true}`},
		{"PUT", "/one/objects/nope", `{}`, 404, `{"error":"there is no object \"nope\""}`},
		{"PUT", "/one/objects/contacts", `{"reed":false}`, 400, "unknown field"},
		{"PUT", "/one/objects/contacts/fields/associations.deals%2Fx", `{"update":true}`, 200, `{"ok":true}`},
		{"PUT", "/one/switches/cap", `{"value":7}`, 200, `{"ok":true}`},
		{"PUT", "/one/switches/cap", `{"value":"seven"}`, 400, "switch cap: want a value of type int"},
		{"PUT", "/one/switches/cap", `{"value":null}`, 400, "switch cap: want a value of type int"},
		{"PUT", "/one/switches/action", `{}`, 200, `{"ok":true}`},
		{"POST", "/one/faults", `{"kind":"error","path":"/x"}`, 200, `{"id":1}`},
		{"POST", "/one/faults", `{"kind":"explode"}`, 400, "no fault kind"},
		{"GET", "/one/faults", "", 200, `"faults":[{"id":1,"kind":"error","path":"/x","hits":0}],"kinds":[{"key":"error"`},
		{"GET", "/other/faults", "", 200, `"faults":[]`},
		{"DELETE", "/one/faults/1", "", 200, `{"ok":true}`},
		{"DELETE", "/one/faults/1", "", 404, "no fault 1"},
		{"DELETE", "/one/faults/x", "", 404, "no fault"},
		{"DELETE", "/one/faults", "", 200, `{"ok":true}`},
		{"GET", "/one/requests?after=1", "", 200, `{"requests":[{"seq":2,`},
		{"GET", "/one/requests?after=x", "", 400, "after:"},
		{"GET", "/one/counters", "", 200, `"by_endpoint":{"a":1,"b":1}`},
		{"GET", "/one/counters", "", 200, `"named":{"token_refreshes":1}`},
		{"DELETE", "/one/requests", "", 200, `{"ok":true}`},
		{"GET", "/one/requests", "", 200, `{"requests":[]}`},
		{"POST", "/other/records", `{"action":"TOUCH","object":"x","count":1}`, 200, `{"ids":["x"]}`},
		{"POST", "/other/records", `{"action":"TOUCH","object":"x","count":10}`, 409, "too many"},
		{"POST", "/one/records", `{}`, 404, ""},
		{"GET", "/nope/state", "", 404, ""},
	} {
		got := request(t, server, step.method, "/sim/api"+step.path, step.body, nil)
		require.Equal(t, step.status, got.status, "%s %s: %s", step.method, step.path, got.body)
		require.Contains(t, got.body, step.want, step.path)
	}
	off, on, archived := false, true, "archived"
	want := []any{"contacts", control.ObjectChange{Read: &off, Condition: &archived}}
	want = append(want, "contacts", "associations.deals/x", control.FieldChange{Update: &on}, "cap", 7, "action")
	require.Equal(t, want, one.told)
	require.Empty(t, other.told)
}

func TestForeignRequestsAreRefused(t *testing.T) {
	t.Parallel()
	board := &desk{}
	server := httptest.NewServer(control.Handler(panel("one", board)))
	t.Cleanup(server.Close)
	for name, test := range map[string]struct {
		header http.Header
		status int
	}{
		"a form":        {http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, 415},
		"text":          {http.Header{"Content-Type": {"text/plain"}}, 415},
		"no type":       {http.Header{"Content-Type": {""}}, 415},
		"other origin":  {http.Header{"Origin": {"https://evil.example"}}, 403},
		"cross-site":    {http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		"rebound":       {http.Header{"Host": {"rebound.example:80"}}, 421},
		"json":          {http.Header{"Content-Type": {"application/json; charset=utf-8"}}, 200},
		"with a header": {http.Header{"Content-Type": {""}, "X-Simulator-Control": {"1"}}, 200},
	} {
		require.Equal(t, test.status, request(t, server, http.MethodPut, "/sim/api/one/switches/action", "{}", test.header).status, name)
	}
	require.Len(t, board.told, 2)
	require.Equal(t, 421, request(t, server, http.MethodGet, "/sim/api/one/state", "", http.Header{"Host": {"rebound.example"}}).status)
}

// TestPageKeepsItsPolicy: every file of the page is there, nothing is written inline, and nothing leads elsewhere.
func TestPageKeepsItsPolicy(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(control.Handler(panel("one", &desk{})))
	t.Cleanup(server.Close)
	page := request(t, server, http.MethodGet, "/sim/", "", nil)
	require.Equal(t, http.StatusOK, page.status)
	files := map[string]bool{"control.html": true}
	for _, match := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		files[match[1]] = true
	}
	files["view.js"] = true // imported by control.js
	require.Len(t, files, 5)
	require.NotRegexp(t, `(?i)<style|\sstyle=|\son[a-z]+=|<script>|javascript:`, page.body)
	delete(files, "control.html")
	for name := range files {
		file := request(t, server, http.MethodGet, "/sim/"+name, "", nil)
		require.Equal(t, http.StatusOK, file.status, name)
		require.Equal(t, page.header.Get("Content-Security-Policy"), file.header.Get("Content-Security-Policy"))
		require.NotRegexp(t, `https?://[^w]|innerHTML|eval\(`, strings.ReplaceAll(file.body, "http://www.w3.org", ""), name)
	}
	policy := page.header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	require.Equal(t, http.StatusNotFound, request(t, server, http.MethodGet, "/sim/nope", "", nil).status)
}

func TestJournalKeepsTheLatest(t *testing.T) {
	t.Parallel()
	journal := control.NewJournal(clockwork.NewFakeClock(), 3)
	for range 10 {
		journal.Add(control.Request{
			Endpoint: "batch", Counted: true, Object: "x",
			Parts: []control.Part{{Endpoint: "part", Object: "y", Fault: "error"}, {Endpoint: "part"}},
		})
		require.LessOrEqual(t, len(journal.After(0)), 3)
	}
	log := journal.After(0)
	require.Equal(t, []int{8, 9, 10}, []int{log[0].Seq, log[1].Seq, log[2].Seq})
	require.Len(t, journal.After(9), 1)
	require.Empty(t, journal.After(10))
	require.Equal(t, control.Counters{
		Requests: 10, APICalls: 10, ByEndpoint: map[string]int{"batch": 10, "part": 20},
		ByObject: map[string]int{"x": 10, "y": 10}, Faults: 10, Named: map[string]int{},
	}, journal.Count())
	journal.Clear()
	journal.Add(control.Request{})
	require.Equal(t, 11, journal.After(0)[0].Seq, "numbers go on, so that nobody misses a line")
	var text bytes.Buffer
	require.NoError(t, json.NewEncoder(&text).Encode(journal.Count()))
	require.Contains(t, text.String(), `"named":{}`)
}
