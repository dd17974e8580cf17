package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// verifier is the library of the Standard Webhooks project for Node.
const verifier = "standardwebhooks@1.0.0"

// message is what the verifier is given.
type message struct {
	Secret  string            `json:"secret"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Good    bool              `json:"good"`
}

// TestThePublicLibraryVerifiesOurSignatures needs Node and the npm registry, so it runs
// only when asked to.
func TestThePublicLibraryVerifiesOurSignatures(t *testing.T) {
	t.Parallel()
	if os.Getenv("FIELDWARDEN_NPM_TESTS") != "1" {
		t.Skip("SKIPPED: FIELDWARDEN_NPM_TESTS is not 1: webhooks are not verified with " + verifier)
	}
	hook := sink.Webhook(t)
	// The library refuses what is older than five minutes by its own clock.
	clock := clockwork.NewFakeClockAt(time.Now().UTC())
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock), clock, options{allow: []string{hook.Host}})
	first := f.webhook("ops", hook)
	row := f.newAlert(crm.RuleStandardFieldLost, crm.SeverityCritical, "Контакт ✓ <b>", "Email")
	f.tell(opened(row))
	hook.Wait(t, 1, patience)
	second, err := f.service.Rotate(f.ctx, first.ID, f.key())
	require.NoError(t, err)
	_, err = f.service.Test(f.ctx, notify.TestInput{ChannelID: first.ID, IdempotencyKey: f.key()})
	require.NoError(t, err)
	got := hook.Wait(t, 2, patience)

	of := func(r sink.Request, key crm.Secret, good bool) message {
		m := message{Secret: key.Reveal(), Headers: map[string]string{}, Body: string(r.Body), Good: good}
		for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
			m.Headers[name] = r.Header.Get(name)
		}
		return m
	}
	forged := of(got[0], first.SigningSecret, false)
	forged.Body += " "
	messages := []message{
		of(got[0], first.SigningSecret, true), of(got[0], second.SigningSecret, false),
		of(got[1], first.SigningSecret, true), of(got[1], second.SigningSecret, true), forged,
	}
	input, err := json.Marshal(map[string]any{"messages": messages})
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := t.TempDir()
	install := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, verifier)
	text, err := install.CombinedOutput()
	require.NoError(t, err, "%s", text)
	script, err := os.ReadFile("testdata/verify.mjs")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "verify.mjs"), script, 0o600))
	run := exec.CommandContext(ctx, "node", "verify.mjs")
	run.Dir, run.Stdin = dir, bytes.NewReader(input)
	text, err = run.CombinedOutput()
	require.NoError(t, err, "%s", text)
	require.JSONEq(t, `{"verified":5}`, string(text))
}
