package salesforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// bulkTarget is the fake org with bulk jobs from three records on.
func (o *fakeOrg) bulkTarget() sdk.Target {
	target := o.target()
	target.Config = json.RawMessage(`{"bulkThreshold":3}`)
	return target
}

// leads puts old leads into an org.
func (o *fakeOrg) leads(n int) {
	for i := range n {
		o.put(leadID(i), i, epoch.Add(-time.Hour), 0)
	}
}

func TestReadByBulkJob(t *testing.T) {
	t.Parallel()
	org := newFakeOrg(epoch)
	org.leads(10)
	org.bulk.polls = 2
	connector := org.connector()
	connector.bulkPage = 4
	request := sdk.ReadRequest{Object: "Lead", Fields: []string{"V", "Address", "City"}, BatchSize: 3}
	batches := readAll(t, connector, org.bulkTarget(), request)
	ids := idsOf(batches)
	slices.Sort(ids)
	require.Len(t, slices.Compact(ids), 10)
	require.Len(t, ids, 10)
	for _, record := range recordsOf(batches) {
		if record.ID == leadID(7) {
			require.JSONEq(t, `{"V":7,"Address":{"city":"Basel"},"City":"Basel"}`, string(record.Data))
			require.Equal(t, epoch.Add(-time.Hour), record.ModifiedAt)
		}
	}
	require.Equal(t, 1, org.bulk.made)
	var after position
	require.NoError(t, json.Unmarshal(batches[len(batches)-1].ResumeToken, &after))
	require.WithinDuration(t, epoch.Add(-10*time.Minute), after.Stamp, time.Second, "the job's creation less the overlap")

	request.ResumeToken = batches[len(batches)-1].ResumeToken
	org.now = epoch.Add(24 * time.Hour)
	org.put(leadID(3), 33, org.now, 0)
	org.remove(leadID(4), org.now, 0)
	again := recordsOf(readAll(t, connector, org.bulkTarget(), request))
	require.Len(t, again, 2)
	require.Equal(t, [2]bool{false, true}, [2]bool{again[0].Deleted, again[1].Deleted})
	require.Equal(t, 1, org.bulk.made, "later reads are queries")
}

func TestReadStaysWithQueries(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refuse, config string
		fields         []string
		made           int
	}{
		"few records":        {config: `{"bulkThreshold":11}`},
		"switched off":       {config: `{"bulkThreshold":0}`},
		"default threshold":  {config: `{}`},
		"object refused":     {config: `{"bulkThreshold":3}`, refuse: "INVALIDENTITY"},
		"jobs used up":       {config: `{"bulkThreshold":3}`, refuse: "LIMIT_EXCEEDED"},
		"function refused":   {config: `{"bulkThreshold":3}`, refuse: "FUNCTIONALITY_NOT_ENABLED"},
		"a field of no type": {config: `{"bulkThreshold":3}`, fields: []string{"Blob"}},
		"an unknown field":   {config: `{"bulkThreshold":3}`, fields: []string{"Nobody"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := newFakeOrg(epoch)
			org.leads(10)
			org.bulk.refuse = c.refuse
			target := org.target()
			target.Config = json.RawMessage(c.config)
			batches := readAll(t, org.connector(), target, sdk.ReadRequest{Object: "Lead", Fields: append([]string{"V"}, c.fields...), BatchSize: 4})
			require.Len(t, idsOf(batches), 10)
			require.Zero(t, org.bulk.made)
			for _, batch := range batches {
				require.False(t, batch.Restarted)
			}
		})
	}
}

