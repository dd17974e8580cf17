package hubspot

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed catalog
var catalogFiles embed.FS

// sensitivity is the class of a property's data. Definitions are listed one class at a time.
type sensitivity string

const (
	nonSensitive    sensitivity = "non_sensitive"
	sensitive       sensitivity = "sensitive"
	highlySensitive sensitivity = "highly_sensitive"
)

// property is a definition. The flags are those of HubSpot's definition object.
type property struct {
	name, label, kind, fieldType, group, description string
	readOnly, hidden, calculated, external           bool
	unique, form, currency                           bool
	custom                                           bool // made by the customer, not by HubSpot
	referenced                                       string
	options                                          []option
}

// option is a choice of an enumeration.
type option struct{ label, value string }

// catalog holds the properties of each object by its plural name, sorted by name.
type catalog map[string][]*property

// loadCatalog reads the embedded definitions. Their format, one file per object:
//
//	[group]
//	type fieldType flags: name other_name
//	  another_name
//
// Flags: r read-only, h hidden, c calculated, x options kept elsewhere, u unique, f in forms, $ with currency symbol,
// - none. {stage} and {lifecycle} in a name stand for every deal stage and every lifecycle stage.
func loadCatalog(types []*objectType) (catalog, error) {
	loaded := catalog{}
	for _, o := range types {
		files := []string{o.name}
		if o.engagement {
			files = append(files, "engagement")
		}
		for _, file := range files {
			text, err := catalogFiles.ReadFile("catalog/" + file + ".txt")
			if err != nil {
				return nil, fmt.Errorf("hubspot simulator: catalogue: %w", err)
			}
			properties, err := parseCatalog(string(text), o)
			if err != nil {
				return nil, fmt.Errorf("hubspot simulator: catalogue of %s: %w", file, err)
			}
			loaded[o.name] = append(loaded[o.name], properties...)
		}
		slices.SortFunc(loaded[o.name], byName)
	}
	return loaded, nil
}

func byName(a, b *property) int { return strings.Compare(a.name, b.name) }

func parseCatalog(text string, o *objectType) ([]*property, error) {
	var (
		properties []*property
		group      string
		pattern    property
	)
	for number, line := range strings.Split(text, "\n") {
		names := line
		switch {
		case strings.TrimSpace(line) == "":
			continue
		case strings.HasPrefix(line, "["):
			group = strings.Trim(line, "[]")
			continue
		case !strings.HasPrefix(line, " "):
			head, rest, found := strings.Cut(line, ": ")
			words := strings.Fields(head)
			if !found || len(words) != 3 {
				return nil, fmt.Errorf("line %d: want \"type fieldType flags: names\"", number+1)
			}
			names, pattern = rest, property{kind: words[0], fieldType: words[1], group: group}
			pattern.setFlags(words[2])
		}
		for _, name := range expandNames(strings.Fields(names)) {
			p := pattern
			p.name, p.label, p.options = name, labelOf(name), optionsOf(o.name, name, p.kind)
			if name == "hubspot_owner_id" {
				p.referenced = "OWNER"
			}
			properties = append(properties, &p)
		}
	}
	return properties, nil
}

func (p *property) setFlags(flags string) {
	for letter, flag := range map[string]*bool{
		"r": &p.readOnly, "h": &p.hidden, "c": &p.calculated, "x": &p.external, "u": &p.unique, "f": &p.form, "$": &p.currency,
	} {
		*flag = strings.Contains(flags, letter)
	}
}

// expandNames replaces {stage} and {lifecycle} by what they stand for.
func expandNames(names []string) []string {
	var expanded []string
	for _, name := range names {
		before, rest, found := strings.Cut(name, "{")
		set, after, _ := strings.Cut(rest, "}")
		switch {
		case !found:
			expanded = append(expanded, name)
		case set == "stage":
			for _, stage := range dealStages() {
				expanded = append(expanded, before+stage.id+after)
			}
		default:
			for _, stage := range lifecycleStages() {
				expanded = append(expanded, before+stage.value+after)
			}
		}
	}
	return expanded
}
