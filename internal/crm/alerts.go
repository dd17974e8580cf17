package crm

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Mapping says which CRM field stands for a standard field (requirement H1).
type Mapping struct {
	// StandardField is the standard field's key.
	StandardField string
	// Object and CRMField are the CRM's names.
	Object   string
	CRMField string
	// MappedAt tells a field that was lost from one that was not readable when it
	// was mapped (reading 1b.9).
	MappedAt time.Time
}

// AlertKey identifies one problem of an integration: rule, object and field
// (requirement K10). Field is empty for an object's alert.
type AlertKey struct {
	Rule   AlertRule
	Object string
	Field  string
}

// String joins the parts with a character that no CRM name has.
func (k AlertKey) String() string {
	return strings.Join([]string{string(k.Rule), k.Object, k.Field}, "|")
}

// AlertAction is what is to be done about an alert.
type AlertAction string

// Actions. ActionUpdate is for an alert that is open and whose problem was seen
// again.
const (
	ActionOpen    AlertAction = "OPEN"
	ActionUpdate  AlertAction = "UPDATE"
	ActionResolve AlertAction = "RESOLVE"
)

// AlertIntent is one thing to do about alerts, with all that the alert says.
type AlertIntent struct {
	Action AlertAction
	Key    AlertKey
	// Resolution is set with ActionResolve, and then nothing below it is.
	Resolution AlertResolution

	Severity Severity
	// StandardField is the key of the standard field; empty for an object.
	StandardField string
	Title         string
	Message       string
	Cause         Cause
	Evidence      string
	Fix           Fix
	Affected      []Affected
	// Since is when access was lost; zero when there never was any.
	Since time.Time
	// Folded says that the alert's object is lost as well: its alert tells the
	// story, this one is shown under it.
	Folded bool
}

// AlertInputs is what permission alerts depend on.
type AlertInputs struct {
	Package Package
	// Objects are the states to evaluate: all of an integration's, or those that a
	// check or a mapping touched, each with all its fields (a mapped field that is
	// not there counts as never readable). Open alerts on other objects are left
	// alone.
	Objects []ObjectState
	// Standardized says that standardization is over.
	Standardized bool
	// Mappings are all that watch those objects' fields. They count once
	// standardization is over (H1); leave them out before.
	Mappings []Mapping
	// Needs say who needs which right to create and update (see writeAlerts); nil when
	// that is not known.
	Needs *Needs
	// Open are the integration's open alerts.
	Open []AlertKey
	// Remediations, InstanceURL and User are for the fix steps (see Subject).
	Remediations []RemediationTemplate
	InstanceURL  string
	User         string
}

// EvaluateAlerts compares the problems there are with the alerts that are open and
// says what to open, update and resolve. It goes by states, not by changes, so
// repeating it does no harm and a missed evaluation heals itself. Rules:
//
//   - An object of the package that cannot be read: OBJECT_ACCESS_MISSING if it
//     never could be (K1), else REQUIRED_OBJECT_ACCESS_LOST (K2).
//   - A mapped field that cannot be read while its object can:
//     MISSING_AT_STANDARDIZATION if it could not be when it was mapped (reading
//     1b.9), else STANDARD_FIELD_ACCESS_LOST (K2).
//   - A suspected loss raises nothing (J5). While an object is lost its fields open
//     no alerts; those that are open are marked Folded.
//   - An alert is resolved as RESTORED when its subject can be read, as UNMAPPED when
//     nothing maps the field any more (or the package dropped the object).
//   - A stale state is old news: it updates no alert.
//   - An object that is not published has no alerts: all that are open are resolved
//     as UNMAPPED (F4).
//   - So have rights to create and update that are needed (see writeAlerts).
//   - Mappings themselves have alerts, too (K8; see mappingAlerts).
//
// Intents come in the order of Objects, the object's first, then fields by name.
func EvaluateAlerts(inputs AlertInputs) []AlertIntent {
	var intents []AlertIntent
	for _, state := range inputs.Objects {
		e := alertEvaluation{AlertInputs: inputs, state: state}
		e.object, e.inPackage = inputs.Package.Object(state.Object)
		if state.Unpublished {
			intents = append(intents, e.unpublished()...)
			continue
		}
		e.open = map[string]AlertKey{}
		for _, key := range inputs.Open {
			if key.Object == state.Object && permissionRule(key.Rule) {
				e.open[key.Field] = key
			}
		}
		e.evaluateObject()
		e.evaluateFields()
		intents = append(intents, e.intents...)
		intents = append(intents, e.mappingAlerts()...)
		intents = append(intents, writeAlerts(inputs, state)...)
	}
	return intents
}

// permissionRule tells the alerts that come from checks from all others.
func permissionRule(rule AlertRule) bool {
	switch rule {
	case RuleObjectAccessMissing, RuleRequiredObjectLost, RuleStandardFieldLost, RuleMissingAtStandardization:
		return true
	default:
		return false
	}
}

