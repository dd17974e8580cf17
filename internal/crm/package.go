package crm

// Package is what a workspace bought, for one CRM: the objects and standard
// fields it needs and the features that need them (requirements A4, F1). It is
// data, written as versioned YAML.
type Package struct {
	// Key names the package in every CRM ("sales-engagement").
	Key string
	// Version rises with each change of the data.
	Version int
	Title   string
	// CRM is the name of the connector it is for ("salesforce").
	CRM      string
	Objects  []PackageObject
	Features []Feature
}

// PackageObject is one object that a package needs.
type PackageObject struct {
	// Key is the vendor-neutral word for the object ("contact"); standard field
	// keys begin with it, and settings refer to it.
	Key string
	// Name is the CRM's own name ("Contact").
	Name  string
	Label string
	// Requirement ranks a loss; every object of a package counts as required for
	// checks and alerts (reading 1b.8).
	Requirement Requirement
	// Rights are the rights that the package needs.
	Rights Rights
	// Requires are the keys of objects without which this one makes no sense: they are
	// read before it. Requirements go round in no circle.
	Requires []string
	Fields   []StandardField
}

// StandardField is one word of the package's vocabulary, to which an admin maps a
// CRM field (requirement H1).
type StandardField struct {
	// Key is the object's key, a dot and a name ("contact.email").
	Key         string
	Label       string
	DataType    DataType
	Requirement Requirement
	// Candidates are the CRM fields tried by the automatic mapping, best first.
	Candidates []string
	// Features are the keys of the features that need the field.
	Features []string
}

// CRMField is the CRM field that stands for the standard field: the one that the
// mappings (by standard field key) give it, else the one that is to, its first
// candidate.
func (f StandardField) CRMField(mappings map[string]string) string {
	if mapped := mappings[f.Key]; mapped != "" {
		return mapped
	}
	if len(f.Candidates) == 0 {
		return ""
	}
	return f.Candidates[0]
}

// Feature is something the product does that breaks without its fields; alerts
// name the features that a loss affects.
type Feature struct {
	Key         string
	Title       string
	Description string
	// Settings are the keys of the settings that switch the feature.
	Settings []string
}

// Object finds a package object by the CRM's name.
func (p Package) Object(name string) (PackageObject, bool) {
	for _, object := range p.Objects {
		if object.Name == name {
			return object, true
		}
	}
	return PackageObject{}, false
}

// ObjectByKey finds a package object by its vendor-neutral key.
func (p Package) ObjectByKey(key string) (PackageObject, bool) {
	for _, object := range p.Objects {
		if object.Key == key {
			return object, true
		}
	}
	return PackageObject{}, false
}

// StandardField finds a standard field by its key, with the object it belongs to.
func (p Package) StandardField(key string) (PackageObject, StandardField, bool) {
	for _, object := range p.Objects {
		for _, field := range object.Fields {
			if field.Key == key {
				return object, field, true
			}
		}
	}
	return PackageObject{}, StandardField{}, false
}

// ObjectNames lists the CRM's names of the package's objects, in the package's
// order: what a check asks for.
func (p Package) ObjectNames() []string {
	names := make([]string, 0, len(p.Objects))
	for _, object := range p.Objects {
		names = append(names, object.Name)
	}
	return names
}

// FeaturesOf lists the features that need any of the standard fields, in the
// package's order.
func (p Package) FeaturesOf(fields ...StandardField) []Feature {
	needed := map[string]bool{}
	for _, field := range fields {
		for _, key := range field.Features {
			needed[key] = true
		}
	}
	var features []Feature
	for _, feature := range p.Features {
		if needed[feature.Key] {
			features = append(features, feature)
		}
	}
	return features
}
