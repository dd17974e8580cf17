package e2e

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/migrate"
	"github.com/fieldwarden/fieldwarden/internal/access"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/server"
)

// somebody is a principal of the matrix; a nil principal is nobody.
type somebody struct {
	name string
	user user
	who  *principal.Principal
}

// TestRolesAndOperations sends every root field of the schema, and every field that
// has a rule of its own, as every role, as a token of every single scope, and as
// nobody. What each gets is what the table of access says, and what is denied changes
// nothing and is recorded.
func TestRolesAndOperations(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{config: manyRequests})
		types := introspect(t, s.admin)
		integrationID := s.bareIntegration(t, s.WorkspaceID())
		calls, denied := 0, 0
		for _, one := range s.everybody(t) {
			tried := s.tryEverything(t, url, types, one, integrationID)
			calls += tried.calls
			denied += tried.denied
		}
		t.Logf("%d root fields and %d fields within as %d principals: %d calls, %d denied as the table says",
			len(types.rootFields()), len(withinRules()), len(s.everybody(t)), calls, denied)
	})
}

// membersOnly is what no program may do, whatever its scopes: it has no inbox.
const membersOnly = "Mutation.markInboxRead"

// signedIn makes a member of a workspace, an admin, and signs them in.
func (s *site) signedIn(t *testing.T, workspaceID, email string) user {
	t.Helper()
	ctx := principal.System(t.Context(), workspaceID, "test")
	require.NoError(t, s.Store().WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Member.Create().SetWorkspaceID(workspaceID).SetCreatedAt(tx.Now()).SetEmail(email).SetEmailKey(email).
			SetRole(principal.RoleAdmin).Exec(ctx)
	}))
	link, err := s.Auth().MemberLink(ctx, workspaceID, email)
	require.NoError(t, err)
	browser := newBrowser(t)
	_, err = browser.Submit(within(t), open(t, browser, link), nil)
	require.NoError(t, err)
	return user{Client: browser.Client(s.URL() + "/graphql")}
}

// manyRequests lifts the limits of a principal's requests: the tests send many.
func manyRequests(c *server.Config) {
	c.RateLimits.PerPrincipalPerSecond, c.RateLimits.Burst = 1e6, 1e6
}

// everybody makes a principal of each role, a token of each scope, and nobody.
func (s *site) everybody(t *testing.T) []somebody {
	t.Helper()
	all := []somebody{{name: "nobody", user: user{Client: drive.Client{URL: s.admin.URL}}}}
	for _, role := range principal.Role("").Values() {
		all = append(all, s.somebody(t, s.WorkspaceID(), principal.Role(role), nil))
	}
	for _, scope := range principal.Scope("").Values() {
		role := principal.RoleAdmin
		if !slices.Contains(role.Scopes(), principal.Scope(scope)) {
			role = principal.RoleCSM
		}
		all = append(all, s.somebody(t, s.WorkspaceID(), role, []principal.Scope{principal.Scope(scope)}))
	}
	return all
}

// somebody makes a token as no operator would issue it: of any role, with any scopes.
func (s *site) somebody(t *testing.T, workspaceID string, role principal.Role, scopes []principal.Scope) somebody {
	t.Helper()
	token := "fw_" + rand.Text() + rand.Text()
	hash := sha256.Sum256([]byte(token))
	who := principal.Principal{Kind: principal.KindService, WorkspaceID: workspaceID, Role: role, Scopes: scopes}
	ctx := principal.System(t.Context(), workspaceID, "test")
	var id string
	require.NoError(t, s.Store().WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		create := tx.Ent().ApiToken.Create().SetWorkspaceID(workspaceID).SetCreatedAt(tx.Now()).SetName("test " + rand.Text()).
			SetRole(role).SetHash(hash[:])
		if scopes != nil {
			create.SetScopes(scopes)
		}
		row, err := create.Save(ctx)
		if err == nil {
			id = row.ID
		}
		return err
	}))
	who.ID = id
	name := string(role)
	if scopes != nil {
		name = fmt.Sprintf("token %v", scopes)
	}
	return somebody{name: name, who: &who, user: user{Client: drive.Client{URL: s.admin.URL, Token: token}, tokenID: id}}
}

