package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/server"
)

// TestBrokenConnectorsAreListedNotFatal: the server starts whatever its connectors
// are like, says of each what is wrong, and works with the good ones.
func TestBrokenConnectorsAreListedNotFatal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), mode))
		return path
	}
	broken := map[string]struct {
		connector    server.ConnectorConfig
		status, code string
	}{
		"missing":        {server.ConnectorConfig{Path: filepath.Join(dir, "none")}, "MISSING", "CONNECTOR_NOT_FOUND"},
		"not-executable": {server.ConnectorConfig{Path: script("plain", "#!/bin/sh\n", 0o600)}, "BROKEN", "CONNECTOR_NOT_EXECUTABLE"},
		"wrong-checksum": {server.ConnectorConfig{Path: programs.connector, SHA256: strings.Repeat("0", 64)}, "UNTRUSTED", "CONNECTOR_CHECKSUM"},
		"old-protocol":   {server.ConnectorConfig{Path: script("old", "#!/bin/sh\necho '1|0|unix|/tmp/x|grpc'\nsleep 60\n", 0o700)}, "INCOMPATIBLE", "CONNECTOR_PROTOCOL"},
		"wrong-name":     {server.ConnectorConfig{Path: programs.connector}, "BROKEN", "CONNECTOR_ANSWER"},
		"dies":           {server.ConnectorConfig{Path: script("dies", "#!/bin/sh\necho no license >&2\nexit 4\n", 0o700)}, "FAILING", "CONNECTOR_START"},
	}
	s := newSite(t, storetest.SQLiteURL(t), siteOptions{config: func(config *server.Config) {
		// The good one is noisy: what it prints before its greeting is no greeting.
		config.Connectors[0].Path = script("noisy", "#!/bin/sh\necho 'Loading 1|2|3'\nhead -c 100000 /dev/zero | tr '\\0' z\necho\nexec "+programs.connector+"\n", 0o700)
		for name, one := range broken {
			one.connector.Name = name
			config.Connectors = append(config.Connectors, one.connector)
		}
	}})
	var found struct {
		Connectors []struct {
			Name, Status string
			Problem      *struct{ Code, Side, Message, Hint, DocsURL string }
		}
	}
	s.admin.ask(t, "{ connectors { name status problem { code side message hint docsUrl } } }", nil, &found)
	require.Len(t, found.Connectors, len(broken)+1)
	for _, one := range found.Connectors {
		if one.Name == connectorName {
			require.Equal(t, "LOADED", one.Status)
			require.Nil(t, one.Problem)
			continue
		}
		want := broken[one.Name]
		refused := requireRefused(t, s.admin.attempt(t, "startIntegration", "", vars{"connector": one.Name, "environment": "PRODUCTION"}), want.code)
		require.Equal(t, "CONNECTOR", refused.Side, one.Name)
		require.Equal(t, want.status, one.Status, one.Name)
		require.NotNil(t, one.Problem, one.Name)
		require.Equal(t, want.code, one.Problem.Code, one.Name)
		require.NotEmpty(t, one.Problem.Hint, one.Name)
	}
	var listed struct{ Integrations struct{ TotalCount int } }
	s.admin.ask(t, "{ integrations { totalCount } }", nil, &listed)
	require.Zero(t, listed.Integrations.TotalCount, "nothing was begun with a broken connector")
	s.connect(t, "PRODUCTION")
}

