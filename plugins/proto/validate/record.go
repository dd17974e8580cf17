package validate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

// Batch checks one batch of records as a whole: sizes, ids, position. What is
// wrong with a single record is told by Record.
func Batch(batch *connectorv1.ReadResponse, apiTypes []string) error {
	if size := len(batch.GetResumeToken()); size > handshake.MaxResumeToken {
		return problem("resume_token", "has %d bytes, at most %d are allowed", size, handshake.MaxResumeToken)
	}
	return first(records(batch.GetRecords(), proto.Size(batch)), Stats(batch.GetStats(), apiTypes))
}

// Records checks one message of ReadRecords as Batch does. asked tells the ids that
// were asked for and not answered yet; Records deletes those that it meets, so that
// what is left at the end of the stream was not answered.
func Records(response *connectorv1.ReadRecordsResponse, apiTypes []string, asked map[string]struct{}) error {
	if err := first(records(response.GetRecords(), proto.Size(response)), Stats(response.GetStats(), apiTypes)); err != nil {
		return err
	}
	for i, record := range response.GetRecords() {
		if _, ok := asked[record.GetId()]; !ok {
			return problem(fmt.Sprintf("records[%d].id", i), "%q was not asked for, or was answered before", record.GetId())
		}
		delete(asked, record.GetId())
	}
	return nil
}

// ReadRecordsRequest checks what is asked of ReadRecords: 1 to
// handshake.MaxReadRecords ids, each once.
func ReadRecordsRequest(request *connectorv1.ReadRecordsRequest) error {
	if len(request.GetIds()) == 0 {
		return problem("ids", "is empty")
	}
	if err := count("ids", len(request.GetIds()), handshake.MaxReadRecords); err != nil {
		return err
	}
	once := unique()
	for i, id := range request.GetIds() {
		path := fmt.Sprintf("ids[%d]", i)
		if err := first(recordID(path, id), once(path, id)); err != nil {
			return err
		}
	}
	return nil
}

func records(list []*connectorv1.Record, size int) error {
	if err := count("records", len(list), maxRecords); err != nil {
		return err
	}
	if len(list) > 1 && size > handshake.MaxBatch {
		return problem("records", "the batch has %d bytes, at most %d are allowed", size, handshake.MaxBatch)
	}
	for i, record := range list {
		if err := recordID(fmt.Sprintf("records[%d].id", i), record.GetId()); err != nil {
			return err
		}
	}
	return nil
}

// Record checks what one record holds beside its id. A record that fails is left
// out by the host, and the others of its batch are taken (requirement E9). The
// error says what is wrong without any of the data.
func Record(record *connectorv1.Record) error {
	if at := record.GetModifiedAt(); at != nil && !at.IsValid() {
		return errors.New("modified_at is not a valid time")
	}
	data := record.GetData()
	switch {
	case record.GetDeleted() && len(data) == 0:
		return nil
	case len(data) > handshake.MaxRecord:
		return fmt.Errorf("the data has more than %d bytes", handshake.MaxRecord)
	case !jsonObject(data):
		return errors.New("the data is not a JSON object")
	case holdsNUL(data):
		return errors.New("a text in the data holds a NUL character, which PostgreSQL cannot store")
	}
	return nil
}

// jsonObject reports whether data is one valid JSON object.
func jsonObject(data []byte) bool {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	return bytes.HasPrefix(trimmed, []byte("{")) && utf8.Valid(trimmed) && json.Valid(trimmed)
}

// holdsNUL finds the escape that stands for NUL in valid JSON; raw control
// characters are not valid JSON. A backslash before it may itself be escaped.
func holdsNUL(data []byte) bool {
	for {
		at := bytes.IndexByte(data, '\\')
		if at < 0 {
			return false
		}
		data = data[at+1:]
		if bytes.HasPrefix(data, []byte("u0000")) {
			return true
		}
		data = data[1:] // what is escaped
	}
}
