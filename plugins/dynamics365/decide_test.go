package dynamics365

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func fieldNames(check sdk.ObjectCheck) []string {
	var names []string
	for _, field := range check.Fields {
		names = append(names, field.Name)
	}
	return names
}

func TestDecideColumns(t *testing.T) {
	t.Parallel()
	s := thing(t,
		columnOfType("ownerid", "Owner", ""),
		columnOfType("owneridname", "String", `"AttributeOf":"ownerid"`),
		columnOfType("parties", "PartyList", ""),
		columnOfType("shadow", "Virtual", ""),
		`{"LogicalName":"colours","SchemaName":"Colours","AttributeType":"Virtual","AttributeTypeName":{"Value":"MultiSelectPicklistType"},"IsValidForRead":true,"IsValidODataAttribute":true}`,
		columnOfType("hidden", "String", `"IsValidODataAttribute":false`),
		columnOfType("writeonly", "String", `"IsValidForRead":false`),
		columnOfType("secret", "String", `"IsSecured":true,"CanBeSecuredForRead":true`),
		columnOfType("granted", "String", `"IsSecured":true,"CanBeSecuredForRead":true,"CanBeSecuredForCreate":true,"CanBeSecuredForUpdate":true`),
		columnOfType("guarded", "String", `"IsSecured":true,"CanBeSecuredForRead":false,"CanBeSecuredForUpdate":true`),
		columnOfType("new_score", "Integer", `"IsCustomAttribute":true`),
	)
	s.set(columnRightsPath(), ok(`{"AttributePrivileges":[{"AttributeId":"id-GRANTED","CanRead":4,"CanCreate":4,"CanUpdate":0},{"AttributeId":"ID-secret","CanRead":0,"CanCreate":4,"CanUpdate":4}]}`))
	s.set(privilegesPath(), holding("Global", "prvReadthing", "prvCreatething"))
	check, _, err := checkOne(t, s.target(), "thing", "name", "secret", "gone", "parties", "old_score", "gone")
	require.NoError(t, err)
	require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%v", check.Failure)
	require.Equal(t, []string{"thingid", "modifiedon", "name", "ownerid", "colours", "granted", "guarded", "new_score"}, fieldNames(check))
	require.Equal(t, sdk.Rights{Read: true, Create: true}, check.Rights)
	types := map[string]sdk.Field{}
	for _, field := range check.Fields {
		types[field.Name] = field
	}
	require.Equal(t, "MultiSelectPicklist", types["colours"].Type)
	require.Equal(t, "Owner", types["ownerid"].Type)
	require.True(t, types["granted"].Hideable)
	require.False(t, types["guarded"].Hideable, "it can be secured for changes only")
	require.True(t, types["new_score"].Custom)
	causes := map[string]sdk.Cause{}
	for _, field := range check.Denied {
		require.NotEmpty(t, field.Evidence)
		causes[field.Name] = field.Cause
	}
	require.Equal(t, map[string]sdk.Cause{
		"secret": sdk.CausePermission, "gone": sdk.CauseDeleted, "parties": sdk.CauseUnknown, "old_score": sdk.CauseRenamedCandidate,
	}, causes)
	require.Len(t, check.Denied, 4)
}

