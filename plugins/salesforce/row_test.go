package salesforce

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestRow holds the row to what a map would have made of the same object.
func TestRow(t *testing.T) {
	t.Parallel()
	names := rapid.StringMatching(`[A-Za-z][A-Za-z0-9_]{0,6}`)
	values := rapid.Custom(func(t *rapid.T) any {
		return rapid.OneOf(
			rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.Float64Range(-1e9, 1e9), func(n float64) any { return n }),
			rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Just[any](nil),
			rapid.Map(rapid.SliceOfN(rapid.String(), 0, 3), func(s []string) any { return s }),
			rapid.Map(rapid.MapOfN(rapid.String(), rapid.String(), 0, 3), func(m map[string]string) any { return m }),
		).Draw(t, "value")
	})
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.MapOfN(names, values, 0, 8).Draw(t, "object")
		text, err := json.Marshal(object)
		require.NoError(t, err)
		if rapid.Bool().Draw(t, "indented") {
			var indented bytes.Buffer
			require.NoError(t, json.Indent(&indented, text, " ", "\t"))
			text = indented.Bytes()
		}
		var r row
		require.NoError(t, json.Unmarshal(text, &r))
		want, err := json.Marshal(oneForm(object))
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(r.object(func(string) bool { return true })))
		for name, value := range object {
			want, err := json.Marshal(value)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(r.value(name)))
		}
		require.Nil(t, r.value("no such name"))

		more := rapid.MapOfN(names, values, 0, 8).Draw(t, "more")
		text, err = json.Marshal(more)
		require.NoError(t, err)
		var other row
		require.NoError(t, json.Unmarshal(text, &other))
		r.add(other)
		merged := map[string]any{}
		kept := map[string]any{}
		for _, from := range []map[string]any{object, more} {
			for name, value := range from {
				merged[name] = value
				if name > "M" {
					kept[name] = value
				}
			}
		}
		require.Len(t, r.members, len(merged))
		want, err = json.Marshal(oneForm(kept))
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(r.object(func(name string) bool { return name > "M" })))
	})
}

// oneForm is what canonical does to the values of a record: empty texts and
// compounds without a part are null.
func oneForm(record map[string]any) map[string]any {
	formed := map[string]any{}
	for name, value := range record {
		switch typed := value.(type) {
		case string:
			if typed == "" {
				value = nil
			}
		case map[string]string:
			parts := map[string]string{}
			for part, text := range typed {
				if text != "" {
					parts[part] = text
				}
			}
			if value = parts; len(parts) == 0 {
				value = nil
			}
		}
		formed[name] = value
	}
	return formed
}

func TestRowKeepsTheLastOfTwins(t *testing.T) {
	t.Parallel()
	var r row
	require.NoError(t, json.Unmarshal([]byte(`{"B":1,"A":2,"B":"x, \"y\"} "}`), &r))
	require.Equal(t, `{"A":2,"B":"x, \"y\"} "}`, string(r.object(func(string) bool { return true })))
	require.Error(t, json.Unmarshal([]byte(`[1]`), &r))
}
