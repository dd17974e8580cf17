package configuration

import (
	"errors"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/recipient"
)

// version is the version of the form of documents.
const version = 1

// Keys of a document, in its order.
const (
	keyVersion     = "version"
	keyConnector   = "connector"
	keyEnvironment = "environment"
	keySchedule    = "schedule"
	keyTime        = "time"
	keyZone        = "zone"
	keyQuotaShare  = "quotaSharePercent"
	keyBudgets     = "apiBudgets"
	keySettings    = "settings"
	keyMappings    = "mappings"
	keyRecipients  = "recipients"
	keyAddress     = "address"
	keyClass       = "class"
)

// document is what a text says. What it leaves out is nil.
type document struct {
	connector string
	schedule  *scheduled
	// quotaShare is a percentage.
	quotaShare *int
	budgets    []budget
	settings   []crm.SettingChange
	mappings   []mapping.Change
	// recipients is the whole list.
	recipients *[]recipient.Address
	// places says where a subject stands: "schedule", "settings.dataSync".
	places map[string]*token.Position
}

type scheduled struct {
	Time string `json:"time"`
	Zone string `json:"zone"`
}

// budget is a limit of calls in a day; nil is none.
type budget struct {
	api   string
	limit *int
}

// parse reads a document. Whatever is not exactly of its form is DOCUMENT_INVALID
// with line and column, all problems joined.
func parse(source string) (document, error) {
	root, err := parseYAML(source)
	if err != nil {
		return document{}, err
	}
	r := &reader{}
	d := document{places: map[string]*token.Position{}}
	top := r.known(root, "the document", keyVersion, keyConnector, keyEnvironment, keySchedule, keyQuotaShare, keyBudgets, keySettings, keyMappings, keyRecipients)
	for key, one := range top {
		d.places[key] = place(one)
	}
	d.readHead(r, top)
	d.readSchedule(r, top)
	if one, there := top[keyQuotaShare]; there {
		if percent, ok := r.number(one, 1, 100); ok {
			d.quotaShare = &percent
		}
	}
	d.readBudgets(r, top)
	d.readSettings(r, top)
	d.readMappings(r, top)
	d.readRecipients(r, top)
	if err := errors.Join(r.problems...); err != nil {
		return document{}, err
	}
	return d, nil
}

// readHead reads what every document says.
func (d *document) readHead(r *reader, top map[string]pair) {
	for _, key := range []string{keyVersion, keyConnector} {
		if _, there := top[key]; !there {
			r.problem(nil, "the key %s is missing", key)
		}
	}
	if one, there := top[keyVersion]; there {
		if _, isNumber := one.value.(*ast.IntegerNode); !isNumber || one.value.GetToken().Value != "1" {
			r.problem(place(one), "this program reads version %d of the form", version)
		}
	}
	if one, there := top[keyConnector]; there {
		d.connector, _ = r.text(one)
	}
	if one, there := top[keyEnvironment]; there {
		// For people: a document of one environment is there to be read into the other.
		if text, ok := r.text(one); ok && !slices.Contains(crm.Environment("").Values(), text) {
			r.problem(place(one), "there is no environment %q", crm.Shorten(text, 40))
		}
	}
}

func (d *document) readSchedule(r *reader, top map[string]pair) {
	one, there := top[keySchedule]
	if !there {
		return
	}
	values := r.known(one.value, keySchedule, keyTime, keyZone)
	at, hasTime := values[keyTime]
	zone, hasZone := values[keyZone]
	if !hasTime || !hasZone {
		r.problem(one.at, "schedule must have the keys time and zone")
		return
	}
	clock, isTime := r.text(at)
	name, isZone := r.text(zone)
	if isTime && isZone {
		d.schedule = &scheduled{Time: clock, Zone: name}
		d.places[keySchedule] = place(at)
	}
}

