package crm

import (
	"fmt"
	"slices"
	"strings"
)

// PackageEffectKind is what kind of change of a package an effect is.
type PackageEffectKind string

// Kinds of effects.
const (
	EffectObjectAdded   PackageEffectKind = "OBJECT_ADDED"
	EffectObjectRemoved PackageEffectKind = "OBJECT_REMOVED"
	EffectObjectChanged PackageEffectKind = "OBJECT_CHANGED"
	// EffectFieldAdded, EffectFieldRemoved and EffectFieldChanged are about standard
	// fields of objects that both versions have.
	EffectFieldAdded     PackageEffectKind = "STANDARD_FIELD_ADDED"
	EffectFieldRemoved   PackageEffectKind = "STANDARD_FIELD_REMOVED"
	EffectFieldChanged   PackageEffectKind = "STANDARD_FIELD_CHANGED"
	EffectFeatureAdded   PackageEffectKind = "FEATURE_ADDED"
	EffectFeatureRemoved PackageEffectKind = "FEATURE_REMOVED"
)

// PackageEffect is one thing that a change of the package's version does to an
// integration.
type PackageEffect struct {
	Kind PackageEffectKind
	// Subject is the key of the object, standard field or feature.
	Subject string
	// Description is a sentence for a person.
	Description string
	// Readable is the present verdict on what becomes needed, or needed more: of an
	// object, or of the CRM fields that could stand for a standard field. Nil when the
	// effect is not about that, or nothing is known.
	Readable *bool
	// Destructive says that something is taken away.
	Destructive bool
}

// PackagePlan is what a change of the package's version does to an integration.
type PackagePlan struct {
	FromVersion int
	ToVersion   int
	Effects     []PackageEffect
}

// PackagePlanInputs is what a plan depends on.
type PackagePlanInputs struct {
	From Package
	To   Package
	// Objects are the stored states by the CRM's name, with the fields that stand, or
	// could stand, for standard fields.
	Objects map[string]ObjectState
	// Mapped is the CRM field of each standard field that has one.
	Mapped map[string]string
}

// PlanPackage says what changes for an integration that moves from one version of a
// package to another (F1), in the order of the new version; what goes comes after
// what stays, objects before features.
//
// An object is the same when key and CRM name are: under another CRM name it is
// another object, whose mappings cannot be kept. Added and removed objects are one
// effect each, whatever standard fields they have. Words for people (labels, titles)
// are no effects.
func PlanPackage(in PackagePlanInputs) PackagePlan {
	p := packagePlanner{PackagePlanInputs: in}
	for _, object := range in.To.Objects {
		former, found := sameObject(in.From, object)
		if !found {
			p.objectAdded(object)
			continue
		}
		p.objectChanged(former, object)
		p.fields(former, object)
	}
	for _, object := range in.From.Objects {
		if _, stays := sameObject(in.To, object); !stays {
			p.objectRemoved(object)
		}
	}
	p.features()
	return PackagePlan{FromVersion: in.From.Version, ToVersion: in.To.Version, Effects: p.effects}
}

// sameObject finds an object of another version: the one of the same key and name.
func sameObject(pkg Package, object PackageObject) (PackageObject, bool) {
	found, ok := pkg.ObjectByKey(object.Key)
	return found, ok && found.Name == object.Name
}

func hasField(object PackageObject, key string) bool {
	return slices.ContainsFunc(object.Fields, func(f StandardField) bool { return f.Key == key })
}

// packagePlanner gathers effects.
type packagePlanner struct {
	PackagePlanInputs
	effects []PackageEffect
}

func (p *packagePlanner) add(kind PackageEffectKind, subject string, readable *bool, destructive bool, format string, args ...any) {
	p.effects = append(p.effects, PackageEffect{
		Kind: kind, Subject: subject, Description: fmt.Sprintf(format, args...), Readable: readable, Destructive: destructive,
	})
}

func (p *packagePlanner) objectAdded(object PackageObject) {
	p.add(EffectObjectAdded, object.Key, p.objectReadable(object.Name), false,
		"%s (%s) is new, %s: it is checked, and read by the next run. It has %s.",
		object.Label, object.Name, needWords(object.Requirement), count(len(object.Fields), "standard field"))
}

func (p *packagePlanner) objectRemoved(object PackageObject) {
	mapped := 0
	for _, field := range object.Fields {
		if p.Mapped[field.Key] != "" {
			mapped++
		}
	}
	p.add(EffectObjectRemoved, object.Key, nil, true,
		"%s (%s) is no longer part: it is neither checked nor read any more, its alerts end, and %s are removed.",
		object.Label, object.Name, count(mapped, "mapping"))
}

