package redact_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/proto/redact"
)

func TestShapesOfSecrets(t *testing.T) {
	t.Parallel()
	var set redact.Set
	for text, want := range map[string]string{
		"Authorization: Bearer abcdefgh12345":                 "Authorization: Bearer [secret]",
		"session 00Dxx0000001gPL!AQ8AQIqL.xyz_123 used":       "session [secret] used",
		"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.sig_x-y": "jwt [secret]",
		"GET /t?access_token=abcdef&x=1":                      "GET /t?access_token=[secret]&x=1",
		`{"refresh_token":"5Aep861","scope":"api"}`:           `{"refresh_token":"[secret]","scope":"api"}`,
		`"{\"client_secret\":\"abc123\"}"`:                    `"{\"client_secret\":\"[secret]\"}"`,
		"Contact.Email 0031a00000abcDEF is a record":          "Contact.Email 0031a00000abcDEF is a record",
		"the bearer of this letter":                           "the bearer of this letter",
	} {
		require.Equal(t, want, set.String(text))
	}
}

func TestKnownSecretsAreReplacedDuringAndAfterTheCall(t *testing.T) {
	t.Parallel()
	var set redact.Set
	release, again := set.Add("opaque-token-1"), set.Add("opaque-token-1")
	require.Equal(t, "x[secret]y", set.String("xopaque-token-1y"))
	release()
	release()
	require.Equal(t, "[secret]", set.String("opaque-token-1"), "the other call still holds it")
	again()
	require.Equal(t, "[secret]", set.String("opaque-token-1"), "lines come late")
	set.Add("short")()
	require.Equal(t, "short", set.String("short"), "too short to tell from ordinary text")
}

func TestTextIsValidShortAndFree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.StringMatching(`[A-Za-z0-9!._-]{8,40}`).Draw(t, "token")
		around := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "around")
		limit := rapid.IntRange(16, 150).Draw(t, "limit")
		var set redact.Set
		defer set.Add(token)()
		text := set.Text(string(around)+" "+token+" "+string(around), limit)
		require.LessOrEqual(t, len(text), limit)
		require.True(t, utf8.ValidString(text))
		if !strings.Contains(redact.Replacement, token) {
			require.NotContains(t, text, token)
		}
	})
}

func TestNoPartOfASecretSurvivesACut(t *testing.T) {
	t.Parallel()
	const limit = 1 << 10
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.StringMatching(`[A-Za-z]{40}`).Draw(t, "token")
		before := rapid.IntRange(limit-60, limit+9<<10).Draw(t, "before")
		var set redact.Set
		defer set.Add(token)()
		text := set.Text(strings.Repeat("opaque-1 "+token+" ", 40)+strings.Repeat(".", before)+token+strings.Repeat(".", 20<<10), limit)
		require.LessOrEqual(t, len(text), limit)
		require.NotContains(t, text, token[:8])
	})
}
