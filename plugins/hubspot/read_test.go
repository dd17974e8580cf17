package hubspot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	dealsPath  = "/crm/objects/2026-09/deals"
	dealSearch = dealsPath + "/search"
	clock      = "Sun, 22 Nov 2026 04:00:00 GMT"
)

// at is a canned answer with a Date.
func at(body string) canned {
	return canned{status: http.StatusOK, body: body, header: map[string]string{"Date": clock}}
}

// rows is a page of records with ids; next is the cursor, "" at the end.
func rows(next string, ids ...int) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = fmt.Sprintf(`{"id":"%d","properties":{"dealname":"Deal %d","amount":null},"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-11-20T00:00:00.5Z","archived":false}`, id, id)
	}
	paging := ""
	if next != "" {
		paging = fmt.Sprintf(`,"paging":{"next":{"after":%q}}`, next)
	}
	return fmt.Sprintf(`{"results":[%s]%s}`, strings.Join(list, ","), paging)
}

func readAll(t *testing.T, target sdk.Target, token []byte, fields ...string) ([]sdk.Batch, error) {
	t.Helper()
	var batches []sdk.Batch
	err := newTestConnector().Read(t.Context(), target, sdk.ReadRequest{Object: "deals", Fields: fields, ResumeToken: token}, func(b sdk.Batch) error {
		batches = append(batches, b)
		return nil
	})
	return batches, err
}

func positionOf(t *testing.T, batch sdk.Batch) position {
	t.Helper()
	p, restarted, err := parsePosition(batch.ResumeToken, "deals")
	require.NoError(t, err)
	require.False(t, restarted)
	return p
}

func TestFirstLoad(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{
		dealsPath + "?limit=100&properties=amount%2Cdealname":          at(rows("p2", 1, 2)),
		dealsPath + "?after=p2&limit=100&properties=amount%2Cdealname": at(rows("", 5)),
	})
	batches, err := readAll(t, s.target(), nil, "dealname", "id", "amount", "updatedAt", "dealname")
	require.NoError(t, err)
	require.Len(t, batches, 2)
	require.JSONEq(t, `{"amount":null,"dealname":"Deal 1","id":"1","updatedAt":"2026-11-20T00:00:00.5Z"}`, string(batches[0].Records[0].Data))
	require.Equal(t, time.Date(2026, 11, 20, 0, 0, 0, 5e8, time.UTC), batches[0].Records[0].ModifiedAt)
	require.False(t, batches[0].Done)
	require.True(t, batches[1].Done)
	// The first window begins when the first load did, minus the overlap.
	p := positionOf(t, batches[1])
	began := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	require.WithinDuration(t, began.Add(-defaultOverlap), p.Since, 5*time.Second)
	require.False(t, p.Since.After(began.Add(-defaultOverlap)), "never later than the truth")
	require.Empty(t, cmp.Diff(position{Version: 1, Object: "deals", Phase: phaseSearch, Since: p.Since}, p))

	// Resumed in between, it goes on where it was.
	s.requests = nil
	rest, err := readAll(t, s.target(), batches[0].ResumeToken, "dealname", "amount")
	require.NoError(t, err)
	require.Len(t, rest, 1)
	require.Equal(t, "5", rest[0].Records[0].ID)
	require.Len(t, s.calls(), 1)
}

