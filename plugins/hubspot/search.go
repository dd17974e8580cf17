package hubspot

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// filter is one condition of a search; all of a search's conditions must hold.
type filter struct {
	Property string `json:"propertyName"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

type filterGroup struct {
	Filters []filter `json:"filters"`
}

type sorting struct {
	Property  string `json:"propertyName"`
	Direction string `json:"direction"`
}

type searchBody struct {
	Groups     []filterGroup `json:"filterGroups"`
	Sorts      []sorting     `json:"sorts"`
	Properties []string      `json:"properties"`
	Limit      int           `json:"limit"`
	After      string        `json:"after,omitempty"`
}

// searchPage fetches the next records of the window: those with greater ids.
func (r *reader) searchPage(ctx context.Context) (sdk.Batch, error) {
	reply, a, err := r.search(ctx)
	if err != nil {
		return sdk.Batch{}, err
	}
	last := r.at.LastID
	for _, row := range reply.Results {
		id, err := strconv.ParseUint(string(row.ID), 10, 64)
		if err != nil || id <= last {
			return sdk.Batch{}, sdk.BadResponse("HubSpot's search for " + r.object.name + " is not in the order of record ids")
		}
		last = id
	}
	records, err := r.records(ctx, reply.Results)
	if err != nil {
		return sdk.Batch{}, err
	}
	if err := r.at.open(a.askedAt); err != nil {
		return sdk.Batch{}, err
	}
	r.at.LastID = last
	if !reply.more() {
		r.at.Phase, r.at.LastID = phaseArchived, 0
	}
	return sdk.Batch{Records: records}, nil
}

// more reports whether the window has more records than this page. The total of
// each search is what is left, because it begins behind the position.
func (reply listReply) more() bool {
	return len(reply.Results) > 0 && (reply.Paging.Next.After != "" || reply.Total != nil && *reply.Total > len(reply.Results))
}

// search asks for one page. A page can be empty although more follow, when the
// index still has records that are gone: then it looks further.
func (r *reader) search(ctx context.Context) (listReply, answer, error) {
	body := r.searchBody()
	for {
		r.limits.beforeSearch(time.Now())
		var reply listReply
		a, err := r.call(ctx, request{path: r.api().search(r.object.name), body: body, about: r.object}, &reply)
		if err == nil {
			err = r.checkPage(reply)
		}
		next := reply.Paging.Next.After
		if err != nil || len(reply.Results) > 0 || next == "" || next == body.After {
			return reply, a, err
		}
		body.After = next
	}
}

// searchBody is the search for the window behind the position. Properties are left
// to batch reads when the body would grow over HubSpot's limit.
func (r *reader) searchBody() searchBody {
	filters := []filter{{r.object.modified, "GTE", milliseconds(r.at.Since)}}
	if r.at.LastID > 0 {
		filters = append(filters, filter{"hs_object_id", "GT", strconv.FormatUint(r.at.LastID, 10)})
	}
	body := searchBody{
		Groups:     []filterGroup{{filters}},
		Sorts:      []sorting{{"hs_object_id", "ASCENDING"}},
		Properties: r.plan.properties,
		Limit:      r.limit(maxSearchPage),
	}
	if r.byBatch || tooLong(body) {
		r.byBatch = true
		body.Properties = nil
	}
	if len(body.Properties) == 0 {
		body.Properties = []string{"hs_object_id"}
	}
	return body
}

func tooLong(body searchBody) bool {
	raw, err := json.Marshal(body)
	return err != nil || len(raw) > maxSearchBody
}

// milliseconds is a time as HubSpot's filters take it.
func milliseconds(at time.Time) string { return fmt.Sprint(at.UnixMilli()) }
