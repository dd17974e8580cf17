package drive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"
)

// askPause is the pause between two questions about something that goes on by
// itself.
const askPause = 50 * time.Millisecond

// Until asks until the answer is yes, fails, or ctx ends.
func Until(ctx context.Context, ask func(ctx context.Context) (done bool, err error)) error {
	ticker := time.NewTicker(askPause)
	defer ticker.Stop()
	for {
		done, err := ask(ctx)
		if done || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("drive: waiting: %w", context.Cause(ctx))
		}
	}
}

// Integration is an integration as its admin drives it.
type Integration struct {
	Client Client
	ID     string
}

// Connect starts an integration with a connector's production CRM and approves
// it on the CRM's consent page. The configuration may be nil.
func Connect(ctx context.Context, client Client, connector string, config map[string]any) (Integration, error) {
	var started struct {
		StartIntegration struct {
			Integration struct{ ID string }
			SignInURL   string
		}
	}
	err := client.Do(ctx, `mutation($key: String!, $connector: String!, $config: JSON) {
		startIntegration(input: {idempotencyKey: $key, connector: $connector, environment: PRODUCTION, config: $config}) {
			integration { id } signInUrl userErrors { code message field }
		}
	}`, map[string]any{"key": "drive-start-" + connector, "connector": connector, "config": config}, &started)
	if err != nil {
		return Integration{}, err
	}
	browser, err := NewBrowser()
	if err != nil {
		return Integration{}, err
	}
	consent, err := browser.Open(ctx, started.StartIntegration.SignInURL)
	if err != nil {
		return Integration{}, err
	}
	page, err := browser.Decide(ctx, consent, "approve")
	if err != nil {
		return Integration{}, err
	}
	if page.Status != http.StatusOK {
		return Integration{}, fmt.Errorf("drive: the sign-in ended at %s with status %d", page.URL.Path, page.Status)
	}
	return Integration{Client: client, ID: started.StartIntegration.Integration.ID}, nil
}

// Onboard connects an integration and takes it through the whole onboarding:
// checked, every setting decided, standardized, and ACTIVE with its first run
// under way.
func Onboard(ctx context.Context, client Client, connector string, config map[string]any) (Integration, error) {
	i, err := Connect(ctx, client, connector, config)
	if err != nil {
		return i, err
	}
	if err := Until(ctx, i.Checked); err != nil {
		return i, fmt.Errorf("drive: onboarding check: %w", err)
	}
	if err := Until(ctx, i.decide); err != nil {
		return i, fmt.Errorf("drive: settings: %w", err)
	}
	for _, step := range []string{"SETTINGS", "STANDARDIZATION"} {
		if err := i.CompleteStep(ctx, step); err != nil {
			return i, fmt.Errorf("drive: step %s: %w", step, err)
		}
	}
	return i, i.FinishOnboarding(ctx, "drive-finish"+i.ID)
}

// CompleteStep completes a step of the onboarding that is its admin's to complete.
func (i Integration) CompleteStep(ctx context.Context, step string) error {
	return i.do(ctx, `mutation($id: ID!, $key: String!, $step: OnboardingStep!) {
		completeOnboardingStep(input: {idempotencyKey: $key, integrationId: $id, step: $step}) { userErrors { code message field } }
	}`, map[string]any{"key": "drive-" + step + i.ID, "step": step}, nil)
}

// FinishOnboarding makes the integration ACTIVE; its first run is then under way.
func (i Integration) FinishOnboarding(ctx context.Context, idempotencyKey string) error {
	return i.do(ctx, `mutation($id: ID!, $key: String!) {
		finishOnboarding(input: {idempotencyKey: $key, integrationId: $id}) { userErrors { code message field } }
	}`, map[string]any{"key": idempotencyKey}, nil)
}

// do sends an operation about the integration, as $id.
func (i Integration) do(ctx context.Context, operation string, variables map[string]any, out any) error {
	all := map[string]any{"id": i.ID}
	maps.Copy(all, variables)
	return i.Client.Do(ctx, operation, all, out)
}

// Checked reports whether the onboarding check is over: every object has its verdict,
// and the choices of settings were fetched.
func (i Integration) Checked(ctx context.Context) (bool, error) {
	var found struct {
		Integration struct {
			Onboarding []struct {
				Step string
				Done bool
			}
		}
	}
	if err := i.do(ctx, `query($id: ID!) { integration(id: $id) { onboarding { step done } } }`, nil, &found); err != nil {
		return false, err
	}
	for _, step := range found.Integration.Onboarding {
		if step.Step == "CHECK" {
			return step.Done, nil
		}
	}
	return false, nil
}

