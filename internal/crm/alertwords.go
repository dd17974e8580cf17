package crm

import (
	"fmt"
	"slices"
	"strings"
)

// maxNamed is how many fields a message names before it only counts them.
const maxNamed = 10

// consequence ends every message: what a loss means for the data that is there.
const consequence = "What was synced before is kept, but no longer brought up to date."

// objectWords gives the title and the message of an object's alert.
func (e *alertEvaluation) objectWords(rule AlertRule) (title, message string) {
	title = e.object.Name + " can no longer be read"
	message = fmt.Sprintf("The integration user lost access to the object %s, which the package %s needs.",
		e.object.Name, e.Package.Title)
	if rule == RuleObjectAccessMissing {
		title = e.object.Name + " cannot be read"
		message = fmt.Sprintf("The integration user has no access to the object %s, which the package %s needs.",
			e.object.Name, e.Package.Title)
	}
	var fields []string
	for _, mapping := range e.Mappings {
		if mapping.Object == e.state.Object {
			fields = append(fields, mapping.CRMField)
		}
	}
	if len(fields) > 0 {
		message += " Its standardized fields go with it: " + enumerate(fields) + "."
	}
	return title, message + " " + consequence
}

// fieldWords gives the title and the message of a field's alert.
func (e *alertEvaluation) fieldWords(rule AlertRule, mapping Mapping, standard StandardField, candidate string) (title, message string) {
	name := e.state.Object + "." + mapping.CRMField
	title = name + " can no longer be read"
	message = fmt.Sprintf("The integration user lost access to %s, which stands for %q in the package %s.",
		name, standard.Label, e.Package.Title)
	if rule == RuleMissingAtStandardization {
		title = name + " cannot be read"
		message = fmt.Sprintf("%s stands for %q in the package %s, but the integration user could not read it when it was mapped and still cannot.",
			name, standard.Label, e.Package.Title)
	}
	if candidate != "" {
		message += fmt.Sprintf(" It may have been renamed to %s.", candidate)
	}
	return title, message + " " + consequence
}

// enumerate names some fields, sorted, and counts the rest.
func enumerate(names []string) string {
	names = slices.Sorted(slices.Values(names))
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
}

// counted writes a number with its noun: "1 day", "2 days".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
