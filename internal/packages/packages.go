// Package packages reads the packages that workspaces buy: versioned YAML files,
// one per package, CRM and version (requirements A4, F1, F3). Some are built into the
// binary; an operator's folder adds to them.
//
// It only turns text into crm.Package values; their rules are crm's. Whatever it
// returns without an error is valid. A mistake in a file is reported with file,
// line and column, and all mistakes at once. Everything is read at the start of the
// program and never changes after: integrations go by a version that stays what it is.
package packages

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

//go:embed data/*.yaml
var files embed.FS

// NotFoundError is asked for a package, or a version of one, that there is not.
type NotFoundError struct {
	Key string
	CRM string
	// Version is the one asked for; 0 is any.
	Version int
	// Known are the packages there are, as "key.crm".
	Known []string
}

// Error names what is there instead.
func (e NotFoundError) Error() string {
	if e.Version > 0 && slices.Contains(e.Known, e.Key+"."+e.CRM) {
		return fmt.Sprintf("there is no version %d of the package %q for CRM %q", e.Version, e.Key, e.CRM)
	}
	return fmt.Sprintf("there is no package %q for CRM %q; there are: %s", e.Key, e.CRM, strings.Join(e.Known, ", "))
}

// slot is where the versions of a package for a CRM are.
type slot struct{ key, crm string }

// Catalogue holds every version of every package. It does not change, and is safe for
// concurrent use; what it returns is shared, so callers must not change it.
type Catalogue struct {
	// versions are sorted, the oldest first.
	versions map[slot][]crm.Package
}

// BuiltIn returns the packages of the binary.
func BuiltIn() (*Catalogue, error) {
	c := &Catalogue{versions: map[slot][]crm.Package{}}
	return c, c.readFolder(files, "data", "")
}

// Open returns the packages of the binary and those of an operator's folder, if one
// is named. A file of the folder that bears the key, CRM and version of a built-in
// package takes its place.
func Open(folder string) (*Catalogue, error) {
	c, err := BuiltIn()
	if err != nil || folder == "" {
		return c, err
	}
	return c, c.readOperators(folder)
}

// readFolder adds the packages of a folder's .yaml files; shown comes before the
// names of files in errors.
func (c *Catalogue) readFolder(folder fs.FS, path, shown string) error {
	names, err := fs.Glob(folder, path+"/*.yaml")
	if err != nil {
		return fmt.Errorf("list the packages of %s: %w", path, err)
	}
	var problems []error
	for _, name := range names {
		source, err := readBounded(folder, name)
		if err != nil {
			problems = append(problems, fmt.Errorf("read the package %s: %w", name, err))
			continue
		}
		pkg, err := parseFile(shown+name[strings.LastIndexByte(name, '/')+1:], source)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		c.add(pkg)
	}
	return errors.Join(problems...)
}

// add puts a package in its place; in that of another with its key, CRM and version.
func (c *Catalogue) add(pkg crm.Package) {
	at := slot{pkg.Key, pkg.CRM}
	i, found := slices.BinarySearchFunc(c.versions[at], pkg.Version, func(p crm.Package, version int) int {
		return cmp.Compare(p.Version, version)
	})
	if found {
		c.versions[at][i] = pkg
		return
	}
	c.versions[at] = slices.Insert(c.versions[at], i, pkg)
}

// Load returns a version of the package of a key for a CRM (the connector's name);
// version 0 is the newest. It fails with NotFoundError when there is none.
func (c *Catalogue) Load(key, crmName string, version int) (crm.Package, error) {
	versions := c.versions[slot{key, crmName}]
	if version == 0 && len(versions) > 0 {
		return versions[len(versions)-1], nil
	}
	for _, pkg := range versions {
		if pkg.Version == version {
			return pkg, nil
		}
	}
	return crm.Package{}, NotFoundError{Key: key, CRM: crmName, Version: version, Known: c.Known()}
}

// All lists every version of every package, by key, CRM and version.
func (c *Catalogue) All() []crm.Package {
	var all []crm.Package
	for _, versions := range c.versions {
		all = append(all, versions...)
	}
	slices.SortFunc(all, func(a, b crm.Package) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.CRM, b.CRM), cmp.Compare(a.Version, b.Version))
	})
	return all
}

// Known lists the packages as "key.crm", sorted.
func (c *Catalogue) Known() []string {
	var known []string
	for at := range c.versions {
		known = append(known, at.key+"."+at.crm)
	}
	slices.Sort(known)
	return known
}

// Load returns a version of a built-in package: what Load of BuiltIn returns.
func Load(key, crmName string, version int) (crm.Package, error) {
	c, err := BuiltIn()
	if err != nil {
		return crm.Package{}, err
	}
	return c.Load(key, crmName, version)
}
