package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/internal/backup"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func newBox(t *testing.T) *secret.Box {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.json")
	require.NoError(t, secret.Generate(path))
	keys, err := secret.Load("file:" + path)
	require.NoError(t, err)
	box, err := secret.NewBox(keys)
	require.NoError(t, err)
	return box
}

// channelID is the channel of a furnished database.
const channelID = "chn_backup"

// furnished is a database with something of everything that a backup must keep.
func furnished(t *testing.T, s *store.Store, box *secret.Box) (workspaceID string, cursor string) {
	t.Helper()
	require.NoError(t, box.Verify(t.Context(), s))
	ctx, workspace := storetest.Workspace(t, s)
	jobs, err := job.New(job.Config{Store: s})
	require.NoError(t, err)
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := jobs.Enqueue(ctx, tx, "test.kind", workspace.ID, map[string]string{"text": "tab\tnew\nline \\N é"}); err != nil {
			return err
		}
		sealed, err := box.Seal(workspace.ID, channelID, []byte("a channel's secrets"))
		require.NoError(t, err)
		tx.Ent().Channel.Create().SetID(channelID).SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).SetCreatedBy("test").
			SetKind(crm.ChannelWebhook).SetName("ops").SetHost("https://hooks.example.com").SetHeaderNames([]string{"X-Key"}).SetSealed(sealed).
			SetMinSeverity(crm.SeverityWarning).SaveX(ctx)
		tx.Ent().Delivery.Create().SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetKind(crm.DeliverAlert).SetMedium(crm.MediumWebhook).
			SetChannelID(channelID).SetDedupKey("once").SetPayload([]byte(`{"type":"alert.opened"}`)).SetNextAttemptAt(tx.Now()).SaveX(ctx)
		for i := range 3 {
			tx.Feed(store.FeedItem{WorkspaceID: workspace.ID, Kind: "run", SubjectID: fmt.Sprint("s", i)})
		}
		return tx.Audit(ctx, store.AuditItem{Action: "test.done", Outcome: crm.AuditSucceeded, After: map[string]any{"a": "tab\t\\ \"é\"\n"}})
	}))
	return workspace.ID, store.FormatCursor(workspace.ID, 2)
}

func save(t *testing.T, dump func(context.Context, store.DumpWriter) (store.DumpInfo, error)) (string, backup.Manifest) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.fwbackup")
	manifest, err := backup.Save(path, func(w io.Writer) error {
		_, err := backup.Write(w, "test", storetest.Start(), func(to store.DumpWriter) (store.DumpInfo, error) { return dump(t.Context(), to) })
		return err
	})
	require.NoError(t, err)
	return path, manifest
}

// emptyURL is a database of the same kind as s with no tables at all, or a migrated
// one without a workspace.
func emptyURL(t *testing.T, s *store.Store) string {
	t.Helper()
	if s.Dialect() == store.SQLite {
		return "sqlite:" + filepath.Join(t.TempDir(), "new")
	}
	return storetest.PostgresURL(t)
}

func restore(t *testing.T, path, url string, box *secret.Box, replace bool) error {
	t.Helper()
	_, err := backup.Restore(t.Context(), path, backup.Options{RestoreConfig: store.RestoreConfig{URL: url, Replace: replace}, Box: box})
	return err
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		box := newBox(t)
		workspaceID, cursor := furnished(t, s, box)
		path, manifest := save(t, s.Dump)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.EqualValues(t, 1, manifest.Database.Workspaces)
		require.NotEmpty(t, manifest.Database.KeyCheck)

		url := emptyURL(t, s)
		require.NoError(t, restore(t, path, url, box, false))
		restored := storetest.Open(t, url, clock)
		require.NoError(t, box.Verify(t.Context(), restored))
		requireFurnished(t, restored, workspaceID, cursor)
		requireChannel(t, restored, box, workspaceID)

		// It goes on: the feed where it stood, and jobs with ids of their own.
		ctx := storetest.As(t, workspaceID)
		jobs, err := job.New(job.Config{Store: restored})
		require.NoError(t, err)
		require.NoError(t, restored.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			tx.Feed(store.FeedItem{WorkspaceID: workspaceID, Kind: "run"})
			id, err := jobs.Enqueue(ctx, tx, "test.kind", workspaceID, nil)
			require.Greater(t, id, int64(1))
			return err
		}))
	})
}

