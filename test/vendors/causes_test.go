package vendors

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// loss is one thing that a CRM's admin does to an object or to a field.
type loss struct {
	what          string
	object, field string
	// condition is what becomes of it; empty switches the right to read off.
	condition string
}

// round is losses that happen, and are undone, at the same time.
type round struct {
	// granted is the switch of a CRM for a right that the integration user has
	// from this round on; empty for none.
	granted string
	losses  []loss
}

// rounds have a loss for each cause that a CRM lets us tell. No field or object
// is lost twice.
func rounds() map[string][]round {
	return map[string][]round{
		"salesforce": {
			{losses: []loss{
				{what: "field-level security hides a field", object: "Contact", field: "Email"},
				{what: "a custom field is deleted", object: "Lead", field: "LID__LinkedIn_Member_Token__c", condition: "deleted"},
			}},
			{granted: "view_setup", losses: []loss{
				{what: "field-level security hides a field; the user may view setup", object: "Contact", field: "Title"},
				{what: "field-level security hides a custom field; the user may view setup", object: "Lead", field: "LID__LinkedIn_Company_Id__c"},
				{what: "a custom field is deleted; the user may view setup", object: "Task", field: "LID__URL__c", condition: "deleted"},
				{what: "a custom field is renamed; the user may view setup", object: "Task", field: "LID__Date_Sent__c", condition: "renamed"},
				{what: "the right to read an object is taken away", object: "Opportunity"},
			}},
		},
		"hubspot": {{losses: []loss{
			{what: "a property is archived", object: "contacts", field: "jobtitle", condition: "archived"},
			{what: "a property is made sensitive", object: "contacts", field: "phone", condition: "sensitive"},
			{what: "a property is made highly sensitive", object: "companies", field: "city", condition: "highly_sensitive"},
			{what: "a property is deleted", object: "companies", field: "industry", condition: "deleted"},
			{what: "the app loses a scope", object: "leads"},
		}}},
		"dynamics365": {{losses: []loss{
			{what: "a column is secured", object: "contact", field: "emailaddress1", condition: "secured"},
			{what: "a column is deleted", object: "contact", field: "jobtitle", condition: "deleted"},
			{what: "the role loses the read privilege", object: "lead"},
			{what: "a table is deleted", object: "phonecall", condition: "deleted"},
		}}},
	}
}

// set does or undoes a loss.
func (l loss) set(t *testing.T, board control.Switchboard, lost bool) {
	t.Helper()
	condition, readable := l.condition, !lost
	if !lost {
		condition = ""
	}
	var err error
	switch {
	case l.field != "" && l.condition != "":
		err = board.SetField(l.object, l.field, control.FieldChange{Condition: &condition})
	case l.field != "":
		err = board.SetField(l.object, l.field, control.FieldChange{Read: &readable})
	case l.condition != "":
		err = board.SetObject(l.object, control.ObjectChange{Condition: &condition})
	default:
		err = board.SetObject(l.object, control.ObjectChange{Read: &readable})
	}
	require.NoError(t, err, l.what)
}

// seen is what an admin sees of a loss.
type seen struct {
	What    string
	Subject string
	Status  string
	Cause   string   `json:",omitempty"`
	Shows   string   `json:",omitempty"`
	Alert   string   `json:",omitempty"`
	Steps   []string `json:",omitempty"`
	Link    string   `json:",omitempty"`
	Who     string   `json:",omitempty"`
}

// alert is what the API says of an alert.
type alert struct {
	ObjectName, FieldName, State, Title, Evidence, Resolution string
	Cause                                                     *string
	Fix                                                       *struct {
		Steps         []string
		DeepLink, Who string
	}
}

// TestCauses holds, for each CRM and each cause that it lets us tell, what an admin
// sees while the right is lost and after it is back.
func TestCauses(t *testing.T) {
	h := newHouse(t, 300)
	h.mapAppFields()
	for _, one := range h.simulators.CRMs {
		t.Run(one.Name, func(t *testing.T) {
			h.t = t
			var story []seen
			for _, r := range rounds()[one.Name] {
				if r.granted != "" {
					require.NoError(t, one.Panel.Board.SetSwitch(r.granted, json.RawMessage("true")))
				}
				for _, lost := range []bool{true, false} {
					for _, l := range r.losses {
						l.set(t, one.Panel.Board, lost)
					}
					h.check(one.Name)
					story = append(story, h.see(one.Name, r.losses, lost)...)
				}
			}
			text, err := json.MarshalIndent(story, "", "  ")
			require.NoError(t, err)
			golden(t, one.Name, times.ReplaceAllString(strings.ReplaceAll(string(text), "http://"+one.Address, "{instance}"), "{time}"))
		})
	}
}

