package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

const (
	// recordLookup and recordInsert bound the rows of one statement on SQLite;
	// its statements take at most 32,766 parameters.
	recordLookup = 1000
	recordInsert = 250
)

// UpsertCounts says what UpsertRecords did. The four add up to the number of
// records given.
type UpsertCounts struct {
	Created int
	Updated int
	// Deleted counts records that are deleted now and were not before.
	Deleted int
	// Unchanged counts records that needed no write, and earlier versions of a
	// record that comes more than once.
	Unchanged int
}

// record is one record on its way into the database.
type record struct {
	crm.Record
	data string // canonical JSON
	hash string
}

// stored is what the database has of a record.
type stored struct {
	hash       string
	deleted    bool
	generation int
}

// UpsertRecords saves records of one object, each under its external id. Of a
// record that comes more than once the last counts. Records whose content the
// database has already are not written, not even locked, unless they must be marked
// as met (Records.Met). A deleted record without data keeps the data it had.
//
// Only one transaction at a time may write the records of an integration's
// object; a run's fence sees to that.
func (tx *Tx) UpsertRecords(ctx context.Context, workspaceID, integrationID, object string, records Records) (UpsertCounts, error) {
	var counts UpsertCounts
	if err := inWorkspace(ctx, workspaceID); err != nil {
		return counts, err
	}
	key := recordKey{workspaceID, integrationID, object}
	known, err := tx.storedRecords(ctx, key, records.latest)
	if err != nil {
		return counts, fmt.Errorf("store: records: %w", err)
	}
	var changed []record
	var met []string
	for _, r := range records.latest {
		before, exists := known[r.ID]
		switch {
		case exists && before.hash == r.hash:
			if before.generation < records.generation {
				met = append(met, r.ID)
			}
			continue
		case r.Deleted && (!exists || !before.deleted):
			counts.Deleted++
		case exists:
			counts.Updated++
		default:
			counts.Created++
		}
		changed = append(changed, r)
	}
	counts.Unchanged = records.given - len(changed)
	if err := tx.writeRecords(ctx, key, records.generation, changed); err != nil {
		return UpsertCounts{}, fmt.Errorf("store: records: %w", err)
	}
	if err := tx.markMet(ctx, key, records.generation, met); err != nil {
		return UpsertCounts{}, fmt.Errorf("store: records: %w", err)
	}
	tx.observeRecords(counts)
	return counts, nil
}

type recordKey struct{ workspaceID, integrationID, object string }

// Records are records in the form in which they are stored.
type Records struct {
	given      int
	latest     []record
	generation int
}

// Met returns the records with the mark of a reading from the beginning: when it has
// come to the end, the records without its mark are gone (Tx.SweepRecords).
// Generations of an object's readings rise; 0 marks nothing.
func (r Records) Met(generation int) Records {
	r.generation = generation
	return r
}

// PrepareRecords computes what is stored of each record, and drops all but its
// last version. It is the costly half of an upsert and needs no transaction. A
// record without id, or whose data is no JSON object, is CONNECTOR_ANSWER.
func PrepareRecords(records []crm.Record) (Records, error) {
	last := make(map[string]int, len(records))
	for i, r := range records {
		last[r.ID] = i
	}
	prepared := make([]record, 0, len(last))
	for i, r := range records {
		if last[r.ID] != i {
			continue
		}
		data, err := canonicalObject(r.Data)
		if err != nil || r.ID == "" {
			return Records{}, fault.New(fault.ConnectorAnswer, "A record has no id, or its data is not a JSON object.", fault.Cause(err))
		}
		prepared = append(prepared, record{Record: r, data: string(data), hash: contentHash(data, r.Deleted)})
	}
	return Records{given: len(records), latest: prepared}, nil
}

// contentHash is the SHA-256, in hexadecimal, of the canonical data and whether
// the record is deleted.
func contentHash(data []byte, deleted bool) string {
	mark := "live\n"
	if deleted {
		mark = "deleted\n"
	}
	hash := sha256.New()
	hash.Write([]byte(mark))
	hash.Write(data)
	return hex.EncodeToString(hash.Sum(nil))
}

