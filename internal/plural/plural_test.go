package plural_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/plural"
)

func TestOneIsNotMany(t *testing.T) {
	t.Parallel()
	require.Equal(t, "0 records", plural.Of(0, "record", "records"))
	require.Equal(t, "1 record was", plural.Of(1, "record was", "records were"))
	require.Equal(t, "2 entries", plural.Of(2, "entry", "entries"))
}
