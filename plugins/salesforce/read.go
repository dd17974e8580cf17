package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	// Page sizes that Salesforce accepts; it takes them for hints.
	minPage = 200
	maxPage = 2000
	// maxBatchBytes is the size of record data after which a batch is sent. It
	// stays below the protocol's 1 MiB, so that each message has a position of
	// its own and a reader that stops between two gets forward.
	maxBatchBytes = 512 << 10
	// maxRestarts bounds how often a run begins a new query without getting
	// forward, when Salesforce keeps closing the open one.
	maxRestarts = 3
)

// Read sends an object's records in the order of SystemModstamp and Id, page by
// page of one query (nextRecordsUrl). A closed query is begun again after the
// last settled record. See position for what a resume token promises.
//
// Values keep the form of Salesforce's answer; a compound field (an address) is
// a JSON object. Deleted records are not reported: a query does not show them.
func (c *Connector) Read(ctx context.Context, target sdk.Target, request sdk.ReadRequest, send func(sdk.Batch) error) error {
	s, err := c.session(target)
	if err != nil {
		return err
	}
	if err := checkObjectName(request.Object); err != nil {
		return err
	}
	config, err := parseConfig(target.Config)
	if err != nil {
		return err
	}
	lists, err := planSelect(request.Fields)
	if err != nil {
		return err
	}
	at, err := parsePosition(request.ResumeToken, request.Object)
	if err != nil {
		return err
	}
	if digest := selectDigest(lists); at.Select != digest {
		at.close() // an open query would deliver other fields
	}
	size := request.BatchSize
	if size <= 0 {
		size = maxPage
	}
	r := &reader{
		session: s, object: request.Object, lists: lists, wanted: wantedKeys(request.Fields), kept: map[string]bool{},
		batchSize: size, pageSize: strconv.Itoa(min(max(size, minPage), maxPage)), overlap: config.overlap(), at: at,
	}
	return r.run(ctx, send)
}

// reader is one run over one object.
type reader struct {
	*session
	object    string
	lists     [][]string      // see planSelect
	wanted    map[string]bool // lower-case names of the requested fields
	kept      map[string]bool // see keeps
	batchSize int
	pageSize  string
	overlap   time.Duration
	at        position
}

func (r *reader) run(ctx context.Context, send func(sdk.Batch) error) error {
	for restarts := 0; ; {
		page, err := r.nextPage(ctx)
		if sdk.CodeOf(err) == sdk.CodeCursorExpired {
			if restarts++; restarts > maxRestarts {
				return sdk.Unavailable("Salesforce closed the query for " + r.object + " again and again; too many queries may be open for this user")
			}
			r.at.close()
			continue
		}
		if err != nil {
			return err
		}
		before := r.at
		if err := r.sendPage(ctx, page, send); err != nil || page.next == "" {
			return err
		}
		if r.at.ID != before.ID {
			restarts = 0
		}
	}
}

// sendPage sends a page's records in batches and moves the position. Between two
// batches of a page the position is that of the records alone: to go on there, a
// new query is opened. After the page it also has the locator of the next one.
func (r *reader) sendPage(ctx context.Context, p page, send func(sdk.Batch) error) error {
	records, err := r.records(ctx, p)
	if err != nil {
		return err
	}
	var batch sdk.Batch
	size := 0
	for _, record := range records {
		if len(batch.Records) == r.batchSize || size+len(record.Data) > maxBatchBytes && len(batch.Records) > 0 {
			between := r.at
			between.close()
			batch.ResumeToken, batch.Stats = between.token(), r.takeStats()
			if err := send(batch); err != nil {
				return err
			}
			batch, size = sdk.Batch{}, 0
		}
		batch.Records = append(batch.Records, record)
		size += len(record.Data)
		r.at.settle(record.ModifiedAt, record.ID)
	}
	r.at.Locator = p.next
	if p.next == "" {
		r.at.close()
	}
	batch.ResumeToken, batch.Done, batch.Stats = r.at.token(), p.next == "", r.takeStats()
	return send(batch)
}

// page is one page of a query.
type page struct {
	rows []row
	// next is the path of the next page; empty at the end.
	next string
}

// nextPage fetches the open query's next page, or opens a query after the
// settled position. CodeCursorExpired means that the open query is gone.
func (r *reader) nextPage(ctx context.Context) (page, error) {
	if r.at.Locator != "" {
		p, _, err := r.fetch(ctx, r.at.Locator)
		switch sdk.CodeOf(err) {
		case sdk.CodeObjectDenied, sdk.CodeFieldDenied, sdk.CodeInvalidRequest:
			// Whatever is wrong with the locator, a new query tells the truth
			// about object and fields.
			return page{}, sdk.CursorExpired("Salesforce no longer knows the open query")
		default:
			return p, err
		}
	}
	p, askedAt, err := r.fetch(ctx, queryPath(pageQuery(r.object, r.lists[0], r.at)))
	if err != nil {
		return page{}, r.explain(err)
	}
	if askedAt.IsZero() {
		return page{}, sdk.BadResponse("Salesforce's answer has no Date, without which the place to read on from cannot be known")
	}
	r.at.Horizon, r.at.Select = askedAt.Add(-r.overlap), selectDigest(r.lists)
	return p, nil
}