// TestDecidePrivileges: what the answer to the question for privileges may be.
func TestDecidePrivileges(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer  canned
		verdict sdk.Verdict
		records sdk.RecordAccess
	}{
		"global":              {holding("Global", "prvReadthing"), sdk.VerdictAccessible, sdk.RecordsAll},
		"deep":                {holding("Deep", "prvReadthing"), sdk.VerdictAccessible, sdk.RecordsPartial},
		"local":               {holding("Local", "prvReadthing"), sdk.VerdictAccessible, sdk.RecordsPartial},
		"basic":               {holding("Basic", "prvReadthing"), sdk.VerdictAccessible, sdk.RecordsPartial},
		"by id alone":         {ok(`{"RolePrivileges":[{"Depth":"Global","PrivilegeId":"r"}]}`), sdk.VerdictAccessible, sdk.RecordsAll},
		"of several roles":    {ok(`{"RolePrivileges":[{"Depth":"Global","PrivilegeId":"R"},{"Depth":"Basic","PrivilegeId":"R"}]}`), sdk.VerdictAccessible, sdk.RecordsAll},
		"not held":            {holding("Global", "prvCreatething"), sdk.VerdictDenied, sdk.RecordsUnknown},
		"nothing held":        {ok(`{"RolePrivileges":[]}`), sdk.VerdictDenied, sdk.RecordsUnknown},
		"no list":             {ok(`{}`), sdk.VerdictFailed, sdk.RecordsUnknown},
		"an unknown depth":    {holding("RecordFilter", "prvReadthing"), sdk.VerdictFailed, sdk.RecordsUnknown},
		"a page":              {ok("<html>"), sdk.VerdictFailed, sdk.RecordsUnknown},
		"outage":              {refusal(500, "0x80040216", "x"), sdk.VerdictFailed, sdk.RecordsUnknown},
		"limit":               {refusal(429, "0x80072321", "x"), sdk.VerdictFailed, sdk.RecordsUnknown},
		"bad request":         {refusal(400, "0x80040217", "x"), sdk.VerdictFailed, sdk.RecordsUnknown},
		"refused":             {refusal(403, "0x80040220", "prvReadUser"), sdk.VerdictAccessible, sdk.RecordsUnknown},
		"403 of another kind": {refusal(403, "0x80072560", "no member"), sdk.VerdictFailed, sdk.RecordsUnknown},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := thing(t)
			s.set(privilegesPath(), c.answer)
			check, _, err := checkOne(t, s.target(), "thing", "name")
			require.NoError(t, err)
			require.Equal(t, c.verdict, check.Verdict, "%v %s", check.Failure, check.Evidence)
			require.Equal(t, c.records, check.Records)
			require.Equal(t, c.records == sdk.RecordsPartial, check.RecordsNote != "")
			if c.verdict == sdk.VerdictDenied {
				require.Equal(t, sdk.CausePermission, check.Cause)
				require.Contains(t, check.Evidence, "prvReadthing")
			}
		})
	}
}

// TestDecideDefinitions: what the answer to the question for a table may be.
func TestDecideDefinitions(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer  canned
		verdict sdk.Verdict
	}{
		"missing":           {refusal(404, "0x80060888", "not found in the MetadataCache"), sdk.VerdictDenied},
		"missing, old code": {refusal(404, "0x0", "Could not find an entity"), sdk.VerdictDenied},
		"404 as a page":     {canned{status: 404, body: "<html>404</html>"}, sdk.VerdictFailed},
		"404 and nothing":   {canned{status: 404}, sdk.VerdictFailed},
		"another table":     {tableOf("other"), sdk.VerdictFailed},
		"no columns":        {ok(`{"LogicalName":"thing","EntitySetName":"things","PrimaryIdAttribute":"thingid","Attributes":[]}`), sdk.VerdictFailed},
		"no key":            {ok(`{"LogicalName":"thing","EntitySetName":"things","PrimaryIdAttribute":"thingid","Attributes":[{"LogicalName":"name"}]}`), sdk.VerdictFailed},
		"a bad entity set":  {ok(`{"LogicalName":"thing","EntitySetName":"th/ings?","PrimaryIdAttribute":"thingid","Attributes":[{"LogicalName":"thingid"}]}`), sdk.VerdictFailed},
		"refused":           {refusal(403, "0x80040220", "x"), sdk.VerdictFailed},
		"outage":            {refusal(503, "", "x"), sdk.VerdictFailed},
		"a list":            {ok(`{"value":[]}`), sdk.VerdictFailed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := thing(t)
			s.set(definitionPath("thing"), c.answer)
			check, _, err := checkOne(t, s.target(), "thing", "name")
			require.NoError(t, err)
			require.Equal(t, c.verdict, check.Verdict, "%v %s", check.Failure, check.Evidence)
			if c.verdict == sdk.VerdictDenied {
				require.Equal(t, sdk.CauseDeleted, check.Cause)
			}
		})
	}
}

