package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/migrate"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestMigrationsMatchTheEntities asks Ent what it would still have to change in
// a database that the migrations made: nothing. When this fails, write the next
// migration (make migration name=...).
func TestMigrationsMatchTheEntities(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		name := dialect.SQLite
		if s.Dialect() == store.Postgres {
			name = dialect.Postgres
		}
		require.Empty(t, missing(t, name, s, migrate.Tables), "the entities and the migrations differ")

		// The same question about one more table has an answer, so the question works.
		extra := schema.NewTable("extra").AddPrimary(&schema.Column{Name: "id", Type: migrate.AlertsColumns[0].Type})
		require.NotEmpty(t, missing(t, name, s, append([]*schema.Table{extra}, migrate.Tables...)))
	})
}

func missing(t *testing.T, dialectName string, s *store.Store, tables []*schema.Table) string {
	t.Helper()
	// The planner completes the tables it is given, and these are shared.
	tables, err := schema.CopyTables(tables)
	require.NoError(t, err)
	folder := t.TempDir()
	dir, err := sqltool.NewGooseDir(folder)
	require.NoError(t, err)
	planner, err := schema.NewMigrate(entsql.OpenDB(dialectName, s.SQL()), schema.WithDir(dir), schema.WithFormatter(sqltool.GooseFormatter),
		schema.WithMigrationMode(schema.ModeInspect), schema.WithDropColumn(true), schema.WithDropIndex(true))
	require.NoError(t, err)
	require.NoError(t, planner.NamedDiff(t.Context(), "missing", tables...))
	files, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	require.NoError(t, err)
	var all string
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		all += string(content)
	}
	return all
}