// TestReadBulkJobsThatFail: a job that fails is begun again once, then a query
// reads. Rows that were sent are announced to be sent anew.
func TestReadBulkJobsThatFail(t *testing.T) {
	t.Parallel()
	t.Run("before a row", func(t *testing.T) {
		t.Parallel()
		org := newFakeOrg(epoch)
		org.leads(5)
		org.bulk.end = func() string { return jobFailed }
		batches := readAll(t, org.connector(), org.bulkTarget(), sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}})
		require.Len(t, idsOf(batches), 5)
		require.Equal(t, 2, org.bulk.made)
		for _, batch := range batches {
			require.False(t, batch.Restarted)
		}
	})
	t.Run("expired between two pages", func(t *testing.T) {
		t.Parallel()
		org := newFakeOrg(epoch)
		org.leads(9)
		connector := org.connector()
		connector.bulkPage = 4
		var sent []sdk.Batch
		err := connector.Read(t.Context(), org.bulkTarget(), sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}}, func(b sdk.Batch) error {
			if sent = append(sent, b); len(b.Records) > 0 && org.bulk.made == 1 {
				clear(org.bulk.jobs)
			}
			return nil
		})
		require.NoError(t, err)
		at := slices.IndexFunc(sent, func(b sdk.Batch) bool { return b.Restarted })
		require.Positive(t, at)
		require.Len(t, idsOf(sent[at:]), 9, "everything comes after the restart")
		require.Equal(t, 2, org.bulk.made)
	})
	t.Run("state of no known kind", func(t *testing.T) {
		t.Parallel()
		org := newFakeOrg(epoch)
		org.leads(5)
		org.bulk.end = func() string { return "Dreaming" }
		err := org.connector().Read(t.Context(), org.bulkTarget(), sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}}, func(sdk.Batch) error { return nil })
		require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err))
	})
}

// TestReadBulkPageCut: a page that is cut anywhere, also between two rows, is
// fetched again and goes on where it was.
func TestReadBulkPageCut(t *testing.T) {
	t.Parallel()
	whole := 0
	for cut := 0; whole == 0 || cut < whole; cut += 7 {
		org := newFakeOrg(epoch)
		org.leads(6)
		cuts := 0
		org.bulk.cut = func(size int) int {
			if whole = size; cuts > 0 {
				return -1
			}
			cuts++
			return cut
		}
		batches := readAll(t, org.connector(), org.bulkTarget(), sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}, BatchSize: 2})
		require.Len(t, idsOf(batches), 6, "cut at %d of %d", cut, whole)
	}
	org := newFakeOrg(epoch)
	org.leads(6)
	org.bulk.cut = func(int) int { return 20 }
	err := org.connector().Read(t.Context(), org.bulkTarget(), sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}}, func(sdk.Batch) error { return nil })
	require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err), "%v", err)
}

// TestReadTooHeavyForAQuery: what a query cannot do is tried as a job.
func TestReadTooHeavyForAQuery(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"QUERY_TIMEOUT", "OPERATION_TOO_LARGE"} {
		org := newFakeOrg(epoch)
		org.leads(5)
		connector := org.connector()
		refused := 0
		connector.http.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == dataPath+"/query" {
				refused++
				return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`[{"errorCode":"` + code + `","message":"too much"}]`))}, nil
			}
			return org.RoundTrip(r)
		})
		require.Len(t, idsOf(readAll(t, connector, org.target(), sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}})), 5, code)
		require.Positive(t, refused)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// fullDescribe has a field of every type that bulk jobs read.
