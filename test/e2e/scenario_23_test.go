package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/access"
	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestScenario23WorkspaceNeverSeesAnothers walks the schema: every id argument, every
// cursor, every text that names somebody, every count and every subscription is tried
// by an admin and a viewer of workspace B with what is workspace A's. Nothing of A
// comes back, in data, errors or counts, and nothing of A changes.
func TestScenario23WorkspaceNeverSeesAnothers(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{config: manyRequests})
		w := &walls{site: s, a: s.fillWorkspace(t, "canaryA"), b: s.fillWorkspace(t, "canaryB"), types: introspect(t, s.admin)}
		w.owner = s.somebody(t, w.a.workspaceID, principal.RoleOwner, nil)
		w.tries = []somebody{s.somebody(t, w.b.workspaceID, principal.RoleAdmin, nil), s.somebody(t, w.b.workspaceID, principal.RoleViewer, nil)}
		w.csm = s.somebody(t, w.b.workspaceID, principal.RoleCSM, nil)
		w.member = somebody{
			name: "member", user: s.signedIn(t, w.b.workspaceID, "member@b.example.com"),
			who: &principal.Principal{Kind: principal.KindMember, WorkspaceID: w.b.workspaceID, Role: principal.RoleAdmin},
		}
		w.header(t)
		w.nodes(t)
		cursors := w.cursors(t)
		counts := w.counts(t)
		events := w.events(t)
		before := w.a.belongings(t, url)
		feedCursors := w.feedCursors(t)
		texts := w.texts(t)
		arguments, calls := w.ids(t)
		require.Equal(t, before, w.a.belongings(t, url), "something of A changed")
		t.Logf("%d of %d id arguments (%d calls), %d cursors, %d feed cursors, %d texts, %d counts, %d subscriptions: 0 of another workspace's accepted",
			arguments, len(w.types.arguments("ID")), calls, cursors, feedCursors, texts, counts, events)
	})
}

// walls are two workspaces and who tries to look over.
type walls struct {
	site  *site
	a, b  *filled
	types schema
	// owner is A's own; tries are B's.
	owner somebody
	tries []somebody
	// csm is vendor-side staff whose home is B.
	csm somebody
	// member is a person of B: programs have no inbox to mark.
	member somebody
}

// tableOfArgument says whose id an argument takes, by its name.
func (w *walls) tableOfArgument(t *testing.T, path string) string {
	t.Helper()
	name := path[strings.LastIndexByte(path, '.')+1:]
	table, ok := map[string]string{
		"integrationId": "integrations", "fromIntegrationId": "integrations", "toIntegrationId": "integrations", "runId": "sync_runs",
		"memberId": "members", "invitationId": "invitations", "recipientId": "recipients", "serviceTokenId": "api_tokens",
		"workspaceId": "workspaces", "failedRecordIds": "failed_records", "target": "integrations", "id": "every",
		"alertId": "alerts", "channelId": "channels", "deliveryId": "deliveries", "itemIds": "inbox_items", "throughItemId": "inbox_items",
		"from": "permission_snapshots", "to": "permission_snapshots",
	}[name]
	require.True(t, ok, "the walker does not know which id %s takes", path)
	return table
}

// own fills arguments with B's own ids, so that only the tried one is foreign.
func (w *walls) own(t *testing.T, place string, tried any) fill {
	return func(path string, value inputValue) (any, bool) {
		if path == place {
			if value.Type.list() {
				return []any{tried}, true
			}
			return tried, true
		}
		if value.Type.named() == "ID" && value.Type.nonNull() && !value.Type.list() {
			return w.b.ids[w.tableOfArgument(t, path)], true
		}
		// What makes the rest of the input right.
		made, ok := map[string]any{"confirm": true, "name": "Somebody", "edition": "CORE", "step": "SETTINGS"}[value.Name]
		return made, ok
	}
}

// place splits "Query.alerts(filter.integrationId)".
func (w *walls) place(t *testing.T, argument string) (object string, f fieldDef, path string) {
	t.Helper()
	field, path, _ := strings.Cut(strings.TrimSuffix(argument, ")"), "(")
	object, name, _ := strings.Cut(field, ".")
	at := slices.IndexFunc(w.types[object].Fields, func(f fieldDef) bool { return f.Name == name })
	return object, w.types[object].Fields[at], path
}

