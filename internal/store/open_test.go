package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func requireFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	found, ok := fault.From(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, found.Code, "%v: %v", err, found.Unwrap())
	require.NotEmpty(t, found.WhatToDo())
}

func TestOpenMigratesANewDatabase(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "new", "data with spaces % and ?")
	s, err := store.Open(t.Context(), store.Config{URL: "sqlite:" + folder})
	require.NoError(t, err)
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Close())
	info, err := os.Stat(filepath.Join(folder, "fieldwarden.db"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "customer data is for this user only")

	again, err := store.Open(t.Context(), store.Config{URL: "sqlite:" + filepath.Join(folder, "fieldwarden.db")})
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func TestOpenRefusesALockedDatabase(t *testing.T) {
	t.Parallel()
	url := storetest.SQLiteURL(t)
	storetest.Open(t, url, clockwork.NewFakeClock())
	_, err := store.Open(t.Context(), store.Config{URL: url})
	requireFault(t, err, fault.DatabaseLocked)
}

func TestOpenRefusesADamagedDatabase(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(content []byte) []byte{
		"no database": func([]byte) []byte {
			return []byte("this is a text file, and a rather long one at that, so it is not empty")
		},
		"bad header":   func(content []byte) []byte { copy(content, "SQLite format 9"); return content },
		"bad page":     func(content []byte) []byte { clear(content[4096 : 4096+2048]); return content },
		"cut off":      func(content []byte) []byte { return content[:len(content)/2] },
		"one bad byte": func(content []byte) []byte { content[100]++; return content },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := storetest.SQLiteURL(t)
			file := filepath.Join(strings.TrimPrefix(url, "sqlite:"), "fieldwarden.db")
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			content = damage(content)
			require.NoError(t, os.WriteFile(file, content, 0o600))
			_, err = store.Open(t.Context(), store.Config{URL: url})
			requireFault(t, err, fault.DatabaseCorrupt)
			after, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, content, after, "the damaged file is evidence and stays as it is")
		})
	}
}

func TestOpenRefusesAFutureDatabase(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), store.Config{URL: url})
		require.NoError(t, err)
		_, err = s.SQL().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (29990101000000, true)")
		require.NoError(t, err)
		require.NoError(t, s.Close())
		_, err = store.Open(t.Context(), store.Config{URL: url})
		requireFault(t, err, fault.DatabaseFuture)
	})
}

func TestOpenRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for url, code := range map[string]fault.Code{
		"mysql://user:hunter2@host/db": fault.ConfigInvalid,
		"":                             fault.ConfigInvalid,
		"sqlite:":                      fault.ConfigInvalid,
		"sqlite:" + file + "/below":    fault.DatabaseUnavailable,
		"postgres://user:hunter2@127.0.0.1:1/db?connect_timeout=2":       fault.DatabaseUnavailable,
		"postgres://user:hunter2@127.0.0.1:notaport/db?connect_timeout=": fault.ConfigInvalid,
	} {
		_, err := store.Open(t.Context(), store.Config{URL: url})
		requireFault(t, err, code)
		found, _ := fault.From(err)
		require.NotContains(t, found.Error()+found.WhatToDo(), "hunter2")
	}
}

// TestReadersCannotWrite shows that the client for reads is one for reads, even
// for someone who may write.
func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx := principal.AllWorkspaces(t.Context(), "test")
		_, err := s.Read().Workspace.Create().SetName("x").SetPackageKey("x").SetCreatedAt(storetest.Start()).Save(ctx)
		require.Error(t, err)
		require.Contains(t, strings.ToLower(err.Error()), "read")
		require.Zero(t, s.Read().Workspace.Query().CountX(ctx))
	})
}

// TestTimesComeBackInUTC guards the SQLite settings on which comparisons of times
// rest, and PostgreSQL's zone.
func TestTimesComeBackInUTC(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		integration := newIntegration(ctx, t, s, workspace.ID)
		loaded := s.Read().Integration.GetX(ctx, integration.ID)
		require.Equal(t, clock.Now().UTC(), loaded.CreatedAt)
		require.Equal(t, "UTC", loaded.CreatedAt.Location().String())
	})
}

func TestTransactionHasADeadline(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), store.Config{URL: url, TxTimeout: 1}) // a nanosecond
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		err = s.WithTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			var one int
			return tx.SQL().QueryRowContext(ctx, "SELECT 1").Scan(&one)
		})
		requireFault(t, err, fault.DatabaseUnavailable)

		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		err = s.WithTx(cancelled, func(context.Context, *store.Tx) error { return nil })
		require.ErrorIs(t, err, context.Canceled, "the caller's own end is not a fault of the database")
	})
}

// TestOpenReadsAWriteAheadLogThatWasLeftBehind opens a copy taken while the
// database was in use, which is what a crash or a file-level backup leaves: the
// last transactions stand in the log only, and the index of the log is missing.
func TestOpenReadsAWriteAheadLogThatWasLeftBehind(t *testing.T) {
	t.Parallel()
	url := storetest.SQLiteURL(t)
	s := storetest.Open(t, url, clockwork.NewFakeClock())
	_, workspace := storetest.Workspace(t, s)
	folder := t.TempDir()
	for _, name := range []string{"fieldwarden.db", "fieldwarden.db-wal"} {
		content, err := os.ReadFile(filepath.Join(strings.TrimPrefix(url, "sqlite:"), name))
		require.NoError(t, err)
		require.NotEmpty(t, content)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	backup := storetest.Open(t, "sqlite:"+folder, clockwork.NewFakeClock())
	require.Equal(t, workspace.ID, backup.Read().Workspace.Query().OnlyIDX(principal.AllWorkspaces(t.Context(), "test")))
}