func TestWindow(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	archived := `{"results":[
		{"id":"90","archived":true,"archivedAt":"2026-11-21T03:59:59Z"},
		{"id":"91","archived":true,"archivedAt":"2026-11-21T04:00:00Z"},
		{"id":"92","archived":true}]}`
	s := newStub(t, map[string]canned{
		dealSearch: at(strings.TrimSuffix(rows("2", 3, 12), "}") + `,"total":3}`),
		dealsPath:  at(archived),
	})
	start := position{Version: 1, Object: "deals", Phase: phaseSearch, Since: since}
	var batches []sdk.Batch
	err := newTestConnector().Read(t.Context(), s.target(), sdk.ReadRequest{Object: "deals", Fields: []string{"dealname"}, ResumeToken: start.token()}, func(b sdk.Batch) error {
		batches = append(batches, b)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.answers[dealSearch] = at(`{"results":[],"total":0}`)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, batches, 3)
	require.Equal(t, uint64(12), positionOf(t, batches[0]).LastID)
	require.Equal(t, phaseArchived, positionOf(t, batches[1]).Phase)
	require.Equal(t, []sdk.Record{
		{ID: "91", ModifiedAt: since, Deleted: true}, {ID: "92", Deleted: true},
	}, batches[2].Records, "what was archived before the window is known")
	require.True(t, batches[2].Done)
	require.Equal(t, phaseSearch, positionOf(t, batches[2]).Phase)

	var first, second searchBody
	require.NoError(t, json.Unmarshal([]byte(s.bodies[0]), &first))
	require.NoError(t, json.Unmarshal([]byte(s.bodies[1]), &second))
	changed := filter{"hs_lastmodifieddate", "GTE", "1795233600000"}
	require.Equal(t, []filter{changed}, first.Groups[0].Filters)
	require.Equal(t, []filter{changed, {"hs_object_id", "GT", "12"}}, second.Groups[0].Filters)
	require.Equal(t, []sorting{{"hs_object_id", "ASCENDING"}}, second.Sorts)
	require.Empty(t, second.After, "no page is asked for by its offset")
}

// TestWindowOverGhosts: the index may still hold records that are gone, so that a
// page is empty although more follow.
func TestWindowOverGhosts(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{dealsPath: at(`{"results":[]}`)})
	pages := []string{`{"results":[],"total":201,"paging":{"next":{"after":"200"}}}`, rows("", 7)}
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == dealSearch && len(pages) > 0 {
			s.mu.Lock()
			s.answers[dealSearch] = at(pages[0])
			pages = pages[1:]
			s.mu.Unlock()
		}
		s.ServeHTTP(w, r)
	})
	start := position{Version: 1, Object: "deals", Phase: phaseSearch, Since: time.Unix(1, 0).UTC()}
	batches, err := readAll(t, s.target(), start.token(), "dealname")
	require.NoError(t, err)
	require.Equal(t, "7", batches[0].Records[0].ID)
	require.Contains(t, s.bodies[1], `"after":"200"`)
}

func TestReadRefusesWhatCouldLose(t *testing.T) {
	t.Parallel()
	window := position{Version: 1, Object: "deals", Phase: phaseSearch, Since: time.Unix(1, 0).UTC(), Opened: time.Unix(9, 0).UTC(), LastID: 10}.token()
	for name, c := range map[string]struct {
		token []byte
		path  string
		body  canned
	}{
		"a page without results":           {nil, dealsPath, at(`{}`)},
		"a record without id":              {nil, dealsPath, at(`{"results":[{"properties":{}}]}`)},
		"no Date":                          {nil, dealsPath, canned{status: 200, body: rows("", 1), header: map[string]string{"Date": ""}}},
		"a search that is not in order":    {window, dealSearch, at(rows("", 12, 11))},
		"a search that goes back":          {window, dealSearch, at(rows("", 9))},
		"a page that leads to itself":      {position{Version: 1, Object: "deals", Phase: phaseList, Opened: time.Unix(9, 0), After: "x"}.token(), dealsPath, at(rows("x", 1))},
		"a page instead of JSON":           {nil, dealsPath, at("<html>Sign in</html>")},
		"JSON that was cut":                {nil, dealsPath, at(rows("", 1)[:40])},
		"a redirect to a page for signing": {nil, dealsPath, canned{status: 302, header: map[string]string{"Location": "https://app.hubspot.com/login"}}},
	} {
		s := newStub(t, map[string]canned{c.path: c.body})
		batches, err := readAll(t, s.target(), c.token, "dealname")
		require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err), "%s: %v", name, err)
		require.Empty(t, batches, name)
	}
}

