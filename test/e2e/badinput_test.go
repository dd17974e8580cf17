package e2e

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestBadInput: whatever is wrong with a request, the answer is a typed error that
// says what to do, and nothing is lost by it.
func TestBadInput(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		i := newSite(t, url, siteOptions{config: manyRequests}).active(t)
		i.lose(t, "Contact.Email") // so that there are alerts, too
		types := introspect(t, i.admin)
		ids := i.oneOfEach(t)
		before := i.possessions(t)
		// One after the other: a server that waits for its parts to get a turn polls all
		// the while.
		for _, part := range []struct {
			name string
			run  func(t *testing.T)
		}{
			{"Authentication", func(t *testing.T) { authentication(t, i) }},
			{"MalformedIDs", func(t *testing.T) { malformedIDs(t, i) }},
			{"Nodes", func(t *testing.T) { nodes(t, i, types, ids) }},
			{"EveryFieldStandsAlone", func(t *testing.T) { everyFieldStandsAlone(t, i, types, ids) }},
			{"ItemsOfListsStandAlone", func(t *testing.T) { itemsOfListsStandAlone(t, i, types) }},
			{"Pages", func(t *testing.T) { pages(t, i.site, types) }},
			{"Settings", func(t *testing.T) { badSettings(t, i) }},
			{"IdempotencyKeys", func(t *testing.T) { idempotencyKeys(t, i) }},
			{"Mappings", func(t *testing.T) { badMappings(t, i) }},
			{"WrongTime", func(t *testing.T) { wrongTime(t, i) }},
			{"DocumentsAndVariables", func(t *testing.T) { badDocuments(t, i) }},
		} {
			t.Run(part.name, part.run)
		}
		require.Equal(t, before, i.possessions(t), "something was changed by a request that was refused")
	})
}

// possessions are what no refused request may change.
func (i *integration) possessions(t *testing.T) any {
	t.Helper()
	var standing struct{ State, StateReason string }
	i.look(t, "state stateReason", &standing)
	alerts := map[string]string{}
	for subject, a := range i.alerts(t, "") {
		alerts[subject] = a.ID + " " + a.State
	}
	return []any{standing, i.keepsakes(t), alerts}
}

func authentication(t *testing.T, i *integration) {
	for name, header := range map[string]string{
		"unknown token": "Bearer fw_" + rand.Text(), "not ours": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "no token in it": "Bearer ",
		"another scheme": "Basic YWRtaW46YWRtaW4=", "part of a token": "Bearer " + i.Token[:20], "more than a token": "Bearer " + i.Token + "x",
	} {
		request, err := http.NewRequestWithContext(within(t), http.MethodPost, i.admin.URL, strings.NewReader(`{"query":"{ viewer { id } }"}`))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", header)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusUnauthorized, response.StatusCode, name)
		require.Contains(t, response.Header.Get("WWW-Authenticate"), "Bearer", name)
	}
	wrong := user{Client: drive.Client{URL: i.admin.URL, Token: "fw_wrong"}}
	requireRefused(t, wrong.post(t, "{ viewer { id } }", nil), "UNAUTHENTICATED")
	nobody := user{Client: drive.Client{URL: i.admin.URL}}
	for _, operation := range []string{
		"{ viewer { id } }", "{ workspace { id } }", "{ integrations { totalCount } }", "{ connectors { name } }",
		"{ node(id: \"" + i.id + "\") { id } }", "{ integration(id: \"" + i.id + "\") { id } }", "{ __schema { queryType { name } } }",
	} {
		answer := nobody.post(t, operation, nil)
		require.Len(t, answer.Errors, 1, operation)
		require.NotContains(t, string(answer.Data), i.id)
	}
	for _, who := range []user{nobody, wrong} {
		_, err := who.Subscribe(within(t), "subscription { alertEvents { cursor } }", nil)
		require.ErrorContains(t, err, "4401", "a socket without a valid token is closed")
	}
}

