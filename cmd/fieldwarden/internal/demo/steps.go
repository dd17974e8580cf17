package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/plural"
)

// patience is how long a step waits for what must happen by itself.
const patience = 3 * time.Minute

func (s *story) steps() []step {
	return []step{
		{"connect through the consent page", connect},
		{"onboarding check of every package object", onboardingCheck},
		{"onboarding refuses to finish while a setting is undecided", refuseUndecided},
		{"decide the settings", decideSettings},
		{"automatic mapping, standardization complete", standardize},
		{"first sync", firstSync},
		{s.plot.what + " and read of " + s.plot.object, loseAccess},
		{"live alerts with cause, impact and fix", liveAlerts},
		{"statuses in the field list", statuses},
		{"daily digest by mail", sendDigest},
		{"all undone: alerts resolved live", restoreAccess},
		{"second run writes nothing", secondRun},
	}
}

func connect(ctx context.Context, s *story) (string, error) {
	connected, err := drive.Connect(ctx, s.client, s.crm.Name, s.crm.Config)
	if err != nil {
		return "", err
	}
	s.integration = connected
	var found struct {
		Integration struct {
			State     string
			Instance  struct{ Name, Edition, APIVersion string }
			Checklist []struct{ Status string }
		}
	}
	if err := s.query(ctx, `integration(id: $id) { state instance { name edition apiVersion } checklist { status } }`, &found); err != nil {
		return "", err
	}
	passed := 0
	for _, item := range found.Integration.Checklist {
		if item.Status == "PASS" {
			passed++
		}
	}
	return fmt.Sprintf("%s (%s, API %s), state %s, checklist %d of %d passed", found.Integration.Instance.Name,
		found.Integration.Instance.Edition, found.Integration.Instance.APIVersion, found.Integration.State, passed, len(found.Integration.Checklist)), nil
}

// object is what the steps look at of an object.
type object struct {
	Name, Status string
	Stale        bool
	FieldCounts  struct{ ActiveStandardized, Active, ErrorStandardized int }
}

func (s *story) objects(ctx context.Context) ([]object, error) {
	var found struct {
		Integration struct {
			Objects struct{ Edges []struct{ Node object } }
		}
	}
	err := s.query(ctx, `integration(id: $id) { objects(first: 50) { edges { node {
		name status stale fieldCounts { activeStandardized active errorStandardized }
	} } } }`, &found)
	objects := make([]object, len(found.Integration.Objects.Edges))
	for i, edge := range found.Integration.Objects.Edges {
		objects[i] = edge.Node
	}
	return objects, err
}

func onboardingCheck(ctx context.Context, s *story) (string, error) {
	if err := eventually(ctx, func() (bool, error) { return s.integration.Checked(ctx) }); err != nil {
		return "", err
	}
	objects, err := s.objects(ctx)
	if err != nil {
		return "", err
	}
	fields := 0
	for _, o := range objects {
		if o.Status != "OK" {
			return "", fmt.Errorf("%s is %s", o.Name, o.Status)
		}
		fields += o.FieldCounts.ActiveStandardized + o.FieldCounts.Active
	}
	return fmt.Sprintf("%s, %s readable; %s so far", plural.Of(len(objects), "object", "objects"), plural.Of(fields, "field", "fields"),
		plural.Of(s.crm.Panel.Journal.Count().APICalls, "CRM call", "CRM calls")), nil
}

func refuseUndecided(ctx context.Context, s *story) (string, error) {
	err := s.integration.FinishOnboarding(ctx, "demo-finish-early-"+s.integration.ID)
	var refused drive.Error
	if !errors.As(err, &refused) || refused.Code() != "ONBOARDING_BLOCKED" {
		return "", fmt.Errorf("expected ONBOARDING_BLOCKED, got %w", err)
	}
	return refused.Code(), nil
}

