package e2e

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/server"
)

// TestLiveEdges looks at what a running server has beside queries and mutations: the log
// of a run in its three forms, streams that end with their token, what is for operators
// only, and sockets of vendor-side staff and of those who ask too much.
func TestLiveEdges(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		metrics := freeAddress(t)
		s := newSite(t, url, siteOptions{config: func(c *server.Config) {
			c.Metrics.Listen = metrics
			c.RateLimits.PerPrincipalPerSecond, c.RateLimits.Burst = 2, 500
		}})
		aRevokedTokenEndsAnEventStream(t, s)
		operatorsSeeMore(t, s, metrics)
		staffChooseTheirWorkspaceOnASocket(t, s)
		whoAsksTooMuchIsToldOnSocketsToo(t, s)
		aRunsLogIsTheSameInEveryForm(t, s.active(t))
	})
}

// freeAddress is an address on loopback where nothing listened a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// fetch gets an address and returns status and body.
func fetch(t *testing.T, client *http.Client, address, token string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(within(t), http.MethodGet, address, nil)
	require.NoError(t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

type logLine struct {
	Seq            int
	Level, Message string
}

func aRunsLogIsTheSameInEveryForm(t *testing.T, i *integration) {
	t.Helper()
	cursor := i.admin.feedCursor(t)
	var started struct{ Run struct{ ID string } }
	i.do(t, "runNow", "run { id }", nil, &started)
	tail, err := i.Subscribe(within(t), `subscription($id: ID!, $after: FeedCursor) {
		runLogTail(runId: $id, level: DEBUG, after: $after) { cursor entries { seq level message } } }`, vars{"id": started.Run.ID, "after": cursor})
	require.NoError(t, err)
	defer tail.Close()
	require.Equal(t, "SUCCEEDED", i.runEnds(t, 2).Status)

	paged := pagesOfLog(t, i, started.Run.ID)
	require.Greater(t, len(paged), 2)
	var followed []logLine
	for len(followed) < len(paged) {
		var event struct{ RunLogTail struct{ Entries []logLine } }
		require.NoError(t, tail.Next(within(t), &event))
		followed = append(followed, event.RunLogTail.Entries...)
	}
	require.Equal(t, paged, followed, "what came live is what is kept, without gap or doubling")

	address := strings.TrimSuffix(i.user.URL, "/graphql") + "/export/runs/" + started.Run.ID + "/log."
	status, body := fetch(t, http.DefaultClient, address+"json", i.Token)
	require.Equal(t, http.StatusOK, status, body)
	var exported []logLine
	require.NoError(t, json.Unmarshal([]byte(body), &exported))
	require.Equal(t, paged, exported)
	status, body = fetch(t, http.DefaultClient, address+"csv?level=INFO", i.Token)
	require.Equal(t, http.StatusOK, status, body)
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	informative := slices.DeleteFunc(slices.Clone(paged), func(line logLine) bool { return line.Level == "DEBUG" })
	require.Len(t, rows, 1+len(informative))
	require.Equal(t, []string{"seq", "createdAt", "level"}, rows[0][:3])

	for _, refused := range []struct {
		address, token string
		status         int
	}{
		{address + "json", "", http.StatusUnauthorized},
		{address + "json", i.otherWorkspace(t).Token, http.StatusNotFound},
		{address + "json?levl=INFO", i.Token, http.StatusBadRequest},
	} {
		status, body = fetch(t, http.DefaultClient, refused.address, refused.token)
		require.Equal(t, refused.status, status, body)
	}
}

// pagesOfLog reads the log of a run in pages of two, and holds that from the end it is
// the same.
func pagesOfLog(t *testing.T, i *integration, runID string) (lines []logLine) {
	t.Helper()
	type page struct {
		TotalCount int
		PageInfo   struct {
			HasNextPage, HasPreviousPage bool
			StartCursor, EndCursor       *string
		}
		Edges []struct{ Node logLine }
	}
	read := func(arguments string, variables vars) page {
		var found struct{ Node struct{ Logs page } }
		variables["id"] = runID
		i.ask(t, `query($id: ID!, $at: Cursor) { node(id: $id) { ... on SyncRun { logs(`+arguments+`) {
			totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { seq level message } } } } } }`, variables, &found)
		return found.Node.Logs
	}
	one := read("first: 2, after: $at", vars{"at": nil})
	total := one.TotalCount
	for {
		for _, edge := range one.Edges {
			lines = append(lines, edge.Node)
		}
		if !one.PageInfo.HasNextPage {
			break
		}
		one = read("first: 2, after: $at", vars{"at": one.PageInfo.EndCursor})
	}
	require.Len(t, lines, total)
	for n, line := range lines {
		require.Equal(t, n+1, line.Seq, "from 1 and without a gap")
	}
	var backwards []logLine
	for one = read("last: 2, before: $at", vars{"at": nil}); ; one = read("last: 2, before: $at", vars{"at": one.PageInfo.StartCursor}) {
		for _, edge := range slices.Backward(one.Edges) {
			backwards = append(backwards, edge.Node)
		}
		if !one.PageInfo.HasPreviousPage {
			break
		}
	}
	slices.Reverse(backwards)
	require.Equal(t, lines, backwards)
	return lines
}

func aRevokedTokenEndsAnEventStream(t *testing.T, s *site) {
	t.Helper()
	who := s.user(t, s.WorkspaceID(), principal.RoleViewer)
	request, err := http.NewRequestWithContext(within(t), http.MethodPost, who.URL, strings.NewReader(`{"query":"subscription { alertEvents { cursor } }"}`))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+who.Token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	lines := bufio.NewScanner(response.Body)
	require.True(t, lines.Scan(), "the stream is open")
	require.NoError(t, s.Auth().Revoke(principal.System(t.Context(), s.WorkspaceID(), "test"), s.WorkspaceID(), who.tokenID))
	var rest []string
	for lines.Scan() {
		rest = append(rest, lines.Text())
	}
	require.NoError(t, lines.Err(), "it ends in order")
	require.Contains(t, strings.Join(rest, "\n"), `"UNAUTHENTICATED"`)
	require.Contains(t, rest, "event: complete")
}

func operatorsSeeMore(t *testing.T, s *site, metrics string) {
	t.Helper()
	status, body := fetch(t, http.DefaultClient, "http://"+metrics+"/metrics", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "fieldwarden_build_info")
	require.Contains(t, body, `fieldwarden_connector_state{connector="salesforce"`)

	ready, err := drive.NewAdmin(s.config.DataDir).Readiness(within(t))
	require.NoError(t, err)
	require.True(t, ready.Ready, "%+v", ready)
	require.Len(t, ready.Parts, 4)
	for _, part := range ready.Parts {
		require.NotEmpty(t, part.Detail, part.Name)
	}
	operator := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", server.AdminSocket(s.config.DataDir))
	}}}
	for path, says := range map[string]string{"/debug/pprof/goroutine?debug=1": "goroutine profile", "/metrics": "fieldwarden_build_info"} {
		status, body = fetch(t, operator, "http://admin"+path, "")
		require.Equal(t, http.StatusOK, status, path)
		require.Contains(t, body, says)
	}
	status, body = fetch(t, http.DefaultClient, s.Server.URL()+"/readyz", "")
	require.Equal(t, []any{http.StatusOK, "ok\n"}, []any{status, body}, "others learn whether, and not why")
	for _, path := range []string{"/metrics", "/debug/pprof/", "/doctor/connectors"} {
		status, _ = fetch(t, http.DefaultClient, s.Server.URL()+path, s.admin.Token)
		require.Equal(t, http.StatusNotFound, status, path)
	}
	out, err := exec.CommandContext(within(t), programs.server, "doctor", "--data-dir", s.config.DataDir, "--database", s.config.Database, "--key", s.config.Key).Output()
	require.NoError(t, err, string(out))
	for line := range strings.Lines(string(out)) {
		require.Greater(t, len(strings.TrimSpace(line)), 30, "a finding without words: %q", line)
	}
	require.Regexp(t, `PASS  server: migrations +version \d+`, string(out))
}

