package salesforce

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// fakeOrg answers the queries that Read sends, over records that commit late,
// share stamps and change while they are read. It has a clock of its own, which
// is also that of its Date header. It is the transport of the connector's HTTP
// client, so that a property's draws happen on the test's goroutine.
type fakeOrg struct {
	now  time.Time
	rows map[string][]version
	// pageSize is what the org makes of the wished page size.
	pageSize func() int
	// beforeRequest may change rows, clock and cursors.
	beforeRequest func()
	cursors       map[string]*fakeCursor
	queries       []string
	opened        int
	// purged records have left the recycle bin.
	purged map[string]bool
	bulk   fakeBulk
}

// version is what a record looks like from commit on.
type version struct {
	stamp, commit time.Time
	value         int
	deleted       bool
}

// fakeCursor is an open query: its records are those of the moment it was asked,
// their values those of the moment a page is fetched, as in Salesforce.
type fakeCursor struct {
	ids    []string
	fields []string
}

func newFakeOrg(now time.Time) *fakeOrg {
	org := &fakeOrg{now: now, rows: map[string][]version{}, cursors: map[string]*fakeCursor{}, purged: map[string]bool{}}
	org.pageSize = func() int { return 3 }
	org.beforeRequest = func() {}
	return org
}

func (o *fakeOrg) target() sdk.Target {
	return sdk.Target{Endpoint: "https://acme.my.salesforce.com", AccessToken: testToken}
}

// connector is a connector whose calls go to this org.
func (o *fakeOrg) connector() *Connector {
	c := newTestConnector()
	c.http.Transport = o
	return c
}

// RoundTrip answers one call.
func (o *fakeOrg) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	o.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// put writes a record now, visible after lag.
func (o *fakeOrg) put(id string, value int, stamp time.Time, lag time.Duration) {
	o.rows[id] = append(o.rows[id], version{stamp: stamp, commit: stamp.Add(lag), value: value})
}

// remove deletes a record now, visible after lag.
func (o *fakeOrg) remove(id string, stamp time.Time, lag time.Duration) {
	o.rows[id] = append(o.rows[id], version{stamp: stamp, commit: stamp.Add(lag), deleted: true})
}

// visible is the last committed version.
func (o *fakeOrg) visible(id string) (version, bool) {
	versions := o.rows[id]
	for _, v := range slices.Backward(versions) {
		if !v.commit.After(o.now) {
			return v, true
		}
	}
	return version{}, false
}

var (
	afterClause = regexp.MustCompile(` WHERE \(SystemModstamp > (\S+)\) OR \(SystemModstamp = (\S+) AND Id > '(\w+)'\) ORDER BY SystemModstamp, Id$`)
	idClause    = regexp.MustCompile(` WHERE Id IN \('([\w',]+)'\)$`)
)

func (o *fakeOrg) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.beforeRequest()
	w.Header().Set("Date", o.now.UTC().Format(http.TimeFormat))
	w.Header().Set("Sforce-Limit-Info", "api-usage=7/100")
	if locator, ok := strings.CutPrefix(r.URL.Path, dataPath+"/query/"); ok {
		cursor, ok := o.cursors[locator]
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`[{"errorCode":"INVALID_QUERY_LOCATOR","message":"invalid query locator"}]`))
			return
		}
		o.page(w, cursor)
		return
	}
	switch r.URL.Path {
	case "/services/data":
	case dataPath + "/query", dataPath + "/queryAll":
		query := r.URL.Query().Get("q")
		o.queries = append(o.queries, query)
		o.page(w, &fakeCursor{ids: o.find(query, r.URL.Path == dataPath+"/queryAll"), fields: selected(query)})
	case dataPath + "/sobjects/Lead/deleted":
		o.deletions(w, r)
	case dataPath + "/sobjects/Lead/describe":
		_, _ = io.WriteString(w, leadDescribe)
	default:
		o.serveBulk(w, r)
	}
}

