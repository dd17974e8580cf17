package salesforce

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	// maxSelect is the longest select list, URL-encoded, that one query carries.
	// Salesforce refuses URLs beyond about 16 KB; the rest of the query needs
	// less than 1 KB.
	maxSelect = 14_000
	// chunkSelect is the longest list of each query when a select must be
	// divided: the second query also carries up to maxIDs record ids (6 KB).
	chunkSelect = 8_000
	// maxIDs is the number of ids in one WHERE Id IN (…).
	maxIDs = 200
)

// apiName is the form of Salesforce's object and field names. Names of this form
// need no quoting in SOQL and URLs.
var apiName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,254}$`)

// recordID is the form of a record id.
var recordID = regexp.MustCompile(`^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$`)

func checkObjectName(object string) error {
	if !apiName.MatchString(object) {
		return sdk.InvalidRequest("an object name has characters that Salesforce does not allow")
	}
	return nil
}

// planSelect divides the wanted fields into select lists that fit a URL: one, when
// it is no longer than most. Each list starts with Id; the first one also has SystemModstamp, the position's
// field. Fields are compared without case, as SOQL does, and it refuses a field
// named twice.
func planSelect(fields []string, most int) ([][]string, error) {
	first := []string{"Id", "SystemModstamp"}
	seen := map[string]bool{"id": true, "systemmodstamp": true}
	var rest []string
	for _, field := range fields {
		if !apiName.MatchString(field) {
			return nil, sdk.InvalidRequest("a field name has characters that Salesforce does not allow")
		}
		if key := strings.ToLower(field); !seen[key] {
			seen[key] = true
			rest = append(rest, field)
		}
	}
	if whole := slices.Concat(first, rest); encodedLength(whole) <= most {
		return [][]string{whole}, nil
	}
	lists := [][]string{first}
	for _, field := range rest {
		if encodedLength(lists[len(lists)-1])+len("%2C"+field) > chunkSelect {
			lists = append(lists, []string{"Id"})
		}
		last := len(lists) - 1
		lists[last] = append(lists[last], field)
	}
	return lists, nil
}

// encodedLength is the length of a select list in a URL; a comma becomes %2C.
func encodedLength(fields []string) int {
	return len(url.QueryEscape(strings.Join(fields, ",")))
}

// pageQuery selects what comes after a position, in the position's order.
func pageQuery(object string, fields []string, after position) string {
	var soql strings.Builder
	soql.WriteString("SELECT " + strings.Join(fields, ",") + " FROM " + object)
	if !after.Stamp.IsZero() {
		stamp := soqlTime(after.Stamp)
		soql.WriteString(" WHERE (SystemModstamp > " + stamp + ") OR (SystemModstamp = " + stamp + " AND Id > '" + after.ID + "')")
	}
	soql.WriteString(" ORDER BY SystemModstamp, Id")
	return soql.String()
}

// idQuery selects records by id. The ids come from Salesforce and have the form
// of recordID.
func idQuery(object string, fields, ids []string) string {
	return "SELECT " + strings.Join(fields, ",") + " FROM " + object + " WHERE Id IN ('" + strings.Join(ids, "','") + "')"
}

func queryPath(soql string) string { return dataPath + "/query?q=" + url.QueryEscape(soql) }

// queryAllPath is a query whose answer has the recycle bin's records too.
func queryAllPath(soql string) string { return dataPath + "/queryAll?q=" + url.QueryEscape(soql) }

// isDeleted is the field that tells records of the recycle bin from living ones.
const isDeleted = "IsDeleted"

// withDeleted adds isDeleted to a select list that does not have it.
func withDeleted(list []string) []string {
	if slices.ContainsFunc(list, func(name string) bool { return strings.EqualFold(name, isDeleted) }) {
		return list
	}
	return append(slices.Clone(list), isDeleted)
}

// soqlTime is a dateTime literal of SOQL: UTC, milliseconds, unquoted.
func soqlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// parseTime reads a dateTime of an answer; Salesforce writes the zone as +0000.
func parseTime(text string) (time.Time, error) {
	t, err := time.Parse("2006-01-02T15:04:05.999-0700", text)
	if err != nil {
		t, err = time.Parse(time.RFC3339, text)
	}
	return t.UTC(), err
}