// frame is a message of graphql-transport-ws.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// dial opens a socket; the answer to the upgrade comes back when it is refused.
func dial(t *testing.T, who user, header http.Header) (*websocket.Conn, *http.Response) {
	t.Helper()
	conn, response, err := websocket.Dial(within(t), "ws"+strings.TrimPrefix(who.URL, "http"), &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header,
	})
	if err != nil {
		require.NotNil(t, response, "%v", err)
		return nil, response
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, response
}

// greet opens a socket as somebody, in a workspace, and returns the server's first word.
func greet(t *testing.T, who user, workspaceID string) (*websocket.Conn, error) {
	t.Helper()
	conn, response := dial(t, who, nil)
	require.NotNil(t, conn, "the upgrade was refused: %v", response)
	payload, err := json.Marshal(map[string]string{"Authorization": "Bearer " + who.Token, "workspace": workspaceID})
	require.NoError(t, err)
	require.NoError(t, wsjson.Write(within(t), conn, frame{Type: "connection_init", Payload: payload}))
	var first frame
	if err := wsjson.Read(within(t), conn, &first); err != nil {
		return conn, err
	}
	require.Equal(t, "connection_ack", first.Type)
	return conn, nil
}

// answerOn asks for an operation on a socket and returns its first answer.
func answerOn(t *testing.T, conn *websocket.Conn, id, query string) frame {
	t.Helper()
	payload, err := json.Marshal(map[string]string{"query": query})
	require.NoError(t, err)
	require.NoError(t, wsjson.Write(within(t), conn, frame{ID: id, Type: "subscribe", Payload: payload}))
	for {
		var got frame
		require.NoError(t, wsjson.Read(within(t), conn, &got))
		if got.ID == id && got.Type != "complete" {
			return got
		}
	}
}

