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
// connector's template for this cause, else its template for an unknown one, else
// words that hold for every CRM. A deep link is given only if it is an http or
// https address; what goes into it is escaped.
func RenderRemediation(templates []RemediationTemplate, cause Cause, subject Subject) Fix {
	template := genericRemediation(subject.kind())
	for _, wanted := range []Cause{CauseUnknown, cause} {
		i := slices.IndexFunc(templates, func(t RemediationTemplate) bool {
			return t.Cause == wanted && t.Subject == subject.kind()
		})
		if i >= 0 {
			template = templates[i]
		}
	}
	words := placeholders(subject, func(s string) string { return s })
	fix := Fix{Who: words.Replace(template.Who), Steps: make([]string, 0, len(template.Steps))}
	for _, step := range template.Steps {
		fix.Steps = append(fix.Steps, words.Replace(step))
	}
	link := placeholders(subject, url.PathEscape).Replace(template.DeepLink)
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
		"{instanceUrl}", strings.TrimSuffix(subject.InstanceURL, "/"),
		"{user}", escape(or(subject.User, "the integration user")),
	)
}

// genericRemediation is for connectors that give no template.
func genericRemediation(kind SubjectKind) RemediationTemplate {
	const who = "CRM administrator"
	if kind == SubjectField {
		return RemediationTemplate{Who: who, Steps: []string{
			"Make sure that the field {fieldLabel} ({object}.{field}) still exists in the CRM.",
			"Give {user} read access to it.",
			"If it is no longer needed, unmap it here.",
		}}
	}
	return RemediationTemplate{Who: who, Steps: []string{
		"Make sure that the object {objectLabel} ({object}) is in use in the CRM.",
		"Give {user} read access to it.",
	}}
}
