package mailview

import (
	"bytes"
	"embed"
	"fmt"
	html "html/template"
	"strings"
	"sync"
	text "text/template"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

//go:embed templates
var templates embed.FS

// page is what the templates show: every mail is one. All its strings are clean
// already, all its links checked.
type page struct {
	Subject string
	// Preview is what a mail client shows beside the subject.
	Preview   string
	Workspace string
	Heading   string
	Lead      []string
	Sections  []section
	Actions   []action
	Footer    []string
}

// section is what belongs to one integration, or a list of its own.
type section struct {
	Title  string
	Note   string
	Groups []group
	Briefs []brief
	// More counts, in words, what was left out.
	More string
}

// group is what belongs to one object; its title may be empty.
type group struct {
	Title  string
	Blocks []block
	Briefs []brief
}

// block is one problem in full.
type block struct {
	Title    string
	Severity crm.Severity
	Text     string
	Facts    []fact
	Steps    []string
	Actions  []action
}

// brief is one problem in a line.
type brief struct {
	Name  string
	Words string
	URL   string
}

type fact struct{ Label, Value string }

// action is a link; without an address it is left out before it comes here.
type action struct{ Label, URL string }

// links keeps the actions that lead somewhere.
func links(actions ...action) []action {
	var kept []action
	for _, one := range actions {
		if one.URL = link(one.URL); one.URL != "" {
			kept = append(kept, one)
		}
	}
	return kept
}

// facts keeps those that say something. Pairs are labels and clean values.
func facts(pairs ...string) []fact {
	var kept []fact
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			kept = append(kept, fact{Label: pairs[i], Value: pairs[i+1]})
		}
	}
	return kept
}

// parts are the two templates of a mail.
type parts struct {
	markup *html.Template
	plain  *text.Template
}

// parsed are the embedded templates.
var parsed = sync.OnceValues(func() (parts, error) { //nolint:gochecknoglobals // parsed once, never changed
	markup, err := html.ParseFS(templates, "templates/mail.html.tmpl")
	if err != nil {
		return parts{}, fmt.Errorf("mailview: the HTML template: %w", err)
	}
	plain, err := text.New("mail.txt.tmpl").Funcs(text.FuncMap{"underline": underline, "number": func(i int) int { return i + 1 }}).
		ParseFS(templates, "templates/mail.txt.tmpl")
	if err != nil {
		return parts{}, fmt.Errorf("mailview: the text template: %w", err)
	}
	return parts{markup, plain}, nil
})

// render fills in both parts.
func (p page) render() (Mail, error) {
	p.Subject = clean(p.Subject, subjectLength-1)
	templates, err := parsed()
	if err != nil {
		return Mail{}, err
	}
	var rich, poor bytes.Buffer
	if err := templates.markup.Execute(&rich, p); err != nil {
		return Mail{}, fmt.Errorf("mailview: the HTML part: %w", err)
	}
	if err := templates.plain.Execute(&poor, p); err != nil {
		return Mail{}, fmt.Errorf("mailview: the text part: %w", err)
	}
	return Mail{Subject: p.Subject, HTML: rich.String(), Text: poor.String()}, nil
}

// underline is a rule as long as a title.
func underline(title, mark string) string { return strings.Repeat(mark, min(len([]rune(title)), 72)) }

// count says how many: "1 object", "2 objects".
func count(n int, what string) string {
	plural := what + "s"
	if strings.HasSuffix(what, "s") {
		plural = what + "es"
	}
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %s", n, plural)
}
