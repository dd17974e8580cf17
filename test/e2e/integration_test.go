package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
)

// integration is one integration as an admin of its workspace sees it.
type integration struct {
	*site
	user
	id string
}

// start begins to connect and returns the integration and its sign-in link.
func (s *site) start(t *testing.T, who user, environment string) (*integration, string) {
	t.Helper()
	var started struct {
		Integration struct{ ID string }
		SignInURL   string
	}
	input := vars{"connector": s.vendor.connector, "environment": environment}
	if s.simulated != nil {
		input["config"] = s.simulated.Config
	}
	who.change(t, "startIntegration", "integration { id } signInUrl", input, &started)
	return &integration{site: s, user: who, id: started.Integration.ID}, started.SignInURL
}

// signIn opens a sign-in link in a new browser and presses a button of the consent
// page; it returns the page that the browser ends at.
func signIn(t *testing.T, link, decision string) drive.Page {
	t.Helper()
	browser, err := drive.NewBrowser()
	require.NoError(t, err)
	consent, err := browser.Open(within(t), link)
	require.NoError(t, err)
	page, err := browser.Decide(within(t), consent, decision)
	require.NoError(t, err)
	return page
}

// connect connects the admin's workspace and waits for the onboarding check.
func (s *site) connect(t *testing.T, environment string) *integration {
	t.Helper()
	i, link := s.start(t, s.admin, environment)
	page := signIn(t, link, "approve")
	require.Equal(t, http.StatusOK, page.Status, page.Body)
	eventually(t, "the onboarding check", func() bool { return i.stepDone(t, "CHECK") })
	return i
}

// active connects and finishes the onboarding; its first run has ended.
func (s *site) active(t *testing.T) *integration {
	t.Helper()
	i := s.connect(t, "PRODUCTION")
	i.decideAll(t)
	i.finish(t)
	require.Equal(t, "SUCCEEDED", i.runEnds(t, 1).Status)
	return i
}

func (i *integration) stepDone(t *testing.T, step string) bool {
	t.Helper()
	var found struct {
		Onboarding []struct {
			Step string
			Done bool
		}
	}
	i.look(t, "onboarding { step done }", &found)
	return slices.ContainsFunc(found.Onboarding, func(s struct {
		Step string
		Done bool
	},
	) bool {
		return s.Step == step && s.Done
	})
}

// look queries fields of the integration.
func (i *integration) look(t *testing.T, selection string, out any) {
	t.Helper()
	found := struct{ Integration any }{out}
	i.ask(t, "query($id: ID!) { integration(id: $id) { "+selection+" } }", vars{"id": i.id}, &found)
}

// do sends a mutation about the integration that must succeed.
func (i *integration) do(t *testing.T, name, selection string, input vars, out any) {
	t.Helper()
	i.change(t, name, selection, i.input(input), out)
}

// try sends a mutation about the integration and returns the answer.
func (i *integration) try(t *testing.T, name, selection string, input vars) drive.Answer {
	t.Helper()
	return i.attempt(t, name, selection, i.input(input))
}

// input adds the integration's id to a mutation's input.
func (i *integration) input(input vars) vars {
	input = keyed(input)
	input["integrationId"] = i.id
	return input
}

// decideAll decides every setting and completes the two steps that an admin
// completes.
func (i *integration) decideAll(t *testing.T) {
	t.Helper()
	i.do(t, "updateSettings", "", vars{"expectedVersion": i.settings(t).Version, "changes": i.decisions(t)}, nil)
	for _, step := range []string{"SETTINGS", "STANDARDIZATION"} {
		i.do(t, "completeOnboardingStep", "", vars{"step": step}, nil)
	}
}

func (i *integration) finish(t *testing.T) {
	t.Helper()
	var done struct{ Integration struct{ State string } }
	i.do(t, "finishOnboarding", "integration { state }", nil, &done)
	require.Equal(t, "ACTIVE", done.Integration.State)
}

type settings struct {
	Version int
	Groups  []struct{ Settings []setting }
}