// TestUnusableDatabasesAndKeysAreRefused: the server does not start, says why and
// what to do, and leaves every file as it was.
func TestUnusableDatabasesAndKeysAreRefused(t *testing.T) {
	t.Parallel()
	for name, unusable := range map[string]struct {
		spoil func(t *testing.T, config *server.Config)
		code  fault.Code
	}{
		"database of the future": {func(t *testing.T, config *server.Config) {
			t.Helper()
			execute(t, config.Database, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999999999999, true)")
		}, fault.DatabaseFuture},
		"wrong key": {func(t *testing.T, config *server.Config) {
			t.Helper()
			key := filepath.Join(config.DataDir, "another-key.json")
			require.NoError(t, secret.Generate(key))
			config.Key = "file:" + key
		}, fault.KeyWrong},
		"missing key": {func(t *testing.T, config *server.Config) {
			t.Helper()
			require.NoError(t, os.Remove(strings.TrimPrefix(config.Key, "file:")))
		}, fault.KeyMissing},
		"no key": {func(_ *testing.T, config *server.Config) { config.Key = "file:" + os.DevNull }, fault.ConfigInvalid},
		"damaged database": {func(t *testing.T, config *server.Config) {
			t.Helper()
			damage(t, config.Database)
		}, fault.DatabaseCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.EachURL(t, func(t *testing.T, url string) {
				if isPostgres(url) && unusable.code == fault.DatabaseCorrupt {
					return // PostgreSQL watches over its own files
				}
				config := configure(t, url, "http://127.0.0.1:1")
				config.Connectors = nil
				require.NoError(t, start(t, config), "it starts before it is spoilt")
				unusable.spoil(t, &config)
				before := contents(t, config)
				err := start(t, config)
				require.Equal(t, unusable.code, fault.CodeOf(err), "%v", err)
				refused, _ := fault.From(err)
				require.NotEmpty(t, refused.WhatToDo())
				require.Equal(t, before, contents(t, config))
			})
		})
	}
}

func isPostgres(url string) bool { return strings.HasPrefix(url, "postgres") }

// start makes a server and closes it again.
func start(t *testing.T, config server.Config) error {
	t.Helper()
	s, err := server.New(t.Context(), config, server.Options{Logger: slog.New(slog.DiscardHandler), ShimPath: programs.server})
	if err != nil {
		return err
	}
	return s.Close()
}

// contents are the files that hold data, by name; of a PostgreSQL database, its
// version and the check of its key.
func contents(t *testing.T, config server.Config) map[string]string {
	t.Helper()
	if isPostgres(config.Database) {
		return map[string]string{"rows": fmt.Sprint(query(t, config.Database, "SELECT version_id::text FROM goose_db_version ORDER BY id"),
			query(t, config.Database, "SELECT encode(sealed, 'hex') FROM key_check"), query(t, config.Database, "SELECT id FROM workspaces"))}
	}
	found := map[string]string{}
	folder := strings.TrimPrefix(config.Database, "sqlite:")
	require.NoError(t, fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		// The lock file and the log's index hold no data.
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".lock") || strings.HasSuffix(path, "-shm") {
			return err
		}
		text, err := os.ReadFile(filepath.Join(folder, path))
		found[path] = fmt.Sprintf("%d bytes, %x", len(text), sha256.Sum256(text))
		return err
	}))
	// An empty write-ahead log says nothing.
	maps.DeleteFunc(found, func(path, text string) bool { return strings.HasSuffix(path, "-wal") && strings.HasPrefix(text, "0 ") })
	require.NotEmpty(t, found)
	return found
}

// damage overwrites the middle of the database file.
func damage(t *testing.T, url string) {
	t.Helper()
	path := filepath.Join(strings.TrimPrefix(url, "sqlite:"), "fieldwarden.db")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	copy(text[4096:], bytes.Repeat([]byte("damage!!"), 2048))
	require.NoError(t, os.WriteFile(path, text, 0o600))
}

// TestSecondProcessIsKeptOffTheDataFolder: of two servers on one SQLite database the
// second is refused, and the first serves on.
func TestSecondProcessIsKeptOffTheDataFolder(t *testing.T) {
	t.Parallel()
	config := configure(t, storetest.SQLiteURL(t), "http://127.0.0.1:1")
	config.Connectors = nil
	first, err := drive.Start(within(t), programs.server, config, t.Output())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, first.Stop()) })
	second := config
	second.DataDir = dataDir(t)
	err = start(t, second)
	require.Equal(t, fault.DatabaseLocked, fault.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, strconv.Itoa(first.PID()), "it says who holds the folder")
	issued, err := drive.NewAdmin(config.DataDir).IssueToken(within(t), "test", principal.RoleAdmin, 0)
	require.NoError(t, err)
	require.NoError(t, first.Client(issued.Token).Do(within(t), "{ viewer { id } }", nil, nil))
}
