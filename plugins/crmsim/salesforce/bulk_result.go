package salesforce

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// bulkResult is the frozen answer of a job: CSV, and where each row begins.
type bulkResult struct {
	header []byte
	body   []byte
	starts []int // of rows, and one past the end
}

func (b *bulkResult) rows() int { return len(b.starts) - 1 }

// page is the header and the rows from offset to end.
func (b *bulkResult) page(offset, end int) []byte {
	text := append(make([]byte, 0, len(b.header)+b.starts[end]-b.starts[offset]), b.header...)
	return append(text, b.body[b.starts[offset]:b.starts[end]]...)
}

// runBulk runs a job's query with the rights of now. trouble is the message a job fails with: a field that vanished
// between creation and completion.
func (s *Simulator) runBulk(job *bulkJob, v *view) (result *bulkResult, trouble string) {
	parsed, wrong := parseSOQL(job.text)
	if wrong == nil {
		var p *plan
		if p, wrong = checkSOQL(parsed, v); wrong == nil {
			s.store.mu.RLock()
			defer s.store.mu.RUnlock()
			t := s.store.tables[p.object.name]
			return s.store.csv(t, s.bin.unpurged(t, s.store.run(p, job.operation == "queryAll")), p), ""
		}
	}
	return nil, wrong.code + ": " + wrong.text(job.text)
}

// csv writes rows as the Bulk API does: every value quoted, nothing for null.
func (s *store) csv(t *table, rows []*row, p *plan) *bulkResult {
	result := &bulkResult{starts: make([]int, 1, len(rows)+1)}
	for i, column := range p.columns {
		name := column.field.name
		if column.via != nil {
			name = column.via.relationship + "." + name
		}
		result.header = appendCell(result.header, i, name)
	}
	result.header = append(result.header, '\n')
	for _, r := range rows {
		for i, column := range p.columns {
			result.body = appendCell(result.body, i, csvText(s.read(t, r, column)))
		}
		result.body = append(result.body, '\n')
		result.starts = append(result.starts, len(result.body))
	}
	return result
}

func appendCell(b []byte, column int, text string) []byte {
	if column > 0 {
		b = append(b, ',')
	}
	b = append(b, '"')
	if strings.Contains(text, `"`) {
		text = strings.ReplaceAll(text, `"`, `""`)
	}
	return append(append(b, text...), '"')
}

// csvText is a value in CSV. Times end in Z here, unlike the REST API's +0000; numbers with a fraction type have one.
func csvText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case int:
		return strconv.Itoa(value)
	case float64:
		text := strconv.FormatFloat(value, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	case time.Time:
		return value.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return ""
}

// bulkResults serves GET /jobs/query/{id}/results?maxRecords=&locator=.
func (s *Simulator) bulkResults(c *call) reply {
	s.bulk.mu.Lock()
	job, ok := s.bulk.find(c.rest[2])
	if !ok {
		s.bulk.mu.Unlock()
		return resourceMissing()
	}
	state, result := job.state, job.result
	s.bulk.mu.Unlock()
	if state != bulkComplete {
		return failure(http.StatusBadRequest, "INVALIDJOBSTATE", "results are there for jobs in state JobComplete, this one is "+state)
	}
	offset, ok := offsetOf(c.query.Get("locator"))
	if !ok || offset > result.rows() {
		return failure(http.StatusBadRequest, "INVALID_LOCATOR", "invalid locator: "+c.query.Get("locator"))
	}
	size := s.config.MaxBulkRows
	if asked := c.query.Get("maxRecords"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 {
			return failure(http.StatusBadRequest, "INVALID_INPUT", "maxRecords: want a number of 1 or more")
		}
		size = min(size, n)
	}
	s.hooks.beforePage(Page{Object: job.object, Bulk: true, Offset: offset, Rows: result.rows()})
	end, locator := min(result.rows(), offset+size), "null" // the text, on the last page
	if end < result.rows() {
		locator = locatorOf(end)
	}
	return reply{
		status: http.StatusOK, kind: "text/csv;charset=UTF-8", body: result.page(offset, end),
		headers: map[string]string{"Sforce-Locator": locator, "Sforce-NumberOfRecords": strconv.Itoa(end - offset)},
	}
}

// locatorOf and offsetOf turn a row number into an opaque text and back. No text is the beginning.
func locatorOf(offset int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(offset)))
}

func offsetOf(locator string) (int, bool) {
	if locator == "" {
		return 0, true
	}
	text, err := base64.RawURLEncoding.DecodeString(locator)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(string(text))
	return n, err == nil && n >= 0
}
