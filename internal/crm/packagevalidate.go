package crm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bounds of a package: beyond any real one, within what pages, mails and columns of
// the database carry.
const (
	maxPackageObjects    = 100
	maxPackageFeatures   = 200
	maxStandardFields    = 500 // of an object
	maxCandidates        = 20
	maxPackageVersion    = 1_000_000
	maxPackageKey        = 50
	maxPackageName       = 120
	maxPackageLabel      = 200
	maxPackageExplaining = 1000
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
	v.text("title", p.Title, maxPackageLabel)
	if p.Version < 1 || p.Version > maxPackageVersion {
		v.problem("version", "must be from 1 to %d", maxPackageVersion)
	}
	if len(p.Objects) == 0 {
		v.problem("objects", "must list at least one object")
	}
	v.atMost("objects", len(p.Objects), maxPackageObjects)
	v.atMost("features", len(p.Features), maxPackageFeatures)
	for i, feature := range p.Features {
		v.feature(fmt.Sprintf("features[%d]", i), feature)
	}
	for i, object := range p.Objects {
		v.object(fmt.Sprintf("objects[%d]", i), object, p.Features)
	}
	v.requires(p.Objects)
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

// text wants something of at most so many bytes.
func (v *packageValidator) text(path, value string, most int) {
	v.notEmpty(path, value)
	if len(value) > most {
		v.problem(path, "must not be longer than %d bytes", most)
	}
}

// atMost bounds a list.
func (v *packageValidator) atMost(path string, length, most int) {
	if length > most {
		v.problem(path, "lists %d; at most %d are possible", length, most)
	}
}

// requires wants that objects require others of the package, each once, and never
// themselves by any detour.
func (v *packageValidator) requires(objects []PackageObject) {
	circular := circles(objects)
	for i, object := range objects {
		path := fmt.Sprintf("objects[%d].requires", i)
		for j, key := range object.Requires {
			at := fmt.Sprintf("%s[%d]", path, j)
			v.unique(at, path+" requirement", key)
			if !slices.ContainsFunc(objects, func(o PackageObject) bool { return o.Key == key }) {
				v.problem(at, "the package has no object with the key %q", key)
			}
		}
		if circular[object.Key] {
			v.problem(path, "%q requires itself: requirements must not go round in a circle", object.Key)
		}
	}
}

// key wants lower-case letters, digits, dashes and underscores, a letter first.
func (v *packageValidator) key(path, key string) {
	if len(key) > maxPackageKey {
		v.problem(path, "must not be longer than %d characters", maxPackageKey)
		return
	}
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
	v.text(path+".title", feature.Title, maxPackageLabel)
	v.text(path+".description", feature.Description, maxPackageExplaining)
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
	v.text(path+".name", object.Name, maxPackageName)
	v.unique(path+".name", "object", object.Name)
	v.text(path+".label", object.Label, maxPackageLabel)
	v.atMost(path+".fields", len(object.Fields), maxStandardFields)
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
	v.text(path+".label", field.Label, maxPackageLabel)
	v.atMost(path+".candidates", len(field.Candidates), maxCandidates)
	v.requirement(path+".requirement", field.Requirement)
	if !slices.Contains(field.DataType.Values(), string(field.DataType)) {
		v.problem(path+".type", "%q must be one of %s", field.DataType, strings.Join(field.DataType.Values(), ", "))
	}
	if len(field.Candidates) == 0 {
		v.problem(path+".candidates", "must list at least one CRM field")
	}
	for i, candidate := range field.Candidates {
		at := fmt.Sprintf("%s.candidates[%d]", path, i)
		v.text(at, candidate, maxPackageName)
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