// way words how a field is reached as somebody of a workspace.
func (w *walls) way(t *testing.T, object string, made *call, of *filled) (kind, within string) {
	t.Helper()
	switch object {
	case "Query", "Mutation", "Subscription":
		return strings.ToLower(object), ""
	}
	table, ok := map[string]string{"Integration": "integrations", "CrmObject": "crm_objects", "SyncRun": "sync_runs", "Alert": "alerts", "CrmField": "crm_fields", "Digest": "digests"}[object]
	require.True(t, ok, "the walker does not know how to reach a %s", object)
	made.declared, made.variables["own"] = append(made.declared, "$own: ID!"), of.ids[table]
	return "query", "node(id: $own) { ... on " + object + " { %s } }"
}

// said is everything that an answer says but the id of its request.
func (w *walls) said(t *testing.T, who somebody, kind, document string, variables vars) string {
	t.Helper()
	if kind == "subscription" {
		followed, err := who.user.Subscribe(within(t), document, variables)
		require.NoError(t, err)
		defer followed.Close()
		var refused drive.Error
		require.ErrorAs(t, followed.Next(within(t), &struct{}{}), &refused, document)
		return refused.Error()
	}
	answer := who.user.post(t, document, keyedIn(variables))
	text := string(answer.Data)
	for _, one := range answer.Errors {
		require.NotEqual(t, "INTERNAL", one.Code(), "%s: %s", document, one.Message)
		delete(one.Extensions, "requestId")
		text += fmt.Sprint(" ", one.Message, one.Path, one.Extensions)
	}
	return text
}

// ids tries A's ids at every id argument: the answer is that to an id that never was.
func (w *walls) ids(t *testing.T) (arguments, calls int) {
	t.Helper()
	all := w.types.arguments("ID")
	// What is tried by mutations stands in B's own audit log: look there first.
	slices.SortStableFunc(all, func(x, y string) int {
		return strings.Compare(strings.TrimPrefix(x, "Mutation"), strings.TrimPrefix(y, "Mutation"))
	})
	slices.Reverse(all)
	var notLookedAt []string
	for _, argument := range all {
		object, f, path := w.place(t, argument)
		tried := []string{}
		if table := w.tableOfArgument(t, path); table == "every" {
			tried = slices.Collect(maps.Values(w.a.ids))
		} else {
			tried = append(tried, w.a.ids[table])
		}
		for _, id := range tried {
			for _, who := range w.whoMay(object, f) {
				foreign, unknown := w.tryID(t, who, object, f, path, id), w.tryID(t, who, object, f, path, unknownLike(id))
				require.Equal(t, unknown, foreign, "%s: an id of A and one of nobody are answered differently", argument)
				require.Empty(t, w.a.foundIn(foreign), "%s: %s", argument, foreign)
				calls += 2
				if object == "Mutation" && who.who.Role != principal.RoleViewer && !strings.Contains(foreign, "NOT_FOUND") {
					notLookedAt = append(notLookedAt, argument+": "+foreign)
				}
			}
		}
		arguments++
	}
	require.Empty(t, notLookedAt, "something else was refused before the id")
	return arguments, calls
}

// whoMay are those who try: what an admin may not do at all, a CSM of B tries.
func (w *walls) whoMay(object string, f fieldDef) []somebody {
	if object+"."+f.Name == membersOnly {
		return []somebody{w.member}
	}
	rule, ok := access.Of(access.Operation(object + "." + f.Name))
	if ok && !rule.Allows(*w.tries[0].who) {
		return []somebody{w.csm}
	}
	return w.tries
}

func (w *walls) tryID(t *testing.T, who somebody, object string, f fieldDef, path, id string) string {
	t.Helper()
	selection := ""
	if w.types[f.Type.named()].Kind != "SCALAR" {
		selection = w.types.everything(f.Type.named(), 2)
	}
	if f.Type.named() == "Node" {
		selection = "{ __typename id }"
	}
	made := w.types.call(t, f, selection, w.own(t, path, id))
	kind, within := w.way(t, object, &made, w.b)
	return strings.ReplaceAll(w.said(t, who, kind, made.document(kind, within), made.variables), id, "THE-ID")
}