// storedRecords returns what the database has of the given records.
func (tx *Tx) storedRecords(ctx context.Context, key recordKey, records []record) (map[string]stored, error) {
	known := make(map[string]stored, len(records))
	if tx.store.dialect == Postgres {
		ids := make([]string, len(records))
		for i, r := range records {
			ids[i] = r.ID
		}
		return known, tx.scanStored(ctx, known, `
			SELECT external_id, content_hash, deleted, generation FROM records
			WHERE workspace_id = $1 AND integration_id = $2 AND object_name = $3 AND external_id = ANY($4)`,
			key.workspaceID, key.integrationID, key.object, ids)
	}
	for len(records) > 0 {
		part := records[:min(len(records), recordLookup)]
		records = records[len(part):]
		args := []any{key.workspaceID, key.integrationID, key.object}
		for _, r := range part {
			args = append(args, r.ID)
		}
		err := tx.scanStored(ctx, known, `
			SELECT external_id, content_hash, deleted, generation FROM records
			WHERE workspace_id = ? AND integration_id = ? AND object_name = ? AND external_id IN (?`+strings.Repeat(",?", len(part)-1)+")", args...)
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

func (tx *Tx) scanStored(ctx context.Context, into map[string]stored, query string, args ...any) (err error) {
	rows, err := tx.sql.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		var s stored
		if err := rows.Scan(&id, &s.hash, &s.deleted, &s.generation); err != nil {
			return err
		}
		into[id] = s
	}
	return rows.Err()
}

const recordColumns = "INSERT INTO records (id, workspace_id, integration_id, object_name, external_id, modified_at, deleted, content_hash, data, synced_at, generation) "

// recordConflict updates a record that exists. Its last line is a second guard:
// a row with the same content stays untouched even if it came in between.
const recordConflict = `
	ON CONFLICT (workspace_id, integration_id, object_name, external_id) DO UPDATE SET
		modified_at = excluded.modified_at, deleted = excluded.deleted, content_hash = excluded.content_hash, synced_at = excluded.synced_at,
		data = CASE WHEN excluded.deleted AND excluded.data = '{}' THEN records.data ELSE excluded.data END,
		generation = CASE WHEN excluded.generation > records.generation THEN excluded.generation ELSE records.generation END
	WHERE records.content_hash <> excluded.content_hash`

func (tx *Tx) writeRecords(ctx context.Context, key recordKey, generation int, records []record) error {
	if len(records) == 0 {
		return nil
	}
	if tx.store.dialect == Postgres {
		return tx.writeRecordsPostgres(ctx, key, generation, records)
	}
	return tx.writeRecordsSQLite(ctx, key, generation, records)
}

func (tx *Tx) writeRecordsSQLite(ctx context.Context, key recordKey, generation int, records []record) error {
	const row = "(?,?,?,?,?,?,?,?,?,?,?)"
	args := make([]any, 0, 11*min(len(records), recordInsert))
	for len(records) > 0 {
		part := records[:min(len(records), recordInsert)]
		records = records[len(part):]
		args = args[:0]
		for _, r := range part {
			args = append(args, gid.New(gid.Record), key.workspaceID, key.integrationID, key.object,
				r.ID, r.ModifiedAt.UTC(), r.Deleted, r.hash, r.data, tx.now, generation)
		}
		query := recordColumns + "VALUES " + row + strings.Repeat(","+row, len(part)-1) + recordConflict
		if _, err := tx.sql.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) writeRecordsPostgres(ctx context.Context, key recordKey, generation int, records []record) error {
	n := len(records)
	ids, externalIDs, hashes, data := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	modified, deleted := make([]time.Time, n), make([]bool, n)
	for i, r := range records {
		ids[i], externalIDs[i], hashes[i], data[i] = gid.New(gid.Record), r.ID, r.hash, r.data
		modified[i], deleted[i] = r.ModifiedAt.UTC(), r.Deleted
	}
	_, err := tx.sql.ExecContext(ctx, recordColumns+`
		SELECT new.id, $1, $2, $3, new.external_id, new.modified_at, new.deleted, new.content_hash, new.data, $4, $5::bigint
		FROM unnest($6::text[], $7::text[], $8::timestamptz[], $9::bool[], $10::text[], $11::text[])
			AS new (id, external_id, modified_at, deleted, content_hash, data)`+recordConflict,
		key.workspaceID, key.integrationID, key.object, tx.now, generation, ids, externalIDs, modified, deleted, hashes, data)
	return err
}
