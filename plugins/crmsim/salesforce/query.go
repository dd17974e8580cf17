package salesforce

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Page sizes that Sforce-Query-Options may ask for.
const (
	minBatch = 200
	maxBatch = 2000
)

// cursorLife is how long a query locator can be followed.
const cursorLife = 48 * time.Hour

// runQuery serves GET /query?q= and /queryAll?q=.
func (s *Simulator) runQuery(c *call) reply {
	text := c.query.Get("q")
	if strings.TrimSpace(text) == "" {
		return failure(http.StatusBadRequest, "MALFORMED_QUERY", "A query string has to be specified")
	}
	parsed, wrong := parseSOQL(text)
	if wrong != nil {
		return failure(http.StatusBadRequest, wrong.code, wrong.text(text))
	}
	plan, wrong := s.planOf(c, parsed)
	if wrong != nil {
		return failure(http.StatusBadRequest, wrong.code, wrong.text(text))
	}
	data, wrong := s.dataFor(c, parsed, plan)
	if wrong != nil {
		return failure(http.StatusBadRequest, wrong.code, wrong.text(text))
	}
	withDeleted := c.rest[0] == "queryAll"
	s.store.mu.RLock()
	rows := s.bin.unpurged(data.tables[plan.object.name], data.run(plan, withDeleted))
	children := data.runChildren(plan, withDeleted)
	s.store.mu.RUnlock()
	if plan.count {
		return jsonReply(http.StatusOK, map[string]any{"totalSize": len(rows), "done": true, "records": []string{}})
	}
	if len(plan.counts) > 0 {
		s.store.mu.RLock()
		defer s.store.mu.RUnlock()
		return jsonReply(http.StatusOK, data.aggregate(plan, rows))
	}
	open := &cursor{
		query: parsed, object: plan.object.name, data: data, rows: rows, children: children, batch: s.batchSize(c),
		grant: c.grant,
	}
	return s.page(c, open, plan, 0)
}

// queryMore serves GET /query/{locator}. Rights are those of now: a column lost since the first page fails this one.
func (s *Simulator) queryMore(c *call) reply {
	open, offset, ok := s.cursors.find(c.rest[1], c.grant)
	if !ok {
		return failure(http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	plan, wrong := s.planOf(c, open.query)
	if wrong != nil {
		return failure(http.StatusBadRequest, wrong.code, wrong.text(open.query.text))
	}
	return s.page(c, open, plan, offset)
}

// page writes the records from offset on and, if more are left, the URL of the next page. Children count towards the
// size of a page.
func (s *Simulator) page(c *call, open *cursor, p *plan, offset int) reply {
	s.hooks.beforePage(Page{Object: open.object, Offset: offset, Rows: len(open.rows)})
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t := open.data.tables[p.object.name]
	var records []byte
	end := offset
	for size := 0; end < len(open.rows) && size < open.batch; end++ {
		r := open.rows[end]
		if end > offset {
			records = append(records, ',')
		}
		records = open.data.appendRecord(records, c, t, r, p.columns)
		size++
		if len(open.children) > 0 {
			parent := t.id(r)
			records = open.data.appendChildren(records, c, p, open.children, parent)
			for _, byParent := range open.children {
				size += len(byParent[parent[:15]])
			}
		}
	}
	done := end == len(open.rows)
	body := append(make([]byte, 0, len(records)+128), `{"totalSize":`...)
	body = strconv.AppendInt(body, int64(len(open.rows)), 10)
	body = strconv.AppendBool(append(body, `,"done":`...), done)
	if !done {
		body = append(append(body, `,"nextRecordsUrl":"`...), c.root...)
		body = append(append(append(body, "/query/"...), s.cursors.locator(open, end)...), '"')
	}
	body = append(append(body, `,"records":[`...), records...)
	return reply{status: http.StatusOK, kind: jsonKind, body: append(body, "]}"...)}
}

var batchPattern = regexp.MustCompile(`(?i)batchSize\s*=\s*(\d{1,9})`)

// batchSize is what the caller asks for, within Salesforce's bounds and the configured cap.
func (s *Simulator) batchSize(c *call) int {
	size := maxBatch
	if match := batchPattern.FindStringSubmatch(c.header.Get("Sforce-Query-Options")); match != nil {
		asked, _ := strconv.Atoi(match[1]) // digits only
		size = min(max(asked, minBatch), maxBatch)
	}
	return min(size, s.config.MaxPageRows)
}

var fromPattern = regexp.MustCompile(`(?i)\bfrom\s+(\w+)`)

// fromObject is the object a query reads, for faults and the log: found without parsing, so it works for broken ones.
func fromObject(query string) string {
	if match := fromPattern.FindStringSubmatch(query); match != nil {
		return match[1]
	}
	return ""
}

func splitList(list string) []string {
	var names []string
	for _, name := range strings.Split(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// cursor is an open query: the records it found, of which later pages show the values of their own moment.
type cursor struct {
	id       string
	query    *soqlQuery
	object   string
	data     *store
	rows     []*row
	children []childRows
	batch    int
	grant    *authorization
	expires  time.Time
}

// cursors holds the open queries, a few per authorization.
type cursors struct {
	clock clockwork.Clock
	limit int

	mu   sync.Mutex
	byID map[string]*cursor
	open map[*authorization][]*cursor // oldest first
}

func newCursors(clock clockwork.Clock, limit int) *cursors {
	return &cursors{clock: clock, limit: limit, byID: map[string]*cursor{}, open: map[*authorization][]*cursor{}}
}

// locator names the rest of a query from offset on, and keeps the query open. Beyond the limit the oldest is dropped.
func (c *cursors) locator(open *cursor, offset int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if open.id == "" {
		open.id = strings.NewReplacer("-", "x", "_", "y").Replace(opaque("0r8", 12))[:18]
		open.expires = c.clock.Now().Add(cursorLife)
		mine := c.open[open.grant]
		mine = append(mine, open)
		for len(mine) > c.limit || c.clock.Now().After(mine[0].expires) {
			delete(c.byID, mine[0].id)
			mine = mine[1:]
		}
		c.open[open.grant], c.byID[open.id] = mine, open
	}
	return open.id + "-" + strconv.Itoa(offset)
}

// find opens a locator for the authorization it was made for.
func (c *cursors) find(locator string, grant *authorization) (*cursor, int, bool) {
	id, tail, ok := strings.Cut(locator, "-")
	offset, err := strconv.Atoi(tail)
	if !ok || err != nil {
		return nil, 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	open, ok := c.byID[id]
	if !ok || open.grant != grant || c.clock.Now().After(open.expires) || offset < 0 || offset > len(open.rows) {
		return nil, 0, false
	}
	return open, offset, true
}

// object says which object a locator reads, "" for unknown ones.
func (c *cursors) object(locator string) string {
	id, _, _ := strings.Cut(locator, "-")
	c.mu.Lock()
	defer c.mu.Unlock()
	if open, ok := c.byID[id]; ok {
		return open.object
	}
	return ""
}

// drop closes every query.
func (c *cursors) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.byID)
	clear(c.open)
}
