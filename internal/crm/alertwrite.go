package crm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// writeAlerts compares the rights to create and update that are needed on an object
// and its fields with those that there are (requirement I8, rule WRITE_ACCESS_LOST):
//
//   - A right that a setting needs which is on: CRITICAL, for people rely on it now.
//     One that only the package needs: WARNING, and only once it was lost; a package
//     works without a right to write that was never granted.
//   - It takes two answers of the CRM: a right that the newest check missed first
//     raises nothing.
//   - What cannot be read at all has an alert of its own: open ones are folded under
//     it, and none is opened.
//   - An alert is resolved as RESTORED as soon as the rights are back, and as UNMAPPED
//     when nothing needs them any more.
//   - A field that the state does not hold says nothing.
//
// Without Needs it says nothing at all.
func writeAlerts(inputs AlertInputs, state ObjectState) []AlertIntent {
	if inputs.Needs == nil {
		return nil
	}
	e := writeEvaluation{AlertInputs: inputs, state: state, open: map[string]bool{}}
	e.object, e.inPackage = inputs.Package.Object(state.Object)
	for _, key := range inputs.Open {
		if key.Rule == RuleWriteAccessLost && key.Object == state.Object {
			e.open[key.Field] = true
		}
	}
	subjects := map[string]bool{"": true}
	for name := range state.Fields {
		if len(writing(inputs.Needs.OfField(state.Object, name))) > 0 {
			subjects[name] = true
		}
	}
	for name := range e.open {
		subjects[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(subjects)) {
		e.evaluate(name)
	}
	return e.intents
}

// writeEvaluation evaluates one object; "" stands for the object among its fields.
type writeEvaluation struct {
	AlertInputs
	state     ObjectState
	object    PackageObject
	inPackage bool
	open      map[string]bool
	intents   []AlertIntent
}

func (e *writeEvaluation) evaluate(name string) {
	key := AlertKey{Rule: RuleWriteAccessLost, Object: e.state.Object, Field: name}
	needs, known := e.needs(name)
	readable, rights, lost, confirmed := e.facts(name)
	missing := e.missing(needs, rights, lost)
	switch {
	case len(needs) == 0 || !e.inPackage:
		e.resolve(key, ResolvedUnmapped)
	case !known:
		// Nothing is known of the field here: the alert stands.
	case !readable:
		if e.open[name] && !e.state.Stale && e.state.Status != ObjectNotChecked {
			e.raise(key, needsOf(needs, rights), rights, true)
		}
	case len(missing) == 0:
		e.resolve(key, ResolvedRestored)
	case e.open[name] && !e.state.Stale, !e.open[name] && confirmed:
		e.raise(key, missing, rights, false)
	}
}

// needs are the needs to write on the object or a field, in use; known is false for a
// field that the state does not hold.
func (e *writeEvaluation) needs(name string) (needs []Need, known bool) {
	if name == "" {
		return writing(e.Needs.OfObject(e.state.Object)), true
	}
	_, known = e.state.Fields[name]
	return writing(e.Needs.OfField(e.state.Object, name)), known
}

// writing are the needs in use that are about more than reading.
func writing(needs []Need) []Need {
	return slices.DeleteFunc(slices.Clone(needs), func(n Need) bool { return !n.Active || !n.writes() })
}

// facts are what is known of the object or a field: lost says that it had other rights
// once, and confirmed that an answer after the one that changed them said the same.
func (e *writeEvaluation) facts(name string) (readable bool, rights Rights, lost, confirmed bool) {
	objectReadable := e.state.Status == ObjectOK
	since := e.state.RightsSince
	readable, rights = objectReadable, e.state.Rights
	if name != "" {
		field := e.state.Fields[name]
		readable, rights, since = objectReadable && field.Readable, field.Rights, field.RightsSince
	}
	return readable, rights, !since.IsZero(), since.IsZero() || e.state.CheckedAt.After(since)
}

// missing are the needs that are not met and count.
func (e *writeEvaluation) missing(needs []Need, rights Rights, lost bool) []Need {
	return slices.DeleteFunc(needsOf(needs, rights), func(n Need) bool { return n.Kind != NeedSetting && !lost })
}

// needsOf are the needs that rights do not meet.
func needsOf(needs []Need, rights Rights) []Need {
	return slices.DeleteFunc(slices.Clone(needs), func(n Need) bool { return n.Met(rights) })
}

func (e *writeEvaluation) resolve(key AlertKey, resolution AlertResolution) {
	if e.open[key.Field] {
		e.intents = append(e.intents, AlertIntent{Action: ActionResolve, Key: key, Resolution: resolution})
	}
}

// raise opens the alert, or updates the one that is open.
func (e *writeEvaluation) raise(key AlertKey, missing []Need, rights Rights, folded bool) {
	subject := Subject{Object: e.state.Object, ObjectLabel: e.object.Label, InstanceURL: e.InstanceURL, User: e.User}
	since := e.state.RightsSince
	if key.Field != "" {
		field := e.state.Fields[key.Field]
		since, subject.Field, subject.FieldLabel = field.RightsSince, key.Field, field.Label
	}
	intent := AlertIntent{
		Action: ActionOpen, Key: key, Severity: SeverityWarning, Cause: CauseUnknown, Since: since, Folded: folded,
		StandardField: e.standardField(key.Field), Affected: affectedBy(missing),
	}
	if e.open[key.Field] {
		intent.Action = ActionUpdate
	}
	if slices.ContainsFunc(missing, func(n Need) bool { return n.Kind == NeedSetting }) {
		intent.Severity = SeverityCritical
	}
	intent.words(missing, rights)
	intent.Fix = writeFix(RenderRemediation(e.Remediations, CausePermission, subject), missing)
	e.intents = append(e.intents, intent)
}

// standardField is the key of the standard field that is mapped to a field.
func (e *writeEvaluation) standardField(field string) string {
	for _, mapping := range e.Mappings {
		if field != "" && mapping.Object == e.state.Object && mapping.CRMField == field {
			return mapping.StandardField
		}
	}
	return ""
}

// affectedBy lists what needs the rights, each once.
func affectedBy(missing []Need) []Affected {
	var affected []Affected
	for _, need := range missing {
		one := Affected{Kind: AffectedFeature, Key: need.Key, Title: need.Title}
		if need.Kind == NeedSetting {
			one.Kind = AffectedSetting
		}
		if !slices.Contains(affected, one) {
			affected = append(affected, one)
		}
	}
	return affected
}

// words says what is missing and for what.
func (i *AlertIntent) words(missing []Need, rights Rights) {
	subject := i.Key.Object
	if i.Key.Field != "" {
		subject += "." + i.Key.Field
	}
	what := rightWords(missing)
	var users []string
	for _, affected := range i.Affected {
		users = append(users, fmt.Sprintf("%q", affected.Title))
	}
	i.Title = "No right to " + what + " " + subject
	i.Message = fmt.Sprintf("The integration user may not %s %s, which is needed by %s. What is read is not touched by it.",
		what, subject, strings.Join(users, ", "))
	i.Evidence = fmt.Sprintf("The CRM answered twice that the integration user may %s %s and no more.", heldWords(rights), subject)
	if i.Folded {
		i.Evidence = subject + " cannot be read either."
	}
}

// rightWords names the rights of needs: "create or update".
func rightWords(needs []Need) string {
	var words []string
	for _, right := range []Right{RightCreate, RightUpdate} {
		if slices.ContainsFunc(needs, func(n Need) bool { return n.Right == right }) {
			words = append(words, strings.ToLower(string(right)))
		}
	}
	return strings.Join(words, " or ")
}

// heldWords names the rights that there are: "read and update".
func heldWords(rights Rights) string {
	var words []string
	for _, right := range []Right{RightRead, RightCreate, RightUpdate} {
		if rights.Has(right) {
			words = append(words, strings.ToLower(string(right)))
		}
	}
	return strings.Join(words, " and ")
}

// writeFix turns the steps to give access into steps to give the right to write:
// connectors describe how to make something readable, and the place is the same.
func writeFix(fix Fix, missing []Need) Fix {
	first := "Look for the right to " + rightWords(missing) + ": the right to read is there. The place is the same, but the boxes to tick are those for creating and editing."
	fix.Steps = append([]string{first}, fix.Steps...)
	return fix
}
