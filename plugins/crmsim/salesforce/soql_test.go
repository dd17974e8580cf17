package salesforce_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// page is a page of query results.
type page struct {
	TotalSize      int
	Done           bool
	NextRecordsURL string `json:"nextRecordsUrl"`
	Records        []map[string]any
}

func (s *session) rows(t testing.TB, soql string) page {
	t.Helper()
	var got page
	s.query(t, soql).json(t, http.StatusOK, &got)
	return got
}

func column(rows []map[string]any, name string) []any {
	values := make([]any, len(rows))
	for i, row := range rows {
		values[i] = row[name]
	}
	return values
}

// people makes an org whose only interesting contacts are these, newest last.
func people(t testing.TB) (*org, *session) {
	t.Helper()
	org := start(t, func(c *salesforce.Config) { c.Records = map[string]int{"Contact": 0, "Account": 2, "User": 2} })
	for _, fields := range []map[string]any{
		{"LastName": "Alpha", "Title": "CEO", "Email": "a@x.example", "HasOptedOut": nil},
		{"LastName": "beta", "Title": nil, "Email": "b_1@x.example"},
		{"LastName": "Gamma", "Title": "cto", "Email": "b%1@x.example", "Birthdate": "1980-02-29"},
		{"LastName": "O'Neil", "Title": "CEO", "FirstName": "Zoë \"Z\"\n"},
	} {
		delete(fields, "HasOptedOut")
		_, err := org.Controls().CreateRecords(salesforce.RecordChange{Object: "Contact", Fields: fields})
		require.NoError(t, err)
	}
	return org, org.login(t)
}

func TestWhere(t *testing.T) {
	t.Parallel()
	_, client := people(t)
	for where, want := range map[string][]string{
		"Title = 'ceo'":                                       {"Alpha", "O'Neil"},
		"Title != 'CEO'":                                      {"beta", "Gamma"},
		"Title = null":                                        {"beta"},
		"Title = ''":                                          {"beta"},
		"Title != NULL":                                       {"Alpha", "Gamma", "O'Neil"},
		"Title IN ('CEO', 'CTO')":                             {"Alpha", "Gamma", "O'Neil"},
		"Title NOT IN ('CEO')":                                {"beta", "Gamma"},
		"NOT Title = 'CEO'":                                   {"beta", "Gamma"},
		"LastName > 'beta'":                                   {"Gamma", "O'Neil"},
		"LastName <= 'BETA'":                                  {"Alpha", "beta"},
		"LastName LIKE 'o\\'%'":                               {"O'Neil"},
		"LastName LIKE '%a'":                                  {"Alpha", "beta", "Gamma"},
		"Email LIKE 'b_1@%'":                                  {"beta", "Gamma"},
		"Email LIKE 'b\\_1@%'":                                {"beta"},
		"Email LIKE 'b\\%1@%'":                                {"Gamma"},
		"Birthdate = 1980-02-29":                              {"Gamma"},
		"Birthdate < 2000-01-01":                              {"Gamma"},
		"IsDeleted = false":                                   {"Alpha", "beta", "Gamma", "O'Neil"},
		"IsDeleted = TRUE":                                    {},
		"SystemModstamp > 2020-01-01T00:00:00Z":               {"Alpha", "beta", "Gamma", "O'Neil"},
		"SystemModstamp < 2020-01-01T00:00:00.000+02:00":      {},
		"Owner.IsActive = true AND Title = 'CEO'":             {"Alpha", "O'Neil"},
		"(Title = 'CEO' OR Title = 'CTO') AND LastName < 'H'": {"Alpha", "Gamma"},
		"LastName = 'Alpha' OR (LastName = 'beta' AND (NOT Title = 'CEO'))": {"Alpha", "beta"},
		"contact.lastname = 'alpha'":                                        {"Alpha"},
	} {
		got := client.rows(t, "select LastName from Contact where "+where+" order by LastName")
		texts := []string{}
		for _, v := range column(got.Records, "LastName") {
			texts = append(texts, fmt.Sprint(v))
		}
		require.Equal(t, want, texts, where)
		require.Equal(t, len(want), got.TotalSize, where)
		require.True(t, got.Done)
		var count page
		client.query(t, "SELECT count() FROM Contact WHERE "+where).json(t, http.StatusOK, &count)
		require.Equal(t, page{TotalSize: len(want), Done: true, Records: []map[string]any{}}, count, where)
	}
}

