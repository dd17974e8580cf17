package packages

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// fileLimit bounds one package file, in bytes: far beyond any real one, and small
// enough to read without a second thought.
const fileLimit = 1 << 20

// fileName is the name of a package's file: its key, CRM and version.
func fileName(pkg crm.Package) string {
	return fmt.Sprintf("%s.%s.v%d.yaml", pkg.Key, pkg.CRM, pkg.Version)
}

// parseFile reads a package whose file must bear its name; path stands for the file
// in errors.
func parseFile(path string, source []byte) (crm.Package, error) {
	pkg, err := Parse(path, source)
	if err != nil {
		return crm.Package{}, err
	}
	if want := fileName(pkg); path[strings.LastIndexByte(path, '/')+1:] != want {
		return crm.Package{}, Problem{File: path, Line: 1, Column: 1, Message: fmt.Sprintf(
			"the file holds version %d of the package %q for CRM %q, so its name must be %s", pkg.Version, pkg.Key, pkg.CRM, want)}
	}
	return pkg, nil
}

// readBounded reads a file of at most fileLimit bytes.
func readBounded(folder fs.FS, name string) ([]byte, error) {
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	source, err := io.ReadAll(io.LimitReader(file, fileLimit+1))
	if err != nil {
		return nil, err
	}
	if len(source) > fileLimit {
		return nil, fmt.Errorf("the file is larger than %d bytes", fileLimit)
	}
	return source, nil
}

// readOperators adds the packages of the operator's folder.
func (c *Catalogue) readOperators(folder string) error {
	found, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("the folder of packages: %w", err)
	}
	if !found.IsDir() {
		return fmt.Errorf("the folder of packages: %s is not a folder", folder)
	}
	return c.readFolder(os.DirFS(folder), ".", folder+"/")
}
