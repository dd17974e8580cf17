package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	dbschema "entgo.io/ent/dialect/sql/schema"
	entfield "entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/migrate"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// filled is a workspace with a row in every table. All texts of its rows hold its
// mark, so that one that shows elsewhere is found.
type filled struct {
	mark, workspaceID string
	// ids are the rows' ids by table.
	ids map[string]string
}

// prefixes are the kinds of ids of the tables.
func prefixes() map[string]gid.Prefix {
	return map[string]gid.Prefix{
		"channels": gid.Channel, "deliveries": gid.Delivery, "digests": gid.Digest, "identity_simulations": gid.Simulation, "inbox_items": gid.InboxItem,
		"inbox_reads": gid.InboxRead, "mapping_changes": gid.MappingChange, "mapping_defaults": gid.MappingDefault, "muted_rules": gid.MutedRule,
		"permission_snapshots": gid.Snapshot, "snapshot_objects": gid.SnapshotObject,
		"alerts": gid.Alert, "api_budgets": gid.APIBudget, "api_tokens": gid.Token, "api_usages": gid.APIUsage, "audit_entries": gid.Audit,
		"connector_memos": gid.Memo, "credentials": gid.Credential, "crm_fields": gid.Field, "crm_objects": gid.Object,
		"failed_records": gid.FailedRecord, "idempotency_keys": gid.Idempotency, "integrations": gid.Integration, "invitations": gid.Invitation,
		"mappings": gid.Mapping, "members": gid.Member, "oauth_clients": gid.OAuthClient, "oauth_states": gid.OAuthState,
		"permission_changes": gid.PermissionChange, "picklists": gid.Picklist, "recipients": gid.Recipient, "records": gid.Record,
		"run_errors": gid.RunError, "run_log_entries": gid.RunLogEntry, "run_objects": gid.RunObject, "sessions": gid.Session,
		"setting_values": gid.Setting, "sign_in_links": gid.SignInLink, "sync_runs": gid.SyncRun,
	}
}

// fillWorkspace makes a workspace and a row of every table, by SQL that asks nobody.
func (s *site) fillWorkspace(t *testing.T, mark string) *filled {
	t.Helper()
	made, err := s.Auth().EnsureWorkspace(t.Context(), auth.WorkspaceInput{
		Name: mark + " workspace", Edition: crm.EditionAdvancedPlus, PackageKey: "sales-engagement", TimeZone: "UTC",
	})
	require.NoError(t, err)
	w := &filled{mark: mark, workspaceID: made.ID, ids: map[string]string{"workspaces": made.ID}}
	kinds := prefixes()
	tables := []*dbschema.Table{}
	for _, table := range migrate.Tables {
		if table == migrate.WorkspacesTable || table == migrate.FeedEntriesTable {
			continue
		}
		require.Contains(t, kinds, table.Name, "the test does not know the ids of this table")
		w.ids[table.Name] = gid.New(kinds[table.Name])
		tables = append(tables, table)
	}
	// Parents before children.
	slices.SortStableFunc(tables, func(a, b *dbschema.Table) int { return depth(a) - depth(b) })
	for _, table := range tables {
		w.insert(t, s, table)
	}
	require.NoError(t, s.Store().WithTx(principal.System(t.Context(), w.workspaceID, "test"), func(ctx context.Context, tx *store.Tx) error {
		// The history of the object itself has none of its field's changes.
		return tx.Ent().PermissionChange.Create().SetWorkspaceID(w.workspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(w.ids["integrations"]).
			SetObjectName("Contact").SetFieldName("").SetChange(crm.ChangeLost).SetEvidence(mark).Exec(ctx)
	}))
	require.NoError(t, s.Store().WithTx(principal.System(t.Context(), w.workspaceID, "test"), func(ctx context.Context, tx *store.Tx) error {
		// The history of settings is part of the audit log.
		return tx.Ent().AuditEntry.Create().SetWorkspaceID(w.workspaceID).SetCreatedAt(tx.Now()).SetActor(mark).SetActorName(mark).
			SetAction("updateSettings").SetOutcome(crm.AuditSucceeded).SetTarget(w.ids["integrations"]).
			SetAfter(json.RawMessage(`{"dataSync":true}`)).Exec(ctx)
	}))
	w.feed(t, s)
	return w
}

func depth(table *dbschema.Table) int {
	deepest := 0
	for _, key := range table.ForeignKeys {
		if key.RefTable != table {
			deepest = max(deepest, 1+depth(key.RefTable))
		}
	}
	return deepest
}

func (w *filled) insert(t *testing.T, s *site, table *dbschema.Table) {
	t.Helper()
	parents := map[string]string{
		"integration_id": "integrations", "object_id": "crm_objects", "run_id": "sync_runs", "member_id": "members",
		"channel_id": "channels", "alert_id": "alerts", "digest_id": "digests", "item_id": "inbox_items",
	}
	var names, places []string
	var values []any
	for _, column := range table.Columns {
		value := w.value(table, column, parents)
		if value == nil {
			continue
		}
		values = append(values, value)
		names = append(names, `"`+column.Name+`"`)
		places = append(places, fmt.Sprintf("$%d", len(values)))
	}
	_, err := s.Store().SQL().ExecContext(t.Context(), fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table.Name,
		strings.Join(names, ", "), strings.Join(places, ", ")), values...)
	require.NoError(t, err, table.Name)
}

