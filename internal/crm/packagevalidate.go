package crm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// PackageProblem is one thing wrong with a package.
type PackageProblem struct {
	// Path leads to the wrong value: keys and list positions from 0, as in
	// "objects[1].fields[0].key".
	Path    string
	Message string
}

// Error gives path and message.
func (p PackageProblem) Error() string { return p.Path + ": " + p.Message }

// Validate reports everything that is wrong with the package, each as a
// PackageProblem, joined with errors.Join; nil when it can be used.
func (p Package) Validate() error {
	v := packageValidator{seen: map[string]string{}}
	v.key("key", p.Key)
	v.key("crm", p.CRM)
	v.notEmpty("title", p.Title)
	if p.Version < 1 {
		v.problem("version", "must be 1 or more")
	}
	if len(p.Objects) == 0 {
		v.problem("objects", "must list at least one object")
	}
	for i, feature := range p.Features {
		v.feature(fmt.Sprintf("features[%d]", i), feature)
	}
	for i, object := range p.Objects {
		v.object(fmt.Sprintf("objects[%d]", i), object, p.Features)
	}
	return errors.Join(v.problems...)
}

// packageValidator gathers problems; seen remembers where each name was first.
type packageValidator struct {
	problems []error
	seen     map[string]string
}

func (v *packageValidator) problem(path, format string, args ...any) {
	v.problems = append(v.problems, PackageProblem{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (v *packageValidator) notEmpty(path, value string) {
	if strings.TrimSpace(value) == "" {
		v.problem(path, "must not be empty")
	}
}

// key wants lower-case letters, digits, dashes and underscores, a letter first.
func (v *packageValidator) key(path, key string) {
	for i, r := range key {
		letter := r >= 'a' && r <= 'z'
		inside := r >= '0' && r <= '9' || r == '-' || r == '_'
		if !letter && (i == 0 || !inside) {
			v.problem(path, "%q must be lower-case letters, digits, dashes and underscores, a letter first", key)
			return
		}
	}
	v.notEmpty(path, key)
}

// unique wants that a name of a kind comes once.
func (v *packageValidator) unique(path, kind, name string) {
	if name == "" {
		return
	}
	id := kind + " " + strings.ToLower(name)
	if first, taken := v.seen[id]; taken {
		v.problem(path, "%s %q is already at %s", kind, name, first)
		return
	}
	v.seen[id] = path
}

func (v *packageValidator) requirement(path string, requirement Requirement) {
	if !slices.Contains(requirement.Values(), string(requirement)) {
		v.problem(path, "%q must be one of %s", requirement, strings.Join(requirement.Values(), ", "))
	}
}

func (v *packageValidator) feature(path string, feature Feature) {
	v.key(path+".key", feature.Key)
	v.unique(path+".key", "feature", feature.Key)
	v.notEmpty(path+".title", feature.Title)
	v.notEmpty(path+".description", feature.Description)
	for i, key := range feature.Settings {
		at := fmt.Sprintf("%s.settings[%d]", path, i)
		v.unique(at, path+" setting", key)
		if _, known := FindSetting(key); !known {
			v.problem(at, "there is no setting %q", key)
		}
	}
}

func (v *packageValidator) object(path string, object PackageObject, features []Feature) {
	v.key(path+".key", object.Key)
	v.unique(path+".key", "object key", object.Key)
	v.notEmpty(path+".name", object.Name)
	v.unique(path+".name", "object", object.Name)
	v.notEmpty(path+".label", object.Label)
	v.requirement(path+".requirement", object.Requirement)
	if !object.Rights.Read {
		v.problem(path+".rights", "must hold READ: an object that is not read cannot be watched")
	}
	for i, field := range object.Fields {
		v.field(fmt.Sprintf("%s.fields[%d]", path, i), object.Key, field, features)
	}
}

func (v *packageValidator) field(path, objectKey string, field StandardField, features []Feature) {
	name, ok := strings.CutPrefix(field.Key, objectKey+".")
	if !ok {
		v.problem(path+".key", "%q must begin with the object's key and a dot (%q)", field.Key, objectKey+".")
	} else {
		v.key(path+".key", name)
	}
	v.unique(path+".key", "standard field", field.Key)
	v.notEmpty(path+".label", field.Label)
	v.requirement(path+".requirement", field.Requirement)
	if !slices.Contains(field.DataType.Values(), string(field.DataType)) {
		v.problem(path+".type", "%q must be one of %s", field.DataType, strings.Join(field.DataType.Values(), ", "))
	}
	if len(field.Candidates) == 0 {
		v.problem(path+".candidates", "must list at least one CRM field")
	}
	for i, candidate := range field.Candidates {
		at := fmt.Sprintf("%s.candidates[%d]", path, i)
		v.notEmpty(at, candidate)
		v.unique(at, path+" candidate", candidate)
	}
	for i, key := range field.Features {
		at := fmt.Sprintf("%s.features[%d]", path, i)
		v.unique(at, path+" feature", key)
		if !slices.ContainsFunc(features, func(f Feature) bool { return f.Key == key }) {
			v.problem(at, "the package has no feature %q", key)
		}
	}
}