// TestDecideColumnSecurity: without an answer about column security a secured
// column is neither readable nor lost.
func TestDecideColumnSecurity(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]canned{
		"outage": refusal(500, "0x80040216", "x"), "limit": refusal(429, "0x80072326", "x"), "a page": ok("<html>"), "no list": ok(`{}`),
		"refused": refusal(403, "0x80040220", "prvReadUser"),
	} {
		s := thing(t, columnOfType("secret", "String", `"IsSecured":true,"CanBeSecuredForRead":true`))
		s.set(columnRightsPath(), a)
		check, _, err := checkOne(t, s.target(), "thing", "secret")
		require.NoError(t, err)
		require.Equal(t, sdk.VerdictFailed, check.Verdict, name)
		if name == "refused" {
			check, _, err = checkOne(t, s.target(), "thing", "name")
			require.NoError(t, err)
			require.Equal(t, sdk.VerdictAccessible, check.Verdict, "nobody wants the secured column")
			require.NotContains(t, fieldNames(check), "secret")
		}
	}
}

// TestMemo: the memo saves calls and is never taken for the truth.
func TestMemo(t *testing.T) {
	t.Parallel()
	s := thing(t, columnOfType("secret", "String", `"IsSecured":true,"CanBeSecuredForRead":true`))
	target := s.target()
	calls := func() int { n := s.calls; s.calls = 0; return n }
	_, outcome, err := checkOne(t, target, "thing")
	require.NoError(t, err)
	require.Equal(t, 2, calls())
	require.NotEmpty(t, outcome.Memo)
	target.Memo = outcome.Memo
	_, outcome, err = checkOne(t, target, "thing")
	require.NoError(t, err)
	require.Equal(t, 1, calls())
	require.Nil(t, outcome.Memo, "it is as before")

	for name, memo := range map[string]string{
		"garbage": "x", "another version": `{"v":9}`, "another environment": strings.ReplaceAll(string(target.Memo), "127.0.0.1", "127.0.0.2"),
		"no user": strings.ReplaceAll(string(target.Memo), userID, "me"),
	} {
		target.Memo = []byte(memo)
		check, again, err := checkOne(t, target, "thing")
		require.NoError(t, err)
		require.Equal(t, sdk.VerdictAccessible, check.Verdict, name)
		require.NotNil(t, again.Memo, name)
		require.Equal(t, 2, calls(), name)
	}

	// The token is another user's now: what is known of the first must not count.
	target.Memo = []byte(strings.ReplaceAll(string(mustMemo(t, s)), userID, otherUser))
	s.set(strings.Replace(privilegesPath(), userID, otherUser, 1), ok(`{"RolePrivileges":[]}`))
	s.set(strings.Replace(columnRightsPath(), userID, otherUser, 1), ok(`{"AttributePrivileges":[]}`))
	check, _, err := checkOne(t, target, "thing")
	require.NoError(t, err)
	require.Equal(t, sdk.VerdictAccessible, check.Verdict)

	// A table that is too large to be remembered costs calls, nothing else.
	big := memo{Version: memoVersion, Columns: map[string]string{strings.Repeat("x", maxMemo): "r"}}
	require.Nil(t, big.bytes(nil))
}

func mustMemo(t *testing.T, s *stub) []byte {
	t.Helper()
	_, outcome, err := checkOne(t, s.target(), "thing")
	require.NoError(t, err)
	return outcome.Memo
}