// times finds times that a CRM tells.
var times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// mapAppFields installs the app in Salesforce and maps standard fields to its
// fields: standard fields of Salesforce can be hidden, not deleted or renamed.
func (h *house) mapAppFields() {
	h.t.Helper()
	require.NoError(h.t, h.board("salesforce").SetSwitch("app_installed", json.RawMessage("true")))
	h.check("salesforce")
	i := h.integrations["salesforce"]
	for standard, field := range map[string]string{
		"activity.description": "LID__URL__c", "activity.due_on": "LID__Date_Sent__c",
		"lead.title": "LID__LinkedIn_Member_Token__c", "lead.phone": "LID__LinkedIn_Company_Id__c",
	} {
		require.NoError(h.t, i.Client.Do(h.t.Context(), `mutation($id: ID!, $standard: String!, $field: String!) {
			mapField(input: {idempotencyKey: $field, integrationId: $id, standardField: $standard, crmField: $field}) { userErrors { code message field } }
		}`, map[string]any{"id": i.ID, "standard": standard, "field": field}, nil))
	}
	h.check("salesforce") // what is requested is remembered once it was seen
}

// see waits until every alert is open, or resolved, and tells what can be seen.
func (h *house) see(name string, losses []loss, lost bool) []seen {
	h.t.Helper()
	state := map[bool]string{true: "OPEN", false: "RESOLVED"}[lost]
	story := make([]seen, len(losses))
	h.until(name, func(ctx context.Context, i drive.Integration) (bool, error) {
		alerts, err := alertsOf(ctx, i)
		if err != nil {
			return false, err
		}
		for n, l := range losses {
			at := slices.IndexFunc(alerts, func(a alert) bool { return a.ObjectName == l.object && a.FieldName == l.field && a.State == state })
			if at < 0 {
				return false, nil
			}
			if story[n], err = look(ctx, i, l, alerts[at]); err != nil {
				return false, err
			}
		}
		return true, nil
	})
	return story
}

func alertsOf(ctx context.Context, i drive.Integration) ([]alert, error) {
	var found struct {
		Integration struct {
			Alerts struct{ Edges []struct{ Node alert } }
		}
	}
	err := i.Client.Do(ctx, `query($id: ID!) { integration(id: $id) { alerts(first: 100) { edges { node {
		objectName fieldName state title cause evidence resolution fix { steps deepLink who }
	} } } } }`, map[string]any{"id": i.ID}, &found)
	alerts := make([]alert, len(found.Integration.Alerts.Edges))
	for n, edge := range found.Integration.Alerts.Edges {
		alerts[n] = edge.Node
	}
	return alerts, err
}

// look reads the status of a loss's subject beside its alert.
func look(ctx context.Context, i drive.Integration, l loss, a alert) (seen, error) {
	type status struct {
		Status, Evidence string
		Cause            *string
	}
	var found struct {
		Integration struct {
			Object struct {
				status
				Field *status
			}
		}
	}
	err := i.Client.Do(ctx, `query($id: ID!, $object: String!, $field: String!) { integration(id: $id) { object(name: $object) {
		status cause evidence field(name: $field) { status cause evidence }
	} } }`, map[string]any{"id": i.ID, "object": l.object, "field": l.field}, &found)
	if err != nil {
		return seen{}, err
	}
	s, of := seen{What: l.what, Subject: l.object, Alert: a.State + " " + a.Resolution + ": " + a.Title}, found.Integration.Object.status
	if l.field != "" {
		s.Subject += "." + l.field
		if found.Integration.Object.Field == nil {
			return s, fmt.Errorf("%s is not known", s.Subject)
		}
		of = *found.Integration.Object.Field
	}
	s.Status, s.Shows = of.Status, of.Evidence
	if of.Cause != nil {
		s.Cause = *of.Cause
	}
	if a.State == "OPEN" && a.Fix != nil {
		s.Steps, s.Link, s.Who = a.Fix.Steps, a.Fix.DeepLink, a.Fix.Who
	}
	return s, nil
}

// golden compares a text with the golden file of a CRM.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "causes."+name+".json")
	got += "\n"
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs from %s (-want +got), run with -update if it should:\n%s", path, diff)
	}
}
