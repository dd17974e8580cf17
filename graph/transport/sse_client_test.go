package transport_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/graph/transport/transporttest"
)

// TestEventStreamClient runs the client that people use.
func TestEventStreamClient(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, transport.Config{})
	stories := transporttest.RunEventStreamClient(t, s.url, []transporttest.Operation{
		{Query: `subscription ($to: Int!) { count(to: $to) }`, Variables: map[string]any{"to": 3}},
		{Query: `{ hello }`},
		{Query: `mutation { set(text: "x") }`},
		{Query: `subscription { refused }`},
		{Query: `{ nosuch }`},
	})
	data := make([][]string, len(stories))
	codes := make([][]string, len(stories))
	for i, story := range stories {
		require.Empty(t, story.Failure)
		for _, result := range story.Results {
			var answer reply
			require.NoError(t, json.Unmarshal(result, &answer))
			codes[i] = append(codes[i], answer.codes()...)
			if len(answer.Data) > 0 {
				data[i] = append(data[i], string(answer.Data))
			}
		}
	}
	require.Equal(t, [][]string{{`{"count":0}`, `{"count":1}`, `{"count":2}`}, {`{"hello":"world"}`}, {`{"set":"x"}`}, nil, nil}, data)
	require.Equal(t, [][]string{nil, nil, nil, {"FORBIDDEN"}, {"GRAPHQL_VALIDATION_FAILED"}}, codes)
}
