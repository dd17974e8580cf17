package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// callRule forbids a call everywhere but in some places.
type callRule struct {
	// pkg is the import path and name the function; an empty pkg means a method of
	// that name of anything.
	pkg, name string
	// where are packages, or files as "package/file.go", that may call it.
	where []string
	// tests says whether the rule is for tests ("only"), for all ("also"), or for
	// the rest ("").
	tests string
	why   string
}

var callRules = []callRule{
	{"time", "Sleep", nil, "only", "a test waits for what it needs (a channel, a fake clock, require.Eventually), never for time"},
	{
		module + "/internal/principal", "AllWorkspaces",
		[]string{"internal/auth", "internal/job", "internal/rotation", "internal/schedule", "internal/store", "internal/store/storetest", "test/..."},
		"",
		"looking across workspaces is for token look-up, job dispatch, the due scan and retention",
	},
	{"", "ExecContext", []string{"internal/store/...", "internal/job", "test/..."}, "", rawSQL},
	{"", "QueryContext", []string{"internal/store/...", "internal/job", "test/..."}, "", rawSQL},
	{"", "QueryRowContext", []string{"internal/store/...", "internal/job", "test/..."}, "", rawSQL},
	{"", "PrepareContext", []string{"internal/store/..."}, "", rawSQL},
	{"context", "Background", []string{
		"cmd/fieldwarden",
		"internal/store/storetest", "test/...", // tests and what serves them
		"internal/store/listen.go",     // the listener's life is the store's, which Close ends
		"plugins/host/host.go",         // connectors' lives are the host's, which Close ends
		"plugins/host/process.go",      // stopping goes on when the caller has gone
		"server/metrics.go",            // Prometheus asks for figures without a context
		"plugins/host/logs.go",         // a connector's log lines belong to no call
		"graph/transport/ws_socket.go", // a read that is cancelled would close the socket without its code
	}, "", "a context comes from the caller; main, owners of a life of their own and tests make one"},
	{"context", "TODO", nil, "also", "a context comes from the caller"},
	{"fmt", "Println", []string{"cmd/...", "test/bench/...", "plugins/host/internal/testconnector"}, "", "libraries log; they do not print"},
	{"fmt", "Printf", []string{"cmd/...", "test/bench/..."}, "", "libraries log; they do not print"},
	{"fmt", "Print", []string{"cmd/...", "test/bench/..."}, "", "libraries log; they do not print"},
}

const rawSQL = "raw SQL is written in internal/store only; internal/job has River's few statements"

func TestCallsAreMadeWhereTheyMay(t *testing.T) {
	t.Parallel()
	eachFile(t, func(pkg listed, name string, file *ast.File, fset *token.FileSet) {
		isTest := strings.HasSuffix(name, "_test.go")
		if file.Name.Name == "main" && isIgnored(pkg, name) {
			return // a generator, run by hand
		}
		for _, rule := range callRules {
			if rule.tests == "only" && !isTest || rule.tests == "" && isTest {
				continue
			}
			if matchesAny(rule.where, pkg.path) || slices.Contains(rule.where, pkg.path+"/"+name) {
				continue
			}
			for _, at := range calls(file, rule.pkg, rule.name) {
				t.Errorf("%s calls %s.%s: %s", fset.Position(at), rule.pkg, rule.name, rule.why)
			}
		}
	})
}

// calls finds where a file calls a function of a package, whatever name it is
// imported under, or a method when pkg is empty.
func calls(file *ast.File, pkg, name string) []token.Pos {
	local := ""
	for _, spec := range file.Imports {
		if path := strings.Trim(spec.Path.Value, `"`); pkg != "" && path == pkg {
			local = path[strings.LastIndexByte(path, '/')+1:]
			if spec.Name != nil {
				local = spec.Name.Name
			}
		}
	}
	if pkg != "" && local == "" {
		return nil
	}
	var found []token.Pos
	ast.Inspect(file, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok || selector.Sel.Name != name {
			return true
		}
		receiver, isName := selector.X.(*ast.Ident)
		if pkg == "" || isName && receiver.Name == local {
			found = append(found, selector.Pos())
		}
		return true
	})
	return found
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	written := map[string]bool{}
	eachFile(t, func(pkg listed, name string, _ *ast.File, _ *token.FileSet) {
		if !strings.HasSuffix(name, "_test.go") && !isIgnored(pkg, name) {
			written[pkg.path] = true
		}
	})
	for _, pkg := range packages(t) {
		if written[pkg.path] && pkg.Doc == "" {
			t.Errorf("%s has no package comment", pkg.path)
		}
	}
}

func TestNoGoFileAtTheRoot(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob(filepath.Join(root, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 0 {
		t.Errorf("Go files at the root: %v", found)
	}
}

// Folder names that say nothing about what is inside.
func TestNoPackageForEverything(t *testing.T) {
	t.Parallel()
	for _, pkg := range packages(t) {
		for _, element := range strings.Split(pkg.path, "/") {
			if slices.Contains([]string{"util", "utils", "common", "types", "helper", "helpers", "manager", "misc", "shared"}, element) {
				t.Errorf("%s: name a package after what it knows", pkg.path)
			}
		}
	}
}

// Nothing in the project may depend on the machine it was written on.
func TestNothingNamesAMachine(t *testing.T) {
	t.Parallel()
	// Put together, so that this file does not match itself.
	personal := regexp.MustCompile(`(^|[^\w.])/` + `(work|root|Users)/\w|/home/` + `\w|\.\./` + `shared/|/tmp/` + `fw/`)
	read := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".ci"
			if path != root && (hidden || slices.Contains([]string{"bin", "data", "node_modules", "dist"}, entry.Name())) {
				return filepath.SkipDir
			}
			return nil
		}
		// In a linked worktree .git is a file, which names the repository's place.
		if !entry.Type().IsRegular() || entry.Name() == ".git" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		if bytes.IndexByte(content, 0) >= 0 { // not text
			return nil
		}
		for number, line := range bytes.Split(content, []byte("\n")) {
			if personal.Match(line) {
				t.Errorf("%s:%d names a path of somebody's machine: %.120s", path, number+1, line)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 100 {
		t.Fatalf("%d files read: the test does not see the project", read)
	}
}

// eachFile calls visit for every hand-written Go file of the module.
func eachFile(t *testing.T, visit func(pkg listed, name string, file *ast.File, fset *token.FileSet)) {
	t.Helper()
	visited := 0
	for _, pkg := range packages(t) {
		for _, name := range slices.Concat(pkg.sources(), pkg.tests()) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, filepath.Join(pkg.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if ast.IsGenerated(file) {
				continue
			}
			visited++
			visit(pkg, name, file, fset)
		}
	}
	if visited < 100 {
		t.Fatalf("%d files visited: the test does not see the project", visited)
	}
}

func isIgnored(pkg listed, name string) bool { return slices.Contains(pkg.IgnoredGoFiles, name) }