// decide switches every undecided setting on, or takes its first option. It is not
// done while the options have yet to be fetched from the CRM.
func (i Integration) decide(ctx context.Context) (done bool, err error) {
	var found struct {
		Integration struct {
			Settings struct {
				Version int
				Groups  []struct {
					Settings []struct {
						Key, Type string
						Decided   bool
						Options   []struct{ Value string }
					}
				}
			}
		}
	}
	err = i.do(ctx, `query($id: ID!) {
		integration(id: $id) { settings { version groups { settings { key type decided options { value } } } } }
	}`, nil, &found)
	if err != nil {
		return false, err
	}
	var changes []map[string]any
	for _, group := range found.Integration.Settings.Groups {
		for _, one := range group.Settings {
			switch {
			case one.Decided:
			case one.Type == "BOOLEAN":
				changes = append(changes, map[string]any{"key": one.Key, "value": true})
			case len(one.Options) > 0:
				changes = append(changes, map[string]any{"key": one.Key, "value": one.Options[0].Value})
			default:
				return false, nil
			}
		}
	}
	return true, i.do(ctx, `mutation($id: ID!, $key: String!, $version: Int!, $changes: [SettingChangeInput!]!) {
		updateSettings(input: {idempotencyKey: $key, integrationId: $id, expectedVersion: $version, changes: $changes}) {
			userErrors { code message field }
		}
	}`, map[string]any{"key": "drive-settings" + i.ID, "version": found.Integration.Settings.Version, "changes": changes}, nil)
}

// Objects lists the names of the package's objects.
func (i Integration) Objects(ctx context.Context) ([]string, error) {
	var found struct {
		Integration struct {
			Objects struct {
				Edges []struct{ Node struct{ Name string } }
			}
		}
	}
	err := i.do(ctx, `query($id: ID!) { integration(id: $id) { objects(first: 100) { edges { node { name } } } } }`, nil, &found)
	names := make([]string, len(found.Integration.Objects.Edges))
	for n, edge := range found.Integration.Objects.Edges {
		names[n] = edge.Node.Name
	}
	return names, err
}

// Run is a run as its admin sees it.
type Run struct {
	ID, Kind, LocalDate, Status, Phase, Reason string
	CRMCalls                                   int
	Counters                                   Counters
	StartedAt, FinishedAt                      *time.Time
}

// Counters count a run's records.
type Counters struct{ Read, Created, Updated, Deleted, Skipped, Failed int }

// Ended reports whether the run goes no further. One that a limit stopped goes on by
// itself until it has been finished, so the status alone does not tell.
func (r Run) Ended() bool { return r.FinishedAt != nil }

// Runs lists the integration's runs, at most 100, newest first.
func (i Integration) Runs(ctx context.Context) ([]Run, error) {
	var found struct {
		Integration struct {
			Runs struct{ Edges []struct{ Node Run } }
		}
	}
	err := i.do(ctx, `query($id: ID!) { integration(id: $id) { runs(first: 100) { edges { node {
		id kind localDate status phase reason crmCalls startedAt finishedAt
		counters { read created updated deleted skipped failed }
	} } } } }`, nil, &found)
	runs := make([]Run, len(found.Integration.Runs.Edges))
	for n, edge := range found.Integration.Runs.Edges {
		runs[n] = edge.Node
	}
	return runs, err
}

// RunEnds waits until the integration has n runs of which none is active, and
// returns the newest.
func (i Integration) RunEnds(ctx context.Context, n int) (newest Run, err error) {
	err = Until(ctx, func(ctx context.Context) (bool, error) {
		runs, err := i.Runs(ctx)
		if err != nil || len(runs) < n {
			return false, err
		}
		newest = runs[0]
		return newest.Ended(), nil
	})
	return newest, err
}

// RunNow starts a manual run and returns its id.
func (i Integration) RunNow(ctx context.Context, idempotencyKey string) (string, error) {
	var started struct {
		RunNow struct{ Run *struct{ ID string } }
	}
	err := i.do(ctx, `mutation($id: ID!, $key: String!) {
		runNow(input: {idempotencyKey: $key, integrationId: $id}) { run { id } userErrors { code message field } }
	}`, map[string]any{"key": idempotencyKey}, &started)
	if err != nil {
		return "", err
	}
	if started.RunNow.Run == nil {
		return "", errors.New("drive: runNow answered without a run")
	}
	return started.RunNow.Run.ID, nil
}

// NextRunAt is when the next daily run is due.
func (i Integration) NextRunAt(ctx context.Context) (time.Time, error) {
	var found struct{ Integration struct{ NextRunAt time.Time } }
	err := i.do(ctx, `query($id: ID!) { integration(id: $id) { nextRunAt } }`, nil, &found)
	return found.Integration.NextRunAt, err
}

// RecheckFields checks one object's fields now; it fails unless the CRM
// answered.
func (i Integration) RecheckFields(ctx context.Context, object, idempotencyKey string) error {
	var checked struct {
		RecheckFields struct {
			Object *struct {
				Stale       bool
				StaleReason string
			}
		}
	}
	err := i.do(ctx, `mutation($id: ID!, $object: String!, $key: String!) {
		recheckFields(input: {idempotencyKey: $key, integrationId: $id, object: $object}) {
			object { stale staleReason } userErrors { code message field }
		}
	}`, map[string]any{"object": object, "key": idempotencyKey}, &checked)
	if err != nil {
		return err
	}
	if found := checked.RecheckFields.Object; found == nil || found.Stale {
		return fmt.Errorf("drive: the check of %s did not succeed: %+v", object, found)
	}
	return nil
}