func (d *document) readBudgets(r *reader, top map[string]pair) {
	if one, there := top[keyBudgets]; there {
		for _, each := range r.pairs(one.value, keyBudgets) {
			d.places[keyBudgets+"."+each.key] = each.at
			if isNull(each) {
				d.budgets = append(d.budgets, budget{api: each.key})
			} else if limit, ok := r.number(each, 1, 1<<31-1); ok {
				d.budgets = append(d.budgets, budget{api: each.key, limit: &limit})
			}
		}
	}
}

// readSettings reads values of the settings that there are; whether they are
// available and among the options is for the settings to say.
func (d *document) readSettings(r *reader, top map[string]pair) {
	one, there := top[keySettings]
	if !there {
		return
	}
	for _, each := range r.pairs(one.value, keySettings) {
		d.places[keySettings+"."+each.key] = place(each)
		definition, found := crm.FindSetting(each.key)
		switch value := each.value.(type) {
		case *ast.BoolNode:
			if found && definition.Type == crm.SettingBoolean {
				d.settings = append(d.settings, crm.SettingChange{Key: each.key, Value: value.Value})
				continue
			}
		case *ast.StringNode:
			if found && definition.Type == crm.SettingEnum && value.Value != "" {
				d.settings = append(d.settings, crm.SettingChange{Key: each.key, Value: value.Value})
				continue
			}
		}
		switch {
		case !found:
			r.problem(each.at, "there is no setting %q", crm.Shorten(each.key, 100))
		case isNull(each):
			r.problem(place(each), "%s needs a value; leave the line out for what it is", each.key)
		case definition.Type == crm.SettingBoolean:
			r.problem(place(each), "%s must be true or false", each.key)
		default:
			r.problem(place(each), "%s must be a text; put it in quotes if it looks like something else", each.key)
		}
	}
}

func (d *document) readMappings(r *reader, top map[string]pair) {
	one, there := top[keyMappings]
	if !there {
		return
	}
	for _, each := range r.pairs(one.value, keyMappings) {
		d.places[keyMappings+"."+each.key] = each.at
		if isNull(each) {
			d.mappings = append(d.mappings, mapping.Change{StandardField: each.key})
			continue
		}
		field, ok := r.text(each)
		if ok && strings.TrimSpace(field) == "" {
			r.problem(place(each), "%s must name a CRM field, or be null to take the mapping away", each.key)
		} else if ok {
			d.mappings = append(d.mappings, mapping.Change{StandardField: each.key, CRMField: field})
		}
	}
}

func (d *document) readRecipients(r *reader, top map[string]pair) {
	one, there := top[keyRecipients]
	if !there {
		return
	}
	list, isList := one.value.(*ast.SequenceNode)
	if !isList {
		r.problem(place(one), "recipients must be a list of addresses with their classes; [] for none")
		return
	}
	all := []recipient.Address{}
	for _, item := range list.Values {
		values := r.known(item, "a recipient", keyAddress, keyClass)
		address, hasAddress := values[keyAddress]
		class, hasClass := values[keyClass]
		if !hasAddress || !hasClass {
			r.problem(item.GetToken().Position, "a recipient must have the keys address and class")
			continue
		}
		if found, ok := r.recipient(address, class); ok {
			if slices.ContainsFunc(all, func(other recipient.Address) bool { return other.Address == found.Address }) {
				r.problem(place(address), "%s is here a second time", found.Address)
			}
			all = append(all, found)
		}
	}
	d.recipients = &all
}

func (r *reader) recipient(address, class pair) (recipient.Address, bool) {
	text, isText := r.text(address)
	kind, isKind := r.text(class)
	if !isText || !isKind {
		return recipient.Address{}, false
	}
	normalized, ok := crm.NormalizeEmail(text)
	if !ok {
		r.problem(place(address), "%q is not an e-mail address", crm.Shorten(text, 100))
	}
	if !slices.Contains(crm.RecipientClass("").Values(), kind) {
		r.problem(place(class), "class must be %s", strings.Join(crm.RecipientClass("").Values(), " or "))
		ok = false
	}
	return recipient.Address{Address: normalized, Class: crm.RecipientClass(kind)}, ok
}
