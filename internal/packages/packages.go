// Package packages reads the packages that workspaces buy: versioned YAML files,
// one per package and CRM, built into the binary (requirements A4, F1, F3).
//
// It only turns text into crm.Package values; their rules are crm's. Whatever it
// returns without an error is valid. A mistake in a file is reported with file,
// line and column, and all mistakes at once.
package packages

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

//go:embed data/*.yaml
var files embed.FS

// NotFoundError is asked for a package that is not built in for a CRM.
type NotFoundError struct {
	Key string
	CRM string
	// Known are the packages there are, as "key.crm".
	Known []string
}

// Error names what is there instead.
func (e NotFoundError) Error() string {
	return fmt.Sprintf("there is no package %q for CRM %q; there are: %s", e.Key, e.CRM, strings.Join(e.Known, ", "))
}

// Load returns the built-in package of a key for a CRM (the connector's name). It
// fails with NotFoundError when there is none.
func Load(key, crmName string) (crm.Package, error) {
	known := Known()
	if !slices.Contains(known, key+"."+crmName) {
		return crm.Package{}, NotFoundError{Key: key, CRM: crmName, Known: known}
	}
	name := key + "." + crmName + ".yaml"
	source, err := files.ReadFile("data/" + name)
	if err != nil {
		return crm.Package{}, fmt.Errorf("read the built-in package %s: %w", name, err)
	}
	pkg, err := Parse(name, source)
	if err != nil {
		return crm.Package{}, err
	}
	if pkg.Key != key || pkg.CRM != crmName {
		return crm.Package{}, fmt.Errorf("%s holds the package %q for CRM %q: name and content differ", name, pkg.Key, pkg.CRM)
	}
	return pkg, nil
}

// Cached returns a Load that reads each package once: reading takes milliseconds,
// and every request needs a package. What it returns is shared, so callers must not
// change it. It is safe for concurrent use.
func Cached() func(key, crmName string) (crm.Package, error) {
	var mu sync.Mutex
	read := map[[2]string]crm.Package{}
	return func(key, crmName string) (crm.Package, error) {
		mu.Lock()
		defer mu.Unlock()
		name := [2]string{key, crmName}
		if pkg, ok := read[name]; ok {
			return pkg, nil
		}
		pkg, err := Load(key, crmName)
		if err == nil {
			read[name] = pkg
		}
		return pkg, err
	}
}

// Known lists the built-in packages as "key.crm", sorted.
func Known() []string {
	names, err := fs.Glob(files, "data/*.yaml")
	if err != nil {
		// Glob fails only on a malformed pattern, and this one is fixed.
		panic("packages: " + err.Error())
	}
	for i, name := range names {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(name, "data/"), ".yaml")
	}
	return names
}
