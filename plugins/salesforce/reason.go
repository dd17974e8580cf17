package salesforce

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// evidence is what Salesforce let be known about fields that a describe does not
// list. Keys are lower-case "object.field".
type evidence struct {
	// trouble says why nothing more could be asked; empty when it could.
	trouble string
	// defined are fields that FieldDefinition lists.
	defined map[string]definition
	// listed are the lower-case objects for which FieldDefinition answered.
	listed map[string]bool
	// granted are fields on which some permission set or profile grants a right.
	granted map[string]bool
	// setup: the user may see FieldPermissions, hence has the permission View Setup
	// and Configuration.
	setup bool
	// newer are fields that a describe of version newerVersion lists.
	newer        map[string]bool
	newerVersion string
}

// definition is a row of FieldDefinition.
type definition struct {
	label      string
	references []string
}

func fieldKey(object, field string) string { return strings.ToLower(object + "." + field) }

// Evidence for causes.
const (
	alike       = "Salesforce's describe, made as the integration user, does not list this field. It looks the same whether a field is hidden from the user, deleted, or renamed."
	notExplored = alike + " Finding out more needs the permission View Setup and Configuration, which the integration user does not have."
	undecided   = alike + " What the user can see of the org's setup does not decide it."
)

// reason is why a requested field is not among those of an accessible object. It is
// the whole rule, and pure. Each line needs evidence of its own; without any the
// cause is unknown:
//
//	a lookup to objects that are all denied          permission (on these objects)
//	listed by FieldDefinition or FieldPermissions    permission: it exists
//	another field has its unique label and type now  renamed candidate
//	custom, and listed by neither, with View Setup   deleted
//	standard, listed by a newer API version          API version
func reason(check sdk.ObjectCheck, field string, e evidence, seen memoItem, isDenied func(object string) bool) sdk.DeniedField {
	key := fieldKey(check.Object, field)
	defined, exists := e.defined[key]
	denied := sdk.DeniedField{Name: field, Label: defined.label}
	if denied.Label == "" {
		denied.Label = seen.Label
	}
	references := defined.references
	if len(references) == 0 {
		references = seen.References
	}
	is := func(cause sdk.Cause, format string, args ...any) sdk.DeniedField {
		denied.Cause, denied.Evidence = cause, fmt.Sprintf(format, args...)
		return denied
	}
	renamed, isRenamed := successor(check, field, seen)
	switch {
	case len(references) > 0 && !slices.ContainsFunc(references, func(o string) bool { return !isDenied(o) }):
		return is(sdk.CausePermission, "%s is a lookup to %s, which the integration user may not read; Salesforce hides a lookup together with the object that it points to.", field, strings.Join(references, " and "))
	case exists:
		return is(sdk.CausePermission, "The field exists: FieldDefinition lists it%s. The describe made as the integration user does not: field-level security hides it.", orNothing(e.granted[key], ", and FieldPermissions has permission sets or profiles that grant it"))
	case e.granted[key]:
		return is(sdk.CausePermission, "The field exists: FieldPermissions has permission sets or profiles that grant it. The describe made as the integration user does not list it: field-level security hides it.")
	case isRenamed:
		return is(sdk.CauseRenamedCandidate, "%s has the label and type that %s had when it was last seen; before, no other field had them. A custom field keeps both when its name is changed.", renamed, field)
	case isCustom(field) && e.setup && e.listed[strings.ToLower(check.Object)]:
		return is(sdk.CauseDeleted, "The integration user sees the org's setup, and neither FieldDefinition nor FieldPermissions has a field of this name in %s: it was deleted, or its name was changed.", check.Object)
	case e.newer[key]:
		return is(sdk.CauseAPIVersion, "A describe of API version %s lists the field, one of version %s, which this connector uses, does not.", e.newerVersion, APIVersion)
	case e.trouble != "":
		return is(sdk.CauseUnknown, "%s Asked for more, Salesforce gave no answer: %s", alike, e.trouble)
	case !e.setup && len(e.listed) == 0:
		return is(sdk.CauseUnknown, notExplored)
	default:
		return is(sdk.CauseUnknown, undecided)
	}
}

func orNothing(say bool, text string) string {
	if say {
		return text
	}
	return ""
}

// isCustom tells custom fields, which can be deleted and renamed, by the ending
// that Salesforce gives them.
func isCustom(field string) bool { return strings.HasSuffix(strings.ToLower(field), "__c") }

// successor is the one custom field that looks as a lost one did, if that was the
// only one to look so.
func successor(check sdk.ObjectCheck, field string, seen memoItem) (name string, ok bool) {
	if !isCustom(field) || !seen.Only || seen.Label == "" {
		return "", false
	}
	for _, f := range check.Fields {
		if f.Custom && f.Label == seen.Label && f.Type == seen.Type {
			if ok {
				return "", false
			}
			name, ok = f.Name, true
		}
	}
	return name, ok
}
