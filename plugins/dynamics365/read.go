package dynamics365

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	// maxPage is the size of a page. The platform allows 5,000; the marks of a page
	// that was sent in part must fit a resume token.
	maxPage = maxMarks
	// maxBatchBytes is the size of record data after which a batch is sent. It
	// stays below the protocol's 1 MiB, so that each message has a position of its
	// own and a reader that stops between two gets forward.
	maxBatchBytes = 512 << 10
	// maxRestarts bounds how often a run opens a query anew without getting
	// forward, when Dataverse keeps refusing to go on.
	maxRestarts = 3
)

// Read sends a table's rows: by change tracking where the user may read the whole
// organization and the table is tracked, else by modifiedon. See position for what
// a resume token promises.
//
// Every page comes with the answer to "which of these columns may this user read
// now?", in one call; a page with a column that it may not read is not sent, but
// FieldDenied returned. Deleted rows are reported in delta mode only.
func (c *Connector) Read(ctx context.Context, target sdk.Target, request sdk.ReadRequest, send func(sdk.Batch) error) error {
	r, err := c.reader(target, request.Object, request.Fields)
	if err != nil {
		return err
	}
	if r.batchSize = request.BatchSize; r.batchSize <= 0 || r.batchSize > maxPage {
		r.batchSize = maxPage
	}
	if r.at, err = parsePosition(request.ResumeToken, request.Object); err != nil {
		return err
	}
	r.begun = len(request.ResumeToken) > 0
	r.refit(slices.Compact(slices.Sorted(slices.Values(request.Fields))))
	return r.run(ctx, send)
}

// reader is one run over one table.
type reader struct {
	*session
	object string
	fields []string
	wanted map[string]bool
	memo   memo
	// properties are what a new query selects; see plan.
	properties []string
	batchSize  int
	at         position
	// begun: records were sent, by this run or the one whose resume token it has, so
	// that beginning again must be said.
	begun bool
	// restarted is told with the next batch.
	restarted bool
	// wholeSeconds: the platform does not compare keys.
	wholeSeconds bool
}

// reader prepares to read a table's rows.
func (c *Connector) reader(target sdk.Target, object string, fields []string) (*reader, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	if err := checkTableName(object); err != nil {
		return nil, err
	}
	// What a page holds and who may read it must be one moment's truth, so neither
	// comes from a cache.
	s.strong = true
	r := &reader{session: s, object: object, fields: fields, wanted: map[string]bool{}, memo: parseMemo(target.Memo, s.base.Host)}
	for _, field := range fields {
		if !logicalName.MatchString(field) {
			return nil, sdk.InvalidRequest("a column name has characters that Dataverse does not allow")
		}
		r.wanted[field] = true
	}
	return r, nil
}

// refit lets go of a link that does not deliver all fields, or that has not been
// asked for them all the time. By stamps, reading goes on with the new fields; the
// platform's change tracking keeps its own list, and is begun anew.
func (r *reader) refit(fields []string) {
	before := r.at.Fields
	r.at.Fields = fields
	if r.at.Mode == "" || !slices.ContainsFunc(fields, func(f string) bool { return !slices.Contains(before, f) }) {
		return
	}
	if r.at.Mode == modeDelta {
		r.restart(modeDelta)
		r.restarted = true
	}
	r.at.Link, r.at.Page, r.at.Unsettled, r.at.Old = "", nil, nil, 0
}

// restart begins from nothing.
func (r *reader) restart(m mode) {
	r.at = position{
		Version: positionVersion, Object: r.object, Mode: m, Set: r.at.Set, Key: r.at.Key, User: r.at.User, Fields: r.at.Fields,
	}
}

func (r *reader) run(ctx context.Context, send func(sdk.Batch) error) error {
	for restarts := 0; ; {
		p, err := r.nextPage(ctx)
		if err != nil {
			again := r.mend(ctx, err)
			if again != nil {
				return again
			}
			if restarts++; restarts > maxRestarts {
				return err
			}
			continue
		}
		if err := r.sendPage(p, send); err != nil || p.done {
			return err
		}
		restarts = 0
	}
}