// explain tells an object that cannot be read by position from a denied field:
// the position's own fields cannot be hidden.
func (r *reader) explain(err error) error {
	var e *sdk.Error
	if errors.As(err, &e) && e.Code == sdk.CodeFieldDenied && (strings.EqualFold(e.Field, "SystemModstamp") || strings.EqualFold(e.Field, "Id")) {
		return sdk.Unsupported(r.object + " has no " + e.Field + " and cannot be read incrementally")
	}
	return err
}

// fetch gets one page of any query.
func (r *reader) fetch(ctx context.Context, path string) (page, time.Time, error) {
	a, err := r.do(ctx, request{
		method: http.MethodGet, path: path, object: r.object,
		header: map[string]string{"Sforce-Query-Options": "batchSize=" + r.pageSize},
	})
	if err != nil {
		return page{}, time.Time{}, err
	}
	var reply struct {
		Done    *bool  `json:"done"`
		Next    string `json:"nextRecordsUrl"`
		Records []row  `json:"records"`
	}
	if err := decode(a, &reply); err != nil {
		return page{}, time.Time{}, err
	}
	if reply.Done == nil || reply.Records == nil {
		return page{}, time.Time{}, sdk.BadResponse("Salesforce answered a query for " + r.object + " with something else")
	}
	p := page{rows: reply.Records}
	if !*reply.Done {
		if p.next, err = r.locator(reply.Next); err != nil {
			return page{}, time.Time{}, err
		}
		if p.next == path {
			return page{}, time.Time{}, sdk.BadResponse("Salesforce's query for " + r.object + " points to the same page again")
		}
	}
	return p, a.askedAt, nil
}

// locator takes the path out of a nextRecordsUrl, which may be absolute. It must
// stay on this org.
func (r *reader) locator(next string) (string, error) {
	ref, err := url.Parse(next)
	if err != nil || ref.Host != "" && ref.Host != r.base.Host || !isLocator(ref.Path) {
		return "", sdk.BadResponse("Salesforce's query for " + r.object + " goes on at an address that is none")
	}
	return ref.Path, nil
}

// records turns a page into records, fetching the other select lists if the
// fields did not fit one query.
func (r *reader) records(ctx context.Context, p page) ([]sdk.Record, error) {
	records := make([]sdk.Record, len(p.rows))
	ids := make([]string, len(p.rows))
	for i := range p.rows {
		id, stamp, err := rowKey(&p.rows[i])
		if err != nil {
			return nil, err
		}
		records[i], ids[i] = sdk.Record{ID: id, ModifiedAt: stamp}, id
	}
	whole, err := r.complete(ctx, p.rows, ids)
	if err != nil {
		return nil, err
	}
	for i := range p.rows {
		records[i].Data = p.rows[i].object(r.keeps)
	}
	return slices.DeleteFunc(records, func(record sdk.Record) bool { return !whole[record.ID] }), nil
}

// complete adds the fields of the other select lists to the rows. Not whole are
// records that disappeared between the two queries; a moment later the first
// would not have shown them either.
func (r *reader) complete(ctx context.Context, rows []row, ids []string) (whole map[string]bool, err error) {
	whole = make(map[string]bool, len(rows))
	for _, id := range ids {
		whole[id] = true
	}
	for _, list := range r.lists[1:] {
		more, err := r.fetchByID(ctx, list, ids)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			extra, ok := more[ids[i]]
			whole[ids[i]] = whole[ids[i]] && ok
			rows[i].add(extra)
		}
	}
	return whole, nil
}

// fetchByID gets the fields of one select list for some records.
func (r *reader) fetchByID(ctx context.Context, list, ids []string) (map[string]row, error) {
	rows := make(map[string]row, len(ids))
	for some := range slices.Chunk(ids, maxIDs) {
		for path := queryPath(idQuery(r.object, list, some)); path != ""; {
			p, _, err := r.fetch(ctx, path)
			if err != nil {
				return nil, err
			}
			for _, row := range p.rows {
				var id string
				if json.Unmarshal(row.value("Id"), &id) != nil {
					return nil, sdk.BadResponse("Salesforce sent a record without Id")
				}
				rows[id] = row
			}
			path = p.next
		}
	}
	return rows, nil
}

// keeps reports whether a field, by Salesforce's own name, was requested. It
// remembers: every record has the same names.
func (r *reader) keeps(name string) bool {
	keep, known := r.kept[name]
	if !known {
		keep = r.wanted[strings.ToLower(name)]
		r.kept[name] = keep
	}
	return keep
}

// rowKey reads the two fields of the position.
func rowKey(row *row) (id string, stamp time.Time, err error) {
	var text string
	if json.Unmarshal(row.value("Id"), &id) != nil || !recordID.MatchString(id) || json.Unmarshal(row.value("SystemModstamp"), &text) != nil {
		return "", time.Time{}, sdk.BadResponse("Salesforce sent a record without Id and SystemModstamp")
	}
	if stamp, err = parseTime(text); err != nil {
		return "", time.Time{}, sdk.BadResponse("Salesforce sent a record with an unreadable SystemModstamp")
	}
	return id, stamp, nil
}

func wantedKeys(fields []string) map[string]bool {
	wanted := make(map[string]bool, len(fields))
	for _, field := range fields {
		wanted[strings.ToLower(field)] = true
	}
	return wanted
}
