package server

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fieldwarden.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestLaterSourcesGoBeforeEarlierOnes(t *testing.T) {
	t.Parallel()
	file := writeConfig(t, `
listen: 127.0.0.1:1
database: sqlite:from-file
workspace: {name: From file}
publicUrl: https://file.example
connectors: [{name: salesforce, path: /a}]
`)
	loaded, err := LoadConfig(ConfigSources{
		File: file,
		Environ: []string{
			"FIELDWARDEN_LISTEN=127.0.0.1:2", "FIELDWARDEN_DATABASE=postgres://app:hunter2@db/fw?password=hunter2",
			"FIELDWARDEN_WORKSPACE_NAME=From: environment", "FIELDWARDEN_CONNECTORS=[{name: hubspot, path: /b}]",
			"FIELDWARDEN_ALLOWED_ORIGINS=https://a.example, https://b.example",
			"FIELDWARDEN_OAUTH_CLIENTS={'salesforce:PRODUCTION': {id: x, secret: 'env:FIELDWARDEN_MY_SECRET'}}",
			"FIELDWARDEN_MY_SECRET=hunter2", "FIELDWARDEN_TEST_ANYTHING=1", "FIELDWARDEN_NOT_SET=", "HOME=/root",
		},
		Flags: map[string]string{"listen": "127.0.0.1:3", "dataDir": ""},
	})
	require.NoError(t, err)
	c := loaded.Config
	require.Equal(t, "127.0.0.1:3", c.Listen)
	require.Equal(t, "data", c.DataDir, "an empty flag sets nothing")
	require.Equal(t, "From: environment", c.Workspace.Name)
	require.Equal(t, "https://file.example", c.PublicURL)
	require.Equal(t, "UTC", c.Workspace.TimeZone, "a default beside what the file says")
	require.Equal(t, []ConnectorConfig{{Name: "hubspot", Path: "/b"}}, c.Connectors)
	require.Equal(t, "x", c.OAuthClients["salesforce:PRODUCTION"].ID)
	require.Equal(t, []string{"https://a.example", "https://b.example"}, c.AllowedOrigins)

	var out bytes.Buffer
	require.NoError(t, loaded.Print(&out))
	text := out.String()
	for _, line := range []string{
		"listen: \"127.0.0.1:3\"  # flag --listen", "workspace.name: \"From: environment\"  # environment FIELDWARDEN_WORKSPACE_NAME",
		"publicUrl: https://file.example  # file " + file, "workspace.timeZone: UTC  # default",
		"key: \"file:data/key.json\"  # default",
	} {
		require.Contains(t, text, line+"\n")
	}
	require.Contains(t, text, "env:FIELDWARDEN_MY_SECRET")
	require.NotContains(t, text, "hunter2")
}

// TestDefaultsArePrintedAsTheyAreInForce, also those that are put where a key is left
// empty, and those that follow from another key.
func TestDefaultsArePrintedAsTheyAreInForce(t *testing.T) {
	t.Parallel()
	file := writeConfig(t, `
listen: 127.0.0.1:9000
signIn: {sessionIdle: 0s, oidc: {issuer: "https://id.example"}}
rateLimits: {burst: 7}
runs: {autoPause: {days: 0}}
workspace: {edition: CORE}
`)
	loaded, err := LoadConfig(ConfigSources{File: file})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, loaded.Print(&out))
	for _, line := range []string{
		`publicUrl: "http://127.0.0.1:9000"  # default`, "signIn.sessionLifetime: 12h0m0s  # default", "signIn.sessionIdle: 2h0m0s  # default",
		"signIn.oidc.scopes: [openid, email, profile]  # default", "bearer.jwt.algorithms: []  # default",
		"rateLimits.perPrincipalPerSecond: 50.0  # default", "rateLimits.burst: 7  # file " + file, "rateLimits.signInPerMinute: 20  # default",
		"runs.autoPause.days: 0  # file " + file, "workspace.edition: CORE  # file " + file,
		"workspace.package: sales-engagement  # default of a new workspace",
	} {
		require.Contains(t, out.String(), line+"\n")
	}
	inForce, err := loaded.Config.complete()
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:9000", inForce.PublicURL)
	require.Equal(t, DefaultConfig().SignIn.SessionIdle, inForce.SignIn.SessionIdle, "what is printed is what the server takes")
	require.Equal(t, crm.EditionCore, inForce.Workspace.Edition)
	require.Empty(t, inForce.Workspace.Package, "what the workspace has is kept")
}

func TestEveryLeafHasAVariableOfItsOwn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, PrintVariables(&out))
	seen := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		fields := strings.Fields(line)
		require.Len(t, fields, 2, line)
		require.NotContains(t, fields[0], "..", "a field without a yaml tag")
		require.False(t, strings.HasSuffix(fields[0], "."), "a field without a yaml tag: %s", line)
		require.False(t, seen[fields[1]], fields[1])
		require.False(t, isOther(fields[1]), "%s is taken by something else", fields[1])
		seen[fields[1]] = true
	}
	require.True(t, seen["FIELDWARDEN_WORKSPACE_TIME_ZONE"])
}

func TestUnknownAndUnfitKeysAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sources ConfigSources
		says    []string
	}{
		"a key of the file":        {ConfigSources{File: writeConfig(t, "listen: a:1\nlistn: b:2\n")}, []string{"[2:1]", "listn"}},
		"an inner key of the file": {ConfigSources{File: writeConfig(t, "workspace:\n  name: x\n  nqme: y\n")}, []string{"[3:3]", "nqme"}},
		"a key twice":              {ConfigSources{File: writeConfig(t, "listen: a:1\nlisten: b:2\n")}, []string{"[2:1]"}},
		"no YAML":                  {ConfigSources{File: writeConfig(t, "listen: [")}, []string{"fieldwarden.yaml"}},
		"no file":                  {ConfigSources{File: "/does/not/exist"}, []string{"/does/not/exist"}},
		"a variable":               {ConfigSources{Environ: []string{"FIELDWARDEN_LISTN=hunter2", "FIELDWARDEN_XYZ=1"}}, []string{"FIELDWARDEN_LISTN, FIELDWARDEN_XYZ"}},
		"a variable's inner key":   {ConfigSources{Environ: []string{"FIELDWARDEN_CONNECTORS=[{nam: hunter2}]"}}, []string{"FIELDWARDEN_CONNECTORS", "connectors"}},
		"a variable of other form": {ConfigSources{Environ: []string{"FIELDWARDEN_ENDPOINTS=hunter2"}}, []string{"FIELDWARDEN_ENDPOINTS"}},
		"a file of another form":   {ConfigSources{File: writeConfig(t, "workspace: 5\n")}, []string{"[1:"}},
		"a list where a text is":   {ConfigSources{File: writeConfig(t, "listen: [a]\n")}, []string{"[1:"}},
	} {
		_, err := LoadConfig(c.sources)
		found, ok := fault.From(err)
		require.True(t, ok, "%s: %v", name, err)
		require.Equal(t, fault.ConfigInvalid, found.Code, name)
		for _, text := range c.says {
			require.Contains(t, found.Message, text, name)
		}
		require.NotContains(t, found.Message+found.WhatToDo(), "hunter2", name)
	}
	for _, nothing := range []string{"", "# nothing\n", "workspace:\n  # nothing\nlisten:\n"} {
		empty, err := LoadConfig(ConfigSources{File: writeConfig(t, nothing)})
		require.NoError(t, err)
		require.Equal(t, DefaultConfig(), empty.Config)
	}
}