// bareIntegration is a row that nothing stands behind.
func (s *site) bareIntegration(t *testing.T, workspaceID string) (id string) {
	t.Helper()
	ctx := principal.System(t.Context(), workspaceID, "test")
	require.NoError(t, s.Store().WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Ent().Integration.Create().SetWorkspaceID(workspaceID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector(connectorName).SetEnvironment(crm.Sandbox).SetScheduleTime("02:00").SetScheduleZone("UTC").Save(ctx)
		if err == nil {
			id = row.ID
		}
		return err
	}))
	return id
}

// attempted is one call of the matrix.
type attempted struct {
	rule access.Rule
	kind string
	// action is what a denial's audit entry names.
	action string
	call   call
	within string
}

type tally struct{ calls, denied int }

// tryEverything sends what the principal may not do first: it must change nothing.
func (s *site) tryEverything(t *testing.T, url string, types schema, one somebody, integrationID string) tally {
	t.Helper()
	var refused, allowed []attempted
	for _, try := range append(rootAttempts(t, types), withinAttempts(t, types, one, integrationID)...) {
		if one.who == nil || !try.rule.Allows(*one.who) {
			refused = append(refused, try)
		} else {
			allowed = append(allowed, try)
		}
	}
	before := rowCounts(t, url)
	for _, try := range refused {
		errs := s.send(t, one, try)
		if one.who == nil {
			require.Equal(t, []string{"UNAUTHENTICATED"}, codesOf(errs), "%s: %s", one.name, try.rule.Operation)
			continue
		}
		require.Len(t, errs, 1, "%s: %s", one.name, try.rule.Operation)
		require.Equal(t, "FORBIDDEN", errs[0].Code(), "%s: %s", one.name, try.rule.Operation)
		require.Equal(t, string(try.rule.Scope), errs[0].Extensions["scope"], "%s: %s", one.name, try.rule.Operation)
		require.NotEmpty(t, errs[0].Extensions["hint"])
	}
	require.Equal(t, before, rowCounts(t, url), "%s changed something by what was denied", one.name)
	if one.who == nil {
		return tally{len(refused), len(refused)}
	}
	s.requireDenials(t, one, refused)
	failed := 0
	for _, try := range allowed {
		errs := s.send(t, one, try)
		if string(try.rule.Operation) == membersOnly {
			require.Equal(t, []string{"FORBIDDEN"}, codesOf(errs))
			require.Contains(t, errs[0].Message, "Only a member")
			continue
		}
		require.NotContains(t, codesOf(errs), "FORBIDDEN", "%s: %s", one.name, try.rule.Operation)
		require.NotContains(t, codesOf(errs), "UNAUTHENTICATED", "%s: %s", one.name, try.rule.Operation)
		if try.kind == "mutation" && len(errs) > 0 {
			failed++
		}
	}
	entries := s.entriesOf(t, one, crm.AuditFailed)
	require.Len(t, entries, failed, "%s: each mutation that failed is recorded once: %v", one.name, entries)
	return tally{len(refused) + len(allowed), len(refused)}
}

// rootAttempts is a small valid document for every root field.
func rootAttempts(t *testing.T, types schema) (all []attempted) {
	t.Helper()
	fields := types.rootFields()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		rule, ok := access.Of(access.Operation(name))
		require.True(t, ok, "%s is missing from the table", name)
		root, field, _ := strings.Cut(name, ".")
		made := types.call(t, fields[name], "", func(path string, value inputValue) (any, bool) {
			// A token gives what its maker has.
			if grant, ok := map[string]any{"input.scopes": []string{"MANAGE_TOKENS"}, "input.role": "ADMIN"}[path]; ok && field == "createServiceToken" {
				return grant, true
			}
			// So that a subscription that may begin ends at once.
			return "no cursor", root == "Subscription" && value.Type.named() == "FeedCursor"
		})
		if root == "Mutation" {
			made.selection = "{ userErrors { code message } }"
		}
		all = append(all, attempted{rule: rule, kind: strings.ToLower(root), action: field, call: made})
	}
	return all
}

