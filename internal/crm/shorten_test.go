package crm_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func TestShortenKeepsTheLongestWholeBeginning(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Größe", crm.Shorten("Größe", 7))
	require.Equal(t, "Gr", crm.Shorten("Größe", 3), "ö takes two bytes")
	require.Empty(t, crm.Shorten("ö", 1))
	rapid.Check(t, func(t *rapid.T) {
		text, length := rapid.String().Draw(t, "text"), rapid.IntRange(0, 40).Draw(t, "length")
		short := crm.Shorten(text, length)
		require.True(t, strings.HasPrefix(text, short))
		require.True(t, utf8.ValidString(short))
		require.LessOrEqual(t, len(short), length)
		require.True(t, len(short) == len(text) || len(short) > length-utf8.UTFMax)
	})
}
