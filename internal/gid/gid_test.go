package gid_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/gid"
)

func TestNewIsUniqueAndTyped(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := gid.New(gid.Alert)
		require.False(t, seen[id])
		seen[id] = true
		prefix, ok := gid.PrefixOf(id)
		require.True(t, ok)
		require.Equal(t, gid.Alert, prefix)
	}
}

func TestPrefixOfRefusesAnythingElse(t *testing.T) {
	t.Parallel()
	id := gid.New(gid.Field)
	for _, bad := range []string{"", "_", "fld", "fld_", id + "0", id[:len(id)-1], strings.ToUpper(id), "x" + id, strings.Replace(id, "_", "-", 1)} {
		_, ok := gid.PrefixOf(bad)
		require.False(t, ok, bad)
	}
	rapid.Check(t, func(t *rapid.T) {
		prefix, ok := gid.PrefixOf(rapid.String().Draw(t, "id"))
		if ok && len(prefix) != 3 {
			t.Fatalf("accepted a prefix of %d bytes", len(prefix))
		}
	})
}
