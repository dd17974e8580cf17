package connectortest

import (
	"slices"
	"testing"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// fewIDs is how many records of Read the suite reads again by their ids.
const fewIDs = 150

// recordsByID compares ReadRecords with Read.
func (s *suite) recordsByID(t *testing.T) {
	s.need(t, connectorv1.Capability_CAPABILITY_READ_RECORDS)
	if s.ReadObject == "" {
		t.Skip("Config.ReadObject is empty")
	}
	known := map[string]sdk.Record{}
	batches, _ := s.readAll(t, nil)
	for _, record := range slices.Concat(batches...) {
		if len(known) < fewIDs {
			known[record.ID] = record
		}
	}
	var ids []string
	for id := range known {
		ids = append(ids, id)
	}
	if s.UnknownID != "" {
		ids = append(ids, s.UnknownID)
	} else {
		t.Log("Config.UnknownID is empty: that a missing record comes as deleted was not checked")
	}
	s.compare(t, known, s.byID(t, s.ReadObject, ids))
	if s.Denied == "" {
		t.Log("Config.Denied is empty: that a denied object is an error was not checked")
		return
	}
	request := sdk.ReadRecordsRequest{Object: s.Denied, IDs: ids[:1]}
	err := s.client.ReadRecords(t.Context(), s.Target, request, func(sdk.RecordsBatch) error { return nil })
	if got := sdk.CodeOf(err); got != sdk.CodeObjectDenied && got != sdk.CodeForbidden {
		t.Errorf("records of %s, which is denied: got %v, want %s: a denial is no deletion", s.Denied, err, sdk.CodeObjectDenied)
	}
}

// byID reads records by their ids, and fails on what the host would refuse.
func (s *suite) byID(t *testing.T, object string, ids []string) map[string]sdk.Record {
	t.Helper()
	found := map[string]sdk.Record{}
	err := s.client.ReadRecords(t.Context(), s.Target, sdk.ReadRecordsRequest{Object: object, Fields: s.Fields, IDs: ids}, func(batch sdk.RecordsBatch) error {
		s.count(batch.Stats)
		for _, record := range batch.Records {
			if _, twice := found[record.ID]; twice || !slices.Contains(ids, record.ID) {
				t.Errorf("record %q was sent twice, or not asked for", record.ID)
			}
			if err := validate.Record(&connectorv1.Record{Id: record.ID, Deleted: record.Deleted, Data: record.Data}); err != nil {
				t.Errorf("the host would refuse record %q: %v", record.ID, err)
			}
			found[record.ID] = record
		}
		return nil
	})
	if err != nil {
		t.Fatalf("ReadRecords: %v", err)
	}
	return found
}

// compare holds records by id against the same ones of Read.
func (s *suite) compare(t *testing.T, known, found map[string]sdk.Record) {
	t.Helper()
	for id, want := range known {
		got, ok := found[id]
		switch {
		case !ok:
			t.Errorf("record %q was asked for and not answered", id)
		case got.Deleted != want.Deleted || string(got.Data) != string(want.Data) || !got.ModifiedAt.Equal(want.ModifiedAt):
			t.Errorf("record %q differs from what Read sent", id)
		}
	}
	if s.UnknownID == "" {
		return
	}
	if got, ok := found[s.UnknownID]; !ok || !got.Deleted {
		t.Errorf("record %q does not exist and was not sent as deleted", s.UnknownID)
	}
}

// calls looks through the stats of all calls that the suite made.
func (s *suite) calls(t *testing.T) {
	response, err := s.client.Describe(t.Context())
	if err != nil {
		t.Fatalf("Describe: %v", err)
	}
	keys := []string{defaultAPI}
	if declared := response.GetManifest().GetApiTypes(); len(declared) > 0 {
		keys = mapped(declared, (*connectorv1.ApiType).GetKey)
	}
	if len(s.spent) == 0 {
		t.Skip("no call told what it cost")
	}
	for _, stats := range s.spent {
		if err := validate.Stats(statsToWire(stats), keys); err != nil {
			t.Errorf("the host would refuse what a call cost: %v", err)
		}
	}
}

// defaultAPI is the key of the one API of a connector that declares none.
const defaultAPI = "api"
