package sdk

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

// margin covers the tags and lengths that a part adds to its entries.
const margin = 1 << 10

// splitBatch cuts a batch into parts of at most handshake.MaxBatch. All but the
// last part carry the position before the batch, so a reader that stops between
// them reads the batch again and loses nothing.
func splitBatch(batch *connectorv1.ReadResponse, position []byte) ([]*connectorv1.ReadResponse, error) {
	if proto.Size(batch) <= handshake.MaxBatch {
		return []*connectorv1.ReadResponse{batch}, nil
	}
	room := handshake.MaxBatch - max(len(position), len(batch.GetResumeToken())) - margin
	groups, err := chunks(batch.GetRecords(), room, (*connectorv1.Record).GetId)
	if err != nil {
		return nil, err
	}
	var parts []*connectorv1.ReadResponse
	for _, records := range groups[:len(groups)-1] {
		parts = append(parts, &connectorv1.ReadResponse{Records: records, ResumeToken: position})
	}
	parts = append(parts, &connectorv1.ReadResponse{
		Records: groups[len(groups)-1], ResumeToken: batch.GetResumeToken(), Done: batch.GetDone(), Stats: batch.GetStats(),
	})
	parts[0].Restarted = batch.GetRestarted()
	return parts, nil
}

// splitRecords cuts a batch of ReadRecords into messages of at most
// handshake.MaxBatch; the last one has the stats.
func splitRecords(batch RecordsBatch) ([]*connectorv1.ReadRecordsResponse, error) {
	groups, err := chunks(mapped(batch.Records, recordToWire), handshake.MaxBatch-margin, (*connectorv1.Record).GetId)
	if err != nil {
		return nil, err
	}
	parts := mapped(groups, func(records []*connectorv1.Record) *connectorv1.ReadRecordsResponse {
		return &connectorv1.ReadRecordsResponse{Records: records}
	})
	parts[len(parts)-1].Stats = statsToWire(batch.Stats)
	return parts, nil
}

// splitCheck cuts the answer for an object with very many fields into messages
// of at most handshake.MaxBatch; a single field over it is left to the host to
// refuse.
func splitCheck(check *connectorv1.ObjectCheck) []*connectorv1.CheckPermissionsResponse {
	whole := []*connectorv1.CheckPermissionsResponse{{Check: check}}
	if proto.Size(check) <= handshake.MaxBatch {
		return whole
	}
	groups, err := chunks(check.GetFields(), handshake.MaxBatch/2, (*connectorv1.Field).GetName)
	if err != nil || len(groups) == 1 {
		return whole
	}
	check.Fields = groups[0]
	parts := whole
	for _, fields := range groups[1:] {
		parts[len(parts)-1].More = true
		parts = append(parts, &connectorv1.CheckPermissionsResponse{
			Check: &connectorv1.ObjectCheck{Object: check.GetObject(), Fields: fields},
		})
	}
	return parts
}

// chunks groups entries, in order, so that each group has at most room bytes. An
// entry over room stands alone; one that fits no message is an error.
func chunks[T proto.Message](entries []T, room int, name func(T) string) ([][]T, error) {
	groups := [][]T{nil}
	used := 0
	for _, entry := range entries {
		size := proto.Size(entry) + 8 // the entry's tag and length
		if size > handshake.MaxMessage-handshake.MaxResumeToken-margin {
			return nil, &Error{Code: CodeTooLarge, Message: fmt.Sprintf("%q has %d bytes; a message takes at most %d.", name(entry), size, handshake.MaxMessage)}
		}
		if last := groups[len(groups)-1]; used+size > room && len(last) > 0 {
			groups = append(groups, nil)
			used = 0
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], entry)
		used += size
	}
	return groups, nil
}