func requireFurnished(t *testing.T, s *store.Store, workspaceID, cursor string) {
	t.Helper()
	ctx := storetest.As(t, workspaceID)
	after, err := store.ParseCursor(workspaceID, cursor)
	require.NoError(t, err)
	entries, err := s.FeedAfter(ctx, workspaceID, after, 10)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "s2", entries[0].SubjectID)
	audits, err := s.Read().AuditEntry.Query().Order(auditentry.ByCreatedAt()).All(ctx)
	require.NoError(t, err)
	require.Len(t, audits, 2)
	require.JSONEq(t, `{"a": "tab\t\\ \"é\"\n"}`, string(audits[0].After))
	require.Equal(t, []string{store.ActionRestore, "system:restore", string(crm.AuditSucceeded)},
		[]string{audits[1].Action, audits[1].Actor, string(audits[1].Outcome)}, "the audit log says that it is of another day")
	require.Contains(t, string(audits[1].After), storetest.Start().UTC().Format(time.RFC3339))
	table := "river_job"
	if s.Dialect() == store.Postgres {
		table = "river.river_job"
	}
	var args string
	require.NoError(t, s.SQL().QueryRowContext(ctx, "SELECT CAST(args AS text) FROM "+table).Scan(&args))
	require.Contains(t, args, `tab\tnew\nline \\N é`)
}

// requireChannel: a channel is there with its secrets, and so is what waits for it.
func requireChannel(t *testing.T, s *store.Store, box *secret.Box, workspaceID string) {
	t.Helper()
	ctx := storetest.As(t, workspaceID)
	channel, err := s.Read().Channel.Query().Only(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"X-Key"}, channel.HeaderNames)
	secrets, err := box.Open(workspaceID, channelID, channel.Sealed)
	require.NoError(t, err)
	require.Equal(t, "a channel's secrets", string(secrets))
	waits, err := s.Read().Delivery.Query().Only(ctx)
	require.NoError(t, err)
	require.Equal(t, crm.DeliveryPending, waits.State)
	require.JSONEq(t, `{"type":"alert.opened"}`, string(waits.Payload))
}

