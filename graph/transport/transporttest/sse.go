package transporttest

import (
	"embed"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:embed sse
var sseClient embed.FS

// Operation is what a client is to run.
type Operation struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables,omitempty"`
}

// Story is what a client got of one operation: the results, and how the stream
// failed; no failure means that it was completed.
type Story struct {
	Results []json.RawMessage `json:"results"`
	Failure string            `json:"failure"`
}

// RunEventStreamClient runs operations with the client of npm graphql-sse, in its
// distinct connections mode, against the GraphQL endpoint at url, and returns what it
// got of each. It is skipped or fails as RunHTTPAudits.
func RunEventStreamClient(t *testing.T, url string, operations []Operation, headers ...Header) []Story {
	t.Helper()
	encoded, err := json.Marshal(operations)
	require.NoError(t, err)
	report := runNode(t, "the graphql-sse client", sseClient, "sse", "CLIENT_HEADERS", headers, url, string(encoded))
	var stories []Story
	require.NoError(t, json.Unmarshal(report, &stories), "report: %s", report)
	require.Len(t, stories, len(operations))
	return stories
}