const fullDescribe = `{"name":"Thing__c","queryable":true,"fields":[
 {"name":"Id","type":"id"},{"name":"SystemModstamp","type":"datetime"},{"name":"Name","type":"string"},{"name":"Notes","type":"textarea"},
 {"name":"On","type":"boolean"},{"name":"Count","type":"int"},{"name":"Score","type":"double"},{"name":"Price","type":"currency"},{"name":"Share","type":"percent"},
 {"name":"Born","type":"date"},{"name":"Seen","type":"datetime"},{"name":"At","type":"time"},{"name":"Many","type":"multipicklist"},{"name":"Empty","type":"string"},{"name":"None","type":"double"},
 {"name":"BillingStreet","type":"textarea","compoundFieldName":"BillingAddress"},{"name":"BillingCity","type":"string","compoundFieldName":"BillingAddress"},
 {"name":"BillingState","type":"string","compoundFieldName":"BillingAddress"},{"name":"BillingPostalCode","type":"string","compoundFieldName":"BillingAddress"},
 {"name":"BillingCountry","type":"string","compoundFieldName":"BillingAddress"},{"name":"BillingStateCode","type":"picklist","compoundFieldName":"BillingAddress"},
 {"name":"BillingCountryCode","type":"picklist","compoundFieldName":"BillingAddress"},{"name":"BillingLatitude","type":"double","compoundFieldName":"BillingAddress"},
 {"name":"BillingLongitude","type":"double","compoundFieldName":"BillingAddress"},{"name":"BillingGeocodeAccuracy","type":"picklist","compoundFieldName":"BillingAddress"},
 {"name":"BillingAddress","type":"address"},
 {"name":"ShippingCity","type":"string","compoundFieldName":"ShippingAddress"},{"name":"ShippingAddress","type":"address"},
 {"name":"Spot__Latitude__s","type":"double","compoundFieldName":"Spot__c"},{"name":"Spot__Longitude__s","type":"double","compoundFieldName":"Spot__c"},{"name":"Spot__c","type":"location"}]}`

// TestBothWaysGiveTheSame holds a row of CSV to the row of JSON that REST answers
// for the same record: the bytes are equal.
func TestBothWaysGiveTheSame(t *testing.T) {
	t.Parallel()
	wanted := []string{"Name", "Notes", "On", "Count", "Score", "Price", "Share", "Born", "Seen", "At", "Many", "Empty", "None", "BillingAddress", "BillingCity", "ShippingAddress", "Spot__c", "SystemModstamp"}
	rest := `{"attributes":{"type":"Thing__c"},"Id":"a00000000000001AAA","SystemModstamp":"2026-05-06T11:56:44.000+0000","Name":"A \"B\" & <C> \u00fc","Notes":"one\r\ntwo, three\n",
 "On":true,"Count":23,"Score":1.50,"Price":1.25E6,"Share":10.0,"Born":"2026-05-06","Seen":"2026-05-06T09:00:00.000+0000","At":"10:00:00.000Z","Many":"a;b","Empty":null,"None":null,
 "BillingAddress":{"city":"Basel","country":"Switzerland","countryCode":"CH","geocodeAccuracy":null,"latitude":47.50,"longitude":-7.0,"postalCode":"4051","state":null,"stateCode":null,"street":"Rheingasse 1\r\n2. Stock"},
 "BillingCity":"Basel","ShippingAddress":null,"Spot__c":{"latitude":0.0,"longitude":1.0}}`
	csv := map[string]string{
		"Id": "a00000000000001AAA", "SystemModstamp": "2026-05-06T11:56:44.000Z", "Name": `A "B" & <C> ü`, "Notes": "one\r\ntwo, three\n",
		"On": "true", "Count": "23", "Score": "1.5", "Price": "1250000.0", "Share": "10.0", "Born": "2026-05-06", "Seen": "2026-05-06T09:00:00.000Z", "At": "10:00:00.000Z", "Many": "a;b",
		"BillingCity": "Basel", "BillingCountry": "Switzerland", "BillingCountryCode": "CH", "BillingLatitude": "47.5", "BillingLongitude": "-7.0", "BillingPostalCode": "4051",
		"BillingStreet": "Rheingasse 1\r\n2. Stock", "Spot__Latitude__s": "0.0", "Spot__Longitude__s": "1.0",
	}
	var describe objectDescribe
	require.NoError(t, json.Unmarshal([]byte(fullDescribe), &describe))
	plan, ok := planBulk(describe, wanted)
	require.True(t, ok)
	require.NotContains(t, plan.names(), "BillingAddress", "bulk queries refuse compound fields")

	var page strings.Builder
	places, cells := map[string]int{}, []string{}
	for i, name := range plan.names() {
		places[strings.ToLower(name)] = i
		cells = append(cells, `"`+strings.ReplaceAll(csv[name], `"`, `""`)+`"`)
	}
	page.WriteString(strings.Join(cells, ",") + "\n")
	row1, err := newCSVReader(strings.NewReader(page.String())).next()
	require.NoError(t, err)
	record, err := plan.record(row1, places)
	require.NoError(t, err)

	var r row
	require.NoError(t, json.Unmarshal([]byte(rest), &r))
	reader := reader{wanted: wantedKeys(wanted), kept: map[string]bool{}}
	require.Equal(t, string(r.object(reader.keeps)), string(record.Data))
	id, stamp, err := rowKey(&r)
	require.NoError(t, err)
	require.Equal(t, sdk.Record{ID: id, ModifiedAt: stamp, Data: record.Data}, record)
}

func TestBulkRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	var describe objectDescribe
	require.NoError(t, json.Unmarshal([]byte(fullDescribe), &describe))
	plan, ok := planBulk(describe, []string{"On", "Count", "Seen"})
	require.True(t, ok)
	good := []string{"a00000000000001AAA", "2026-05-06T11:56:44.000Z", "true", "1", "2026-05-06T11:56:44.000Z"}
	places := map[string]int{}
	for i, name := range plan.names() {
		places[strings.ToLower(name)] = i
	}
	_, err := plan.record(good, places)
	require.NoError(t, err)
	for i, bad := range []string{"x", "today", "yes", "many", "later"} {
		cells := slices.Clone(good)
		cells[i] = bad
		_, err := plan.record(cells, places)
		require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err), bad)
		_, err = plan.record(good[:i], places)
		require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err))
	}
}

func TestCanonicalNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "23": "23", "23.0": "23", "1.50": "1.5", "-7.0": "-7", "1.25E6": "1250000", "1.25e+6": "1250000", "1.5E-3": "0.0015",
		"100": "100", "100.10": "100.1", "-0.0": "0", "0.0": "0", "9007199254740993.0": "9007199254740993", "1E400": "1E400", "12.345E1": "123.45",
	} {
		require.Equal(t, want, string(canonical(json.RawMessage(text))), text)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Float64Range(-1e15, 1e15).Draw(t, "n")
		plain, exponent := fmt.Sprintf("%.3f", n), fmt.Sprintf("%.18E", n)
		var a, b float64
		require.NoError(t, json.Unmarshal(canonical(json.RawMessage(plain)), &a))
		require.NoError(t, json.Unmarshal(canonical(json.RawMessage(exponent)), &b))
		require.InDelta(t, n, a, 0.001)
		require.InDelta(t, n, b, 0.001)
	})
}

func TestCSV(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("ab ,\"\r\nü"))), 2, 4)
		rows := rapid.SliceOfN(cells, 0, 5).Draw(t, "rows")
		var text strings.Builder
		for _, row := range rows {
			for i, cell := range row {
				if i > 0 {
					text.WriteByte(',')
				}
				if rapid.Bool().Draw(t, "quoted") || strings.ContainsAny(cell, ",\"\r\n") {
					cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
				}
				text.WriteString(cell)
			}
			text.WriteString("\n")
		}
		in := newCSVReader(iotest.OneByteReader(strings.NewReader(text.String())))
		for _, want := range rows {
			got, err := in.next()
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		_, err := in.next()
		require.ErrorIs(t, err, io.EOF)
	})
	for text, want := range map[string]error{
		`"a`: io.ErrUnexpectedEOF, `a,b`: io.ErrUnexpectedEOF, `"a"`: io.ErrUnexpectedEOF, "\"a\"b\n": errCSV, strings.Repeat("x", maxCell+1): errCSV, "": io.EOF, "\n": io.EOF,
	} {
		_, err := newCSVReader(strings.NewReader(text)).next()
		require.ErrorIs(t, err, want)
	}
	row, err := newCSVReader(strings.NewReader("a,\"b\"\r\n")).next()
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, row)
	broken := errors.New("broken")
	_, err = newCSVReader(iotest.ErrReader(broken)).next()
	require.ErrorIs(t, err, broken)
}