// malformedIDs asks for ids that no integration can have: there is no such thing.
func malformedIDs(t *testing.T, i *integration) {
	for _, id := range []string{"", "x", "int_", "int_'; DROP TABLE integrations", strings.Repeat("a", 10_000), i.tokenID} {
		answer := i.post(t, "query($id: ID!) { node(id: $id) { id } integration(id: $id) { id } }", vars{"id": id})
		require.Empty(t, answer.Errors, "id %.40q", id)
		require.JSONEq(t, `{"node": null, "integration": null}`, string(answer.Data))
	}
}

func codes(t *testing.T, answer drive.Answer) []string {
	t.Helper()
	var all []string
	for _, one := range refusals(t, answer) {
		all = append(all, one.Code)
	}
	return all
}

// nodes asks node(id) for entities that really came about; TestScenario23 asks for one of
// every type.
func nodes(t *testing.T, i *integration, types schema, ids map[string]string) {
	require.Subset(t, types.implementing("Node"), slices.Collect(maps.Keys(ids)))
	for typeName, id := range ids {
		var found struct {
			Node struct {
				Typename string `json:"__typename"`
				ID       string
			}
		}
		i.ask(t, "query($id: ID!) { node(id: $id) { __typename id } }", vars{"id": id}, &found)
		require.Equal(t, typeName, found.Node.Typename)
		require.Equal(t, id, found.Node.ID)
	}
}

// oneOfEach finds one entity of every type of nodes, and makes those that a quiet
// integration has none of.
func (i *integration) oneOfEach(t *testing.T) map[string]string {
	t.Helper()
	var found struct {
		ID      string
		Objects struct {
			Edges []struct {
				Node struct {
					ID     string
					Fields struct {
						Edges []struct{ Node struct{ ID string } }
					}
				}
			}
		}
		StandardFields []struct{ Mapping *struct{ ID string } }
		Runs           struct {
			Edges []struct {
				Node struct {
					ID      string
					Objects []struct{ ID string }
				}
			}
		}
		Alerts, PermissionChanges struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	i.look(t, `id objects(first: 1) { edges { node { id fields(first: 1) { edges { node { id } } } } } } standardFields { mapping { id } }
		runs(first: 1) { edges { node { id objects { id } } } } alerts(first: 1) { edges { node { id } } }
		permissionChanges(first: 1) { edges { node { id } } }`, &found)
	var entries struct {
		FeedEntries struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	i.ask(t, "{ feedEntries(first: 1) { edges { node { id } } } }", nil, &entries)
	return map[string]string{
		"Workspace": i.WorkspaceID(), "Integration": found.ID, "CrmObject": found.Objects.Edges[0].Node.ID,
		"CrmField": found.Objects.Edges[0].Node.Fields.Edges[0].Node.ID, "Mapping": found.StandardFields[0].Mapping.ID,
		"SyncRun": found.Runs.Edges[0].Node.ID, "RunObject": found.Runs.Edges[0].Node.Objects[0].ID,
		"Alert": found.Alerts.Edges[0].Node.ID, "PermissionChange": found.PermissionChanges.Edges[0].Node.ID,
		"FeedEntry": entries.FeedEntries.Edges[0].Node.ID,
		"Member":    i.member(t, i.WorkspaceID(), "somebody@example.com"), "FailedRecord": i.failedRecord(t, i.id, found.Runs.Edges[0].Node.ID),
		"Recipient": i.recipient(t, "ops@example.com"),
	}
}

// recipient adds a recipient of the workspace's mails.
func (u user) recipient(t *testing.T, address string) string {
	t.Helper()
	var added struct{ Recipients []struct{ ID string } }
	u.change(t, "addRecipients", "recipients { id }", vars{"addresses": address, "class": "EXTERNAL"}, &added)
	require.Len(t, added.Recipients, 1)
	return added.Recipients[0].ID
}

// member makes a member who never signed in.
func (s *site) member(t *testing.T, workspaceID, email string) (id string) {
	t.Helper()
	require.NoError(t, s.Store().WithTx(principal.System(t.Context(), workspaceID, "test"), func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Ent().Member.Create().SetWorkspaceID(workspaceID).SetCreatedAt(tx.Now()).SetEmail(email).SetEmailKey(email).
			SetRole(principal.RoleViewer).Save(ctx)
		if err == nil {
			id = row.ID
		}
		return err
	}))
	return id
}

// failedRecord makes a record that a run could not store.
func (s *site) failedRecord(t *testing.T, integrationID, runID string) (id string) {
	t.Helper()
	require.NoError(t, s.Store().WithTx(principal.System(t.Context(), s.WorkspaceID(), "test"), func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Ent().FailedRecord.Create().SetWorkspaceID(s.WorkspaceID()).SetCreatedAt(tx.Now()).SetLastSeenAt(tx.Now()).
			SetIntegrationID(integrationID).SetRunID(runID).SetObjectName("Contact").SetRecordID("003000000000001").
			SetFaultCode("INTERNAL").SetMessage("It could not be stored.").Save(ctx)
		if err == nil {
			id = row.ID
		}
		return err
	}))
	return id
}

