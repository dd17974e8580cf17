package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/secret"
)

// TestDoctorWithoutAServer: a new installation is well but for what is still to come;
// what would stop a start is a FAIL and an exit code.
func TestDoctorWithoutAServer(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(folder, 0o700))
	key := filepath.Join(folder, "key.json")
	require.NoError(t, secret.Generate(key))
	examine := func(flags ...string) (int, string) {
		var out, errOut bytes.Buffer
		arguments := append([]string{"doctor", "--data-dir", folder, "--database", "sqlite:" + folder, "--key", "file:" + key}, flags...)
		return execute(arguments, &out, &errOut), out.String()
	}
	code, text := examine()
	require.Zero(t, code, text)
	require.Contains(t, text, "WARN  migrations")
	require.Contains(t, text, "PASS  encryption key")

	code, text = examine("--key", "file:"+filepath.Join(folder, "absent.json"))
	require.Equal(t, 1, code)
	require.Contains(t, text, "FAIL  encryption key")

	require.NoError(t, os.Chmod(folder, 0o755))
	code, text = examine()
	require.Equal(t, 1, code)
	require.Contains(t, text, "chmod 700")
	require.NoError(t, os.Chmod(folder, 0o700))

	require.NoError(t, os.WriteFile(filepath.Join(folder, "fieldwarden.db"), bytes.Repeat([]byte("no database "), 1000), 0o600))
	code, text = examine()
	require.Equal(t, 1, code)
	require.Contains(t, text, "DATABASE_CORRUPT")
}
