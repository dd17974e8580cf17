package hubspot

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	// Page sizes that HubSpot allows.
	maxListPage   = 100
	maxSearchPage = 200
	// maxURL keeps lists of properties out of the URL when they grow long: limits
	// between 8,000 and 16,000 bytes have been seen, answered with a page.
	maxURL = 6000
	// maxSearchBody is HubSpot's documented limit.
	maxSearchBody = 3000
)

// Read sends an object's records: all of them at first, later those that changed,
// and as deleted those that were archived. See position for what a resume token
// promises. Each batch is one page of HubSpot's.
//
// Values keep HubSpot's form: every property is a text or null. Owners are read
// whole each time, deactivated ones too; they are few and cannot be searched.
func (c *Connector) Read(ctx context.Context, target sdk.Target, request sdk.ReadRequest, send func(sdk.Batch) error) error {
	s, err := c.session(target)
	if err != nil {
		return err
	}
	if err := checkObjectName(request.Object); err != nil {
		return err
	}
	at, restarted, err := parsePosition(request.ResumeToken, request.Object)
	if err != nil {
		return err
	}
	o := objectOf(request.Object)
	r := &reader{session: s, object: o, plan: planFields(o, request.Fields), batchSize: request.BatchSize, at: at, restarted: restarted}
	r.byBatch = r.plan.tooLongForURL(s.api(), o)
	return r.run(ctx, send)
}

// reader is one run over one object.
type reader struct {
	*session

	object    objectType
	plan      plan
	batchSize int
	at        position
	// restarted is sent with the next batch.
	restarted bool
	// byBatch: lists give ids only; properties come by batch reads.
	byBatch bool
	// renewed: a list was begun again because HubSpot refused its cursor.
	renewed bool
}

func (r *reader) run(ctx context.Context, send func(sdk.Batch) error) error {
	for {
		batch, err := r.page(ctx)
		switch {
		case err == nil:
		case errors.Is(err, errURLTooLong) && !r.byBatch:
			r.byBatch = true
			continue
		case sdk.CodeOf(err) == sdk.CodeInvalidRequest && r.at.After != "" && !r.renewed:
			r.renew()
			continue
		default:
			return r.nameField(ctx, err)
		}
		batch.ResumeToken, batch.Stats, batch.Restarted = r.at.token(), r.takeStats(), r.restarted
		r.restarted = false
		if err := send(batch); err != nil || batch.Done {
			return err
		}
	}
}

// renew begins a list again, once, when HubSpot no longer accepts its cursor.
func (r *reader) renew() {
	r.renewed = true
	r.at.After = ""
	if r.at.Phase == phaseList {
		r.at, r.restarted = beginning(r.at.Object), true
	}
}

func (r *reader) page(ctx context.Context) (sdk.Batch, error) {
	switch {
	case r.object.name == ownersObject:
		return r.ownersPage(ctx)
	case r.at.Phase == phaseList:
		return r.listPage(ctx)
	case r.at.Phase == phaseSearch:
		return r.searchPage(ctx)
	default:
		return r.archivedPage(ctx)
	}
}

// limit is the page size by HubSpot's limit and the host's wish.
func (r *reader) limit(most int) int {
	if r.batchSize > 0 {
		return min(most, r.batchSize)
	}
	return most
}

// listReply is a page of a list or a search.
type listReply struct {
	Results []row `json:"results"`
	Total   *int  `json:"total"`
	Paging  struct {
		Next struct {
			After string `json:"after"`
		} `json:"next"`
	} `json:"paging"`
}

// list fetches a page of records and its cursor to the next, "" at the end.
func (r *reader) list(ctx context.Context, query url.Values) (listReply, answer, error) {
	query.Set("limit", strconv.Itoa(r.limit(maxListPage)))
	if r.at.After != "" {
		query.Set("after", r.at.After)
	}
	var reply listReply
	a, err := r.call(ctx, request{path: r.api().records(r.object.name), query: query, about: r.object}, &reply)
	if err == nil {
		err = r.checkPage(reply)
	}
	return reply, a, err
}

// checkPage refuses a page that is none, and one that leads to itself.
func (r *reader) checkPage(reply listReply) error {
	switch {
	case reply.Results == nil:
		return sdk.BadResponse("HubSpot answered the records of " + r.object.name + " with something else")
	case slices.ContainsFunc(reply.Results, func(row row) bool { return row.ID == "" }):
		return errNoRecord(r.object.name)
	case reply.Paging.Next.After != "" && reply.Paging.Next.After == r.at.After:
		return sdk.BadResponse("HubSpot's list of " + r.object.name + " points to the same page again")
	default:
		return nil
	}
}

