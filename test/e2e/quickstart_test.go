package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// quickstart is the page whose blocks the test executes as they stand.
const quickstart = "../../docs/api/quickstart.md"

// fence finds the blocks of a page: the language, the file's name if it is one, and
// the text.
var fence = regexp.MustCompile("(?s)```(\\w+)(?: (\\S+))?\n(.*?)```")

// TestQuickstart does what the page says against a real server: its files are
// written, its commands run in order in one shell.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(quickstart)
	require.NoError(t, err)
	dir := t.TempDir()
	var withCurl, withNode strings.Builder
	for _, block := range fence.FindAllStringSubmatch(string(page), -1) {
		language, name, text := block[1], block[2], block[3]
		switch {
		case name != "":
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		case language == "sh" && strings.Contains(text, "npm "):
			withNode.WriteString(text)
		case language == "sh":
			withCurl.WriteString(text)
		}
	}
	s := newSite(t, storetest.SQLiteURL(t), siteOptions{})
	i := s.active(t)
	i.runEnds(t, 1)

	output, err := s.shell(t, dir, withCurl.String())
	require.NoError(t, err, output)
	require.Contains(t, output, `"role":"ADMIN"`)
	require.Contains(t, output, i.id)
	require.Equal(t, 2, strings.Count(output, "crm-admins@example.com"), "both answers are the same: %s", output)
	require.NotContains(t, output, `"errors"`)

	// The same rule as for the graphql-http audits.
	if os.Getenv("FIELDWARDEN_NPM_TESTS") == "0" {
		t.Skip("SKIPPED: the TypeScript half of the quick-start; FIELDWARDEN_NPM_TESTS=0")
	}
	install, rest, found := strings.Cut(withNode.String(), "\n")
	require.True(t, found && strings.HasPrefix(install, "npm install"))
	if output, err := s.shell(t, dir, install); err != nil && os.Getenv("FIELDWARDEN_NPM_TESTS") != "1" {
		t.Skipf("SKIPPED: the TypeScript half of the quick-start; Node or the npm registry is not at hand: %v\n%s", err, output)
	} else {
		require.NoError(t, err, output)
	}
	output, err = s.shell(t, dir, rest)
	require.NoError(t, err, output)
	require.Contains(t, output, "SUCCEEDED DONE")
}

// shell runs commands in one shell that stops at the first failure.
func (s *site) shell(t *testing.T, dir, commands string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", commands)
	command.Dir = dir
	command.Env = append(os.Environ(), "FIELDWARDEN_URL="+s.URL(), "FIELDWARDEN_TOKEN="+s.admin.Token)
	output, err := command.CombinedOutput()
	return string(output), err
}