// alertEvaluation evaluates one object.
type alertEvaluation struct {
	AlertInputs
	state     ObjectState
	object    PackageObject
	inPackage bool
	// open holds the object's open alerts by field, its own under "".
	open    map[string]AlertKey
	intents []AlertIntent
}

func (e *alertEvaluation) resolve(key AlertKey, resolution AlertResolution) {
	e.intents = append(e.intents, AlertIntent{Action: ActionResolve, Key: key, Resolution: resolution})
}

// raise opens an alert, or updates the one that is open for the subject; an open
// alert keeps the rule that it was opened under.
func (e *alertEvaluation) raise(intent AlertIntent) {
	key, open := e.open[intent.Key.Field]
	switch {
	case !open:
		intent.Action = ActionOpen
	case e.state.Stale:
		return
	default:
		intent.Action, intent.Key = ActionUpdate, key
	}
	e.intents = append(e.intents, intent)
}

// lost reports whether the object is known not to be readable.
func (e *alertEvaluation) lost() bool {
	return e.state.Status == ObjectPermissionMissing || e.state.Status == ObjectNotFound
}

func (e *alertEvaluation) evaluateObject() {
	key, open := e.open[""]
	switch {
	case !e.inPackage:
		if open {
			e.resolve(key, ResolvedUnmapped)
		}
	case e.lost():
		e.raise(e.objectAlert())
	case open && e.state.Status == ObjectOK:
		e.resolve(key, ResolvedRestored)
	}
}

func (e *alertEvaluation) evaluateFields() {
	mapped := map[string]Mapping{}
	for _, mapping := range e.Mappings {
		if mapping.Object == e.state.Object {
			mapped[mapping.CRMField] = mapping
		}
	}
	names := slices.Collect(maps.Keys(mapped))
	for name := range e.open {
		if _, there := mapped[name]; !there && name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		mapping, there := mapped[name]
		key, open := e.open[name]
		switch field := e.state.Fields[name]; {
		case !there:
			e.resolve(key, ResolvedUnmapped)
		case e.lost():
			if open {
				e.raise(e.fieldAlert(mapping, field))
			}
		case e.state.Status != ObjectOK:
			// Nothing is known of the object yet.
		case field.Readable:
			if open {
				e.resolve(key, ResolvedRestored)
			}
		case !field.Folded:
			e.raise(e.fieldAlert(mapping, field))
		}
	}
}

// severity ranks a loss by how much the package needs its subject (K15).
func severity(requirement Requirement) Severity {
	if requirement == Required {
		return SeverityCritical
	}
	return SeverityWarning
}

// orUnknown is the cause that people are shown: never none.
func orUnknown(cause Cause) Cause {
	if cause == "" {
		return CauseUnknown
	}
	return cause
}

// subject fills in what remediations are about.
func (e *alertEvaluation) subject() Subject {
	return Subject{Object: e.object.Name, ObjectLabel: e.object.Label, InstanceURL: e.InstanceURL, User: e.User}
}

func (e *alertEvaluation) objectAlert() AlertIntent {
	rule := RuleRequiredObjectLost
	if e.state.Since.IsZero() {
		rule = RuleObjectAccessMissing
	}
	cause := orUnknown(e.state.Cause)
	intent := AlertIntent{
		Key:      AlertKey{Rule: rule, Object: e.state.Object},
		Severity: severity(e.object.Requirement),
		Cause:    cause,
		Evidence: e.state.Evidence,
		Fix:      RenderRemediation(e.Remediations, cause, e.subject()),
		Affected: ObjectImpact(e.Package, e.object),
		Since:    e.state.Since,
	}
	intent.Title, intent.Message = e.objectWords(rule)
	return intent
}

func (e *alertEvaluation) fieldAlert(mapping Mapping, field FieldState) AlertIntent {
	_, standard, known := e.Package.StandardField(mapping.StandardField)
	if !known {
		// The mapping outlived a change of the package.
		standard.Key, standard.Label = mapping.StandardField, mapping.StandardField
	}
	rule := RuleStandardFieldLost
	if field.Since.IsZero() || field.Since.Before(mapping.MappedAt) {
		rule = RuleMissingAtStandardization
	}
	subject := e.subject()
	subject.Object = e.state.Object
	// Whoever follows the steps looks for the CRM's own word.
	subject.Field, subject.FieldLabel, subject.Candidate = mapping.CRMField, cmp.Or(field.Label, standard.Label), field.Candidate
	cause := orUnknown(field.Cause)
	intent := AlertIntent{
		Key:           AlertKey{Rule: rule, Object: e.state.Object, Field: mapping.CRMField},
		Severity:      severity(standard.Requirement),
		StandardField: mapping.StandardField,
		Cause:         cause,
		Evidence:      field.Evidence,
		Fix:           RenderRemediation(e.Remediations, cause, subject),
		Affected:      FieldImpact(e.Package, standard),
		Since:         field.Since,
		Folded:        e.lost(),
	}
	intent.Title, intent.Message = e.fieldWords(rule, mapping, standard, field.Candidate)
	return intent
}