func (r *reader) listPage(ctx context.Context) (sdk.Batch, error) {
	properties := r.plan.properties
	if r.byBatch || len(properties) == 0 {
		properties = []string{"hs_object_id"}
	}
	reply, a, err := r.list(ctx, url.Values{"properties": {strings.Join(properties, ",")}})
	if err != nil {
		return sdk.Batch{}, err
	}
	records, err := r.records(ctx, reply.Results)
	if err != nil {
		return sdk.Batch{}, err
	}
	if err := r.at.open(a.askedAt); err != nil {
		return sdk.Batch{}, err
	}
	if r.at.After = reply.Paging.Next.After; r.at.After == "" {
		r.at.nextWindow(r.config.overlap())
		return sdk.Batch{Records: records, Done: true}, nil
	}
	return sdk.Batch{Records: records}, nil
}

// archivedPage asks for no properties: of an archived record only the id matters.
// It goes through everything that HubSpot keeps in its recycle bin, since the list
// cannot be limited by date.
func (r *reader) archivedPage(ctx context.Context) (sdk.Batch, error) {
	reply, _, err := r.list(ctx, url.Values{"archived": {"true"}, "properties": {"hs_object_id"}})
	if err != nil {
		return sdk.Batch{}, err
	}
	var batch sdk.Batch
	for _, row := range reply.Results {
		archivedAt := parseTime(row.ArchivedAt)
		if archivedAt.IsZero() || !archivedAt.Before(r.at.Since) {
			batch.Records = append(batch.Records, sdk.Record{ID: string(row.ID), ModifiedAt: archivedAt, Deleted: true})
		}
	}
	if r.at.After = reply.Paging.Next.After; r.at.After == "" {
		r.at.nextWindow(r.config.overlap())
		batch.Done = true
	}
	return batch, nil
}

// ownersPage reads the active owners and then the deactivated ones.
func (r *reader) ownersPage(ctx context.Context) (sdk.Batch, error) {
	query := url.Values{"limit": {strconv.Itoa(r.limit(maxListPage))}}
	if r.at.Phase == phaseArchived {
		query.Set("archived", "true")
	}
	if r.at.After != "" {
		query.Set("after", r.at.After)
	}
	var reply ownersReply
	if _, err := r.call(ctx, request{path: r.api().owners(), query: query, about: r.object}, &reply); err != nil {
		return sdk.Batch{}, err
	}
	next := reply.Paging.Next.After
	if reply.Results == nil || next != "" && next == r.at.After {
		return sdk.Batch{}, sdk.BadResponse("HubSpot answered the owners with something else")
	}
	var batch sdk.Batch
	for _, raw := range reply.Results {
		record, err := ownerRecord(raw, r.plan.asked)
		if err != nil {
			return sdk.Batch{}, err
		}
		batch.Records = append(batch.Records, record)
	}
	switch r.at.After = next; {
	case next != "":
	case r.at.Phase == phaseList:
		r.at.Phase = phaseArchived
	default:
		r.at, batch.Done = beginning(r.at.Object), true
	}
	return batch, nil
}

// nameField tells a sensitive property that denies a whole read from an object that
// cannot be read. HubSpot names scopes of which any one is said to suffice, not the
// property, so its definitions are asked.
func (r *reader) nameField(ctx context.Context, err error) error {
	d, ok := denialOf(err)
	if !ok || d.cause != sdk.CauseScopeMissing || len(r.plan.properties) == 0 {
		return err
	}
	for _, class := range []sensitivity{sensitive, highlySensitive} {
		properties, failure := r.definitions(ctx, r.object, view{class: class})
		if failure != nil {
			return err // the first word stands
		}
		for _, p := range properties {
			if slices.Contains(r.plan.properties, p.Name) && !r.grant.holds(r.object.sensitiveScope(class)) {
				return sdk.FieldDenied(r.object.name, p.Name, p.Name+" is sensitive. "+messageOf(err))
			}
		}
	}
	return err
}

func errNoRecord(object string) error {
	return sdk.BadResponse("HubSpot sent a record of " + object + " without its id")
}

// parseTime reads HubSpot's times; zero when it is none.
func parseTime(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1 || at.Year() > 9999 {
		return time.Time{}
	}
	return at.UTC()
}
