package crm_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// Whatever the cause, whoever asks: there are steps, who can do them, and the object
// and the field by name.
func TestEveryCauseHasGeneralSteps(t *testing.T) {
	t.Parallel()
	subjects := map[string]crm.Subject{
		"object": {Object: "contacts", ObjectLabel: "People"},
		"field":  {Object: "contacts", Field: "work_email", FieldLabel: "E-mail", Candidate: "business_email"},
	}
	seen := map[string]string{}
	for kind, subject := range subjects {
		for _, cause := range crm.Cause("").Values() {
			fix := crm.RenderRemediation(nil, crm.Cause(cause), subject)
			text := strings.Join(fix.Steps, " ")
			require.NotEmpty(t, fix.Who, cause)
			require.NotContains(t, text, "{", cause)
			require.Contains(t, text, "contacts", cause)
			if kind == "field" && cause != string(crm.CauseObjectDenied) {
				require.Contains(t, text, "work_email", cause)
			}
			seen[kind+" "+cause] = text
		}
	}
	require.Contains(t, seen["field RENAMED_CANDIDATE"], "map the standard field to it: contacts.business_email")
	require.Contains(t, seen["field OBJECT_DENIED"], "read access to the object contacts")
	for _, pair := range [][2]string{
		{"field DELETED", "field ARCHIVED"}, {"field SENSITIVE", "field SCOPE_MISSING"}, {"field API_VERSION", "field UNKNOWN"}, {"object DELETED", "object SCOPE_MISSING"},
	} {
		require.NotEqual(t, seen[pair[0]], seen[pair[1]])
	}
}

func TestRemediationFallsBack(t *testing.T) {
	t.Parallel()
	template := func(cause crm.Cause, kind crm.SubjectKind) crm.RemediationTemplate {
		return crm.RemediationTemplate{
			Cause: cause, Subject: kind, Who: "vendor's administrator", Steps: []string{string(cause) + " of {object} {field}"}, DeepLink: "{instanceUrl}/setup/{object}/{field}",
		}
	}
	templates := []crm.RemediationTemplate{
		template(crm.CausePermission, crm.SubjectField), template(crm.CauseUnknown, crm.SubjectField),
		template(crm.CausePermission, crm.SubjectObject), template(crm.CauseArchived, crm.SubjectField),
	}
	field := crm.Subject{Object: "Contact", Field: "Email", FieldLabel: "E-mail", Candidate: "Work Email", InstanceURL: "https://acme.example"}
	cases := []struct {
		name  string
		cause crm.Cause
		step  string
		link  string
	}{
		{"the connector's own", crm.CauseArchived, "ARCHIVED of Contact Email", "https://acme.example/setup/Contact/Email"},
		{"its unknown cause", crm.CauseSensitive, "UNKNOWN of Contact Email", "https://acme.example/setup/Contact/Email"},
		{"a field that goes with its object", crm.CauseObjectDenied, "PERMISSION of Contact ", "https://acme.example/setup/Contact/"},
		{"what is repaired here", crm.CauseRenamedCandidate, "See in the CRM whether Work Email holds now what the field E-mail (Contact.Email) held.", ""},
	}
	for _, c := range cases {
		fix := crm.RenderRemediation(templates, c.cause, field)
		require.Equal(t, c.step, fix.Steps[0], c.name)
		require.Equal(t, c.link, fix.DeepLink, c.name)
	}
	own := slices.Concat(templates, []crm.RemediationTemplate{template(crm.CauseRenamedCandidate, crm.SubjectField)})
	require.Equal(t, "RENAMED_CANDIDATE of Contact Email", crm.RenderRemediation(own, crm.CauseRenamedCandidate, field).Steps[0])
}