type setting struct {
	Key, UnavailableReason, UnavailableMessage string
	Value, EffectiveValue                      any
	Decided, Available                         bool
	Options                                    []struct{ Value string }
}

func (i *integration) settings(t *testing.T) settings {
	t.Helper()
	var found struct{ Settings settings }
	i.look(t, "settings { version groups { settings { key value effectiveValue decided available unavailableReason unavailableMessage options { value } } } }", &found)
	return found.Settings
}

// setting is one setting by its key.
func (s settings) setting(t *testing.T, key string) setting {
	t.Helper()
	for _, group := range s.Groups {
		for _, one := range group.Settings {
			if one.Key == key {
				return one
			}
		}
	}
	require.FailNow(t, "there is no setting "+key)
	return setting{}
}

// decisions decide each setting, some on, some off.
func (i *integration) decisions(t *testing.T) []vars {
	t.Helper()
	stages := i.settings(t).setting(t, "autoSave.pipelineEntryStage").Options
	require.NotEmpty(t, stages, "the stage list comes from the CRM")
	return []vars{
		{"key": "dataSync", "value": true},
		{"key": "autoSave.enabled", "value": true},
		{"key": "autoSave.pipelineEntryStage", "value": stages[0].Value},
		{"key": "contacts.create", "value": true},
		{"key": "contacts.create.bulk", "value": false},
		{"key": "contacts.create.emailRequired", "value": true},
		{"key": "restrictedDataMode", "value": false},
	}
}

type run struct {
	ID, Kind, Status, Reason string
	CRMCalls                 int
	Problem                  *struct{ Code, Side, Hint string }
	Counters                 struct{ Read, Created, Updated, Deleted, Skipped, Failed int }
	Objects                  []struct{ Name, Status, Reason string }
}

// runs are the integration's runs, newest first.
func (i *integration) runs(t *testing.T) []run {
	t.Helper()
	var found struct {
		Runs struct{ Edges []struct{ Node run } }
	}
	i.look(t, `runs(first: 20) { edges { node { id kind status reason crmCalls problem { code side hint }
		counters { read created updated deleted skipped failed } objects { name status reason } } } }`, &found)
	all := make([]run, len(found.Runs.Edges))
	for n, edge := range found.Runs.Edges {
		all[n] = edge.Node
	}
	return all
}

// runEnds waits until there are n runs and the newest has ended, and returns it.
func (i *integration) runEnds(t *testing.T, n int) run {
	t.Helper()
	eventually(t, fmt.Sprintf("run %d ends", n), func() bool {
		var found struct {
			Runs struct {
				TotalCount int
				Edges      []struct{ Node struct{ Status string } }
			}
		}
		i.look(t, "runs(first: 1) { totalCount edges { node { status } } }", &found)
		return found.Runs.TotalCount >= n && found.Runs.Edges[0].Node.Status != "QUEUED" && found.Runs.Edges[0].Node.Status != "RUNNING"
	})
	return i.runs(t)[0]
}

// runNow makes a manual run and waits for its end.
func (i *integration) runNow(t *testing.T) run {
	t.Helper()
	before := len(i.runs(t))
	i.do(t, "runNow", "run { id }", nil, nil)
	return i.runEnds(t, before+1)
}

// check asks for a check of all objects and of the connection.
func (i *integration) check(t *testing.T) {
	t.Helper()
	i.do(t, "checkIntegration", "", nil, nil)
}

type object struct {
	ID, Name, Status, Cause, StaleReason, CheckedAt string
	Stale                                           bool
	FieldCounts                                     struct{ ActiveStandardized, Active, ErrorStandardized, Inaccessible int }
}

// objects are the package's objects by name.
func (i *integration) objects(t *testing.T) map[string]object {
	t.Helper()
	var found struct {
		Objects struct{ Edges []struct{ Node object } }
	}
	i.look(t, `objects(first: 50) { edges { node { id name status cause stale staleReason checkedAt
		fieldCounts { activeStandardized active errorStandardized inaccessible } } } }`, &found)
	require.NotEmpty(t, found.Objects.Edges)
	all := map[string]object{}
	for _, edge := range found.Objects.Edges {
		all[edge.Node.Name] = edge.Node
	}
	return all
}

