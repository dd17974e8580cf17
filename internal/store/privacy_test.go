package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/migrate"
	"github.com/fieldwarden/fieldwarden/ent/privacy"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// entity calls the generated client of one entity by reflection, so that an
// entity that is added tomorrow is tested tomorrow.
type entity struct {
	name   string
	client reflect.Value
}

// appendOnly reports whether rows of the entity are never changed or deleted.
func (e entity) appendOnly() bool { return e.name == "AuditEntry" }

func entities(client *ent.Client) (all []entity) {
	value := reflect.ValueOf(client).Elem()
	for i := range value.NumField() {
		f := value.Type().Field(i)
		if f.IsExported() && f.Type.Kind() == reflect.Pointer && strings.HasSuffix(f.Type.Elem().Name(), "Client") {
			all = append(all, entity{f.Name, value.Field(i)})
		}
	}
	return all
}

func call(on reflect.Value, method string, args ...any) []reflect.Value {
	in := make([]reflect.Value, len(args))
	for i, arg := range args {
		in[i] = reflect.ValueOf(arg)
	}
	return on.MethodByName(method).Call(in)
}

func asError(v reflect.Value) error {
	err, _ := reflect.TypeAssert[error](v)
	return err
}

func number(out []reflect.Value) (int, error) { return int(out[0].Int()), asError(out[1]) }

func (e entity) count(ctx context.Context) (int, error) {
	return number(call(call(e.client, "Query")[0], "Count", ctx))
}

func (e entity) ids(ctx context.Context) ([]string, error) {
	out := call(call(e.client, "Query")[0], "IDs", ctx)
	return out[0].Interface().([]string), asError(out[1])
}

func (e entity) get(ctx context.Context, id string) error {
	return asError(call(e.client, "Get", ctx, id)[1])
}

// update touches every row it may, without changing any.
func (e entity) update(ctx context.Context) (int, error) {
	touch := func(u *entsql.UpdateBuilder) { u.Set("id", entsql.Expr("id")) }
	return number(call(call(call(e.client, "Update")[0], "Modify", touch)[0], "Save", ctx))
}

func (e entity) updateOne(ctx context.Context, id string) error {
	touch := func(u *entsql.UpdateBuilder) { u.Set("id", entsql.Expr("id")) }
	return asError(call(call(call(e.client, "UpdateOneID", id)[0], "Modify", touch)[0], "Save", ctx)[1])
}

func (e entity) delete(ctx context.Context) (int, error) {
	return number(call(call(e.client, "Delete")[0], "Exec", ctx))
}

func (e entity) deleteOne(ctx context.Context, id string) error {
	return asError(call(call(e.client, "DeleteOneID", id)[0], "Exec", ctx)[0])
}

func (e entity) create(ctx context.Context, workspaceID string) error {
	builder := call(e.client, "Create")[0]
	if builder.MethodByName("SetWorkspaceID").IsValid() {
		call(builder, "SetWorkspaceID", workspaceID)
	}
	return asError(call(builder, "Save", ctx)[1])
}

func inTx(ctx context.Context, t *testing.T, s *store.Store, do func(ctx context.Context, e entity)) {
	t.Helper()
	for i := range entities(s.Read()) {
		// A transaction for each entity: PostgreSQL ends one at the first error.
		_ = s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			do(ctx, entities(tx.Ent())[i])
			return errors.New("roll back")
		})
	}
}

func TestWithoutPrincipalEverythingIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		_, workspace := storetest.Workspace(t, s)
		fill(t, s, workspace.ID)
		for name, ctx := range map[string]context.Context{
			"nobody":            t.Context(),
			"without workspace": principal.With(t.Context(), principal.Principal{ID: "tok_x", Role: principal.RoleAdmin}),
		} {
			tried := 0
			inTx(ctx, t, s, func(ctx context.Context, e entity) {
				_, counted := e.count(ctx)
				_, listed := e.ids(ctx)
				_, updated := e.update(ctx)
				_, deleted := e.delete(ctx)
				for what, err := range map[string]error{
					"count": counted, "list": listed, "update": updated, "delete": deleted, "create": e.create(ctx, workspace.ID),
					"get": e.get(ctx, rowID(e.name, workspace.ID)), "update one": e.updateOne(ctx, "x"), "delete one": e.deleteOne(ctx, "x"),
				} {
					require.ErrorIs(t, err, privacy.Deny, "%s: %s of %s", name, what, e.name)
				}
				tried++
			})
			require.Equal(t, len(entities(s.Read())), tried)
			require.GreaterOrEqual(t, tried, 30, "new entities are tested by themselves")
		}
	})
}

func TestAnotherWorkspaceIsInvisible(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		_, other := storetest.Workspace(t, s)
		all := principal.AllWorkspaces(t.Context(), "test")
		foreign := fill(t, s, other.ID)
		own := fill(t, s, workspace.ID)

		inTx(ctx, t, s, func(ctx context.Context, e entity) {
			ids, err := e.ids(ctx)
			require.NoError(t, err, e.name)
			require.Len(t, ids, 1, e.name)
			require.Contains(t, own, ids[0], e.name)
			n, err := e.count(ctx)
			require.NoError(t, err, e.name)
			require.Equal(t, 1, n, e.name)
			require.NoError(t, e.get(ctx, ids[0]), e.name)
			if !e.appendOnly() {
				n, err = e.update(ctx)
				require.NoError(t, err, e.name)
				require.Equal(t, 1, n, e.name)
			}

			theirs, err := e.ids(all)
			require.NoError(t, err)
			require.Len(t, theirs, 2, "%s: the test has a row in either workspace", e.name)
			for _, id := range theirs {
				if id == ids[0] {
					continue
				}
				require.Contains(t, foreign, id)
				require.True(t, ent.IsNotFound(e.get(ctx, id)), e.name)
				if e.appendOnly() {
					require.ErrorIs(t, e.updateOne(ctx, id), privacy.Deny, e.name)
					require.ErrorIs(t, e.deleteOne(ctx, id), privacy.Deny, e.name)
					continue
				}
				require.True(t, ent.IsNotFound(e.updateOne(ctx, id)), e.name)
				require.True(t, ent.IsNotFound(e.deleteOne(ctx, id)), e.name)
			}
			require.ErrorIs(t, e.create(ctx, other.ID), privacy.Deny, e.name)
			if e.name != "Workspace" {
				require.NotErrorIs(t, e.create(ctx, workspace.ID), privacy.Deny, e.name)
			}
		})

		// Deleting everything deletes what is ours, children before parents.
		left := len(entities(s.Read()))
		for pass := 0; left > 0 && pass < 10; pass++ {
			left = 0
			for i, e := range entities(s.Read()) {
				if e.appendOnly() {
					continue
				}
				err := s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
					_, err := entities(tx.Ent())[i].delete(ctx)
					return err
				})
				if err != nil {
					require.True(t, ent.IsConstraintError(err), "%v", err)
					left++
				}
			}
		}
		require.Zero(t, left)
		for _, e := range entities(s.Read()) {
			ids, err := e.ids(all)
			require.NoError(t, err)
			if e.appendOnly() {
				require.Len(t, ids, 2, e.name)
				continue
			}
			require.Len(t, ids, 1, e.name)
			require.Contains(t, foreign, ids[0])
		}
	})
}