// pages asks every list for pages that it does not give.
func pages(t *testing.T, s *site, types schema) {
	w := &walls{site: s, a: s.fillWorkspace(t, "canaryPages"), types: types}
	owner := s.somebody(t, w.a.workspaceID, principal.RoleOwner, nil)
	ask := func(list string, arguments vars) drive.Answer {
		t.Helper()
		object, f, _ := w.place(t, list)
		made := types.call(t, f, "{ pageInfo { endCursor } totalCount edges { cursor } }", func(path string, argument inputValue) (any, bool) {
			if argument.Type.named() == "ID" && argument.Type.nonNull() {
				return w.a.ids[w.tableOfArgument(t, path)], true
			}
			value, ok := arguments[path]
			return value, ok
		})
		kind, within := w.way(t, object, &made, w.a)
		return owner.user.post(t, made.document(kind, within), made.variables)
	}
	cursors := map[string]string{}
	for _, list := range w.connections() {
		answer := ask(list, vars{"first": 1})
		require.Empty(t, answer.Errors, list)
		_, after, _ := strings.Cut(string(answer.Data), `"endCursor":"`)
		cursors[list], _, _ = strings.Cut(after, `"`)
		require.NotEmpty(t, cursors[list], list)
	}
	require.Greater(t, len(cursors), 10)
	feedCursor := owner.user.feedCursor(t)
	for list := range cursors {
		for _, arguments := range []vars{{"first": 1000000}, {"first": 101}, {"first": 0}, {"first": -1}, {"last": 1000000}, {"last": 0}, {"first": 2, "last": 2}} {
			requireRefused(t, ask(list, arguments), "PAGE_SIZE")
		}
		for _, cursor := range []string{"", "x", "bm9uc2Vuc2U", "gaFp", strings.Repeat("A", 5000), feedCursor} {
			requireRefused(t, ask(list, vars{"after": cursor}), "CURSOR_INVALID")
			requireRefused(t, ask(list, vars{"before": cursor}), "CURSOR_INVALID")
		}
		for another, cursor := range cursors {
			if w.itemsOf(t, list) != w.itemsOf(t, another) {
				requireRefused(t, ask(list, vars{"after": cursor}), "CURSOR_INVALID")
			}
		}
	}
}

// itemsOf names the items of a list: a position in one list of them is one in the
// others, too.
func (w *walls) itemsOf(t *testing.T, list string) string {
	t.Helper()
	_, f, _ := w.place(t, list)
	// A match is of a member, and the history of settings is a part of the audit log.
	return strings.NewReplacer("UserMatch", "Member", "SettingsChange", "AuditEntry").Replace(f.Type.named())
}