// value is what a column of the row holds; nil leaves it to the database.
func (w *filled) value(table *dbschema.Table, column *dbschema.Column, parents map[string]string) any {
	marked := fmt.Sprintf("%s %s %s", w.mark, table.Name, column.Name)
	if column.Size > 0 && int64(len(marked)) > column.Size {
		marked = marked[:column.Size]
	}
	plain := map[string]string{
		"connector": connectorName, "schedule_time": "02:00", "schedule_zone": "UTC", "local_date": "2026-03-02", "fault_code": "INTERNAL",
		"zone": "UTC",
	}
	// What belongs together by its name.
	named := map[string]string{
		"crm_objects.name": "Contact", "permission_changes.object_name": "Contact", "crm_fields.name": "Title", "permission_changes.field_name": "Title",
	}
	switch {
	case named[table.Name+"."+column.Name] != "":
		return named[table.Name+"."+column.Name]
	case column.Name == "id":
		return w.ids[table.Name]
	case column.Name == "workspace_id":
		return w.workspaceID
	case parents[column.Name] != "" && (!column.Nullable || column.Name != "member_id"):
		return w.ids[parents[column.Name]]
	case column.Name == "readable":
		return true // else its list leaves it out
	case column.Name == "opened_at":
		return time.Now().UTC() // every alert has it
	case column.Name == "level":
		return "INFO" // what a tail shows
	case column.Type == entfield.TypeEnum:
		if column.Default != nil {
			return nil
		}
		return column.Enums[0]
	case plain[column.Name] != "":
		return plain[column.Name]
	case column.Type == entfield.TypeString && (!column.Nullable || shows(column.Name)):
		return marked
	case column.Nullable || column.Default != nil:
		return nil
	case column.Name == "expires_at":
		return time.Now().UTC().AddDate(1, 0, 0)
	case column.Type == entfield.TypeTime:
		return time.Now().UTC() // what is old is forgotten
	case column.Name == "content", column.Name == "payload":
		return []byte("{}") // it is read as JSON
	case column.Type == entfield.TypeBytes:
		return []byte(w.mark + table.Name)
	case column.Type == entfield.TypeBool:
		return false
	case column.Type.Numeric():
		return 1
	case column.Type == entfield.TypeJSON:
		return "null"
	default:
		return "1"
	}
}

// shows reports whether an optional text is one that the API shows.
func shows(column string) bool {
	return slices.ContainsFunc([]string{"name", "title", "message", "reason", "label", "evidence", "actor", "target", "open_key", "address"},
		func(part string) bool { return strings.Contains(column, part) })
}

// feed adds an entry of every kind, with facts that every event can be made of.
func (w *filled) feed(t *testing.T, s *site) {
	t.Helper()
	subjects := map[string]string{
		"alert": "alerts", "permission": "permission_changes", "run": "sync_runs", "log": "sync_runs", "member": "members", "workspace": "workspaces",
		"channel": "channels", "simulation": "identity_simulations",
	}
	for _, kind := range []string{"onboarding", "mapping", "channel", "simulation", "alert", "permission", "check", "settings", "run", "log", "integration", "member", "workspace"} {
		subject := subjects[kind]
		if subject == "" {
			subject = "integrations"
		}
		require.NoError(t, s.Store().WithTx(principal.System(t.Context(), w.workspaceID, "test"), func(_ context.Context, tx *store.Tx) error {
			tx.Feed(store.FeedItem{
				WorkspaceID: w.workspaceID, Kind: kind, IntegrationID: w.ids["integrations"], SubjectID: w.ids[subject],
				Payload: map[string]any{
					"mark": w.mark, "event": "OPENED", "version": 1, "keys": []string{w.mark}, "status": "RUNNING", "phase": "READ",
					"counters": map[string]int{}, "runId": w.ids["sync_runs"], "from": 1, "to": 1, "state": "ACTIVE", "reason": w.mark,
					"step": "CHECK", "object": w.mark,
				},
			})
			return nil
		}))
	}
}

// foundIn names what of the workspace stands in a text.
func (w *filled) foundIn(text string) []string {
	var found []string
	if strings.Contains(text, w.mark) {
		found = append(found, "the mark "+w.mark)
	}
	for table, id := range w.ids {
		if strings.Contains(text, id) {
			found = append(found, "the id of "+table)
		}
	}
	return found
}

// belongings is every row of the workspace as text, but for what its own visits leave.
func (w *filled) belongings(t *testing.T, url string) []string {
	t.Helper()
	db := openSQL(t, url)
	defer db.Close()
	var all []string
	for _, table := range migrate.Tables {
		where := "workspace_id"
		switch table {
		case migrate.WorkspacesTable:
			where = "id"
		case migrate.APITokensTable: // when one was last used
			continue
		}
		//nolint:unqueryvet // every column, also those that are added later
		found, err := db.QueryContext(t.Context(), fmt.Sprintf("SELECT * FROM %s WHERE %s = '%s' ORDER BY id", table.Name, where, w.workspaceID))
		require.NoError(t, err)
		all = append(all, textRows(t, table.Name, found)...)
	}
	return all
}

func textRows(t *testing.T, table string, found *sql.Rows) (all []string) {
	t.Helper()
	defer found.Close()
	columns, err := found.Columns()
	require.NoError(t, err)
	for found.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, found.Scan(into...))
		all = append(all, fmt.Sprint(table, values))
	}
	require.NoError(t, found.Err())
	return all
}

// unknownLike is an id of the same kind that never was.
func unknownLike(id string) string { return id[:4] + strings.Repeat("z", 26) }