func decideSettings(ctx context.Context, s *story) (string, error) {
	var found struct {
		Integration struct {
			Settings struct {
				Version int
				Groups  []struct {
					Settings []struct {
						Key     string
						Options []struct{ Value string }
					}
				}
			}
		}
	}
	stage := ""
	// The stages are fetched from the CRM when the onboarding check has ended.
	err := eventually(ctx, func() (bool, error) {
		err := s.query(ctx, `integration(id: $id) { settings { version groups { settings { key options { value } } } } }`, &found)
		for _, group := range found.Integration.Settings.Groups {
			for _, one := range group.Settings {
				if one.Key == "autoSave.pipelineEntryStage" && len(one.Options) > 0 {
					stage = one.Options[0].Value
				}
			}
		}
		return stage != "", err
	})
	if err != nil {
		return "", fmt.Errorf("the stages of the pipeline: %w", err)
	}
	variables := s.with("settings")
	variables["version"] = found.Integration.Settings.Version
	variables["changes"] = []map[string]any{
		{"key": "dataSync", "value": true},
		{"key": "autoSave.enabled", "value": true},
		{"key": "autoSave.pipelineEntryStage", "value": stage},
		{"key": "contacts.create", "value": true},
		{"key": "contacts.create.bulk", "value": false},
		{"key": "contacts.create.emailRequired", "value": true},
		{"key": "restrictedDataMode", "value": false},
	}
	var updated struct {
		UpdateSettings struct{ Settings struct{ Version int } }
	}
	err = s.client.Do(ctx, `mutation($key: String!, $id: ID!, $version: Int!, $changes: [SettingChangeInput!]!) {
		updateSettings(input: {idempotencyKey: $key, integrationId: $id, expectedVersion: $version, changes: $changes}) {
			settings { version } userErrors { code message field }
		}
	}`, variables, &updated)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("7 decided, pipeline from %q, version %d", stage, updated.UpdateSettings.Settings.Version), s.integration.CompleteStep(ctx, "SETTINGS")
}

func standardize(ctx context.Context, s *story) (string, error) {
	var found struct {
		Integration struct {
			StandardFields []struct {
				Mapping *struct{ Origin string }
			}
		}
	}
	if err := s.query(ctx, `integration(id: $id) { standardFields { key mapping { origin } } }`, &found); err != nil {
		return "", err
	}
	mapped := 0
	for _, field := range found.Integration.StandardFields {
		if field.Mapping != nil {
			mapped++
		}
	}
	if mapped == 0 {
		return "", errors.New("nothing was mapped")
	}
	return fmt.Sprintf("%d of %d standard fields mapped", mapped, len(found.Integration.StandardFields)), s.integration.CompleteStep(ctx, "STANDARDIZATION")
}

func firstSync(ctx context.Context, s *story) (string, error) {
	if err := s.integration.FinishOnboarding(ctx, "demo-finish-"+s.integration.ID); err != nil {
		return "", err
	}
	started := time.Now()
	run, err := s.runEnds(ctx, 1)
	if err != nil {
		return "", err
	}
	objects, err := s.objects(ctx)
	if err != nil {
		return "", err
	}
	names := make([]string, len(objects))
	for i, o := range objects {
		names[i] = o.Name
	}
	if want := s.crm.Records(names...); run.Status != "SUCCEEDED" || run.Counters.Created != want || run.Counters.Failed != 0 {
		return "", fmt.Errorf("the run is %s (%s) with %d of %d records", run.Status, run.Reason, run.Counters.Created, want)
	}
	return fmt.Sprintf("%s, %.0f/s, %s", plural.Of(run.Counters.Created, "record", "records"),
		float64(run.Counters.Created)/time.Since(started).Seconds(), plural.Of(run.CRMCalls, "CRM call", "CRM calls")), nil
}

func loseAccess(ctx context.Context, s *story) (string, error) {
	var err error
	if s.events, err = s.client.Subscribe(ctx, alertEvents, map[string]any{"id": s.integration.ID, "after": nil}); err != nil {
		return "", err
	}
	if err := s.cursorNow(ctx); err != nil {
		return "", err
	}
	if err := s.plot.lose(s.crm.Panel.Board); err != nil {
		return "", err
	}
	return "checked now", s.check(ctx, "check-lost")
}

func (s *story) check(ctx context.Context, name string) error {
	return s.client.Do(ctx, `mutation($key: String!, $id: ID!) {
		checkIntegration(input: {idempotencyKey: $key, integrationId: $id}) { userErrors { code message field } }
	}`, s.with(name), nil)
}

const alertEvents = `subscription($id: ID!, $after: FeedCursor) {
	alertEvents(integrationId: $id, after: $after) { cursor event alert {
		rule severity objectName fieldName cause title affected { title } fix { steps deepLink who } resolution
	} }
}`

type alertEvent struct {
	AlertEvents struct {
		Cursor, Event string
		Alert         struct {
			Rule, Severity, ObjectName, FieldName, Cause, Title, Resolution string
			Affected                                                        []struct{ Title string }
			Fix                                                             struct {
				Steps         []string
				DeepLink, Who string
			}
		}
	}
}

// nextAlerts waits for live events about both lost subjects.
func (s *story) nextAlerts(ctx context.Context, event string) (map[string]alertEvent, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	want := []string{s.plot.subject(), s.plot.object + "."}
	got := map[string]alertEvent{}
	for len(got) < len(want) {
		var one alertEvent
		if err := s.events.Next(ctx, &one); err != nil {
			return nil, fmt.Errorf("%d of %d alerts came: %w", len(got), len(want), err)
		}
		subject := one.AlertEvents.Alert.ObjectName + "." + one.AlertEvents.Alert.FieldName
		if one.AlertEvents.Event == event && slices.Contains(want, subject) {
			got[subject] = one
			s.last = one.AlertEvents.Cursor
		}
	}
	return got, nil
}