func badSettings(t *testing.T, i *integration) {
	now := i.settings(t)
	try := func(version int, changes ...vars) drive.Answer {
		t.Helper()
		changes = append([]vars{}, changes...) // none is not null
		return i.try(t, "updateSettings", "settings { version }", vars{"expectedVersion": version, "changes": changes})
	}
	change := func(key string, value any) vars { return vars{"key": key, "value": value} }
	good := change("restrictedDataMode", true)
	conflict := requireRefused(t, try(now.Version-1, good), "CONFLICT")
	require.Equal(t, []string{"expectedVersion"}, conflict.Field)
	requireRefused(t, try(now.Version+1, good), "CONFLICT")
	requireRefused(t, try(now.Version), "BAD_INPUT")
	requireRefused(t, try(now.Version, good, change("restrictedDataMode", false)), "BAD_INPUT")
	for _, bad := range []vars{
		change("no.such.setting", true), change("", true), change("dataSync", "yes"), change("dataSync", 1), change("dataSync", []any{true}),
		change("autoSave.pipelineEntryStage", "No Such Stage"), change("autoSave.pipelineEntryStage", true), change("autoSave.pipelineEntryStage", vars{}),
	} {
		refused := requireRefused(t, try(now.Version, bad), "SETTING_INVALID")
		require.Equal(t, "changes", refused.Field[0], "%v", bad)
	}
	// One refusal per change, and the good one among them is not made either.
	answer := try(now.Version, good, change("nope", true), change("dataSync", "on"))
	require.Equal(t, []string{"SETTING_INVALID", "SETTING_INVALID"}, codes(t, answer))
	child := requireRefused(t, try(now.Version, change("contacts.create", false), change("contacts.create.bulk", true)), "SETTING_UNAVAILABLE")
	require.Equal(t, []string{"changes", "1", "value"}, child.Field)
	require.Equal(t, now, i.settings(t))
}

func idempotencyKeys(t *testing.T, i *integration) {
	recheck := func(key, object string) drive.Answer {
		t.Helper()
		return i.try(t, "recheckFields", "object { id }", vars{"idempotencyKey": key, "object": object})
	}
	for _, key := range []string{"", strings.Repeat("k", 201)} {
		require.Equal(t, []string{"idempotencyKey"}, requireRefused(t, recheck(key, "Contact"), "BAD_INPUT").Field)
	}
	key := rand.Text()
	first := recheck(key, "Contact")
	require.Empty(t, refusals(t, first))
	require.JSONEq(t, string(first.Data), string(recheck(key, "Contact").Data), "the same request again gets the same answer")
	requireRefused(t, recheck(key, "Lead"), "IDEMPOTENCY_MISMATCH")
	requireRefused(t, i.try(t, "runNow", "", vars{"idempotencyKey": key}), "IDEMPOTENCY_MISMATCH")
	// Another person's key is another key.
	colleague := i.site.user(t, i.WorkspaceID(), principal.RoleAdmin)
	require.Empty(t, refusals(t, colleague.attempt(t, "recheckFields", "", i.input(vars{"idempotencyKey": key, "object": "Account"}))))

	// Of many at once, one does the work and all get its answer.
	var all sync.WaitGroup
	answers := make([]string, 8)
	key = rand.Text()
	for n := range answers {
		all.Go(func() {
			answer, err := i.Post(t.Context(), mutation("setOAuthClient", "ok"), vars{"input": vars{
				"idempotencyKey": key,
				"connector":      connectorName, "environment": "SANDBOX", "clientId": "client", "clientSecret": "secret",
			}})
			if err == nil {
				answers[n] = string(answer.Data)
			}
		})
	}
	all.Wait()
	for _, answer := range answers {
		require.JSONEq(t, `{"setOAuthClient": {"ok": true, "userErrors": []}}`, answer)
	}
	effects, err := i.Store().Read().OAuthClient.Query().Count(principal.System(t.Context(), i.WorkspaceID(), "test"))
	require.NoError(t, err)
	require.Equal(t, 1, effects)
}

