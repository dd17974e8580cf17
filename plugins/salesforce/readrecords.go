package salesforce

import (
	"context"
	"strconv"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// ReadRecords sends the present state of some records by queries for their ids, as
// many as the select lists make. A query does not show what is in the recycle bin,
// what was purged or merged away, and what the user may not see: those are sent as
// deleted.
func (c *Connector) ReadRecords(ctx context.Context, target sdk.Target, request sdk.ReadRecordsRequest, send func(sdk.RecordsBatch) error) error {
	s, err := c.session(target)
	if err != nil {
		return err
	}
	if err := checkObjectName(request.Object); err != nil {
		return err
	}
	lists, err := planSelect(request.Fields, chunkSelect) // the ids need their place in the URL
	if err != nil {
		return err
	}
	r := &reader{
		session: s, object: request.Object, fields: request.Fields, lists: lists, wanted: wantedKeys(request.Fields), kept: map[string]bool{},
		pageSize: strconv.Itoa(minPage),
	}
	living, err := r.byID(ctx, request.IDs)
	if err != nil {
		return r.explain(err)
	}
	batch := sdk.RecordsBatch{Stats: r.takeStats()}
	for _, id := range request.IDs {
		record, ok := living[longID(id)]
		if !ok {
			record.Deleted = true
		}
		record.ID = id
		batch.Records = append(batch.Records, record)
	}
	return send(batch)
}

// byID reads records by their ids. What has not the form of an id is nobody's, and
// would make Salesforce refuse the whole query.
func (r *reader) byID(ctx context.Context, ids []string) (map[string]sdk.Record, error) {
	var long []string
	for _, id := range ids {
		if recordID.MatchString(id) {
			long = append(long, longID(id))
		}
	}
	found, err := r.fetchByID(ctx, r.lists[0], long)
	if err != nil {
		return nil, err
	}
	var p page
	for _, row := range found {
		p.rows = append(p.rows, row)
	}
	records, err := r.records(ctx, p)
	if err != nil {
		return nil, err
	}
	living := make(map[string]sdk.Record, len(records))
	for _, record := range records {
		living[record.ID] = record
	}
	return living, nil
}
