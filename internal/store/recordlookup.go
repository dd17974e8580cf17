package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// RecordLookup asks for records by a value that they hold.
type RecordLookup struct {
	// Object and Field are the CRM's names.
	Object string
	Field  string
	// Values are in lower case.
	Values []string
	// Flag is a field that must not hold the boolean FlagExcludes; empty for none. A
	// record in which it is missing counts.
	Flag         string
	FlagExcludes bool
}

// RecordIDsByValue finds the CRM's ids of records whose field holds one of the
// values, by value; the letters A to Z count as their lower case. Of several records
// with one value it is the first by id; deleted records do not count.
//
// It reads all records of the object, so it is for objects of which a CRM has few,
// such as its users.
func (s *Store) RecordIDsByValue(ctx context.Context, workspaceID, integrationID string, lookup RecordLookup) (map[string]string, error) {
	if err := inWorkspace(ctx, workspaceID); err != nil {
		return nil, err
	}
	found := make(map[string]string, len(lookup.Values))
	for values := range slices.Chunk(lookup.Values, recordLookup) {
		query, args, err := s.lookupQuery(workspaceID, integrationID, lookup, values)
		if err == nil {
			err = s.scanLookup(ctx, found, query, args)
		}
		if err != nil {
			return nil, fmt.Errorf("store: record lookup: %w", err)
		}
	}
	return found, nil
}

// lookupQuery is the statement for some of the values. It compares the values' JSON
// texts, which are the same on both databases. PostgreSQL reads no object that holds a
// zero character, so that is read as another character.
func (s *Store) lookupQuery(workspaceID, integrationID string, lookup RecordLookup, values []string) (string, []any, error) {
	wanted := make([]string, len(values))
	for i, value := range values {
		text, err := jsonText(value)
		if err != nil {
			return "", nil, err
		}
		wanted[i] = text
	}
	excluded := fmt.Sprint(lookup.FlagExcludes)
	// Without a flag it is the field itself, which is no boolean: no name must be empty.
	flag := cmp.Or(lookup.Flag, lookup.Field)
	if s.dialect == Postgres {
		return `
			SELECT value, min(external_id) FROM (
				SELECT external_id, lower((replace(data, '\u0000', '\u0001')::json -> $1)::text COLLATE "C") AS value,
					lower((replace(data, '\u0000', '\u0001')::json -> $2)::text) AS flag FROM records
				WHERE workspace_id = $3 AND integration_id = $4 AND object_name = $5 AND NOT deleted
			) AS r WHERE value = ANY($6) AND coalesce(flag NOT IN ($7, $8), true) GROUP BY value`,
			[]any{lookup.Field, flag, workspaceID, integrationID, lookup.Object, wanted, excluded, `"` + excluded + `"`}, nil
	}
	args := []any{lookup.Field, flag, workspaceID, integrationID, lookup.Object}
	for _, value := range wanted {
		args = append(args, value)
	}
	return `
		SELECT value, min(external_id) FROM (
			SELECT external_id, lower(data -> ?) AS value, lower(data -> ?) AS flag FROM records
			WHERE workspace_id = ? AND integration_id = ? AND object_name = ? AND NOT deleted
		) AS r WHERE value IN (?` + strings.Repeat(",?", len(wanted)-1) + `) AND coalesce(flag NOT IN (?, ?), true) GROUP BY value`,
		append(args, excluded, `"`+excluded+`"`), nil
}

// jsonText is a string in the form in which records hold it.
func jsonText(text string) (string, error) {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(text)
	return strings.TrimSuffix(out.String(), "\n"), err
}

func (s *Store) scanLookup(ctx context.Context, into map[string]string, query string, args []any) (err error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text, value, id string
		if err := rows.Scan(&text, &id); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return err
		}
		into[value] = id
	}
	return rows.Err()
}