func (p *packagePlanner) objectChanged(former, object PackageObject) {
	var changes []string
	var readable *bool
	if former.Requirement != object.Requirement {
		changes = append(changes, fmt.Sprintf("was %s and is %s", needWords(former.Requirement), needWords(object.Requirement)))
		if object.Requirement == Required {
			readable = p.objectReadable(object.Name)
		}
	}
	if former.Rights != object.Rights {
		changes = append(changes, fmt.Sprintf("needs the rights %s instead of %s", rightList(object.Rights), rightList(former.Rights)))
	}
	if !sameWords(former.Requires, object.Requires) {
		changes = append(changes, "is read after "+listWords(object.Requires, "no other object"))
	}
	if len(changes) > 0 {
		p.add(EffectObjectChanged, object.Key, readable, false, "%s (%s) %s.", object.Label, object.Name, strings.Join(changes, "; "))
	}
}

func (p *packagePlanner) fields(former, object PackageObject) {
	for _, field := range object.Fields {
		i := slices.IndexFunc(former.Fields, func(f StandardField) bool { return f.Key == field.Key })
		if i < 0 {
			p.add(EffectFieldAdded, field.Key, p.fieldReadable(object.Name, field), false,
				"%s of %s is new, %s: it is mapped to %s when somebody says so.",
				field.Label, object.Label, needWords(field.Requirement), strings.Join(field.Candidates, ", "))
			continue
		}
		p.fieldChanged(former.Fields[i], object, field)
	}
	for _, field := range former.Fields {
		if hasField(object, field.Key) {
			continue
		}
		mapped := p.Mapped[field.Key]
		what := "it is mapped to nothing."
		if mapped != "" {
			what = fmt.Sprintf("its mapping to %s.%s is removed, and its alerts end.", object.Name, mapped)
		}
		p.add(EffectFieldRemoved, field.Key, nil, mapped != "", "%s of %s is no longer part: %s", field.Label, object.Label, what)
	}
}

func (p *packagePlanner) fieldChanged(former StandardField, object PackageObject, field StandardField) {
	var changes []string
	var readable *bool
	if former.Requirement != field.Requirement {
		changes = append(changes, fmt.Sprintf("was %s and is %s", needWords(former.Requirement), needWords(field.Requirement)))
		if field.Requirement == Required {
			readable = p.fieldReadable(object.Name, field)
		}
	}
	if former.DataType != field.DataType {
		changes = append(changes, fmt.Sprintf("was %s and is %s, which the mapped field must suit", former.DataType, field.DataType))
	}
	if !sameWords(former.Features, field.Features) {
		changes = append(changes, "is needed by "+listWords(field.Features, "no feature"))
	}
	if !slices.Equal(former.Candidates, field.Candidates) {
		changes = append(changes, "is looked for in "+strings.Join(field.Candidates, ", "))
	}
	if len(changes) > 0 {
		p.add(EffectFieldChanged, field.Key, readable, false, "%s of %s %s.", field.Label, object.Label, strings.Join(changes, "; "))
	}
}

func (p *packagePlanner) features() {
	for _, feature := range p.To.Features {
		if !hasFeature(p.From, feature.Key) {
			p.add(EffectFeatureAdded, feature.Key, nil, false, "%s is new: %s", feature.Title, feature.Description)
		}
	}
	for _, feature := range p.From.Features {
		if !hasFeature(p.To, feature.Key) {
			p.add(EffectFeatureRemoved, feature.Key, nil, true, "%s is no longer part.", feature.Title)
		}
	}
}

func hasFeature(pkg Package, key string) bool {
	return slices.ContainsFunc(pkg.Features, func(f Feature) bool { return f.Key == key })
}

// objectReadable is the present verdict on an object; nil when there is none.
func (p *packagePlanner) objectReadable(name string) *bool {
	state, known := p.Objects[name]
	if !known || state.Status == ObjectNotChecked || state.Status == "" {
		return nil
	}
	readable := state.Status == ObjectOK
	return &readable
}

// fieldReadable is whether a field that stands, or could stand, for a standard field
// can be read; nil while the object has no verdict.
func (p *packagePlanner) fieldReadable(object string, field StandardField) *bool {
	verdict := p.objectReadable(object)
	if verdict == nil || !*verdict {
		return verdict
	}
	wanted := field.Candidates
	if mapped := p.Mapped[field.Key]; mapped != "" {
		wanted = []string{mapped}
	}
	readable := slices.ContainsFunc(wanted, func(name string) bool { return p.Objects[object].Fields[name].Readable })
	return &readable
}

// needWords words a requirement.
func needWords(requirement Requirement) string { return strings.ToLower(string(requirement)) }

// rightList words rights.
func rightList(rights Rights) string {
	var words []string
	for _, one := range []struct {
		has  bool
		word string
	}{{rights.Read, "read"}, {rights.Create, "create"}, {rights.Update, "update"}} {
		if one.has {
			words = append(words, one.word)
		}
	}
	return listWords(words, "none")
}

// listWords joins words; none stands for an empty list.
func listWords(words []string, none string) string {
	if len(words) == 0 {
		return none
	}
	return strings.Join(words, ", ")
}

// sameWords compares lists whose order says nothing.
func sameWords(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// count words a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