// page is one page of a query.
type page struct {
	records []sdk.Record
	marks   []mark
	// next is where to go on: the next page, or at the end of a delta its link.
	next string
	done bool
}

// errOtherUser: the token belongs to another user than the position thinks.
var errOtherUser = errors.New("the token belongs to another user")

// errRefusedLink marks the refusal of a link by the service, which a new query may
// avoid.
var errRefusedLink = errors.New("the link is no longer taken")

// mend prepares for another attempt after a failure that one can mend: an
// expired delta token, a link that is no longer taken, change tracking that is no
// longer allowed. It returns the error that stands otherwise.
func (r *reader) mend(ctx context.Context, err error) error {
	code := sdk.CodeOf(err)
	switch {
	case errors.Is(err, errOtherUser):
		return nil
	case code == sdk.CodeCursorExpired:
		r.restart(r.at.Mode)
		r.restarted = r.begun
		return nil
	case errors.Is(err, errRefusedLink), r.at.Mode == modeDelta && code == sdk.CodeObjectDenied:
		return r.reopen(ctx, err)
	case r.at.Mode == modeStamp && code == sdk.CodeInvalidRequest && r.at.Link == "" && r.at.ID != "" && !r.wholeSeconds:
		r.wholeSeconds = true
		return nil
	default:
		return err
	}
}

// reopen plans anew after a refusal. Whatever was wrong with the link, a new plan
// tells the truth about table and columns.
func (r *reader) reopen(ctx context.Context, err error) error {
	before := r.at.Mode
	if planErr := r.plan(ctx); planErr != nil {
		return planErr
	}
	switch {
	case r.at.Mode != before: // the plan begins from nothing
	case before == modeDelta && sdk.CodeOf(err) == sdk.CodeObjectDenied:
		return err
	case before == modeDelta:
		r.restart(modeDelta)
		r.restarted = r.begun
	default:
		r.at.Link, r.at.Page = "", nil
	}
	return nil
}

// nextPage fetches the page at the position and verifies it.
func (r *reader) nextPage(ctx context.Context) (page, error) {
	// At rest in stamp mode it is time to see whether changes can be tracked now.
	if r.at.Link == "" && r.properties == nil {
		if err := r.plan(ctx); err != nil {
			return page{}, err
		}
	}
	path := r.at.Link
	if path == "" {
		path = r.query()
	}
	prefer := fmt.Sprintf("odata.maxpagesize=%d,%s", r.batchSize, formatted)
	if r.at.Mode == modeDelta && r.at.Link == "" {
		prefer = "odata.track-changes," + prefer
	}
	answers, err := r.batch(ctx, []part{
		whoAmIPart(), {path: path, object: r.object, prefer: prefer}, r.verifyPart(), columnRightsPart(r.at.User),
	})
	if err != nil {
		return page{}, err
	}
	if err := r.checkUser(answers[0]); err != nil {
		return page{}, err
	}
	p, err := r.parsePage(answers[1])
	if err != nil {
		return page{}, err
	}
	if err := r.verify(answers[2], answers[3]); err != nil {
		return page{}, err
	}
	if r.at.Mode == modeStamp && r.at.Link == "" {
		if answers[1].askedAt.IsZero() {
			return page{}, sdk.BadResponse("Dataverse's answer has no Date, without which the place to read on from cannot be known")
		}
		r.at.open(answers[1].askedAt)
	}
	if !p.done && p.next == path {
		return page{}, sdk.BadResponse("Dataverse's query for " + r.object + " points to the same page again")
	}
	return p, nil
}