func badMappings(t *testing.T, i *integration) {
	mapField := func(standard, field string) drive.Answer {
		t.Helper()
		return i.try(t, "mapField", "", vars{"standardField": standard, "crmField": field})
	}
	for _, wrong := range []struct{ standard, field, code, at string }{
		{"no.such", "Title", "BAD_INPUT", "standardField"},
		{"", "", "BAD_INPUT", "standardField"},
		{"contact.title", "NoSuchField", "NOT_FOUND", "crmField"},
		{"contact.title", "", "NOT_FOUND", "crmField"},
	} {
		refused := requireRefused(t, mapField(wrong.standard, wrong.field), wrong.code)
		require.Equal(t, []string{wrong.at}, refused.Field)
	}
	requireRefused(t, mapField("contact.title", "Department"), "MAPPING_CONFLICT")
	require.Empty(t, refusals(t, mapField("contact.title", "Title")), "what is mapped already may be mapped again")
	requireRefused(t, i.try(t, "unmapField", "", vars{"standardField": "no.such", "reason": "test"}), "NOT_FOUND")
	requireRefused(t, i.try(t, "recheckFields", "", vars{"object": "NoSuchObject"}), "BAD_INPUT")
}

// wrongTime sends what is right at another time of an integration's life.
func wrongTime(t *testing.T, i *integration) {
	requireRefused(t, i.try(t, "finishOnboarding", "", nil), "INTEGRATION_STATE")
	requireRefused(t, i.try(t, "completeOnboardingStep", "", vars{"step": "SETTINGS"}), "INTEGRATION_STATE")
	requireRefused(t, i.try(t, "completeOnboardingStep", "", vars{"step": "AUTHORIZE"}), "BAD_INPUT")
	requireRefused(t, i.attempt(t, "startIntegration", "", vars{"connector": connectorName, "environment": "PRODUCTION"}), "INSTANCE_LIMIT")
	requireRefused(t, i.attempt(t, "startIntegration", "", vars{"connector": "hubspot", "environment": "PRODUCTION"}), "CONNECTOR_NOT_FOUND")
	for _, bad := range []vars{{"scheduleTime": "25:00"}, {"scheduleTime": "2am"}, {"scheduleZone": "Mars/Olympus"}} {
		bad["connector"], bad["environment"] = connectorName, "SANDBOX"
		requireRefused(t, i.attempt(t, "startIntegration", "", bad), "BAD_INPUT")
	}
}

func badDocuments(t *testing.T, i *integration) {
	for name, wrong := range map[string]struct {
		operation string
		variables vars
		code      string
	}{
		"syntax":           {"{ viewer { id }", nil, "GRAPHQL_PARSE_FAILED"},
		"unknown field":    {"{ nope }", nil, "GRAPHQL_VALIDATION_FAILED"},
		"missing variable": {"query($id: ID!) { node(id: $id) { id } }", nil, "GRAPHQL_VALIDATION_FAILED"},
		"unknown enum":     {`{ alerts(filter: {states: [NOPE]}) { totalCount } }`, nil, "GRAPHQL_VALIDATION_FAILED"},
		"too deep":         {"{ integrations { edges { node { alerts { edges { node { integration { alerts { edges { node { integration { alerts { edges { node { integration { alerts { edges { node { integration { id } } } } } } } } } } } } } } } } } } } }", nil, "QUERY_TOO_DEEP"},
		"too costly": {
			`{ integrations(first: 100) { edges { node { objects(first: 100) { edges { node { fields(first: 100) { edges { node { name } } } } } } } } } }`,
			nil, "QUERY_TOO_COMPLEX",
		},
	} {
		answer := i.post(t, wrong.operation, wrong.variables)
		require.Len(t, answer.Errors, 1, name)
		require.Equal(t, wrong.code, answer.Errors[0].Code(), name)
		require.NotEmpty(t, answer.Errors[0].Message, name)
	}
}
