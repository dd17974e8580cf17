package salesforce

import (
	"context"
	"errors"
	"strconv"
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
	// maxRestarts bounds how often a run begins a new query or job without getting
	// forward, when Salesforce keeps closing the open one.
	maxRestarts = 3
)

// Read sends an object's records. The first read of a small object, and every
// later one, is a query in the order of SystemModstamp and Id, page by page
// (nextRecordsUrl); a closed query is begun again after the last settled record.
// The first read of a large one is a bulk job (bulk.go). See position for what a
// resume token promises.
//
// Later reads tell of deletions: what is in the recycle bin, merged records too,
// is in the query's answer (queryAll); what has left it is in Salesforce's list of
// deletions, which reaches back 30 days (deletions.go). When it does not reach
// back to the read before, everything is read again, and the batch says so.
//
// Values have one form whichever way they came; see canonical.
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
	lists, err := planSelect(request.Fields, maxSelect)
	if err != nil {
		return err
	}
	at, err := parsePosition(request.ResumeToken, request.Object)
	if err != nil {
		return err
	}
	size := request.BatchSize
	if size <= 0 {
		size = maxPage
	}
	r := &reader{
		session: s, object: request.Object, fields: request.Fields, lists: lists, wanted: wantedKeys(request.Fields), kept: map[string]bool{},
		batchSize: size, pageSize: strconv.Itoa(min(max(size, minPage), maxPage)), overlap: config.overlap(), bulkFrom: config.bulkThreshold(),
		at: at, deliver: send,
	}
	if digest := selectDigest(lists); at.Select != digest {
		r.abandon() // an open query or job would deliver other fields
	}
	return r.run(ctx)
}

// reader is one run over one object.
type reader struct {
	*session
	object    string
	fields    []string
	lists     [][]string      // see planSelect
	wanted    map[string]bool // lower-case names of the requested fields
	kept      map[string]bool // see keeps
	batchSize int
	pageSize  string
	overlap   time.Duration
	// bulkFrom is the number of records from which a first read is a bulk job; 0
	// is never.
	bulkFrom int
	at       position
	deliver  func(sdk.Batch) error
	// restarted: the next batch is the first of another reading from the beginning.
	restarted bool
}

func (r *reader) run(ctx context.Context) error {
	for restarts := 0; ; {
		before := r.at
		done, err := r.advance(ctx)
		switch {
		case errors.Is(err, errBeginAgain):
			if restarts++; restarts > maxRestarts {
				return sdk.Unavailable("Salesforce closed the query for " + r.object + " again and again; too many queries may be open for this user")
			}
		case err != nil || done:
			return err
		case r.at.ID != before.ID || r.at.Job.begun():
			restarts = 0
		}
	}
}

// errBeginAgain is returned when the open query or job is gone and was given up.
var errBeginAgain = errors.New("the open query is gone")

// advance sends the next page of whatever is open, or opens a query or job.
func (r *reader) advance(ctx context.Context) (done bool, err error) {
	switch {
	case r.at.Job.ID != "":
		return r.readJob(ctx)
	case r.at.Locator != "":
		return r.readOpenQuery(ctx)
	default:
		return r.readNewQuery(ctx)
	}
}

// abandon forgets the open query or job. When rows of a job have been sent, the
// host is told: their place in the result says nothing about the next one's.
func (r *reader) abandon() {
	r.restarted = r.restarted || r.at.Job.begun()
	r.at.close()
}

// send sends a batch with a position and what it has cost.
func (r *reader) send(batch sdk.Batch, at position) error {
	batch.ResumeToken, batch.Stats, batch.Restarted = at.token(), r.takeStats(), r.restarted
	if err := r.deliver(batch); err != nil {
		return err
	}
	r.restarted = false
	return nil
}

// sendPage sends a page's records in batches and moves the position. Between two
// batches of a page the position is that of the records alone: to go on there, a
// new query is opened. After the page it also has the locator of the next one.
func (r *reader) sendPage(ctx context.Context, p page) error {
	records, err := r.records(ctx, p)
	if err != nil {
		return err
	}
	var batch batcher
	for _, record := range records {
		if batch.full(record, r.batchSize) {
			between := r.at
			between.close()
			if err := r.send(sdk.Batch{Records: batch.take()}, between); err != nil {
				return err
			}
		}
		batch.add(record)
		r.at.settle(record.ModifiedAt, record.ID)
	}
	if r.at.Locator = p.next; p.next == "" {
		r.at.finish()
	}
	return r.send(sdk.Batch{Records: batch.take(), Done: p.next == ""}, r.at)
}

// batcher collects the records of a batch.
type batcher struct {
	records []sdk.Record
	bytes   int
}

// full reports whether another record does not go into the batch.
func (b *batcher) full(record sdk.Record, most int) bool {
	return len(b.records) == most || b.bytes+len(record.Data) > maxBatchBytes && len(b.records) > 0
}

func (b *batcher) add(record sdk.Record) {
	b.records = append(b.records, record)
	b.bytes += len(record.Data)
}

func (b *batcher) take() []sdk.Record {
	records := b.records
	b.records, b.bytes = nil, 0
	return records
}
