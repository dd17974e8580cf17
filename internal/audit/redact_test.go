package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestOnlyListedFieldsAreKept(t *testing.T) {
	t.Parallel()
	const canary = "canary-9f31"
	kept := Redacted(map[string]any{"input": map[string]any{
		"idempotencyKey": "once", "integrationId": "int_1", "clientId": "app", "clientSecret": canary, "percent": int64(80), "confirm": true,
		"config":   json.RawMessage(`{"tenant":"` + canary + `"}`),
		"document": canary, "refreshToken": canary, "newField": canary, "name": map[string]any{"password": canary},
		"changes": []any{
			map[string]any{"key": "dataSync", "value": true},
			map[string]any{"key": "x", "value": json.RawMessage(`{"secret":"` + canary + `"}`)},
			map[string]any{"key": "y", "value": map[string]any{"deep": canary}},
		},
	}})
	require.Equal(t, map[string]any{"input": map[string]any{
		"integrationId": "int_1", "clientId": "app", "clientSecret": withheld, "percent": int64(80), "confirm": true, "config": withheld,
		"document": withheld, "refreshToken": withheld, "newField": withheld, "name": map[string]any{"password": withheld},
		"changes": []any{
			map[string]any{"key": "dataSync", "value": true},
			map[string]any{"key": "x", "value": withheld},
			map[string]any{"key": "y", "value": map[string]any{"deep": withheld}},
		},
	}}, kept)
}

// A field whose name sounds like a secret is withheld even when somebody lists it.
func TestNoListedFieldSoundsLikeASecret(t *testing.T) {
	t.Parallel()
	for _, field := range keptFields() {
		require.True(t, Keeps(field), field)
	}
	for _, field := range []string{"clientSecret", "token", "apiKey", "Password", "invitationTicket"} {
		require.False(t, Keeps(field), field)
	}
}

func TestWhatIsKeptIsBoundedAndStorable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.SampledFrom(keptFields())
		var value func(depth int) *rapid.Generator[any]
		value = func(depth int) *rapid.Generator[any] {
			text := rapid.Map(rapid.String(), func(s string) any { return strings.Repeat(s+"\x00\xff", 40) })
			if depth == 0 {
				return text
			}
			return rapid.OneOf(text, rapid.Map(rapid.Int64(), func(n int64) any { return n }),
				rapid.Map(rapid.SliceOfN(value(depth-1), 0, 40), func(v []any) any { return v }),
				rapid.Map(rapid.MapOfN(field, value(depth-1), 0, 6), func(v map[string]any) any { return v }))
		}
		kept := Redacted(map[string]any{"input": value(4).Draw(t, "input")})
		raw, err := json.Marshal(kept)
		require.NoError(t, err)
		require.LessOrEqual(t, len(raw), maxInput)
		require.NotContains(t, string(raw), `\u0000`, "PostgreSQL stores no NUL")
		require.NotContains(t, fmt.Sprint(kept), "\xff")
	})
}
