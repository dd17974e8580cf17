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

// TestWholeSeconds: where the platform does not compare keys, the whole second of
// the position is read again, and not sent again where that can be told.
func TestWholeSeconds(t *testing.T) {
	t.Parallel()
	s := thing(t)
	s.set(privilegesPath(), holding("Local", "prvReadthing"))
	s.set("things?$select=thingid,modifiedon,name&$filter=modifiedon%20gt", refusal(400, codeUnknownResource, "The operator is not valid."))
	s.set("things?$select=thingid,modifiedon,name&$filter=modifiedon%20ge", ok(`{"value":[{"@odata.etag":"1","thingid":"`+userID+`","modifiedon":"2026-06-01T12:00:00Z","name":"x"}]}`))
	whole := position{
		Version: positionVersion, Object: "thing", Mode: modeStamp, Set: "things", Key: "thingid", User: userID, Fields: []string{"name"},
		Stamp: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), ID: userID,
	}
	for _, page := range []marks{nil, {markOf(userID, "1")}} {
		whole.Page = page
		count := 0
		err := NewWithoutPause().Read(t.Context(), s.target(), sdk.ReadRequest{Object: "thing", Fields: []string{"name"}, ResumeToken: whole.token()}, func(b sdk.Batch) error {
			count += len(b.Records)
			require.True(t, b.Done)
			require.False(t, b.Restarted)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 1-len(page), count)
	}
}

// TestReadStrangePages: what is not the expected page is an error, and nothing of it
// is sent.
func TestReadStrangePages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		page canned
		want sdk.Code
	}{
		"no rows":           {ok(`{}`), sdk.CodeBadResponse},
		"a page":            {ok(`<html>`), sdk.CodeBadResponse},
		"no tracking":       {ok(`{"value":[]}`), sdk.CodeBadResponse},
		"a row without key": {ok(`{"value":[{"name":"x"}],"@odata.deltaLink":"{base}/things?$deltatoken=1"}`), sdk.CodeBadResponse},
		"privilege":         {refusal(403, codePrivilegeDenied, "prvReadthing"), sdk.CodeObjectDenied},
		"plug-in":           {refusal(400, "0x80040265", "no"), sdk.CodeInvalidRequest},
		"outage":            {refusal(500, "0x80040216", "x"), sdk.CodeUnavailable},
		"column gone":       {refusal(400, codeUnknownResource, "Could not find a property named 'name' on type 'Microsoft.Dynamics.CRM.thing'."), sdk.CodeFieldDenied},
		"stamp gone":        {refusal(400, codeUnknownResource, "Could not find a property named 'modifiedon' on type 'Microsoft.Dynamics.CRM.thing'."), sdk.CodeUnsupported},
		"expired for ever":  {refusal(400, codeStampExpired, "x"), sdk.CodeCursorExpired},
	} {
		s := thing(t)
		s.set("things", c.page)
		err := NewWithoutPause().Read(t.Context(), s.target(), sdk.ReadRequest{Object: "thing", Fields: []string{"name"}}, func(sdk.Batch) error {
			t.Errorf("%s: something was sent", name)
			return nil
		})
		require.Equal(t, c.want, sdk.CodeOf(err), "%s: %v", name, err)
		require.Less(t, s.calls, 12, name)
	}
}

// TestReadUnverified: a page whose column security nobody could tell is not sent.
func TestReadUnverified(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   string
		answer canned
		want   sdk.Code
	}{
		"metadata outage": {definitionPath("thing") + "?$select=LogicalName&$expand", refusal(503, "", "x"), sdk.CodeUnavailable},
		"another table":   {definitionPath("thing") + "?$select=LogicalName&$expand", ok(`{"LogicalName":"other","Attributes":[]}`), sdk.CodeBadResponse},
		"security outage": {columnRightsPath(), refusal(500, "0x80040216", "x"), sdk.CodeUnavailable},
		"security page":   {columnRightsPath(), ok("<html>"), sdk.CodeBadResponse},
		"refused":         {columnRightsPath(), refusal(403, codePrivilegeDenied, "prvReadUser"), sdk.CodeForbidden},
		"not granted":     {columnRightsPath(), ok(`{"AttributePrivileges":[]}`), sdk.CodeFieldDenied},
		"no user":         {"WhoAmI", refusal(403, codeNotMember, "x"), sdk.CodeForbidden},
	} {
		s := thing(t, columnOfType("secret", "String", `"IsSecured":true,"CanBeSecuredForRead":true`))
		s.set("things", ok(`{"value":[{"@odata.etag":"1","thingid":"`+userID+`","secret":null}],"@odata.deltaLink":"{base}/things?$deltatoken=1"}`))
		s.set(c.path, c.answer)
		err := NewWithoutPause().Read(t.Context(), s.target(), sdk.ReadRequest{Object: "thing", Fields: []string{"secret"}}, func(sdk.Batch) error {
			t.Errorf("%s: a null was sent", name)
			return nil
		})
		require.Equal(t, c.want, sdk.CodeOf(err), "%s: %v", name, err)
	}
}
