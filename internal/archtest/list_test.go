package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/fieldwarden/fieldwarden"

// root is the project's folder, seen from this package's.
var root = filepath.Join("..", "..")

// listed is what go list tells of a package.
type listed struct {
	// path is the import path inside the module; "" is the root.
	path string

	ImportPath, Dir, Doc, Name         string
	GoFiles, IgnoredGoFiles, CgoFiles  []string
	TestGoFiles, XTestGoFiles          []string
	Imports, TestImports, XTestImports []string
}

// own keeps the imports that are ours, as paths inside the module.
func (p listed) own(imports []string) []string {
	var ours []string
	for _, imported := range imports {
		if path, ok := strings.CutPrefix(imported, module+"/"); ok && path != p.path {
			ours = append(ours, path)
		}
	}
	return ours
}

// sources are the package's files that are not tests, whatever they are built for.
func (p listed) sources() []string {
	return append(append([]string{}, p.GoFiles...), p.IgnoredGoFiles...)
}

// tests are the package's test files.
func (p listed) tests() []string {
	return append(append([]string{}, p.TestGoFiles...), p.XTestGoFiles...)
}

// packages lists the module's packages, once for all tests.
func packages(t *testing.T) []listed {
	t.Helper()
	found, err := listOnce()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var listOnce = sync.OnceValues(func() ([]listed, error) {
	output, err := goList("-json=ImportPath,Dir,Doc,Name,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	if err != nil {
		return nil, err
	}
	var found []listed
	decoder := json.NewDecoder(bytes.NewReader(output))
	for {
		var pkg listed
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading go list: %w", err)
		}
		pkg.path = strings.TrimPrefix(strings.TrimPrefix(pkg.ImportPath, module), "/")
		found = append(found, pkg)
	}
	if len(found) < 20 {
		return nil, fmt.Errorf("go list found %d packages: the test does not see the module", len(found))
	}
	return found, nil
})

// dependencies lists everything that a package links.
func dependencies(t *testing.T, pkg string) []string {
	t.Helper()
	output, err := goList("-deps", pkg)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(output))
}

func goList(arguments ...string) ([]byte, error) {
	command := exec.Command("go", append([]string{"list"}, arguments...)...)
	command.Dir = root
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return output, nil
}

// matches reports whether a path is the pattern, or below it when the pattern ends
// in /...; the pattern ... matches everything.
func matches(pattern, path string) bool {
	if pattern == "..." {
		return true
	}
	base, below := strings.CutSuffix(pattern, "/...")
	return path == base || below && strings.HasPrefix(path, base+"/")
}

func matchesAny(patterns []string, path string) bool {
	for _, pattern := range patterns {
		if matches(pattern, path) {
			return true
		}
	}
	return false
}