func TestBatchReads(t *testing.T) {
	t.Parallel()
	var fields []string
	for i := range 400 {
		fields = append(fields, fmt.Sprintf("a_property_with_a_long_name_%03d", i))
	}
	batchPath := dealsPath + "/batch/read"
	row := func(id string) string { return fmt.Sprintf(`{"id":%q,"properties":{%q:"x"}}`, id, fields[7]) }
	gone := `{"results":[` + row("1") + `],"errors":[{"category":"OBJECT_NOT_FOUND","context":{"ids":["2"]}}]}`
	for name, c := range map[string]struct {
		answer canned
		want   []string
		code   sdk.Code
	}{
		"all":                      {canned{status: 200, body: `{"results":[` + row("2") + `,` + row("1") + `]}`}, []string{"1", "2"}, ""},
		"one archived in between":  {canned{status: 207, body: gone}, []string{"1"}, ""},
		"one merged in between":    {canned{status: 200, body: `{"results":[` + row("1") + `,` + row("7") + `]}`}, []string{"1"}, ""},
		"one missing for no cause": {canned{status: 200, body: `{"results":[` + row("1") + `]}`}, nil, sdk.CodeBadResponse},
		"one that failed":          {canned{status: 207, body: strings.Replace(gone, "OBJECT_NOT_FOUND", "INTERNAL_ERROR", 1)}, nil, sdk.CodeBadResponse},
	} {
		s := newStub(t, map[string]canned{dealsPath: at(rows("", 1, 2)), batchPath: c.answer})
		batches, err := readAll(t, s.target(), nil, fields...)
		require.Equal(t, c.code, sdk.CodeOf(err), "%s: %v", name, err)
		if err != nil {
			continue
		}
		var ids []string
		for _, record := range batches[0].Records {
			ids = append(ids, record.ID)
			require.Contains(t, string(record.Data), fields[7])
		}
		require.Equal(t, c.want, ids, name)
		require.Equal(t, "GET "+dealsPath+"?limit=100&properties=hs_object_id", s.calls()[0])
	}
	// A limit that is lower than known shows as 414, and costs one call.
	s := newStub(t, map[string]canned{
		dealsPath: {status: 414, body: "<html></html>"},
		dealsPath + "?limit=100&properties=hs_object_id": at(rows("", 1)),
		batchPath: at(`{"results":[` + row("1") + `]}`),
	})
	batches, err := readAll(t, s.target(), nil, fields[:20]...)
	require.NoError(t, err)
	require.Len(t, batches[0].Records, 1)
}

func TestAssociations(t *testing.T) {
	t.Parallel()
	path := "/crm/associations/2026-09/deals/contacts/batch/read"
	first := `{"results":[{"from":{"id":"1"},"to":[{"toObjectId":30,"associationTypes":[{"category":"USER_DEFINED","typeId":5,"label":"Decision maker"},{"category":"HUBSPOT_DEFINED","typeId":3,"label":null}]}],
		"paging":{"next":{"after":"31"}}}],"errors":[{"category":"VALIDATION_ERROR","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","message":"none"}]}`
	second := `{"results":[{"from":{"id":"1"},"to":[{"toObjectId":"4","associationTypes":[]}]}]}`
	s := newStub(t, map[string]canned{dealsPath: at(rows("", 1, 2))})
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			s.mu.Lock()
			s.answers[path], first = canned{status: 207, body: first}, second
			s.mu.Unlock()
		}
		s.ServeHTTP(w, r)
	})
	batches, err := readAll(t, s.target(), nil, "associations.contacts")
	require.NoError(t, err)
	require.JSONEq(t, `{"associations.contacts":[{"id":"4","types":[]},{"id":"30","types":[
		{"category":"HUBSPOT_DEFINED","typeId":3,"label":null},{"category":"USER_DEFINED","typeId":5,"label":"Decision maker"}]}]}`, string(batches[0].Records[0].Data))
	require.JSONEq(t, `{"associations.contacts":[]}`, string(batches[0].Records[1].Data))
	require.JSONEq(t, `{"inputs":[{"id":"1","after":"31"}]}`, s.bodies[2])

	for body, want := range map[string]sdk.Code{
		`{"results":[],"errors":[{"category":"INTERNAL","message":"x"}]}`: sdk.CodeBadResponse,
		`{}`: sdk.CodeBadResponse,
		`{"results":[{"from":{"id":"1"},"to":[{"associationTypes":[]}]}]}`: sdk.CodeBadResponse,
	} {
		s := newStub(t, map[string]canned{dealsPath: at(rows("", 1)), path: ok(body)})
		_, err := readAll(t, s.target(), nil, "associations.contacts")
		require.Equal(t, want, sdk.CodeOf(err), body)
	}
	s = newStub(t, map[string]canned{dealsPath: at(rows("", 1)), path: missingScopes("crm.objects.contacts.read")})
	_, err = readAll(t, s.target(), nil, "associations.contacts")
	var e *sdk.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, sdk.CodeFieldDenied, e.Code)
	require.Equal(t, "associations.contacts", e.Field)
}