func staffChooseTheirWorkspaceOnASocket(t *testing.T, s *site) {
	t.Helper()
	out, err := exec.CommandContext(within(t), programs.server, "token", "issue", "support", "--role", "csm", "--data-dir", s.config.DataDir).Output()
	require.NoError(t, err)
	staff := user{Client: drive.Client{URL: s.admin.URL, Token: strings.TrimSpace(string(out))}}
	home, other := workspaceOf(t, s.admin), workspaceOf(t, s.otherWorkspace(t))
	for asked, want := range map[string]string{"": home, home: home, other: other} {
		conn, err := greet(t, staff, asked)
		require.NoError(t, err)
		got := answerOn(t, conn, "1", "{ viewer { role workspace { id } } }")
		require.Equal(t, "next", got.Type)
		require.JSONEq(t, `{"role":"CSM","workspace":{"id":"`+want+`"}}`, viewerIn(t, got))
	}
	for _, refused := range []struct {
		who       user
		workspace string
	}{{s.admin, other}, {staff, "wsp_nowhere"}} {
		_, err := greet(t, refused.who, refused.workspace)
		require.Equal(t, websocket.StatusCode(4403), websocket.CloseStatus(err), "%v", err)
	}
}

func workspaceOf(t *testing.T, who user) string {
	t.Helper()
	var found struct {
		Viewer struct{ Workspace struct{ ID string } }
	}
	who.ask(t, "{ viewer { workspace { id } } }", nil, &found)
	return found.Viewer.Workspace.ID
}

func viewerIn(t *testing.T, got frame) string {
	t.Helper()
	var answer struct {
		Data struct{ Viewer json.RawMessage }
	}
	require.NoError(t, json.Unmarshal(got.Payload, &answer))
	return string(answer.Data.Viewer)
}

func whoAsksTooMuchIsToldOnSocketsToo(t *testing.T, s *site) {
	t.Helper()
	who := s.user(t, s.WorkspaceID(), principal.RoleViewer)
	conn, err := greet(t, who, "")
	require.NoError(t, err)
	const most = 5000
	var refused frame
	for n := 0; n < most && refused.Type == ""; n++ {
		if got := answerOn(t, conn, strconv.Itoa(n), "{ __typename }"); strings.Contains(string(got.Payload), "TOO_MANY_REQUESTS") {
			refused = got
		}
	}
	require.Contains(t, string(refused.Payload), `"retryAfter"`, "%s", refused.Type)

	// The upgrade is a request like any; half a second brings another one.
	header := http.Header{"Authorization": {"Bearer " + who.Token}}
	for range most {
		opened, response := dial(t, who, header)
		if opened == nil {
			require.Equal(t, http.StatusTooManyRequests, response.StatusCode)
			require.NotEmpty(t, response.Header.Get("Retry-After"))
			return
		}
	}
	require.Fail(t, "no upgrade was refused")
}
