package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
)

// whoReturnsGetsExactlyWhatWasMissed does so over a websocket and by server-sent
// events at the same time.
func whoReturnsGetsExactlyWhatWasMissed(t *testing.T, i *integration) {
	t.Helper()
	first, stream := i.markedAlerts(t, ""), i.alertStream(t, "")
	nextMarked(t, first, "marker")
	require.Equal(t, "marker", stream.next(t), "nothing is replayed, so the marker is the first")
	v := i.vendor
	i.lose(t, v.email)
	cursor := nextMarked(t, first, "OPENED "+v.email)
	require.Equal(t, "OPENED "+v.email, stream.next(t))
	require.Equal(t, cursor, stream.id, "the id of an event is its cursor")
	first.Close()
	stream.close()

	missed := []string{v.title, v.website, v.amount}
	for _, subject := range missed {
		i.lose(t, subject)
	}
	again, streamed := i.markedAlerts(t, cursor), i.alertStream(t, cursor)
	for _, subject := range missed {
		nextMarked(t, again, "OPENED "+subject)
		require.Equal(t, "OPENED "+subject, streamed.next(t))
	}
	// The marker divides the missed from the live; nothing of the missed comes twice.
	nextMarked(t, again, "marker")
	require.Equal(t, "marker", streamed.next(t))
	i.lose(t, v.industry)
	nextMarked(t, again, "OPENED "+v.industry)
	require.Equal(t, "OPENED "+v.industry, streamed.next(t))

	filtersChooseWhatIsReplayed(t, i, cursor)
}

// filtersChooseWhatIsReplayed: whoever asks for less gets less, and the marker after it.
func filtersChooseWhatIsReplayed(t *testing.T, i *integration, cursor string) {
	t.Helper()
	followed, err := i.Subscribe(within(t), `subscription($id: ID!, $after: FeedCursor, $object: String!) {
		permissionChanges(integrationId: $id, filter: { objects: [$object], changes: [LOST] }, snapshot: true, after: $after) {
			snapshot change { objectName fieldName } } }`, vars{"id": i.id, "after": cursor, "object": i.vendor.opportunity})
	require.NoError(t, err)
	defer followed.Close()
	for _, want := range []string{i.vendor.amount, "."} {
		var found struct {
			PermissionChanges struct {
				Snapshot bool
				Change   struct{ ObjectName, FieldName string }
			}
		}
		require.NoError(t, followed.Next(within(t), &found))
		require.Equal(t, want, found.PermissionChanges.Change.ObjectName+"."+found.PermissionChanges.Change.FieldName)
		require.Equal(t, want == ".", found.PermissionChanges.Snapshot)
	}
	refused, err := i.Subscribe(within(t), "subscription { alertEvents(filter: { rules: [] }) { cursor } }", nil)
	require.NoError(t, err)
	defer refused.Close()
	require.Equal(t, "BAD_INPUT", codeOf(t, refused.Next(within(t), &struct{}{})))
}

// markedAlerts is the subscription that the tests of returning read.
const markedAlerts = `subscription($id: ID!, $after: FeedCursor) {
	alertEvents(integrationId: $id, snapshot: true, after: $after, filter: { events: [OPENED, RESOLVED] }) {
		cursor snapshot event alert { objectName fieldName } } }`

type markedAlert struct {
	AlertEvents struct {
		Cursor, Event string
		Snapshot      bool
		Alert         alert
	}
}

// String is "marker", or what happened to what.
func (m markedAlert) String() string {
	if m.AlertEvents.Snapshot {
		return "marker"
	}
	return m.AlertEvents.Event + " " + m.AlertEvents.Alert.subject()
}

func (i *integration) markedAlerts(t *testing.T, after string) *drive.Subscription {
	t.Helper()
	followed, err := i.Subscribe(within(t), markedAlerts, vars{"id": i.id, "after": orNil(after)})
	require.NoError(t, err)
	t.Cleanup(followed.Close)
	return followed
}

// nextMarked waits for the next event, which must be want, and returns its cursor.
func nextMarked(t *testing.T, followed *drive.Subscription, want string) string {
	t.Helper()
	var one markedAlert
	require.NoError(t, followed.Next(within(t), &one))
	require.Equal(t, want, one.String())
	require.NotEmpty(t, one.AlertEvents.Cursor)
	return one.AlertEvents.Cursor
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// eventStream reads server-sent events.
type eventStream struct {
	lines *bufio.Scanner
	close func()
	// id is of the last event.
	id string
}

// alertStream subscribes by server-sent events; a client that returns says in a header
// how far it got, as a browser does.
func (i *integration) alertStream(t *testing.T, lastEventID string) *eventStream {
	t.Helper()
	body, err := json.Marshal(vars{"query": markedAlerts, "variables": vars{"id": i.id, "after": nil}})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(within(t), http.MethodPost, i.user.URL, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+i.Token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	if lastEventID != "" {
		request.Header.Set("Last-Event-ID", lastEventID)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	stream := &eventStream{lines: bufio.NewScanner(response.Body), close: func() { _ = response.Body.Close() }}
	t.Cleanup(stream.close)
	require.Equal(t, http.StatusOK, response.StatusCode)
	return stream
}

// next waits for the next event that has data.
func (e *eventStream) next(t *testing.T) string {
	t.Helper()
	for e.lines.Scan() {
		line := e.lines.Text()
		if id, is := strings.CutPrefix(line, "id: "); is {
			e.id = id
		}
		data, is := strings.CutPrefix(line, "data: ")
		if !is || data == "" {
			continue
		}
		var found struct{ Data markedAlert }
		require.NoError(t, json.Unmarshal([]byte(data), &found), data)
		return found.Data.String()
	}
	require.FailNow(t, "the stream ended", "%v", e.lines.Err())
	return ""
}
