package server

import (
	"encoding/csv"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// What an attacker can put into an entry does not run in a spreadsheet, and comes
// out of a CSV reader as it was but for the apostrophe.
func TestCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`=1+1`, `+cmd|' /C calc'!A0`, `-2+3`, `@SUM(A1)`, "\t=1", "\r=1", "\n=1"} {
		require.Equal(t, "'"+text, cell(text))
	}
	for _, text := range []string{"", "runNow", `a"b,c`, "x=1", "línea"} {
		require.Equal(t, text, cell(text))
	}
	w := httptest.NewRecorder()
	out := newRows(w, formCSV, "x", []string{"text", "at", "json"})
	require.NoError(t, out.write([]any{"a\"b,\nc", time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), json.RawMessage(`{"a":1}`)}))
	require.NoError(t, out.close())
	read, err := csv.NewReader(w.Body).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{{"text", "at", "json"}, {"a\"b,\nc", "2026-03-02T08:00:00Z", `{"a":1}`}}, read)
	require.Contains(t, w.Header().Get("Content-Disposition"), "x.csv")
}

func TestRowsAsJSON(t *testing.T) {
	t.Parallel()
	for n, want := range []string{`[]`, `[{"a":"=1","b":null}]`, `[{"a":"=1","b":null},{"a":"=1","b":null}]`} {
		w := httptest.NewRecorder()
		out := newRows(w, formJSON, "x", []string{"a", "b"})
		for range n {
			require.NoError(t, out.write([]any{"=1", json.RawMessage(nil)}))
		}
		require.NoError(t, out.close())
		require.JSONEq(t, want, w.Body.String())
	}
}

func TestFilterOfAnExport(t *testing.T) {
	t.Parallel()
	parse := func(query string) error {
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		_, err = auditFilter(values)
		return err
	}
	require.NoError(t, parse("actor=a&actions=runNow&actions=pause&target=int_1&outcomes=DENIED&via=csm&since=2026-03-02T08:00:00Z&until=2026-03-02T10:00:00%2B02:00"))
	for _, wrong := range []string{"actr=a", "outcomes=NOPE", "since=yesterday", "until=", "x" + strings.Repeat("y", 500) + "=1"} {
		require.True(t, fault.Is(parse(wrong), fault.BadInput), wrong)
	}
}
