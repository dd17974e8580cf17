package dynamics365

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func TestPositionRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := position{
			Version: positionVersion, Object: "thing", Mode: rapid.SampledFrom([]mode{modeDelta, modeStamp}).Draw(t, "mode"), Set: "things", Key: "thingid",
			User: userID, Fields: []string{"name"}, Link: "things?" + rapid.StringMatching(`[!-~]{1,50}`).Draw(t, "link"),
		}
		for _, one := range rapid.SliceOfN(rapid.Uint64(), 0, 20).Draw(t, "marks") {
			p.Unsettled.add(mark(one))
		}
		p.Old = rapid.IntRange(0, len(p.Unsettled)).Draw(t, "old")
		token := p.token()
		require.LessOrEqual(t, len(token), 64<<10)
		got, err := parsePosition(token, "thing")
		require.NoError(t, err)
		require.Equal(t, p, got)
	})
	full := position{Version: positionVersion, Object: strings.Repeat("o", 128), Mode: modeStamp, Set: strings.Repeat("s", 128), Key: "k", User: userID, Link: "things?" + strings.Repeat("x", 16<<10)}
	for i := range 2 * maxMarks {
		full.Unsettled.add(mark(i) << 40)
		full.Page.add(mark(i) << 40)
	}
	require.LessOrEqual(t, len(full.token()), 64<<10, "the largest token fits the protocol")
}

func TestBadTokens(t *testing.T) {
	t.Parallel()
	good := position{Version: positionVersion, Object: "thing", Mode: modeStamp, Set: "things", Key: "thingid", User: userID, Link: "things?x"}
	for name, token := range map[string]string{
		"garbage": "x", "another version": `{"v":9}`,
		"a path elsewhere":   strings.Replace(string(good.token()), "things?x", "others?x", 1),
		"a link with a line": strings.Replace(string(good.token()), "things?x", `things?x\r\nX: y`, 1),
		"no mode":            strings.Replace(string(good.token()), `"stamp"`, `"guess"`, 1),
		"no user":            strings.Replace(string(good.token()), userID, "me", 1),
		"bad marks":          strings.Replace(string(good.token()), `{"v":1`, `{"v":1,"page":"*"`, 1),
		"too many old":       strings.Replace(string(good.token()), `{"v":1`, `{"v":1,"old":3`, 1),
		"a bad id":           strings.Replace(string(good.token()), `{"v":1`, `{"v":1,"id":"x' or 1 eq 1"`, 1),
	} {
		_, err := parsePosition([]byte(token), "thing")
		require.Equal(t, sdk.CodeCursorExpired, sdk.CodeOf(err), name)
	}
	_, err := parsePosition(good.token(), "other")
	require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(err))
	_, err = parsePosition(good.token(), "thing")
	require.NoError(t, err)
}

// TestPass: the position passes what is older than the horizon, and remembers the
// rest for the next run, however often it meets it.
func TestPass(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	p := position{Mode: modeStamp}
	p.open(now)
	id := func(n int) string { return fmt.Sprintf("%08d-0000-0000-0000-000000000000", n) }
	p.pass(now.Add(-time.Hour), id(1), 1)
	p.pass(now.Add(-overlap-time.Second), id(2), 2)
	require.Equal(t, now.Add(-overlap-time.Second), p.Stamp)
	require.Equal(t, id(2), p.ID)
	p.pass(now.Add(-overlap), id(3), 3)
	p.pass(now, id(4), 4)
	p.pass(time.Time{}, id(5), 5)
	require.Equal(t, id(2), p.ID)
	p.finish()
	require.Equal(t, now.Add(-overlap), p.Stamp)
	require.Empty(t, p.ID)
	require.Equal(t, marks{3, 4, 5}, p.Unsettled)

	p.open(now.Add(overlap / 2))
	p.pass(now.Add(-overlap), id(3), 3)
	p.pass(now, id(4), 4)
	p.pass(now, id(4), 4)
	p.pass(now.Add(overlap/2), id(6), 6)
	p.finish()
	require.Equal(t, marks{4, 6}, p.Unsettled, "what was settled or not met again is forgotten")
}

func TestFilter(t *testing.T) {
	t.Parallel()
	r := &reader{properties: []string{"thingid", modifiedOn}, at: position{Mode: modeStamp, Set: "things", Key: "thingid"}}
	require.Equal(t, "things?$select=thingid,modifiedon&$orderby=modifiedon%20asc%2Cthingid%20asc", r.query())
	r.at.Stamp = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	require.Equal(t, "modifiedon ge 2026-06-01T12:00:00Z", r.filter())
	r.at.ID = userID
	require.Equal(t, "modifiedon gt 2026-06-01T12:00:00Z or (modifiedon eq 2026-06-01T12:00:00Z and thingid gt "+userID+")", r.filter())
	r.wholeSeconds = true
	require.Equal(t, "modifiedon ge 2026-06-01T12:00:00Z", r.filter())
	r.at.Mode = modeDelta
	require.Equal(t, "things?$select=thingid,modifiedon", r.query())
}

func TestRow(t *testing.T) {
	t.Parallel()
	parse := func(text string) row {
		var r row
		require.NoError(t, json.Unmarshal([]byte(text), &r))
		return r
	}
	wanted := map[string]bool{"name": true, "parentcustomerid": true, "statecode": true, "empty": true}
	record, err := parse(`{"@odata.etag":"W/\"7\"","thingid":"`+strings.ToUpper(userID)+`","modifiedon":"2026-01-02T03:04:05Z","name":"A \"b\"",
		"_parentcustomerid_value":"`+orgID+`","_parentcustomerid_value@OData.Community.Display.V1.FormattedValue":"Contoso",
		"_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"account","_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty":"x",
		"statecode":0,"statecode@OData.Community.Display.V1.FormattedValue":"Active","_transactioncurrencyid_value":"`+orgID+`","empty":null}`).record("thingid", wanted)
	require.NoError(t, err)
	require.Equal(t, userID, record.ID)
	require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), record.ModifiedAt)
	require.Equal(t, `{"empty":null,"name":"A \"b\"","parentcustomerid":"`+orgID+`","parentcustomerid@formatted":"Contoso","parentcustomerid@table":"account","statecode":0,"statecode@formatted":"Active"}`, string(record.Data))

	gone, err := parse(`{"@odata.context":"https://x/api/data/v9.2/$metadata#things/$deletedEntity","id":"`+userID+`","reason":"deleted"}`).record("thingid", wanted)
	require.NoError(t, err)
	require.Equal(t, sdk.Record{ID: userID, Deleted: true}, gone)
	for _, bad := range []string{
		`{"thingid":"7"}`, `{}`, `{"thingid":"` + userID + `","modifiedon":"yesterday"}`,
		`{"@odata.context":"x/$deletedEntity","id":"https://x/things(1)"}`,
	} {
		_, err := parse(bad).record("thingid", wanted)
		require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err), bad)
	}
}
