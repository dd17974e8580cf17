package dynamics365

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// idsPerQuery keeps a query well below the number of conditions that the platform
// takes (500) and its URL below what a batch allows (64 KB).
const idsPerQuery = 50

// ReadRecords sends the present state of some rows: one call to plan, and one for
// the rows, however many. Like every page of Read it comes with the answer to "which
// of these columns may this user read now?". Rows that the table does not show (any
// more, or to this user) are sent as deleted.
func (c *Connector) ReadRecords(ctx context.Context, target sdk.Target, request sdk.ReadRecordsRequest, send func(sdk.RecordsBatch) error) error {
	r, err := c.reader(target, request.Object, request.Fields)
	if err != nil {
		return err
	}
	if err := r.plan(ctx); err != nil {
		return err
	}
	r.at.Mode = modeStamp // rows are asked for as they are; nothing is to be tracked
	var ids []string
	for _, id := range request.IDs {
		if guid.MatchString(id) { // anything else is nobody's
			ids = append(ids, strings.ToLower(id))
		}
	}
	living, err := r.byID(ctx, ids)
	if errors.Is(err, errOtherUser) {
		living, err = r.byID(ctx, ids) // the plan came from another user's memo
	}
	if err != nil {
		return err
	}
	batch := sdk.RecordsBatch{Stats: r.takeStats()}
	for _, id := range request.IDs {
		record, ok := living[strings.ToLower(id)]
		if !ok {
			record.Deleted = true
		}
		record.ID = id
		batch.Records = append(batch.Records, record)
	}
	return send(batch)
}

// byID fetches rows by their keys, in one call, and verifies them.
func (r *reader) byID(ctx context.Context, ids []string) (map[string]sdk.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	parts := []part{whoAmIPart(), r.verifyPart(), columnRightsPart(r.at.User)}
	queries := len(parts)
	for some := range slices.Chunk(ids, idsPerQuery) {
		filter := r.at.Key + " eq " + strings.Join(some, " or "+r.at.Key+" eq ")
		path := r.at.Set + "?$select=" + strings.Join(r.properties, ",") + "&$filter=" + escape(filter)
		parts = append(parts, part{path: path, object: r.object, prefer: formatted})
	}
	answers, err := r.batch(ctx, parts)
	if err != nil {
		return nil, err
	}
	if err := r.checkUser(answers[0]); err != nil {
		return nil, err
	}
	living := make(map[string]sdk.Record, len(ids))
	for _, answer := range answers[queries:] {
		p, err := r.parsePage(answer)
		if err != nil {
			return nil, err
		}
		if !p.done {
			return nil, sdk.BadResponse("Dataverse answered a query for single rows of " + r.object + " with the first of several pages")
		}
		for _, record := range p.records {
			living[record.ID] = record
		}
	}
	return living, r.verify(answers[1], answers[2])
}
