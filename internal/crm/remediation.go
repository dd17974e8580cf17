package crm

import (
	"net/url"
	"slices"
	"strings"
)

// Subject is what a remediation is about, in the CRM's words.
type Subject struct {
	Object      string
	ObjectLabel string
	// Field and FieldLabel are empty for an object.
	Field      string
	FieldLabel string
	// Candidate is the field that it may have been renamed to; empty for none.
	Candidate string
	// InstanceURL is where people sign in to the CRM; empty when it is not known.
	InstanceURL string
	// User is the integration user's name; empty when it is not known.
	User string
}

// kind tells whether the subject is an object or a field.
func (s Subject) kind() SubjectKind {
	if s.Field != "" {
		return SubjectField
	}
	return SubjectObject
}

// RenderRemediation fills in how to repair a cause (requirements B5, K14): the
// connector's template for this cause; else, for a field that goes with its object,
// what repairs the object; else, but for what is repaired here and not in the CRM,
// the connector's template for an unknown cause; else words that hold for every CRM.
// A deep link is given only if it is an http or https address; what goes into it is
// escaped.
func RenderRemediation(templates []RemediationTemplate, cause Cause, subject Subject) Fix {
	kind := subject.kind()
	find := func(wanted Cause) (RemediationTemplate, bool) {
		i := slices.IndexFunc(templates, func(t RemediationTemplate) bool { return t.Cause == wanted && t.Subject == kind })
		if i < 0 {
			return RemediationTemplate{}, false
		}
		return templates[i], true
	}
	template, found := find(cause)
	if !found && kind == SubjectField && cause == CauseObjectDenied {
		subject.Field, subject.FieldLabel = "", ""
		return RenderRemediation(templates, CausePermission, subject)
	}
	if !found && cause != CauseRenamedCandidate {
		template, found = find(CauseUnknown)
	}
	if !found {
		template = generalRemediation(cause, kind)
	}
	return template.fill(subject)
}

// fill puts the subject into the template.
func (t RemediationTemplate) fill(subject Subject) Fix {
	words := placeholders(subject, func(s string) string { return s })
	fix := Fix{Who: words.Replace(t.Who), Steps: make([]string, 0, len(t.Steps))}
	for _, step := range t.Steps {
		fix.Steps = append(fix.Steps, words.Replace(step))
	}
	link := placeholders(subject, url.PathEscape).Replace(t.DeepLink)
	if strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://") {
		fix.DeepLink = link
	}
	return fix
}

// placeholders replaces what a template may hold. The instance's address is the
// beginning of a link and stays as it is; a replaced value is not searched again.
func placeholders(subject Subject, escape func(string) string) *strings.Replacer {
	or := func(value, otherwise string) string {
		if value == "" {
			return otherwise
		}
		return value
	}
	return strings.NewReplacer(
		"{object}", escape(subject.Object),
		"{objectLabel}", escape(or(subject.ObjectLabel, subject.Object)),
		"{field}", escape(subject.Field),
		"{fieldLabel}", escape(or(subject.FieldLabel, subject.Field)),
		"{candidate}", escape(or(subject.Candidate, "the field that took its place")),
		"{instanceUrl}", strings.TrimSuffix(subject.InstanceURL, "/"),
		"{user}", escape(or(subject.User, "the integration user")),
	)
}
