package crm

import (
	"slices"
)

// Need is one right that something needs on an object or a field (requirement I8).
type Need struct {
	Kind NeedKind
	// Key is the standard field's of a mapping, the setting's, or the feature's; the
	// package's own rights stand under the package's key.
	Key   string
	Title string
	Right Right
	// Active says that it is in use: a mapping and a feature always, a setting while it
	// is on, or would be if nothing but rights stood against it.
	Active bool
}

// Met reports whether rights hold what is needed.
func (n Need) Met(rights Rights) bool { return rights.Has(n.Right) }

// MissingRights lists the rights that anything in use needs and that are not there,
// each once, in the order of Right.Values.
func MissingRights(needs []Need, rights Rights) []Right {
	var missing []Right
	for _, right := range []Right{RightRead, RightCreate, RightUpdate} {
		if rights.Has(right) {
			continue
		}
		if slices.ContainsFunc(needs, func(n Need) bool { return n.Active && n.Right == right }) {
			missing = append(missing, right)
		}
	}
	return missing
}

// Needs says which mapping, setting and feature needs which right on what, in the
// CRM's words. The zero value needs nothing.
type Needs struct {
	bySubject map[needSubject][]Need
}

// needSubject is an object by its CRM name, or with a field's name a field of it.
type needSubject struct{ object, field string }

// OfObject lists the needs on an object itself: mappings never (they are on fields),
// settings in the page's order, then the package and its features in its order.
func (n Needs) OfObject(object string) []Need { return n.bySubject[needSubject{object: object}] }

// OfField lists the needs on a field: its mapping, then settings, then features.
func (n Needs) OfField(object, field string) []Need {
	if field == "" {
		return nil
	}
	return n.bySubject[needSubject{object, field}]
}

// WrittenFields names the fields of an object on which anything in use needs the right to
// create or update, by name. Some of them may not be mapped.
func (n Needs) WrittenFields(object string) []string {
	var names []string
	for subject, needs := range n.bySubject {
		if subject.object == object && subject.field != "" && len(writing(needs)) > 0 {
			names = append(names, subject.field)
		}
	}
	slices.Sort(names)
	return names
}

// writes reports whether the need is about more than reading.
func (n Need) writes() bool { return n.Right == RightCreate || n.Right == RightUpdate }

// CollectNeeds works out who needs what. It goes by what is decided and not by what
// is granted, so Objects and Options of the inputs do not count; Mappings are the
// mappings that there are. Rules:
//
//   - A mapping needs to read its CRM field.
//   - A setting needs what its definition says; a standard field that is not mapped is
//     meant under its first candidate, as for Evaluate.
//   - A feature needs to read the CRM fields of its standard fields and their objects;
//     the package itself needs its objects' Rights.
//
// What the package has no counterpart for in this CRM needs nothing.
func CollectNeeds(inputs SettingInputs) Needs {
	needs := Needs{bySubject: map[needSubject][]Need{}}
	for _, object := range inputs.Package.Objects {
		for _, field := range object.Fields {
			if crmField := inputs.Mappings[field.Key]; crmField != "" {
				needs.add(object.Name, crmField, Need{Kind: NeedMapping, Key: field.Key, Title: field.Label, Right: RightRead, Active: true})
			}
		}
	}
	needs.addSettings(inputs)
	for _, object := range inputs.Package.Objects {
		needs.addFeatures(inputs.Package, object, inputs.Mappings)
	}
	return needs
}

// addSettings adds what settings need. Without states of objects no right is known to
// be missing, so what has an effect then is what is wanted.
func (n Needs) addSettings(inputs SettingInputs) {
	inputs.Objects, inputs.Options = nil, nil
	for _, setting := range Evaluate(inputs) {
		wanted := setting.EffectiveValue != nil && setting.EffectiveValue != false
		for _, requirement := range setting.Requires {
			if requirement.Field != "" && requirement.FieldName == "" {
				continue
			}
			n.add(requirement.ObjectName, requirement.FieldName, Need{
				Kind: NeedSetting, Key: setting.Definition.Key, Title: setting.Definition.Title,
				Right: requirement.Right, Active: wanted,
			})
		}
	}
}

// addFeatures adds what the package and its features need on an object.
func (n Needs) addFeatures(pkg Package, object PackageObject, mappings map[string]string) {
	for _, right := range []Right{RightRead, RightCreate, RightUpdate} {
		if object.Rights.Has(right) {
			n.add(object.Name, "", Need{Kind: NeedFeature, Key: pkg.Key, Title: pkg.Title, Right: right, Active: true})
		}
	}
	reads := func(feature Feature) Need {
		return Need{Kind: NeedFeature, Key: feature.Key, Title: feature.Title, Right: RightRead, Active: true}
	}
	for _, feature := range pkg.FeaturesOf(object.Fields...) {
		n.add(object.Name, "", reads(feature))
	}
	for _, field := range object.Fields {
		crmField := field.CRMField(mappings)
		if crmField == "" {
			continue
		}
		for _, feature := range pkg.FeaturesOf(field) {
			n.add(object.Name, crmField, reads(feature))
		}
	}
}

// add notes a need once: two standard fields may mean the same candidate.
func (n Needs) add(object, field string, need Need) {
	subject := needSubject{object, field}
	if !slices.Contains(n.bySubject[subject], need) {
		n.bySubject[subject] = append(n.bySubject[subject], need)
	}
}
