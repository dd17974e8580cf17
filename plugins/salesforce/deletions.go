package salesforce

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	// deletionReach is how far back Salesforce lists deletions (30 days), less what
	// clocks and rounding may differ.
	deletionReach = 30*24*time.Hour - time.Hour
	// deletionPause is the shortest window it takes: more than a minute, with
	// seconds ignored.
	deletionPause = 2 * time.Minute
)

// deletionList is the answer of …/sobjects/{object}/deleted.
type deletionList struct {
	Records *[]deletion `json:"deletedRecords"`
	Covered string      `json:"latestDateCovered"`
}

type deletion struct {
	ID   string `json:"id"`
	Date string `json:"deletedDate"`
	at   time.Time
}

// sendDeletions sends what was deleted since the last time that was asked, once in
// a run. It is the only way to learn of records that left the recycle bin. It comes
// before the query: a deletion that was undone is then overtaken by its record, and
// no record that the query shows is older than its deletion.
func (r *reader) sendDeletions(ctx context.Context) error {
	d := &r.at.Deletions
	if d.Asked || d.Unlisted || d.From.IsZero() {
		return nil
	}
	askedAt, err := r.now(ctx)
	switch {
	case err != nil || askedAt.Sub(d.From) < deletionPause:
		return err
	case askedAt.Sub(d.From) > deletionReach:
		return r.beginAgain()
	}
	list, covered, err := r.fetchDeletions(ctx, d.From, askedAt)
	switch sdk.CodeOf(err) {
	case "":
	case sdk.CodeCursorExpired: // too long ago, or too many
		return r.beginAgain()
	case sdk.CodeObjectDenied, sdk.CodeFieldDenied, sdk.CodeInvalidRequest:
		return r.judgeReplication(ctx)
	default:
		return err
	}
	if d.To.IsZero() {
		d.To = covered
		if settled := askedAt.Add(-r.overlap); settled.Before(covered) {
			d.To = settled // the next run asks for the overlap once more, as it does for records
		}
	}
	list = slices.DeleteFunc(list, func(e deletion) bool {
		return cmp.Or(e.at.Compare(d.Date), cmp.Compare(e.ID, d.ID)) <= 0 // sent before an interruption
	})
	if err := r.sendGone(ctx, list); err != nil {
		return err
	}
	if d.To.Before(d.From) {
		d.To = d.From
	}
	*d = deletions{From: d.To, Asked: true}
	return nil
}

// now is Salesforce's time, by a call that is not metered.
func (r *reader) now(ctx context.Context) (time.Time, error) {
	a, err := r.do(ctx, request{method: http.MethodGet, path: "/services/data", anonymous: true})
	if err == nil && a.askedAt.IsZero() {
		err = errNoDate
	}
	return a.askedAt, err
}

// beginAgain gives up the position: what was deleted since cannot be known. The
// host takes what is not sent now for deleted.
func (r *reader) beginAgain() error {
	r.at.restart()
	r.restarted = true
	return errBeginAgain
}

// judgeReplication finds out why there is no list of deletions. For a replicateable
// object it is missing in this run only.
func (r *reader) judgeReplication(ctx context.Context) error {
	var basic struct {
		Describe struct {
			Replicateable *bool `json:"replicateable"`
		} `json:"objectDescribe"`
	}
	if err := r.get(ctx, dataPath+"/sobjects/"+r.object, r.object, &basic); err != nil {
		return err
	}
	r.at.Deletions.Asked = true
	r.at.Deletions.Unlisted = basic.Describe.Replicateable != nil && !*basic.Describe.Replicateable
	return nil
}

// fetchDeletions gets the deletions of a window, in order.
func (r *reader) fetchDeletions(ctx context.Context, from, to time.Time) ([]deletion, time.Time, error) {
	format := func(t time.Time) string {
		return url.QueryEscape(t.UTC().Truncate(time.Minute).Format("2006-01-02T15:04:05-07:00"))
	}
	var reply deletionList
	a, err := r.do(ctx, request{method: http.MethodGet, object: r.object, path: dataPath + "/sobjects/" + r.object + "/deleted?start=" + format(from) + "&end=" + format(to)})
	if err == nil {
		err = decode(a, &reply)
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	bad := sdk.BadResponse("Salesforce answered the list of deletions of " + r.object + " with something else")
	covered, err := parseTime(reply.Covered)
	if err != nil || reply.Records == nil {
		return nil, time.Time{}, bad
	}
	list := *reply.Records
	for i := range list {
		e := &list[i]
		if e.at, err = parseTime(e.Date); err != nil || !recordID.MatchString(e.ID) {
			return nil, time.Time{}, bad
		}
		e.ID = longID(e.ID)
	}
	slices.SortFunc(list, func(a, b deletion) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.ID, b.ID)) })
	return list, covered, nil
}

// sendGone sends those of the listed records that are no longer there: one may
// have been taken out of the recycle bin since.
func (r *reader) sendGone(ctx context.Context, list []deletion) error {
	for some := range slices.Chunk(list, min(maxIDs, r.batchSize)) {
		ids := make([]string, len(some))
		for i, e := range some {
			ids[i] = e.ID
		}
		living, err := r.fetchByID(ctx, []string{"Id"}, ids)
		if err != nil {
			return r.explain(err)
		}
		var batch sdk.Batch
		for _, e := range some {
			if _, alive := living[e.ID]; !alive {
				batch.Records = append(batch.Records, sdk.Record{ID: e.ID, ModifiedAt: e.at, Deleted: true})
			}
			r.at.Deletions.Date, r.at.Deletions.ID = e.at, e.ID
		}
		between := r.at
		between.close()
		if err := r.send(batch, between); err != nil {
			return err
		}
	}
	return nil
}
