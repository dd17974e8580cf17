package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAnOperationWithoutARuleStopsTheGenerator gives the generator our own schema
// with one query more.
func TestAnOperationWithoutARuleStopsTheGenerator(t *testing.T) {
	folder := t.TempDir()
	sources, err := filepath.Glob("../../schema/*.graphql")
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "schema"), 0o700))
	for _, source := range sources {
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "schema", filepath.Base(source)), text, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "schema", "extra.graphql"), []byte("extend type Query { backdoor: String }\n"), 0o600))
	settings, err := os.ReadFile("../../gqlgen.yml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "gqlgen.yml"), settings, 0o600))
	t.Chdir(folder)

	require.ErrorContains(t, generate("gqlgen.yml"), "Query.backdoor has no rule")
	require.NoDirExists(t, filepath.Join(folder, "graph"), "nothing was generated")
}