func liveAlerts(ctx context.Context, s *story) (string, error) {
	alerts, err := s.nextAlerts(ctx, "OPENED")
	if err != nil {
		return "", err
	}
	var shown strings.Builder
	for _, subject := range []string{s.plot.subject(), s.plot.object + "."} {
		alert := alerts[subject].AlertEvents.Alert
		if alert.Cause == "" || len(alert.Affected) == 0 || len(alert.Fix.Steps) == 0 || alert.Fix.DeepLink == "" || alert.Fix.Who == "" {
			return "", fmt.Errorf("the alert about %s lacks cause, impact or fix: %+v", subject, alert)
		}
		fmt.Fprintf(&shown, "\n        %s %s, cause %s, breaks %s, %s for the %s\n          %s\n          1. %s\n         ",
			alert.Severity, alert.Title, alert.Cause, plural.Of(len(alert.Affected), "thing", "things"),
			plural.Of(len(alert.Fix.Steps), "step", "steps"), alert.Fix.Who, alert.Fix.DeepLink, alert.Fix.Steps[0])
	}
	return shown.String(), nil
}

func (s *story) fieldStatus(ctx context.Context) (string, error) {
	var found struct {
		Integration struct {
			Object struct {
				Fields struct {
					Edges []struct{ Node struct{ Name, Status string } }
				}
			}
		}
	}
	variables := map[string]any{"id": s.integration.ID, "object": s.plot.inObject, "search": s.plot.field}
	err := s.client.Do(ctx, `query($id: ID!, $object: String!, $search: String!) {
		integration(id: $id) { object(name: $object) { fields(search: $search, first: 10) { edges { node { name status } } } } }
	}`, variables, &found)
	for _, edge := range found.Integration.Object.Fields.Edges {
		if edge.Node.Name == s.plot.field {
			return edge.Node.Status, err
		}
	}
	return "", errors.Join(err, fmt.Errorf("%s is not in the field list", s.plot.field))
}

func statuses(ctx context.Context, s *story) (string, error) {
	status, err := s.fieldStatus(ctx)
	if err != nil {
		return "", err
	}
	objects, err := s.objects(ctx)
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(objects, func(o object) bool { return o.Name == s.plot.object })
	if at < 0 || objects[at].Status == "OK" || status != "ERROR_STANDARDIZED" {
		return "", fmt.Errorf("%s.%s is %s", s.plot.inObject, s.plot.field, status)
	}
	return fmt.Sprintf("%s.%s %s, %s %s with %s in error", s.plot.inObject, s.plot.field, status,
		s.plot.object, objects[at].Status, plural.Of(objects[at].FieldCounts.ErrorStandardized, "field", "fields")), nil
}

func restoreAccess(ctx context.Context, s *story) (string, error) {
	if err := s.plot.restore(s.crm.Panel.Board); err != nil {
		return "", err
	}
	if err := s.check(ctx, "check-restored"); err != nil {
		return "", err
	}
	alerts, err := s.nextAlerts(ctx, "RESOLVED")
	if err != nil {
		return "", err
	}
	for subject, one := range alerts {
		if one.AlertEvents.Alert.Resolution != "RESTORED" {
			return "", fmt.Errorf("the alert about %s was resolved as %s", subject, one.AlertEvents.Alert.Resolution)
		}
	}
	status, err := s.fieldStatus(ctx)
	if err == nil && status != "ACTIVE_STANDARDIZED" {
		err = fmt.Errorf("%s.%s is %s", s.plot.inObject, s.plot.field, status)
	}
	return "both RESTORED, " + s.plot.subject() + " " + status, err
}

func secondRun(ctx context.Context, s *story) (string, error) {
	if _, err := s.integration.RunNow(ctx, "demo-run-now-"+s.integration.ID); err != nil {
		return "", err
	}
	run, err := s.runEnds(ctx, 2)
	if err != nil {
		return "", err
	}
	if run.Status != "SUCCEEDED" || run.Counters.Created+run.Counters.Updated+run.Counters.Deleted != 0 {
		return "", fmt.Errorf("the run is %s (%s) and wrote: %+v", run.Status, run.Reason, run.Counters)
	}
	return fmt.Sprintf("%d read again, 0 written, %s", run.Counters.Read, plural.Of(run.CRMCalls, "CRM call", "CRM calls")), nil
}