// connections lists the lists of the schema, as "Query.alerts(after)".
func (w *walls) connections() []string {
	return slices.DeleteFunc(w.types.arguments("Cursor"), func(place string) bool { return !strings.HasSuffix(place, "(after)") })
}

// cursors gives every list A's position in the same list.
func (w *walls) cursors(t *testing.T) (tried int) {
	t.Helper()
	for _, place := range w.types.arguments("Cursor") {
		object, f, path := w.place(t, place)
		list := w.ask(t, w.owner, w.a, object, f, "{ edges { cursor } }", "", "")
		_, cursor, _ := strings.Cut(list, `"cursor":"`)
		cursor, _, ok := strings.Cut(cursor, `"`)
		require.True(t, ok, "%s: A's list is empty: %s", place, list)
		for _, who := range w.tries {
			answer := w.ask(t, who, w.b, object, f, w.types.everything(f.Type.named(), 2), path, cursor)
			require.Empty(t, w.a.foundIn(answer), "%s: %s", place, answer)
		}
		tried++
	}
	return tried
}

// ask asks a list for its page; path, when not empty, is the argument that the cursor
// stands at.
func (w *walls) ask(t *testing.T, who somebody, of *filled, object string, f fieldDef, selection, path, cursor string) string {
	t.Helper()
	made := w.types.call(t, f, selection, func(at string, value inputValue) (any, bool) {
		if value.Type.named() == "ID" && value.Type.nonNull() {
			return of.ids[w.tableOfArgument(t, at)], true
		}
		return cursor, at == path && path != ""
	})
	kind, within := w.way(t, object, &made, of)
	return w.said(t, who, kind, made.document(kind, within), made.variables)
}

// counts compares the total of every list with what the list gives.
func (w *walls) counts(t *testing.T) (tried int) {
	t.Helper()
	for _, place := range w.connections() {
		object, f, _ := w.place(t, place)
		for _, who := range w.tries {
			answer := w.ask(t, who, w.b, object, f, "{ totalCount edges { cursor } }", "", "")
			if strings.Contains(answer, "FORBIDDEN") {
				continue
			}
			_, total, _ := strings.Cut(answer, `"totalCount":`)
			var n int
			_, err := fmt.Sscanf(total, "%d", &n)
			require.NoError(t, err, "%s: %s", place, answer)
			require.Equal(t, strings.Count(answer, `"cursor"`), n, "%s counts what it does not show", place)
			require.Positive(t, n, "%s: B's list is empty", place)
		}
		tried++
	}
	return tried
}

// feedCursors gives every subscription A's position in the feed.
func (w *walls) feedCursors(t *testing.T) (tried int) {
	t.Helper()
	var found struct{ Workspace struct{ FeedCursor string } }
	w.owner.user.ask(t, "{ workspace { feedCursor } }", nil, &found)
	for _, place := range w.types.arguments("FeedCursor") {
		object, f, path := w.place(t, place)
		made := w.types.call(t, f, "", w.own(t, path, found.Workspace.FeedCursor))
		for _, who := range w.tries {
			said := w.said(t, who, strings.ToLower(object), made.document(strings.ToLower(object), ""), made.variables)
			require.Regexp(t, "^(CURSOR_INVALID|FORBIDDEN)", said, place)
			require.Empty(t, w.a.foundIn(said), place)
		}
		tried++
	}
	return tried
}

// texts tries the arguments of plain text that name somebody. Every other text is
// known to name nobody.
func (w *walls) texts(t *testing.T) (tried int) {
	t.Helper()
	harmless := []string{
		"actions", "addresses", "apiType", "clientId", "clientSecret", "connector", "crmField", "document", "email", "field", "fields",
		"idempotencyKey", "key", "keys", "kinds", "name", "note", "object", "objects", "packageKey", "reason", "scheduleTime", "scheduleZone", "search",
		"standardField", "time", "value", "via", "zone",
	}
	for _, place := range w.types.arguments("String") {
		object, f, path := w.place(t, place)
		name := path[strings.LastIndexByte(path, '.')+1:]
		if slices.Contains(harmless, name) {
			continue
		}
		require.Contains(t, []string{"actor", "address"}, name, "the walker does not know whether %s names somebody", place)
		for _, somebody := range []string{w.owner.who.ID, w.a.mark + " audit_entries actor", w.a.mark + " deliveries address"} {
			made := w.types.call(t, f, "{ totalCount edges { node { id } } }", w.own(t, path, somebody))
			kind, within := w.way(t, object, &made, w.b)
			said := w.said(t, w.tries[0], kind, made.document(kind, within), made.variables)
			require.Contains(t, said, `"totalCount":0`, place)
		}
		tried++
	}
	return tried
}