// TestRestoreRefuses: whatever is wrong with the backup or its target is a typed
// error, and the target stays as it was.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		box := newBox(t)
		furnished(t, s, box)
		path, manifest := save(t, s.Dump)
		content, err := os.ReadFile(path)
		require.NoError(t, err)

		t.Run("a full database", func(t *testing.T) {
			target := emptyURL(t, s)
			full := storetest.Open(t, target, clock)
			_, workspace := storetest.Workspace(t, full)
			require.NoError(t, full.Close())
			require.True(t, fault.Is(restore(t, path, target, box, false), fault.BackupForeign))
			again := storetest.Open(t, target, clock)
			kept, err := again.Read().Workspace.Query().Only(storetest.As(t, workspace.ID))
			require.NoError(t, err)
			require.Equal(t, workspace.ID, kept.ID)
			require.NoError(t, again.Close())

			require.NoError(t, restore(t, path, target, box, true), "unless it may be replaced")
			again = storetest.Open(t, target, clock)
			_, err = again.Read().Workspace.Query().Only(storetest.As(t, workspace.ID))
			require.Error(t, err, "the workspace that was there is gone")
			require.NoError(t, again.Close())
		})
		target := emptyURL(t, s)
		t.Run("another key", func(t *testing.T) {
			require.True(t, fault.Is(restore(t, path, target, newBox(t), false), fault.BackupForeign))
		})
		t.Run("the other kind of database", func(t *testing.T) {
			other := "sqlite:" + filepath.Join(t.TempDir(), "x")
			if s.Dialect() == store.SQLite {
				other = "postgres://nobody@127.0.0.1:1/none"
			}
			require.True(t, fault.Is(restore(t, path, other, box, false), fault.BackupForeign))
		})
		t.Run("a newer version", func(t *testing.T) {
			newer := manifest.Database
			newer.Schema++
			err := store.Restore(t.Context(), store.RestoreConfig{URL: target}, newer, nil)
			require.True(t, fault.Is(err, fault.DatabaseFuture), "%v", err)
		})
		t.Run("another format", func(t *testing.T) {
			var out bytes.Buffer
			_, err := backup.Write(&out, "x", time.Now(), func(store.DumpWriter) (store.DumpInfo, error) { return store.DumpInfo{}, nil })
			require.NoError(t, err)
			_, err = backup.Verify(bytes.NewReader(backup.Rewritten(t, out.Bytes(), `"format": 1`, `"format": 2`)))
			require.True(t, fault.Is(err, fault.DatabaseFuture), "%v", err)
		})
		t.Run("damage", func(t *testing.T) {
			broken := filepath.Join(t.TempDir(), "broken")
			step := max(1, len(content)/150)
			tried := 0
			for at := 0; at < len(content); at += step {
				flipped := bytes.Clone(content)
				flipped[at] ^= 1 << (at % 8)
				// A flipped bit may still unpack to the same bytes; then nothing is damaged.
				read, err := backup.Verify(bytes.NewReader(flipped))
				require.True(t, fault.Is(err, fault.BackupInvalid) || cmp.Equal(manifest, read), "bit flipped at %d of %d: %v", at, len(content), err)
				_, err = backup.Verify(bytes.NewReader(content[:at]))
				require.True(t, fault.Is(err, fault.BackupInvalid), "cut off at %d: %v", at, err)
				tried += 2
			}
			t.Logf("%d damaged backups: none restores anything but what was written", tried)
			require.NoError(t, os.WriteFile(broken, append(bytes.Clone(content), 0), 0o600))
			require.True(t, fault.Is(restore(t, broken, target, box, false), fault.BackupInvalid))
			require.True(t, fault.Is(restore(t, filepath.Join(t.TempDir(), "absent"), target, box, false), fault.BackupInvalid))
		})
		// After all of that the empty database takes the backup.
		require.NoError(t, restore(t, path, target, box, false))
	})
}

// TestBackupOfAStoppedDatabase: a backup before an upgrade needs no server.
func TestBackupOfAStoppedDatabase(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := clockwork.NewFakeClockAt(storetest.Start())
		s, err := store.Open(t.Context(), store.Config{URL: url, Clock: clock})
		require.NoError(t, err)
		box := newBox(t)
		workspaceID, cursor := furnished(t, s, box)
		dump := func(ctx context.Context, to store.DumpWriter) (store.DumpInfo, error) {
			return store.DumpStopped(ctx, url, to)
		}
		if s.Dialect() == store.SQLite {
			_, err := dump(t.Context(), nil)
			require.True(t, fault.Is(err, fault.DatabaseLocked), "%v", err)
			require.True(t, fault.Is(restore(t, must(save(t, s.Dump)), url, box, true), fault.DatabaseLocked))
		}
		empty := emptyURL(t, s)
		require.NoError(t, s.Close())
		path, _ := save(t, dump)
		require.NoError(t, restore(t, path, empty, box, false))
		requireFurnished(t, storetest.Open(t, empty, clock), workspaceID, cursor)
		if folder, ok := strings.CutPrefix(url, "sqlite:"); ok {
			left, err := filepath.Glob(filepath.Join(folder, "*.dump-*"))
			require.NoError(t, err)
			require.Empty(t, left, "no copy is left behind")
		}
	})
}

func must(path string, _ backup.Manifest) string { return path }

func TestSaveNeverReplacesAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "a")
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	_, err := backup.Save(path, func(io.Writer) error { return nil })
	require.True(t, fault.Is(err, fault.BadInput), "%v", err)
	_, err = backup.Save(filepath.Join(folder, "b"), func(w io.Writer) error {
		_, err := w.Write([]byte("half a backup"))
		return err
	})
	require.True(t, fault.Is(err, fault.BackupInvalid), "%v", err)
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing of a failed backup is left")
}