// withinRules are the rules of fields that are not root fields.
func withinRules() (rules []access.Rule) {
	for _, rule := range access.Table() {
		if !rule.Operation.Root() && !strings.HasPrefix(string(rule.Operation), access.ExportPrefix) {
			rules = append(rules, rule)
		}
	}
	return rules
}

// withinAttempts reach every field that has a rule of its own: of an entity through
// node(id), of a payload through its mutation. Only principals that may take the way
// there can show what the field itself needs.
func withinAttempts(t *testing.T, types schema, one somebody, integrationID string) (all []attempted) {
	t.Helper()
	for _, rule := range withinRules() {
		object, fieldName, _ := strings.Cut(string(rule.Operation), ".")
		at := slices.IndexFunc(types[object].Fields, func(f fieldDef) bool { return f.Name == fieldName })
		require.GreaterOrEqual(t, at, 0, rule.Operation)
		made := types.call(t, types[object].Fields[at], "", func(string, inputValue) (any, bool) { return nil, false })
		if slices.Contains(types.implementing("Node"), object) {
			way, _ := access.Of("Query.node")
			if one.who != nil && way.Allows(*one.who) {
				made.declared, made.variables["id"] = append(made.declared, "$id: ID!"), integrationID
				all = append(all, attempted{rule: rule, kind: "query", action: string(rule.Operation), call: made, within: "node(id: $id) { ... on " + object + " { %s } }"})
			}
			continue
		}
		way := slices.IndexFunc(types["Mutation"].Fields, func(f fieldDef) bool { return f.Type.named() == object })
		require.GreaterOrEqual(t, way, 0, "the walker does not know how to reach %s", rule.Operation)
		mutation := types["Mutation"].Fields[way]
		root, _ := access.Of(access.Operation("Mutation." + mutation.Name))
		if one.who != nil && root.Allows(*one.who) {
			around := types.call(t, mutation, "{ "+made.field+" "+made.selection+" userErrors { code message } }", func(string, inputValue) (any, bool) { return nil, false })
			all = append(all, attempted{rule: rule, kind: "mutation", action: mutation.Name, call: around})
		}
	}
	return all
}

// send makes one call and returns all that was wrong, userErrors too.
func (s *site) send(t *testing.T, one somebody, try attempted) []drive.Error {
	t.Helper()
	document := try.call.document(try.kind, try.within)
	if try.kind != "subscription" {
		answer := one.user.post(t, document, keyedIn(try.call.variables))
		errs := answer.Errors
		for _, refused := range refusals(t, answer) {
			if !refused.TopLevel {
				errs = append(errs, drive.Error{Message: refused.Message, Extensions: map[string]any{"code": refused.Code}})
			}
		}
		return errs
	}
	followed, err := one.user.Subscribe(within(t), document, try.call.variables)
	if err != nil {
		require.ErrorContains(t, err, "4401", document)
		return []drive.Error{{Extensions: map[string]any{"code": "UNAUTHENTICATED"}}}
	}
	defer followed.Close()
	var refused drive.Error
	require.ErrorAs(t, followed.Next(within(t), &struct{}{}), &refused, document)
	return []drive.Error{refused}
}

// keyedIn gives an input an idempotency key of its own.
func keyedIn(variables vars) vars {
	input, ok := variables["input"].(vars)
	if !ok {
		return variables
	}
	with := maps.Clone(variables)
	fresh := maps.Clone(input)
	fresh["idempotencyKey"] = rand.Text()
	with["input"] = fresh
	return with
}

func codesOf(errs []drive.Error) []string {
	all := []string{}
	for _, one := range errs {
		all = append(all, one.Code())
	}
	return all
}

// requireDenials asserts that each denial left one audit entry.
func (s *site) requireDenials(t *testing.T, one somebody, refused []attempted) {
	t.Helper()
	want := []string{}
	for _, try := range refused {
		want = append(want, try.action)
	}
	require.ElementsMatch(t, want, s.entriesOf(t, one, crm.AuditDenied), one.name)
}

// entriesOf lists the actions of a principal's audit entries with an outcome.
func (s *site) entriesOf(t *testing.T, one somebody, outcome crm.AuditOutcome) []string {
	t.Helper()
	rows, err := s.Store().Read().AuditEntry.Query().All(principal.System(t.Context(), one.who.WorkspaceID, "test"))
	require.NoError(t, err)
	actions := []string{}
	for _, row := range rows {
		if row.Actor == one.who.ID && row.Outcome == outcome {
			actions = append(actions, row.Action)
		}
	}
	return actions
}

