package crm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func TestNormalizeEmail(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"ann@example.com":                        "ann@example.com",
		"  Ann.Lee@Example.COM\n":                "ann.lee@example.com",
		"crm+alerts@mail.test":                   "crm+alerts@mail.test",
		"MÜLLER@example.com":                     "müller@example.com",
		"sales-team@a-b.example":                 "sales-team@a-b.example",
		"o'brien@example.com":                    "o'brien@example.com",
		"all_hands@localhost":                    "all_hands@localhost",
		strings.Repeat("a", 64) + "@example.com": strings.Repeat("a", 64) + "@example.com",
	} {
		got, ok := crm.NormalizeEmail(given)
		require.True(t, ok, given)
		require.Equal(t, want, got)
	}
}

func TestNormalizeEmailRefuses(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"", " ", "ann", "ann@", "@example.com", "ann@example.com, bob@example.com", "Ann <ann@example.com>", "<ann@example.com>",
		"ann@example.com (home)", "ann@exa mple.com", "ann@@example.com", `"ann lee"@example.com`, `"ann@x"@example.com`,
		"ann@[127.0.0.1]", "ann@example.com\r\nBcc: eve@example.com", "ann\x00@example.com", "ann@example\u200b.com", "a\xffb@example.com",
		strings.Repeat("a", 250) + "@example.com", "ann@example..com", ".ann@example.com",
	} {
		got, ok := crm.NormalizeEmail(given)
		require.False(t, ok, "%q gave %q", given, got)
	}
}

// TestNormalizedEmailStaysAsItIs: what is stored finds itself again.
func TestNormalizedEmailStaysAsItIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		once, ok := crm.NormalizeEmail(rapid.StringMatching(`[ \t]?[A-Za-zÀ-ɏ0-9._+'-]{1,20}@[A-Za-z0-9.-]{1,20}[ \n]?`).Draw(t, "address"))
		if !ok {
			return
		}
		twice, ok := crm.NormalizeEmail(once)
		if !ok || twice != once {
			t.Fatalf("%q became %q (%v)", once, twice, ok)
		}
	})
}