// TestUnknownPrivilegeName: a name that metadata has and the platform does not know
// costs the verdict of the table it belongs to, and of no other.
func TestUnknownPrivilegeName(t *testing.T) {
	t.Parallel()
	s := thing(t)
	s.set(definitionPath("other"), tableOf("other"))
	s.set(privilegesPath(), refusal(400, "0x80040217", "does not exist"))
	s.set(privilegesPath()+`(PrivilegeNames=@p1)?@p1=%5B%22prvReadthing%22%5D`, holding("Global", "prvReadthing"))
	s.set(privilegesPath()+`(PrivilegeNames=@p1)?@p1=%5B%22prvCreatething%22%5D`, holding("Global", "prvCreatething"))
	checks := map[string]sdk.ObjectCheck{}
	_, err := NewWithoutPause().CheckPermissions(t.Context(), s.target(), sdk.CheckRequest{Objects: []sdk.CheckObject{{Name: "thing"}, {Name: "other"}}}, func(check sdk.ObjectCheck) error {
		checks[check.Object] = check
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, sdk.VerdictAccessible, checks["thing"].Verdict, "%v", checks["thing"].Failure)
	require.Equal(t, sdk.VerdictFailed, checks["other"].Verdict)
	require.LessOrEqual(t, s.calls, 3)
}

func TestBadNames(t *testing.T) {
	t.Parallel()
	s := thing(t)
	for _, name := range []string{"", "a b", "x')/things", "ä", strings.Repeat("x", 200)} {
		check, _, err := checkOne(t, s.target(), name)
		require.NoError(t, err)
		require.Equal(t, sdk.VerdictFailed, check.Verdict)
		require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(check.Failure))
		err = NewWithoutPause().Read(t.Context(), s.target(), sdk.ReadRequest{Object: name}, nil)
		require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(err))
		err = NewWithoutPause().Read(t.Context(), s.target(), sdk.ReadRequest{Object: "thing", Fields: []string{name}}, nil)
		require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(err))
	}
	require.Zero(t, s.calls)
}

// TestRealDefinitions reads real metadata, when it is at hand: the rules of which
// columns can be selected give what the platform itself selects.
func TestRealDefinitions(t *testing.T) {
	t.Parallel()
	root := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if root == "" {
		t.Skip("SKIPPED: FIELDWARDEN_REFERENCE_DATA names no folder with real table definitions")
	}
	load := func(table string) *definition {
		raw, err := os.ReadFile(filepath.Join(root, "dynamics365", "data", "entitydefinitions", table+".json"))
		require.NoError(t, err)
		var d definition
		require.NoError(t, json.Unmarshal(raw, &d))
		require.NoError(t, d.check(table))
		return &d
	}
	base := load(activityPointer)
	for table, reads := range map[string]string{
		"account": "prvReadAccount", "contact": "prvReadContact", "lead": "prvReadLead", "opportunity": "prvReadOpportunity", "annotation": "prvReadNote",
		"task": "prvReadActivity", "phonecall": "prvReadActivity", "email": "prvReadActivity", "appointment": "prvReadActivity", "activityparty": "", "processstage": "",
	} {
		d := load(table)
		p, has := d.privilege("Read")
		require.Equal(t, reads != "", has)
		require.Equal(t, reads, p.Name)
		var selectable []string
		for i := range d.Attributes {
			a := &d.Attributes[i]
			if d.selectable(a, base) {
				require.Empty(t, a.AttributeOf)
				require.NotEmpty(t, a.typeName())
				selectable = append(selectable, a.LogicalName)
			}
		}
		require.Contains(t, selectable, d.PrimaryIDAttribute, table)
		require.NotContains(t, selectable, "owneridname")
		if d.IsActivity {
			for _, name := range []string{"subject", "regardingobjectid", "ownerid", modifiedOn, "statecode"} {
				require.Contains(t, selectable, name, table)
			}
			require.False(t, slices.ContainsFunc(d.Attributes, func(a attribute) bool {
				return a.AttributeType == "PartyList" && slices.Contains(selectable, a.LogicalName)
			}))
		}
	}
	account := load("account")
	for _, name := range []string{"opendeals", "openrevenue"} {
		require.True(t, account.column(name).securedFor().Read, name)
	}
	require.False(t, load("contact").column("donotemail").CanBeSecuredForRead, "for changes only")
}