// TestAuditEntriesAreNeverChanged: not by an admin, not by the system, not by the
// few tasks that look across workspaces, and not by SQL that asks nobody.
func TestAuditEntriesAreNeverChanged(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		admin, workspace := storetest.Workspace(t, s)
		fill(t, s, workspace.ID)
		id := rowID(migrate.AuditEntriesTable.Name, workspace.ID)
		for name, ctx := range map[string]context.Context{
			"admin": admin, "system": principal.System(t.Context(), workspace.ID, "test"), "all": principal.AllWorkspaces(t.Context(), "test"),
		} {
			inTx(ctx, t, s, func(ctx context.Context, e entity) {
				if !e.appendOnly() {
					return
				}
				_, updated := e.update(ctx)
				_, deleted := e.delete(ctx)
				for what, err := range map[string]error{
					"update": updated, "delete": deleted, "update one": e.updateOne(ctx, id), "delete one": e.deleteOne(ctx, id),
				} {
					require.ErrorIs(t, err, privacy.Deny, "%s: %s", name, what)
				}
				require.NoError(t, e.get(ctx, id), name)
			})
		}
		statements := []string{"UPDATE audit_entries SET actor = 'nobody'", "DELETE FROM audit_entries"}
		if s.Dialect() == store.Postgres {
			statements = append(statements, "TRUNCATE audit_entries")
		}
		for _, statement := range statements {
			_, err := s.SQL().ExecContext(t.Context(), statement)
			require.ErrorContains(t, err, "audit entries are never", statement)
		}
	})
}

// rowID is the id of the row that fill adds.
func rowID(table, workspaceID string) string {
	if table == "workspaces" || table == "Workspace" {
		return workspaceID
	}
	return fmt.Sprintf("%.8s_%s", table, workspaceID[len(workspaceID)-26:])
}

// fill adds a row to every table of the entities, by SQL that knows no privacy,
// and returns their ids. The workspace's own row exists already.
func fill(t *testing.T, s *store.Store, workspaceID string) (ids []string) {
	t.Helper()
	done := map[string]bool{migrate.WorkspacesTable.Name: true}
	ids = append(ids, workspaceID)
	for len(done) < len(migrate.Tables) {
		before := len(done)
		for _, table := range migrate.Tables {
			if done[table.Name] || !parentsDone(table, done) {
				continue
			}
			insert(t, s, table, workspaceID)
			ids = append(ids, rowID(table.Name, workspaceID))
			done[table.Name] = true
		}
		require.Greater(t, len(done), before, "tables refer to each other in a circle")
	}
	return ids
}

func parentsDone(table *schema.Table, done map[string]bool) bool {
	for _, key := range table.ForeignKeys {
		if key.RefTable != table && !done[key.RefTable.Name] {
			return false
		}
	}
	return true
}

func insert(t *testing.T, s *store.Store, table *schema.Table, workspaceID string) {
	t.Helper()
	parents := map[string]string{}
	for _, key := range table.ForeignKeys {
		parents[key.Columns[0].Name] = key.RefTable.Name
	}
	var names, places []string
	var values []any
	for _, column := range table.Columns {
		value := valueFor(table, column, parents, workspaceID)
		if value == nil {
			continue
		}
		values = append(values, value)
		names = append(names, `"`+column.Name+`"`)
		places = append(places, fmt.Sprintf("$%d", len(values)))
	}
	_, err := s.SQL().ExecContext(t.Context(), fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table.Name,
		strings.Join(names, ", "), strings.Join(places, ", ")), values...)
	require.NoError(t, err, table.Name)
}

func valueFor(table *schema.Table, column *schema.Column, parents map[string]string, workspaceID string) any {
	switch {
	case column.Name == "id":
		return rowID(table.Name, workspaceID)
	case column.Name == "workspace_id":
		return workspaceID
	case parents[column.Name] != "":
		return rowID(parents[column.Name], workspaceID)
	case column.Nullable || column.Default != nil:
		return nil
	case column.Type == field.TypeEnum:
		return column.Enums[0]
	case column.Type == field.TypeTime:
		return storetest.Start()
	case column.Type == field.TypeBytes:
		return []byte(workspaceID)
	case column.Type == field.TypeBool:
		return false
	case column.Type.Numeric():
		return 1
	case column.Type == field.TypeJSON:
		return "null" // whatever the Go type is
	default:
		return "1"
	}
}
