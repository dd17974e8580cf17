package hubspot

import (
	"context"
	"strconv"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// ReadRecords sends the present state of some records, by one call for each hundred
// and one more for each kind of association. What was archived, purged or merged
// into another record is sent as deleted. Owners have no call of that kind; their
// list is short and read whole.
func (c *Connector) ReadRecords(ctx context.Context, target sdk.Target, request sdk.ReadRecordsRequest, send func(sdk.RecordsBatch) error) error {
	s, err := c.session(target)
	if err != nil {
		return err
	}
	if err := checkObjectName(request.Object); err != nil {
		return err
	}
	o := objectOf(request.Object)
	r := &reader{session: s, object: o, plan: planFields(o, request.Fields), at: beginning(o.name)}
	living, err := r.byID(ctx, request.IDs)
	if err != nil {
		return r.nameField(ctx, err)
	}
	batch := sdk.RecordsBatch{Stats: r.takeStats()}
	for _, id := range request.IDs {
		record, ok := living[id]
		if !ok {
			record = sdk.Record{ID: id, Deleted: true}
		}
		batch.Records = append(batch.Records, record)
	}
	return send(batch)
}

// byID reads records by their ids. HubSpot's are numbers; anything else is nobody's.
func (r *reader) byID(ctx context.Context, ids []string) (map[string]sdk.Record, error) {
	var rows []row
	for _, id := range ids {
		if _, err := strconv.ParseUint(id, 10, 64); err == nil {
			rows = append(rows, row{ID: number(id)})
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	living := make(map[string]sdk.Record, len(rows))
	keep := func(records []sdk.Record) {
		for _, record := range records {
			living[record.ID] = record
		}
	}
	if r.object.name == ownersObject {
		for done := false; !done; {
			batch, err := r.ownersPage(ctx)
			if err != nil {
				return nil, err
			}
			keep(batch.Records)
			done = batch.Done
		}
		return living, nil
	}
	rows, err := r.batchRead(ctx, rows)
	if err != nil {
		return nil, err
	}
	records, err := r.records(ctx, rows)
	keep(records)
	return living, err
}
