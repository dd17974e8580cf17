// Package storetest runs one test body on both databases.
//
// SQLite lives in the test's temporary folder. PostgreSQL comes from the server
// that FIELDWARDEN_TEST_POSTGRES_DSN names, else from a throw-away cluster of
// the test process, made of locally installed binaries. With neither the
// PostgreSQL half is skipped, loudly; with CI=true that skip is a failure.
package storetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Start is the time at which every test's clock starts.
func Start() time.Time { return time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC) }

// txTimeout is generous: the race detector makes SQLite several times slower.
const txTimeout = 20 * time.Second

// Each runs body on SQLite and on PostgreSQL, as parallel subtests, each with an
// empty migrated database of its own and a fake clock.
func Each(t *testing.T, body func(t *testing.T, s *store.Store, clock *clockwork.FakeClock)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) {
		clock := clockwork.NewFakeClockAt(Start())
		body(t, Open(t, url, clock), clock)
	})
}

// EachURL is Each for tests that open the database themselves: body gets the URL
// of an empty, already migrated one.
func EachURL(t *testing.T, body func(t *testing.T, url string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		body(t, SQLiteURL(t))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		body(t, PostgresURL(t))
	})
}

// AnyURL returns the URL of an empty, already migrated database for a test to which
// it makes no difference: PostgreSQL where there is a server, since the race detector
// slows SQLite down, else SQLite.
func AnyURL(t *testing.T) string {
	t.Helper()
	if _, err := postgresServer(); err != nil {
		return SQLiteURL(t)
	}
	return PostgresURL(t)
}

// Open opens the database at url until the test ends.
func Open(t *testing.T, url string, clock clockwork.Clock) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{
		URL: url, Clock: clock, TxTimeout: txTimeout,
		Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// Workspace makes a workspace and returns it with a context in which an admin of
// it acts.
func Workspace(t *testing.T, s *store.Store) (context.Context, *ent.Workspace) {
	t.Helper()
	var workspace *ent.Workspace
	err := s.WithTx(principal.AllWorkspaces(t.Context(), "test"), func(ctx context.Context, tx *store.Tx) (err error) {
		workspace, err = tx.Ent().Workspace.Create().SetName("Test").SetPackageKey("test").SetCreatedAt(tx.Now()).Save(ctx)
		return err
	})
	require.NoError(t, err)
	admin := principal.Principal{ID: gid.New(gid.Token), Name: "Test admin", WorkspaceID: workspace.ID, Role: principal.RoleAdmin}
	return principal.With(t.Context(), admin), workspace
}

// SQLiteURL returns the URL of a migrated SQLite database in the test's folder.
func SQLiteURL(t *testing.T) string {
	t.Helper()
	template, err := sqliteTemplate()
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "fieldwarden.db"), template, 0o600))
	return "sqlite:" + folder
}

// PostgresURL returns the URL of a migrated PostgreSQL database of the test's
// own, or skips the test.
func PostgresURL(t *testing.T) string {
	t.Helper()
	server, err := postgresServer()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("PostgreSQL is missing, and in CI this test may not be skipped: %v", err)
		}
		t.Skipf("SKIPPED PostgreSQL: %v. Set FIELDWARDEN_TEST_POSTGRES_DSN or install the PostgreSQL server.", err)
	}
	name := randomName()
	require.NoError(t, server.exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+server.template))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"))
	})
	return server.dsn(name)
}

// sqliteTemplate migrates one database per process; tests copy it.
var sqliteTemplate = sync.OnceValues(func() (content []byte, err error) {
	folder, err := os.MkdirTemp("", "fieldwarden-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	s, err := store.Open(context.Background(), store.Config{URL: "sqlite:" + folder, TxTimeout: txTimeout})
	if err != nil {
		return nil, err
	}
	// Closing the last connection moves the write-ahead log into the file.
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(folder, "fieldwarden.db"))
})

func randomName() string {
	raw := make([]byte, 8)
	if _, err := rand.Read(raw); err != nil {
		panic(err) // never happens: crypto/rand ends the program first
	}
	return "fw_" + hex.EncodeToString(raw)
}

// server is where test databases are made.
type server struct {
	dsn      func(database string) string
	admin    string
	template string
}

func (s *server) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, statement); err != nil {
		return err
	}
	return conn.Close(ctx)
}

// As returns a context in which an admin of a workspace acts.
func As(t *testing.T, workspaceID string) context.Context {
	t.Helper()
	admin := principal.Principal{ID: gid.New(gid.Token), Name: "Test admin", WorkspaceID: workspaceID, Role: principal.RoleAdmin}
	return principal.With(t.Context(), admin)
}