// TestRestarts: a token that nobody can read, and a cursor that HubSpot no longer
// takes, begin the load again and say so.
func TestRestarts(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{
		dealsPath + "?limit=100&properties=dealname":           at(rows("", 1)),
		dealsPath + "?after=old&limit=100&properties=dealname": vendorFailure(400, "VALIDATION_ERROR", "The cursor is odd."),
	})
	old := position{Version: 1, Object: "deals", Phase: phaseList, Opened: time.Unix(9, 0).UTC(), After: "old"}
	for _, token := range []string{"nonsense", `{"v":99}`, `{"v":1,"object":"deals","phase":"search"}`, string(old.token())} {
		batches, err := readAll(t, s.target(), []byte(token), "dealname")
		require.NoError(t, err, token)
		require.True(t, batches[0].Restarted, token)
		require.Len(t, batches[0].Records, 1)
	}
	batches, err := readAll(t, s.target(), nil, "dealname")
	require.NoError(t, err)
	require.False(t, batches[0].Restarted)
	other := beginning("contacts")
	other.Opened, other.After = time.Unix(9, 0), "x"
	_, err = readAll(t, s.target(), other.token(), "dealname")
	require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(err))

	// A refusal for another reason is not repeated for ever.
	s = newStub(t, map[string]canned{dealsPath: vendorFailure(400, "VALIDATION_ERROR", "No.")})
	_, err = readAll(t, s.target(), old.token(), "dealname")
	require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(err))
	require.Len(t, s.calls(), 2)
}

func TestPositionSurvivesItsToken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		stamp := func(name string) time.Time { return time.UnixMilli(rapid.Int64Range(1, 4e12).Draw(t, name)).UTC() }
		p := position{Version: 1, Object: "deals", Phase: rapid.SampledFrom([]phase{phaseList, phaseSearch, phaseArchived}).Draw(t, "phase")}
		switch p.Phase {
		case phaseList:
			p.Opened, p.After = stamp("opened"), rapid.StringN(1, 40, -1).Draw(t, "after")
		case phaseSearch:
			p.Since, p.Opened, p.LastID = stamp("since"), stamp("opened"), rapid.Uint64Min(1).Draw(t, "id")
		default:
			p.Since, p.Opened, p.After = stamp("since"), stamp("opened"), rapid.String().Draw(t, "after")
		}
		got, restarted, err := parsePosition(p.token(), "deals")
		if err != nil || restarted || !cmp.Equal(p, got) {
			t.Fatalf("%+v became %+v, %v, %v", p, got, restarted, err)
		}
	})
}

func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"v":1,"object":"deals","phase":"search","since":"2026-11-22T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, token []byte) {
		p, _, err := parsePosition(token, "deals")
		if err == nil && !p.valid() {
			t.Fatalf("%s became %+v", token, p)
		}
	})
}

// TestLimits: HubSpot's headers slow the connector down before a limit is reached,
// and searches keep their distance.
func TestLimits(t *testing.T) {
	t.Parallel()
	header := func(left, most string) http.Header {
		h := http.Header{}
		h.Set("X-HubSpot-RateLimit-Max", most)
		h.Set("X-HubSpot-RateLimit-Remaining", left)
		h.Set("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
		return h
	}
	var l limits
	for _, h := range []http.Header{{}, header("50", "110"), header("x", "110"), header("3", "-1")} {
		l.read(h)
		require.Zero(t, l.takePause())
	}
	l.read(header("5", "110"))
	require.Equal(t, time.Second, l.takePause())
	require.Zero(t, l.takePause())

	now := time.Unix(1000, 0)
	l.beforeSearch(now)
	require.Zero(t, l.takePause())
	l.beforeSearch(now.Add(20 * time.Millisecond))
	require.Equal(t, 200*time.Millisecond, l.takePause())
	daily := http.Header{}
	daily.Set("X-HubSpot-RateLimit-Daily", "250000")
	daily.Set("X-HubSpot-RateLimit-Daily-Remaining", "100000")
	l.read(daily)
	require.Equal(t, []int{150000, 250000}, []int{l.dailyUsed, l.dailyMax})
}
