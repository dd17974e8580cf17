package server

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/fieldwarden/fieldwarden/docs"
)

// pathGuides is where the guides for CRM administrators are. They hold nothing of a
// workspace: whoever prepares a CRM may read them without signing in.
const pathGuides = "/docs/admins/"

// guide is one page for the administrator of a CRM.
type guide struct {
	Name, Title string
	Body        template.HTML
}

// guides shows the Markdown files of docs/admins as pages.
type guides struct {
	all   []guide
	pages *template.Template
	log   *slog.Logger
}

func newGuides(pages *template.Template, log *slog.Logger) (*guides, error) {
	g := &guides{pages: pages, log: log}
	files, err := fs.Glob(docs.Guides, "admins/*.md")
	if err != nil {
		return nil, fmt.Errorf("list the guides: %w", err)
	}
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	for _, file := range files {
		source, err := docs.Guides.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read a guide: %w", err)
		}
		one, err := renderGuide(markdown, strings.TrimSuffix(path.Base(file), ".md"), source)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", file, err)
		}
		g.all = append(g.all, one)
	}
	return g, nil
}

func renderGuide(markdown goldmark.Markdown, name string, source []byte) (guide, error) {
	document := markdown.Parser().Parse(text.NewReader(source))
	found := guide{Name: name, Title: name}
	if heading, ok := document.FirstChild().(*ast.Heading); ok {
		found.Title = string(heading.Lines().Value(source))
	}
	if err := relink(document); err != nil {
		return found, err
	}
	var body bytes.Buffer
	err := markdown.Renderer().Render(&body, source, document)
	found.Body = template.HTML(body.String()) //nolint:gosec // our own files; raw HTML in them is left out
	return found, err
}

// relink leads links between guides to their pages. What lies elsewhere in the docs is
// not on this server: of a link to it only the words stay.
func relink(document ast.Node) error {
	var away []*ast.Link
	err := ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		link, ok := node.(*ast.Link)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		target := string(link.Destination)
		file, anchor, _ := strings.Cut(target, "#")
		switch {
		case file == "" || strings.Contains(file, "://"):
		case strings.HasSuffix(file, ".md") && !strings.Contains(file, "/"):
			link.Destination = []byte(pathGuides + strings.TrimSuffix(file, ".md"))
			if anchor != "" {
				link.Destination = append(link.Destination, "#"+anchor...)
			}
		default:
			away = append(away, link)
		}
		return ast.WalkContinue, nil
	})
	for _, link := range away {
		for child := link.FirstChild(); child != nil; child = link.FirstChild() {
			link.Parent().InsertBefore(link.Parent(), link, child)
		}
		link.Parent().RemoveChild(link.Parent(), link)
	}
	return err
}

// list shows which guides there are.
func (g *guides) list(w http.ResponseWriter, r *http.Request) {
	showPage(w, r, g.pages, g.log, http.StatusOK, "guides.html", map[string]any{"Guides": g.all})
}

// show shows one guide; for a name that has none, which there are.
func (g *guides) show(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(chi.URLParam(r, "name"), ".md")
	found := slices.IndexFunc(g.all, func(one guide) bool { return one.Name == name })
	if found < 0 {
		showPage(w, r, g.pages, g.log, http.StatusNotFound, "guides.html", map[string]any{"Guides": g.all, "Missing": name})
		return
	}
	showPage(w, r, g.pages, g.log, http.StatusOK, "guide.html", g.all[found])
}