// deletions lists what is deleted, in the recycle bin or not; seconds of the
// window are ignored. An open transaction is not covered.
func (o *fakeOrg) deletions(w http.ResponseWriter, r *http.Request) {
	start, errStart := time.Parse(time.RFC3339, r.URL.Query().Get("start"))
	end, errEnd := time.Parse(time.RFC3339, r.URL.Query().Get("end"))
	if errStart != nil || errEnd != nil || !start.Before(end) || o.now.Sub(start) > 30*24*time.Hour {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `[{"errorCode":"INVALID_REPLICATION_DATE","message":"not that window"}]`)
		return
	}
	records, covered := []map[string]string{}, end
	const layout = "2006-01-02T15:04:05.000+0000"
	for id, versions := range o.rows {
		for _, v := range versions {
			if v.commit.After(o.now) && v.stamp.Before(covered) {
				covered = v.stamp
			}
		}
		if v, ok := o.visible(id); ok && v.deleted && !v.stamp.Before(start) && v.stamp.Before(end) {
			records = append(records, map[string]string{"id": id, "deletedDate": v.stamp.UTC().Format(layout)})
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"deletedRecords": records, "earliestDateAvailable": start.Format(layout), "latestDateCovered": covered.UTC().Format(layout)})
}

func selected(query string) []string {
	list, _, _ := strings.Cut(strings.TrimPrefix(query, "SELECT "), " FROM ")
	return strings.Split(list, ",")
}

// find runs a query: the ids in order.
func (o *fakeOrg) find(query string, all bool) []string {
	var wanted func(id string, v version) bool
	switch {
	case afterClause.MatchString(query):
		m := afterClause.FindStringSubmatch(query)
		stamp, err := time.Parse(time.RFC3339, m[1])
		if err != nil || m[1] != m[2] {
			panic("bad position in " + query)
		}
		wanted = func(id string, v version) bool {
			return v.stamp.After(stamp) || v.stamp.Equal(stamp) && id > m[3]
		}
	case idClause.MatchString(query):
		ids := strings.Split(idClause.FindStringSubmatch(query)[1], "','")
		wanted = func(id string, _ version) bool { return slices.Contains(ids, id) }
	case strings.HasSuffix(query, " FROM Lead ORDER BY SystemModstamp, Id"):
		wanted = func(string, version) bool { return true }
	default:
		panic("a query of unknown form: " + query)
	}
	var ids []string
	for id := range o.rows {
		if v, ok := o.visible(id); ok && wanted(id, v) && (!v.deleted || all && !o.purged[id]) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		va, _ := o.visible(a)
		vb, _ := o.visible(b)
		return cmp.Or(va.stamp.Compare(vb.stamp), cmp.Compare(a, b))
	})
	return ids
}

func (o *fakeOrg) page(w http.ResponseWriter, cursor *fakeCursor) {
	n := min(max(o.pageSize(), 1), len(cursor.ids))
	records := []map[string]any{}
	for _, id := range cursor.ids[:n] {
		v, _ := o.visible(id)
		record := map[string]any{"attributes": map[string]string{"type": "Lead", "url": dataPath + "/sobjects/Lead/" + id}}
		for _, field := range cursor.fields {
			switch field {
			case "Id":
				record["Id"] = id
			case "SystemModstamp":
				record["SystemModstamp"] = v.stamp.UTC().Format("2006-01-02T15:04:05.000+0000")
			case "IsDeleted":
				record["IsDeleted"] = v.deleted
			case "Address":
				record["Address"] = map[string]any{"city": "Basel", "street": nil}
			default:
				record[field] = v.value
			}
		}
		records = append(records, record)
	}
	reply := map[string]any{"totalSize": len(cursor.ids), "done": n == len(cursor.ids), "records": records}
	if n < len(cursor.ids) {
		o.opened++
		locator := fmt.Sprintf("0r8xx5R2yF2gs3VASQ-%d", o.opened)
		o.cursors[locator] = &fakeCursor{ids: cursor.ids[n:], fields: cursor.fields}
		reply["nextRecordsUrl"] = dataPath + "/query/" + locator
	}
	body, err := json.Marshal(reply)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(body)
}

// leadID is a record id of 18 characters; they sort like their numbers.
func leadID(n int) string { return longID(fmt.Sprintf("00Q%012d", n)) }
