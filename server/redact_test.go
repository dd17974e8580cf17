package server

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/secret"
)

// TestTheOperatorsSecretsAreMasked in the log, whatever they look like, by the one
// redactor that the server shares with its logger.
func TestTheOperatorsSecretsAreMasked(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	config := DefaultConfig()
	config.Listen, config.DataDir, config.Database, config.Key = "127.0.0.1:0", folder, "sqlite:"+folder, "file:"+filepath.Join(folder, "key.json")
	require.NoError(t, secret.Generate(filepath.Join(folder, "key.json")))
	reference := filepath.Join(folder, "client-secret")
	require.NoError(t, os.WriteFile(reference, []byte("a plain-looking-secret\n"), 0o600))
	config.OAuthClients = map[string]OAuthClientConfig{"salesforce:PRODUCTION": {ID: "id", Secret: "file:" + reference}}

	var log bytes.Buffer
	redactor := obs.NewRedactor()
	logger, err := obs.NewLogger(&log, obs.Options{Format: obs.Text, Level: slog.LevelInfo, Redactor: redactor})
	require.NoError(t, err)
	s, err := New(t.Context(), config, Options{Logger: logger, Redactor: redactor, ShimPath: "unused"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	logger.Info("the CRM says", slog.String("text", "client a plain-looking-secret is unknown"))
	require.Contains(t, log.String(), obs.Mask)
	require.NotContains(t, log.String(), "plain-looking")
	require.Same(t, redactor, s.redactor, "what people read is masked by the same")
}