func TestOrderAndLimit(t *testing.T) {
	t.Parallel()
	_, client := people(t)
	for order, want := range map[string][]any{
		"ORDER BY LastName DESC":                        {"O'Neil", "Gamma", "beta", "Alpha"},
		"ORDER BY Title, LastName DESC":                 {"beta", "O'Neil", "Alpha", "Gamma"},
		"ORDER BY Title DESC NULLS LAST, LastName":      {"Gamma", "Alpha", "O'Neil", "beta"},
		"ORDER BY Title ASC NULLS FIRST, LastName ASC":  {"beta", "Alpha", "O'Neil", "Gamma"},
		"ORDER BY SystemModstamp, Id LIMIT 2":           {"Alpha", "beta"},
		"ORDER BY SystemModstamp DESC, Id DESC LIMIT 1": {"O'Neil"},
		"LIMIT 0": {},
		"WHERE Title = 'CEO' ORDER BY Id LIMIT 1":             {"Alpha"},
		"WHERE Id > '003000000000000AAA' ORDER BY Id LIMIT 3": {"Alpha", "beta", "Gamma"},
	} {
		require.Equal(t, want, column(client.rows(t, "SELECT LastName FROM Contact "+order).Records, "LastName"), order)
	}
}

func TestRecordShape(t *testing.T) {
	t.Parallel()
	org, client := people(t)
	a := client.query(t, "SELECT id, LASTNAME, Owner.Name, Account.Name, OwnerId, Owner.Id, MailingAddress, CreatedDate "+
		"FROM Contact WHERE LastName = 'Gamma'")
	var got page
	a.json(t, http.StatusOK, &got)
	row := got.Records[0]
	id, _ := row["Id"].(string)
	require.Equal(t, map[string]any{"type": "Contact", "url": root + "/sobjects/Contact/" + id}, row["attributes"])
	require.Nil(t, row["Account"], "an empty lookup is null, not an empty object")
	require.Nil(t, row["MailingAddress"])
	owner, _ := row["Owner"].(map[string]any)
	require.Equal(t, "Integration User", owner["Name"])
	require.Equal(t, row["OwnerId"], owner["Id"])
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000$`, row["CreatedDate"])
	text := string(a.body)
	require.Less(t, strings.Index(text, `"attributes"`), strings.Index(text, `"Id"`), "attributes come first")

	require.NoError(t, org.Controls().SetObject("User", salesforce.ObjectSwitch{Read: salesforce.Off()}))
	client.query(t, "SELECT Owner.Name FROM Contact").fails(t, 400, "INVALID_FIELD", "Didn't understand relationship 'Owner' in field path.")
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	_, client := people(t)
	client.get(t, root+"/query").fails(t, 400, "MALFORMED_QUERY", "A query string has to be specified")
	for soql, want := range map[string]string{
		// The first three texts are as recorded or reported from the real service.
		"select count() from XYZZY": "INVALID_TYPE: \nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n" +
			"sObject type 'XYZZY' is not supported. If you are attempting to use a custom object, be sure to append the '__c'",
		"select Id, Company,Email,LastName,SF_date__c, ConvertedContactId from Lead where Id = null": "INVALID_FIELD: \n" +
			"select Id, Company,Email,LastName,SF_date__c, ConvertedContactId from\n                                  ^\n" +
			"ERROR at Row:1:Column:35\nNo such column 'SF_date__c' on entity 'Lead'. If you are attempting",
		"SELECT Id FROM Contact\nWHERE Nope = 1":                                  "ERROR at Row:2:Column:7\nNo such column 'Nope' on entity 'Contact'.",
		"SELECT Id FORM Contact":                                                  "MALFORMED_QUERY: \nSELECT Id FORM Contact\n          ^\nERROR at Row:1:Column:11\nunexpected token: 'FORM'",
		"SELECT Id FROM Contact WHERE Title = 'a' AND Title = 'b' OR Title = 'c'": "MALFORMED_QUERY: ~unexpected token: 'OR'",
		"SELECT Id FROM Contact WHERE Title = 'a":                                 "MALFORMED_QUERY: ~mismatched character",
		"SELECT Id FROM Contact WHERE Title = 'a\\q'":                             "MALFORMED_QUERY: ~invalid string escape",
		"SELECT Id FROM Contact WHERE":                                            "MALFORMED_QUERY: ~unexpected token: <EOF>",
		"SELECT Id FROM Contact WHERE Title":                                      "MALFORMED_QUERY: ~unexpected token: <EOF>",
		"SELECT Id FROM Contact WHERE Title = ":                                   "MALFORMED_QUERY: ~unexpected token: <EOF>",
		"SELECT Id FROM Contact WHERE Title IN ()":                                "MALFORMED_QUERY: ~unexpected token: ')'",
		"SELECT Id FROM Contact LIMIT -1":                                         "MALFORMED_QUERY: ~unexpected token: '-1'",
		"SELECT Id FROM Contact LIMIT 1.5":                                        "MALFORMED_QUERY: ~unexpected token: '1.5'",
		"SELECT Id FROM Contact WHERE Title = # ":                                 "MALFORMED_QUERY: ~unexpected token: '#'",
		"SELECT FROM Contact":                                                     "MALFORMED_QUERY: ~unexpected token: 'FROM'",
		"SELECT Id FROM Contact ORDER Id":                                         "MALFORMED_QUERY: ~unexpected token: 'Id'",
		"SELECT Id FROM Contact WHERE " + strings.Repeat("(", 200) + "Id = null":  "MALFORMED_QUERY: ~nested too deeply",
		"SELECT Id, Name, id FROM Contact":                                        "INVALID_FIELD: ~duplicate field selected: id",
		"SELECT Id FROM Contact WHERE Description = 'x'":                          "INVALID_FIELD: ~field 'Description' can not be filtered in a query call",
		"SELECT Id FROM Contact ORDER BY Description":                             "MALFORMED_QUERY: ~field 'Description' can not be sorted in a query call",
		"SELECT Id FROM Contact WHERE SystemModstamp > '2020-01-01T00:00:00Z'":    "INVALID_FIELD: ~must be of type dateTime and should not be enclosed in quotes",
		"SELECT Id FROM Contact WHERE SystemModstamp > 2020-01-01T00:00:00 00:00": "MALFORMED_QUERY: ~unexpected token",
		"SELECT Id FROM Contact WHERE Title = 5":                                  "INVALID_FIELD: ~must be of type string and should be enclosed in quotes",
		"SELECT Id FROM Contact WHERE IsDeleted = 'true'":                         "INVALID_FIELD: ~must be of type boolean and should not be enclosed in quotes",
		"SELECT Id FROM Contact WHERE IsDeleted > true":                           "INVALID_QUERY_FILTER_OPERATOR: ~invalid operator on boolean field",
		"SELECT Id FROM Contact WHERE Id LIKE '003%'":                             "INVALID_QUERY_FILTER_OPERATOR: ~invalid ID field: 003%",
		"SELECT Id FROM Contact WHERE Id = 'x'":                                   "INVALID_QUERY_FILTER_OPERATOR: ~invalid ID field: x",
		"SELECT Nope.Name FROM Contact":                                           "INVALID_FIELD: ~Didn't understand relationship 'Nope' in field path.",
		"SELECT Account.Nope FROM Contact":                                        "INVALID_FIELD: ~No such column 'Nope' on entity 'Account'.",
		"SELECT Birthdate FROM Contact WHERE Birthdate = 2026-02-30":              "INVALID_FIELD: ~invalid date: 2026-02-30",
		"SELECT Id, (SELECT Id FROM Nopes) FROM Account":                          "INVALID_TYPE: ~Didn't understand relationship 'Nopes' in FROM part of query call",
		"SELECT Id, (SELECT Nope FROM Contacts) FROM Account":                     "INVALID_FIELD: ~No such column 'Nope' on entity 'Contact'.",
		"SELECT MAX(CreatedDate) FROM Account":                                    "MALFORMED_QUERY: ~the simulator does not support MAX() in SELECT",
		"SELECT Id FROM Account GROUP BY Id":                                      "MALFORMED_QUERY: ~the simulator does not support GROUP",
		"SELECT Id FROM Account WHERE CreatedDate = LAST_N_DAYS:3":                "MALFORMED_QUERY: ~",
		"SELECT Account.Parent.Name FROM Contact":                                 "MALFORMED_QUERY: ~the simulator does not support paths over more than one",
	} {
		var errors []struct{ ErrorCode, Message string }
		client.query(t, soql).json(t, http.StatusBadRequest, &errors)
		got := errors[0].ErrorCode + ": " + errors[0].Message
		code, text, vague := strings.Cut(want, "~")
		require.Contains(t, got, code)
		if vague {
			require.Contains(t, got, text)
		}
	}
}

// TestLikeAgainstDefinition compares LIKE with a slow definition of it.
func TestLikeAgainstDefinition(t *testing.T) {
	t.Parallel()
	org, client := people(t)
	alphabet := []rune(`ab%_\`)
	rapid.Check(t, func(r *rapid.T) {
		text := string(rapid.SliceOfN(rapid.SampledFrom(alphabet), 1, 5).Draw(r, "text"))
		pattern := string(rapid.SliceOfN(rapid.SampledFrom([]rune("ab%_")), 1, 5).Draw(r, "pattern"))
		_, err := org.Controls().TouchRecords(salesforce.RecordChange{Object: "Contact", Count: 1, Fields: map[string]any{"Department": text}})
		require.NoError(r, err)
		got := client.rows(t, "SELECT count() FROM Contact WHERE Department LIKE '"+pattern+"'").TotalSize == 1
		require.Equal(r, likeByDefinition(text, pattern), got)
	})
}

func likeByDefinition(text, pattern string) bool {
	if pattern == "" {
		return text == ""
	}
	switch pattern[0] {
	case '%':
		return likeByDefinition(text, pattern[1:]) || (text != "" && likeByDefinition(text[1:], pattern))
	case '_':
		return text != "" && likeByDefinition(text[1:], pattern[1:])
	}
	return text != "" && text[0] == pattern[0] && likeByDefinition(text[1:], pattern[1:])
}

// TestNoQueryBreaksTheSimulator throws token salad at the parser.
func TestNoQueryBreaksTheSimulator(t *testing.T) {
	t.Parallel()
	_, client := people(t)
	words := []string{
		"SELECT", "Id", "FROM", "Contact", "WHERE", "AND", "OR", "NOT", "(", ")", ",", "'a'", "1", "=", "!=",
		"IN", "LIKE", "ORDER", "BY", "LIMIT", "count", "null", "2026-01-01", "2026-01-01T00:00:00Z", "é", "\\", "'",
	}
	rapid.Check(t, func(r *rapid.T) {
		soql := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 12).Draw(r, "words"), " ")
		status := client.get(t, root+"/query?q="+url.QueryEscape(soql)).status
		require.True(r, slices.Contains([]int{200, 400}, status), "%d for %q", status, soql)
	})
}

// TestOrderIsTotal: any combination of orders gives the same set of rows, ordered by exactly those keys.
func TestOrderIsTotal(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.Records = map[string]int{"Contact": 40} })
	client := org.login(t)
	all := column(client.rows(t, "SELECT Id FROM Contact").Records, "Id")
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom([]string{"LastName", "Title", "MobilePhone", "CreatedDate", "Birthdate"}).Draw(r, "by")
		descending := rapid.Bool().Draw(r, "descending")
		soql := "SELECT Id, " + name + " FROM Contact ORDER BY " + name
		if descending {
			soql += " DESC"
		}
		got := client.rows(t, soql+" NULLS LAST, Id").Records
		require.ElementsMatch(r, all, column(got, "Id"))
		keys := column(got, name)
		require.True(r, sort.SliceIsSorted(keys, func(i, j int) bool {
			if keys[i] == nil || keys[j] == nil {
				return keys[j] == nil && keys[i] != nil
			}
			a, b := strings.ToLower(fmt.Sprint(keys[i])), strings.ToLower(fmt.Sprint(keys[j]))
			return a != b && (a < b) != descending
		}))
	})
}
