package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// page is one page of a query.
type page struct {
	rows []row
	// total is how many records the query finds.
	total int
	// next is the path of the next page; empty at the end.
	next string
}

// errNoDate: the answer does not say when it was given.
var errNoDate = sdk.BadResponse("Salesforce's answer has no Date, without which the place to read on from cannot be known")

// readOpenQuery sends the open query's next page.
func (r *reader) readOpenQuery(ctx context.Context) (done bool, err error) {
	p, _, err := r.fetch(ctx, r.at.Locator)
	switch sdk.CodeOf(err) {
	case "":
		return p.next == "", r.sendPage(ctx, p)
	case sdk.CodeCursorExpired, sdk.CodeObjectDenied, sdk.CodeFieldDenied, sdk.CodeInvalidRequest:
		// Whatever is wrong with the locator, a new query tells the truth about
		// object and fields.
		r.at.close()
		return false, errBeginAgain
	default:
		return false, err
	}
}

// readNewQuery opens a query after the settled position and sends its first page.
// A first read of a large object becomes a bulk job, and so does one that is too
// heavy for a query.
func (r *reader) readNewQuery(ctx context.Context) (done bool, err error) {
	if err := r.sendDeletions(ctx); err != nil {
		return false, err
	}
	first := r.at.atBeginning()
	p, askedAt, err := r.openQuery(ctx)
	if err != nil {
		if first && (sdk.CodeOf(err) == sdk.CodeTimeout && ctx.Err() == nil || errors.Is(err, errTooHeavy)) {
			if started, jobErr := r.startJob(ctx); started || jobErr != nil {
				return false, jobErr
			}
		}
		return false, r.explain(err)
	}
	r.at.open(askedAt.Add(-r.overlap), selectDigest(r.lists))
	if first && r.bulkFrom > 0 && p.total >= r.bulkFrom {
		if started, err := r.startJob(ctx); started || err != nil {
			return false, err
		}
	}
	return p.next == "", r.sendPage(ctx, p)
}

// openQuery fetches the first page of a query after the settled position. The very
// first read of an object does not ask for deleted records.
func (r *reader) openQuery(ctx context.Context) (page, time.Time, error) {
	list, path := r.lists[0], queryPath
	if !r.at.Deletions.From.IsZero() && !r.at.Undeletable {
		list, path = withDeleted(list), queryAllPath
	}
	p, askedAt, err := r.fetch(ctx, path(pageQuery(r.object, list, r.at)))
	var denied *sdk.Error
	if errors.As(err, &denied) && denied.Code == sdk.CodeFieldDenied && strings.EqualFold(denied.Field, isDeleted) && !r.at.Undeletable && !r.wanted[strings.ToLower(isDeleted)] {
		r.at.Undeletable = true // the field cannot be hidden: the object has none
		return r.openQuery(ctx)
	}
	if err == nil && askedAt.IsZero() {
		err = errNoDate
	}
	return p, askedAt, err
}

// explain tells an object that cannot be read by position from a denied field:
// the position's own fields cannot be hidden. A query that was closed before it
// was answered is an outage: too many may be open for this user.
func (r *reader) explain(err error) error {
	var e *sdk.Error
	if sdk.CodeOf(err) == sdk.CodeCursorExpired {
		return sdk.Unavailable("Salesforce closes the queries for " + r.object + " at once; too many may be open for this user")
	}
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
		Total   int    `json:"totalSize"`
		Next    string `json:"nextRecordsUrl"`
		Records []row  `json:"records"`
	}
	if err := decode(a, &reply); err != nil {
		return page{}, time.Time{}, err
	}
	if reply.Done == nil || reply.Records == nil {
		return page{}, time.Time{}, sdk.BadResponse("Salesforce answered a query for " + r.object + " with something else")
	}
	p := page{rows: reply.Records, total: reply.Total}
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
// fields did not fit one query. A deleted record has no data: Salesforce empties
// some of its fields.
func (r *reader) records(ctx context.Context, p page) ([]sdk.Record, error) {
	records := make([]sdk.Record, len(p.rows))
	var living []*row
	var ids []string
	for i := range p.rows {
		id, stamp, err := rowKey(&p.rows[i])
		if err != nil {
			return nil, err
		}
		records[i] = sdk.Record{ID: id, ModifiedAt: stamp, Deleted: string(p.rows[i].value(isDeleted)) == "true"}
		if !records[i].Deleted {
			living, ids = append(living, &p.rows[i]), append(ids, id)
		}
	}
	whole, err := r.complete(ctx, living, ids)
	if err != nil {
		return nil, err
	}
	for i := range records {
		if !records[i].Deleted {
			records[i].Data = p.rows[i].object(r.keeps)
		}
	}
	return slices.DeleteFunc(records, func(record sdk.Record) bool { return !record.Deleted && !whole[record.ID] }), nil
}

// complete adds the fields of the other select lists to the rows. Not whole are
// records that disappeared between the two queries; a moment later the first
// would not have shown them either.
func (r *reader) complete(ctx context.Context, rows []*row, ids []string) (whole map[string]bool, err error) {
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
