package store

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestCanonicalObject holds the quick look to what it stands for: what it lets
// pass is what decoding and encoding would give.
func TestCanonicalObject(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"{", "}", "[", "]", ",", ":", `"a"`, `"b"`, `"é"`, `"a b"`, `"\u00e9"`, `"\n"`, "\"\u2028\"", "\"\xff\"", `"a\nb\"\\"`, `"\b\f\r\t"`, `"\/"`, `"\`, `"`, "\x00",
		"1", "-0", "1.50", "1e5", "01", "1 ", " ", "\n", "true", "null", "nul", `{"a":1}`, `{"b":1,"a":2}`, `{"a":1,"b":[1,{"c":null}]}`,
	}
	rapid.Check(t, func(t *rapid.T) {
		text := "{" + rapid.StringOfN(rapid.Rune(), 0, 3, -1).Draw(t, "noise")
		if rapid.Bool().Draw(t, "sound") {
			text = `{"k":` + rapid.SampledFrom(pieces).Draw(t, "value")
		}
		for range rapid.IntRange(0, 6).Draw(t, "n") {
			text += rapid.SampledFrom(pieces).Draw(t, "piece")
		}
		text += rapid.SampledFrom([]string{"}", "", "}}"}).Draw(t, "end")
		if !isCanonicalObject([]byte(text)) {
			return
		}
		spaced := append([]byte(" "), text...) // not canonical: takes the long way
		require.False(t, isCanonicalObject(spaced))
		slow, err := canonicalObject(spaced)
		require.NoError(t, err, text)
		require.Equal(t, text, string(slow))
	})
}

// TestCanonicalObjectOfAnything gives one form to all the ways of writing an
// object down.
func TestCanonicalObjectOfAnything(t *testing.T) {
	t.Parallel()
	values := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.Int(), func(n int) any { return n }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Just[any](nil),
		rapid.Map(rapid.SliceOfN(rapid.String(), 0, 3), func(s []string) any { return s }),
		rapid.Map(rapid.MapOfN(rapid.String(), rapid.Int(), 0, 3), func(m map[string]int) any { return m }),
	)
	quick := 0
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.MapOfN(rapid.String(), values, 0, 5).Draw(t, "object")
		compact, err := json.Marshal(object)
		require.NoError(t, err)
		var indented bytes.Buffer
		require.NoError(t, json.Indent(&indented, compact, "", "\t"))
		one, err := canonicalObject(compact)
		require.NoError(t, err)
		two, err := canonicalObject(indented.Bytes())
		require.NoError(t, err)
		require.Equal(t, string(one), string(two))
		require.JSONEq(t, string(compact), string(one))
		again, err := canonicalObject(one)
		require.NoError(t, err)
		require.Equal(t, string(one), string(again))
		if isCanonicalObject(compact) {
			quick++
		}
	})
	require.NotZero(t, quick, "the quick look recognizes what Go writes")
}

// TestCanonicalObjectKnowsCRMRecords keeps the quick look quick for what CRMs
// send.
func TestCanonicalObjectKnowsCRMRecords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{}`: true,
		`{"Address":{"City":"Zürich","Zip":null},"Amount":12.50,"Id":"003","IsDeleted":false,"Tags":["a","b"]}`: true,
		`{"a":1,"a":2}`: false, `{"b":1,"a":2}`: false, `{"a": 1}`: false, `{"a":"b\n\"c\""}`: true, `{"a\n":1}`: false, `{"a":"\/"}`: false, `{"a":1 }`: false, `{"a":"\u00e9"}`: false,
		`{"a":01}`: false, `{"a":}`: false, `{"a":1`: false, `{"a":1}}`: false, `[1]`: false, `null`: false,
	} {
		require.Equal(t, want, isCanonicalObject([]byte(text)), text)
	}
}
