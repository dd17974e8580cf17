package packages

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// Problem is one mistake in a package file.
type Problem struct {
	File string
	// Line and Column count from 1.
	Line    int
	Column  int
	Message string
}

// Error has the form "file:line:column: message", which editors understand.
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Parse reads one package from YAML; name stands for the file in errors. It accepts
// exactly the keys of the format: an unknown or repeated key, a value of the wrong
// kind and whatever crm.Package.Validate refuses are each a Problem. All of them
// come back joined with errors.Join, except that a file which is not YAML at all
// gives the first only. The objects of the package are in reading order
// (crm.ReadingOrder).
func Parse(name string, source []byte) (crm.Package, error) {
	file, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return crm.Package{}, syntaxProblem(name, err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return crm.Package{}, Problem{File: name, Line: 1, Column: 1, Message: "want one YAML document that describes a package"}
	}
	r := reader{file: name, positions: map[string]*token.Position{}}
	pkg := r.readPackage(file.Docs[0].Body)
	if len(r.problems) == 0 {
		// Rules are checked on a file that was read whole: a value that could not be
		// read would be reported a second time as missing.
		r.addInvalid(pkg.Validate())
	}
	if err := errors.Join(r.problems...); err != nil {
		return crm.Package{}, err
	}
	pkg.Objects = crm.ReadingOrder(pkg.Objects)
	return pkg, nil
}

// syntaxProblem gives a parse error the form of a Problem.
func syntaxProblem(name string, err error) error {
	var syntax yaml.Error
	if errors.As(err, &syntax) && syntax.GetToken() != nil {
		at := syntax.GetToken().Position
		return Problem{File: name, Line: at.Line, Column: at.Column, Message: syntax.GetMessage()}
	}
	return fmt.Errorf("%s: %w", name, err)
}

// readPackage builds the package; what cannot be read is a problem and left empty.
func (r *reader) readPackage(root ast.Node) crm.Package {
	m := r.mapping("", root, "key", "version", "title", "crm", "features", "objects")
	pkg := crm.Package{
		Key:     r.text(m.child("key")),
		Version: r.number(m.child("version")),
		Title:   r.text(m.child("title")),
		CRM:     r.text(m.child("crm")),
	}
	for _, item := range r.list(m.child("features")) {
		f := r.mapping(item.path, item.node, "key", "title", "description", "settings")
		pkg.Features = append(pkg.Features, crm.Feature{
			Key:         r.text(f.child("key")),
			Title:       r.text(f.child("title")),
			Description: r.text(f.child("description")),
			Settings:    r.texts(f.child("settings")),
		})
	}
	for _, item := range r.list(m.child("objects")) {
		pkg.Objects = append(pkg.Objects, r.readObject(item))
	}
	return pkg
}

func (r *reader) readObject(item value) crm.PackageObject {
	m := r.mapping(item.path, item.node, "key", "name", "label", "requirement", "rights", "requires", "fields")
	object := crm.PackageObject{
		Key:         r.text(m.child("key")),
		Name:        r.text(m.child("name")),
		Label:       r.text(m.child("label")),
		Requirement: crm.Requirement(r.text(m.child("requirement"))),
		Rights:      r.rights(m.child("rights")),
		Requires:    r.texts(m.child("requires")),
	}
	for _, item := range r.list(m.child("fields")) {
		f := r.mapping(item.path, item.node, "key", "label", "type", "requirement", "candidates", "features")
		object.Fields = append(object.Fields, crm.StandardField{
			Key:         r.text(f.child("key")),
			Label:       r.text(f.child("label")),
			DataType:    crm.DataType(r.text(f.child("type"))),
			Requirement: crm.Requirement(r.text(f.child("requirement"))),
			Candidates:  r.texts(f.child("candidates")),
			Features:    r.texts(f.child("features")),
		})
	}
	return object
}

// rights reads a list of READ, CREATE and UPDATE.
func (r *reader) rights(v value) crm.Rights {
	var rights crm.Rights
	for _, item := range r.list(v) {
		switch right := crm.Right(r.text(item)); right {
		case crm.RightRead:
			rights.Read = true
		case crm.RightCreate:
			rights.Create = true
		case crm.RightUpdate:
			rights.Update = true
		case "":
			// text has reported it.
		default:
			r.problem(item.node, "%q must be one of READ, CREATE, UPDATE", right)
		}
	}
	return rights
}