// nodes asks for everything of A by its id, as A: each type that the schema calls a
// Node is one.
func (w *walls) nodes(t *testing.T) {
	t.Helper()
	found := []string{"FeedEntry"} // its id is not among the rows'
	for _, id := range w.a.ids {
		var answer struct {
			Node *struct {
				Typename string `json:"__typename"`
			}
		}
		w.owner.user.ask(t, "query($id: ID!) { node(id: $id) { __typename } }", vars{"id": id}, &answer)
		if answer.Node != nil {
			found = append(found, answer.Node.Typename)
		}
	}
	require.ElementsMatch(t, w.types.implementing("Node"), found)
}

// events follows every subscription as B while A's feed and then B's grow: the first
// event is B's.
func (w *walls) events(t *testing.T) (tried int) {
	t.Helper()
	type following struct {
		name string
		next func() string
	}
	var all []following
	var head struct{ Workspace struct{ FeedCursor string } }
	w.tries[0].user.ask(t, "{ workspace { feedCursor } }", nil, &head)
	for _, f := range w.types["Subscription"].Fields {
		made := w.types.call(t, f, w.types.everything(f.Type.named(), 2), w.own(t, "after", head.Workspace.FeedCursor))
		followed, err := w.tries[0].user.Subscribe(within(t), made.document("subscription", ""), made.variables)
		require.NoError(t, err)
		t.Cleanup(followed.Close)
		all = append(all, following{f.Name, func() string {
			var event map[string]any
			require.NoError(t, followed.Next(within(t), &event), f.Name)
			return fmt.Sprint(event)
		}})
	}
	w.a.feed(t, w.site)
	w.b.feed(t, w.site)
	for _, one := range all {
		event := one.next()
		require.Empty(t, w.a.foundIn(event), "%s: %s", one.name, event)
		require.NotEmpty(t, w.b.foundIn(event), "%s: %s", one.name, event)
		tried++
	}
	return tried
}

// header asks for A by the header that selects a workspace: only a CSM gets in, and
// the audit says by which door.
func (w *walls) header(t *testing.T) {
	t.Helper()
	into := func(one somebody) user {
		with := one.user
		with.HTTP = &http.Client{Transport: withHeader{w.a.workspaceID}}
		return with
	}
	for _, who := range w.tries {
		refused := into(who).post(t, "{ workspace { id name } }", nil)
		require.Equal(t, []string{"NOT_FOUND"}, codesOf(refused.Errors))
		require.Empty(t, w.a.foundIn(string(refused.Data)+fmt.Sprint(refused.Errors)))
	}
	csm := into(w.site.somebody(t, w.site.WorkspaceID(), principal.RoleCSM, nil))
	var seen struct {
		Workspace struct{ ID string }
		AuditLog  struct {
			Edges []struct{ Node struct{ Action, Via string } }
		}
	}
	csm.ask(t, "{ workspace { id } auditLog(first: 1) { edges { node { action via } } } }", nil, &seen)
	require.Equal(t, w.a.workspaceID, seen.Workspace.ID)
	require.Equal(t, "csm", seen.AuditLog.Edges[0].Node.Via, "a CSM's look is marked")
	require.Equal(t, "auditLog", seen.AuditLog.Edges[0].Node.Action)
}

// withHeader selects a workspace.
type withHeader struct{ workspaceID string }

// RoundTrip sends a request with the header.
func (h withHeader) RoundTrip(request *http.Request) (*http.Response, error) {
	with := request.Clone(request.Context())
	with.Header.Set("Fieldwarden-Workspace", h.workspaceID)
	return http.DefaultTransport.RoundTrip(with)
}
