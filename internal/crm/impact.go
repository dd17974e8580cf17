package crm

import "slices"

// ObjectImpact lists what breaks when an object of the package cannot be read: the
// features that need any of its standard fields, and the settings that require it
// or switch such a feature (requirement H8).
func ObjectImpact(pkg Package, object PackageObject) []Affected {
	features := pkg.FeaturesOf(object.Fields...)
	return impact(features, func(r SettingRequirement) bool { return r.Object == object.Key })
}

// FieldImpact lists what breaks when the CRM field behind a standard field cannot
// be read.
func FieldImpact(pkg Package, field StandardField) []Affected {
	return impact(pkg.FeaturesOf(field), func(r SettingRequirement) bool { return r.Field == field.Key })
}

// impact lists features in the package's order, then settings in the page's order.
func impact(features []Feature, requires func(SettingRequirement) bool) []Affected {
	var affected []Affected
	switched := map[string]bool{}
	for _, feature := range features {
		affected = append(affected, Affected{Kind: AffectedFeature, Key: feature.Key, Title: feature.Title})
		for _, key := range feature.Settings {
			switched[key] = true
		}
	}
	for _, definition := range SettingDefinitions() {
		if switched[definition.Key] || slices.ContainsFunc(definition.Requires, requires) {
			affected = append(affected, Affected{Kind: AffectedSetting, Key: definition.Key, Title: definition.Title})
		}
	}
	return affected
}