// rowCounts counts the rows of every table but the audit's.
func rowCounts(t *testing.T, url string) []string {
	t.Helper()
	var counts []string
	for _, table := range migrate.Tables {
		if table != migrate.AuditEntriesTable {
			counts = append(counts, fmt.Sprintf("SELECT '%s ' || count(*) FROM %s", table.Name, table.Name))
		}
	}
	return query(t, url, strings.Join(counts, " UNION ALL "))
}

// TestATokenWithoutReadGoesNowhereElse: what an operation answers with is shown; from
// there a token that may not read goes on to nothing, and its mutation is refused
// before it runs when its answer asks for more.
func TestATokenWithoutReadGoesNowhereElse(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.AnyURL(t), siteOptions{config: manyRequests})
	id := s.bareIntegration(t, s.WorkspaceID())
	configurer := s.somebody(t, s.WorkspaceID(), principal.RoleAdmin, []principal.Scope{principal.ScopeConfigure})
	set := func(selection string) drive.Answer {
		return configurer.user.attempt(t, "updateSettings", selection, vars{
			"integrationId": id, "expectedVersion": 1, "changes": []vars{{"key": "restrictedDataMode", "value": true}},
		})
	}
	require.Equal(t, "READ_SETTINGS", set("settings { version }").Errors[0].Extensions["scope"])
	require.Equal(t, "READ_SETTINGS", set("... on UpdateSettingsPayload { also: settings { version } }").Errors[0].Extensions["scope"])
	pause := func(selection string) drive.Answer {
		return configurer.user.attempt(t, "pauseIntegration", selection, vars{"integrationId": id})
	}
	require.Equal(t, "READ", pause("integration { runs { totalCount } }").Errors[0].Extensions["scope"])
	require.Equal(t, "READ_SETTINGS", pause("integration { settings { version } }").Errors[0].Extensions["scope"])
	require.NotContains(t, codesOf(pause("integration { id state }").Errors), "FORBIDDEN")
	require.Equal(t, []string{"updateSettings", "updateSettings", "pauseIntegration", "pauseIntegration"}, s.entriesOf(t, configurer, crm.AuditDenied))
}

// TestTheFeedHidesSettingsFromViewers in lists, counts and single nodes.
func TestTheFeedHidesSettingsFromViewers(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.AnyURL(t), siteOptions{config: manyRequests})
	id := s.bareIntegration(t, s.WorkspaceID())
	ctx := principal.System(t.Context(), s.WorkspaceID(), "test")
	for _, kind := range []string{"settings", "integration", "settings"} {
		require.NoError(t, s.Store().WithTx(ctx, func(_ context.Context, tx *store.Tx) error {
			tx.Feed(store.FeedItem{WorkspaceID: s.WorkspaceID(), Kind: kind, IntegrationID: id, SubjectID: id})
			return nil
		}))
	}
	type page struct {
		FeedEntries struct {
			TotalCount int
			Edges      []struct{ Node struct{ ID, Kind string } }
		}
	}
	const entries = `{ feedEntries(first: 100) { totalCount edges { node { id kind } } } }`
	var whole, shown page
	s.admin.ask(t, entries, nil, &whole)
	require.Equal(t, 3, whole.FeedEntries.TotalCount)
	viewer := s.somebody(t, s.WorkspaceID(), principal.RoleViewer, nil)
	viewer.user.ask(t, entries, nil, &shown)
	require.Equal(t, 1, shown.FeedEntries.TotalCount)
	require.Len(t, shown.FeedEntries.Edges, 1)
	require.Equal(t, "integration", shown.FeedEntries.Edges[0].Node.Kind)
	for _, edge := range whole.FeedEntries.Edges {
		var node struct{ Node *struct{ ID string } }
		viewer.user.ask(t, "query($id: ID!) { node(id: $id) { id } }", vars{"id": edge.Node.ID}, &node)
		require.Equal(t, edge.Node.Kind == "settings", node.Node == nil)
	}
}