type field struct {
	ID, Name, Status, Cause, StandardField string
	Hideable                               bool
}

// fields lists an object's fields by name; arguments narrow the list.
func (i *integration) fields(t *testing.T, objectName, arguments string) map[string]field {
	t.Helper()
	all := map[string]field{}
	after := "null"
	for {
		var found struct {
			Object struct {
				Fields struct {
					PageInfo struct {
						HasNextPage bool
						EndCursor   string
					}
					Edges []struct{ Node field }
				}
			}
		}
		i.look(t, fmt.Sprintf(`object(name: %q) { fields(first: 100, after: %s, %s) { pageInfo { hasNextPage endCursor }
			edges { node { id name status cause standardField hideable } } } }`, objectName, after, arguments), &found)
		for _, edge := range found.Object.Fields.Edges {
			all[edge.Node.Name] = edge.Node
		}
		if !found.Object.Fields.PageInfo.HasNextPage {
			return all
		}
		after = fmt.Sprintf("%q", found.Object.Fields.PageInfo.EndCursor)
	}
}

type alert struct {
	ID, Rule, Severity, State, ObjectName, FieldName, Cause, Title, Evidence, Resolution string
	Occurrences                                                                          int
	Affected                                                                             []struct{ Title string }
	Fix                                                                                  *struct {
		Steps         []string
		DeepLink, Who string
	}
}

// subject is the object, or the field with its object, that an alert is about.
func (a alert) subject() string { return strings.TrimSuffix(a.ObjectName+"."+a.FieldName, ".") }

const alertFields = `id rule severity state objectName fieldName cause title evidence resolution occurrences
	affected { title } fix { steps deepLink who }`

// alerts are the integration's alerts by what they are about.
func (i *integration) alerts(t *testing.T, arguments string) map[string]alert {
	t.Helper()
	var found struct {
		Alerts struct{ Edges []struct{ Node alert } }
	}
	i.look(t, "alerts(first: 100"+arguments+") { edges { node { "+alertFields+" } } }", &found)
	all := map[string]alert{}
	for _, edge := range found.Alerts.Edges {
		all[edge.Node.subject()] = edge.Node
	}
	return all
}

// openAlerts are the alerts that are not resolved.
func (i *integration) openAlerts(t *testing.T) map[string]alert {
	t.Helper()
	return i.alerts(t, ", filter: {states: [OPEN, REOPENED]}")
}

type alertEvent struct {
	AlertEvents struct {
		Cursor, Event string
		Alert         alert
	}
}

// alertEvents follows the integration's alerts, after a cursor when there is one.
func (i *integration) alertEvents(t *testing.T, after string) *drive.Subscription {
	t.Helper()
	variables := vars{"id": i.id, "after": nil}
	if after != "" {
		variables["after"] = after
	}
	followed, err := i.Subscribe(within(t), `subscription($id: ID!, $after: FeedCursor) {
		alertEvents(integrationId: $id, after: $after) { cursor event alert { `+alertFields+` } } }`, variables)
	require.NoError(t, err)
	t.Cleanup(followed.Close)
	return followed
}

// nextAlert waits for the next event of a subscription.
func nextAlert(t *testing.T, followed *drive.Subscription) (event, subject, cursor string) {
	t.Helper()
	var one alertEvent
	require.NoError(t, followed.Next(within(t), &one))
	return one.AlertEvents.Event, one.AlertEvents.Alert.subject(), one.AlertEvents.Cursor
}

// feedCursor is where the workspace's feed stands.
func (u user) feedCursor(t *testing.T) string {
	t.Helper()
	var found struct{ Workspace struct{ FeedCursor string } }
	u.ask(t, "{ workspace { feedCursor } }", nil, &found)
	return found.Workspace.FeedCursor
}
