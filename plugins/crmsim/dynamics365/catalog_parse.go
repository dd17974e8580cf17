package dynamics365

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

// The catalogue is text, one line per column, in a notation of our own:
//
//	table Schema entityset OTC Ownership id=… name=… privileges=Stem:Verb,… [activity] "Label" "Plural"
//	Schema Type[(details)][->target[:navigation[:inverse]],…] flags[required] [~sibling=length,…] [of=parent] ["Label"] [{options}[@set]]
//
// Flags: r c u readable, creatable, updatable; o valid in OData; l logical (stored elsewhere); R C U securable for
// each. Required: ! by the platform, * by forms, + recommended. A choice column has a virtual "name" beside it unless
// it says ~-; the siblings of a lookup are listed. Options are value=label, states value:default status=label,
// status reasons value:state=label.
//
//go:embed catalog/*.txt
var catalogText embed.FS

var (
	tablePattern = regexp.MustCompile(`^table (\S+) (\S+) (\d+) (\S+) id=(\S+) name=(\S+)(?: privileges=([^:]+):(\S+))?( activity)? "([^"]*)" "([^"]*)"$`)
	linePattern  = regexp.MustCompile(`^(\S+) ([A-Za-z]+)(?:\(([^)]*)\))?(?:->(\S*))? ([rcuolRCU]*|-)([!*+]?)(?: ~(\S+))?(?: of=(\S+))?(?: "([^"]*)")?(?: \{([^}]*)\}(?:@(\S+))?)?$`)
)

// parseCatalog reads the embedded text. A mistake in it is a bug of the simulator, found by the first test.
func parseCatalog() []*table {
	var tables []*table
	files, err := fs.Glob(catalogText, "catalog/*.txt")
	if err != nil {
		panic("dynamics365 catalogue: " + err.Error())
	}
	for _, file := range files {
		text, err := catalogText.ReadFile(file)
		if err != nil {
			panic("dynamics365 catalogue: " + err.Error())
		}
		for number, line := range strings.Split(string(text), "\n") {
			switch {
			case strings.TrimSpace(line) == "":
			case strings.HasPrefix(line, "table "):
				tables = append(tables, parseTable(file, line))
			default:
				t := tables[len(tables)-1]
				columns, err := parseColumn(line)
				if err != nil {
					panic(fmt.Sprintf("dynamics365 catalogue: %s:%d: %v", file, number+1, err))
				}
				t.columns = append(t.columns, columns...)
			}
		}
	}
	return tables
}

func parseTable(file, line string) *table {
	m := tablePattern.FindStringSubmatch(line)
	if m == nil {
		panic("dynamics365 catalogue: " + file + ": bad table line " + line)
	}
	otc, _ := strconv.Atoi(m[3]) // the pattern allows digits only
	t := &table{
		name: strings.ToLower(m[1]), schema: m[1], set: m[2], otc: otc, ownership: m[4], primaryID: m[5],
		primaryName: strings.TrimPrefix(m[6], "-"), activity: m[9] != "", label: m[10], plural: m[11],
	}
	for _, verb := range strings.Split(m[8], ",") {
		if name, ok := strings.CutPrefix(verb, "="); ok {
			t.privileges = append(t.privileges, privilege{name: name})
		} else if verb != "" {
			t.privileges = append(t.privileges, privilege{name: "prv" + verb + m[7], verb: verb})
		}
	}
	// The pointer is no activity of its own, though its metadata says so.
	t.activity = t.activity && t.name != "activitypointer"
	return t
}

func requiredLevel(mark string) string {
	switch mark {
	case "!":
		return "SystemRequired"
	case "*":
		return "ApplicationRequired"
	case "+":
		return "Recommended"
	}
	return "None"
}

// parseColumn reads one line: a column and the siblings it brings.
func parseColumn(line string) ([]*column, error) {
	m := linePattern.FindStringSubmatch(line)
	if m == nil {
		return nil, fmt.Errorf("bad column line %q", line)
	}
	has := func(flag string) bool { return strings.Contains(m[5], flag) }
	c := &column{
		name: strings.ToLower(m[1]), schema: m[1], kind: m[2], typeName: m[2] + "Type", label: m[9],
		read: has("r"), create: has("c"), update: has("u"), odata: has("o"), logical: has("l"),
		secureRead: has("R"), secureCreate: has("C"), secureUpdate: has("U"),
		required: requiredLevel(m[6]), attributeOf: m[8], globalSet: m[11],
	}
	if c.kind == "Image" || c.kind == "File" || c.kind == "MultiSelectPicklist" {
		c.kind = "Virtual"
	}
	for _, to := range strings.Split(m[4], ",") {
		if parts := strings.SplitN(to+"::", ":", 4); parts[0] != "" {
			c.targets = append(c.targets, target{parts[0], parts[1], parts[2]})
		}
	}
	options, err := parseOptions(m[10])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	c.options = options
	if err := c.setDetails(m[3]); err != nil {
		return nil, err
	}
	return append([]*column{c}, c.siblings(m[7])...), nil
}

// setDetails reads what stands in parentheses: lengths, formats, precision, defaults.
func (c *column) setDetails(text string) error {
	for _, detail := range strings.Split(text, ",") {
		number, err := strconv.Atoi(detail)
		switch {
		case detail == "":
		case err != nil && c.kind == "Boolean":
			c.defaultValue = detail == "true"
		case err != nil:
			c.format = detail
		case c.kind == "String" || c.kind == "Memo":
			c.maxLength = number
		case c.kind == "Picklist":
			c.defaultValue = number
		case c.kind == "Money" || c.kind == "Decimal" || c.kind == "Double":
			c.precision = number
		default:
			return fmt.Errorf("%s: %q does not go with %s", c.name, detail, c.kind)
		}
	}
	if c.kind == "Boolean" {
		if c.defaultValue == nil {
			c.defaultValue = false
		}
		if c.options == nil {
			c.options = []choice{{value: 0, label: "No"}, {value: 1, label: "Yes"}}
		}
	}
	return nil
}

func parseOptions(text string) ([]choice, error) {
	var options []choice
	for _, entry := range strings.Split(text, ";") {
		if entry == "" {
			continue
		}
		key, label, ok := strings.Cut(entry, "=")
		value, state, _ := strings.Cut(key, ":")
		number, err := strconv.Atoi(value)
		if !ok || err != nil {
			return nil, fmt.Errorf("bad option %q", entry)
		}
		o := choice{value: number, label: label}
		if state != "" {
			if o.state, err = strconv.Atoi(state); err != nil {
				return nil, fmt.Errorf("bad option %q", entry)
			}
		}
		options = append(options, o)
	}
	return options, nil
}

// siblings are the read-only columns with display texts that the platform puts beside choices and lookups.
func (c *column) siblings(text string) []*column {
	beside := func(suffix, kind string, length int) *column {
		return &column{
			name: c.name + strings.ToLower(suffix), schema: c.schema + suffix, kind: kind, typeName: kind + "Type",
			read: true, logical: true, required: "None", attributeOf: c.name, maxLength: length,
		}
	}
	switch c.kind {
	case "Boolean", "Picklist", "State", "Status":
		if text == "-" {
			return nil
		}
		return []*column{beside("Name", "Virtual", 0)}
	}
	var columns []*column
	for _, entry := range strings.Split(text, ",") {
		name, length, ok := strings.Cut(entry, "=")
		number, err := strconv.Atoi(length)
		if !ok || err != nil {
			continue
		}
		if name == "yominame" {
			columns = append(columns, beside("YomiName", "String", number))
		} else {
			columns = append(columns, beside("Name", "String", number))
		}
	}
	return columns
}