// checkUser makes sure that the column rights are those of the token's user.
func (r *reader) checkUser(a answer) error {
	var who whoAmI
	if err := r.read(a, "", &who); err != nil {
		return err
	}
	if err := who.check(); err != nil {
		return err
	}
	if who.UserID != r.at.User {
		r.at.User = who.UserID
		return errOtherUser
	}
	return nil
}

// parsePage reads a page of any query.
func (r *reader) parsePage(a answer) (page, error) {
	var reply struct {
		Rows  []row  `json:"value"`
		Next  string `json:"@odata.nextLink"`
		Delta string `json:"@odata.deltaLink"`
	}
	if err := r.read(a, r.object, &reply); err != nil {
		err = r.explain(err)
		if code := sdk.CodeOf(err); r.at.Link != "" && isQueryTrouble(a) && (code == sdk.CodeInvalidRequest || code == sdk.CodeObjectDenied) {
			err = errors.Join(err, errRefusedLink)
		}
		return page{}, err
	}
	if reply.Rows == nil {
		return page{}, sdk.BadResponse("Dataverse answered a query for " + r.object + " with something else")
	}
	p := page{records: make([]sdk.Record, 0, len(reply.Rows)), done: reply.Next == ""}
	for _, row := range reply.Rows {
		record, err := row.record(r.at.Key, r.wanted)
		if err != nil {
			return page{}, err
		}
		p.records, p.marks = append(p.records, record), append(p.marks, markOf(record.ID, row.version()))
	}
	link := reply.Next
	if p.done {
		link = reply.Delta
	}
	if p.done && r.at.Mode == modeStamp {
		return p, nil
	}
	if link == "" {
		return page{}, sdk.BadResponse("Dataverse tracked no changes of " + r.object + ", although it was asked to")
	}
	var err error
	p.next, err = r.linkPath(link, r.at.Set)
	return p, err
}

// explain tells a table that cannot be read by position from a denied column.
func (r *reader) explain(err error) error {
	var e *sdk.Error
	if !errors.As(err, &e) || e.Code != sdk.CodeFieldDenied || r.wanted[e.Field] {
		return err
	}
	if r.at.Link != "" {
		return sdk.InvalidRequest(e.Message) // the link selects what nobody wants any more
	}
	return sdk.Unsupported(r.object + " has no " + e.Field + " and cannot be read incrementally")
}

// sendPage sends what is new of a page in batches and moves the position. Between
// two batches of a page the position is that before the page, with the marks of
// what was sent of it.
func (r *reader) sendPage(p page, send func(sdk.Batch) error) error {
	known := make(map[mark]bool, len(r.at.Unsettled)+len(r.at.Page))
	for _, list := range []marks{r.at.Unsettled, r.at.Page} {
		for _, one := range list {
			known[one] = true
		}
	}
	var batch sdk.Batch
	size := 0
	after := r.at // where the page leads to
	after.Page, after.Unsettled = nil, slices.Clone(after.Unsettled)
	for i, record := range p.records {
		after.pass(record.ModifiedAt, record.ID, p.marks[i])
		if known[p.marks[i]] {
			continue
		}
		known[p.marks[i]] = true
		if len(batch.Records) == r.batchSize || size+len(record.Data) > maxBatchBytes && len(batch.Records) > 0 {
			if err := r.send(batch, r.at, send); err != nil {
				return err
			}
			batch, size = sdk.Batch{}, 0
		}
		batch.Records = append(batch.Records, record)
		size += len(record.Data)
		r.at.Page.add(p.marks[i])
	}
	if after.Link = p.next; p.done {
		after.finish()
	}
	r.at = after
	batch.Done = p.done
	return r.send(batch, r.at, send)
}

// send hands a batch over.
func (r *reader) send(batch sdk.Batch, at position, send func(sdk.Batch) error) error {
	batch.ResumeToken, batch.Stats, batch.Restarted = at.token(), r.takeStats(), r.restarted
	r.restarted, r.begun = false, true
	return send(batch)
}
