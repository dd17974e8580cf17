package dynamics365

import (
	"context"
	"slices"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// ListObjects lists the environment's tables with the user's rights, in two calls:
// metadata, and the privileges by the names found there. Tables that only tie
// others together, or that the platform keeps to itself, are left out.
func (c *Connector) ListObjects(ctx context.Context, target sdk.Target) ([]sdk.Object, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	answers, err := s.batch(ctx, []part{
		whoAmIPart(),
		{path: "EntityDefinitions?$select=LogicalName,EntitySetName,DisplayName,IsCustomEntity,IsIntersect,IsPrivate,Privileges"},
	})
	if err != nil {
		return nil, err
	}
	var who whoAmI
	if err := s.read(answers[0], "", &who); err != nil {
		return nil, err
	}
	if err := who.check(); err != nil {
		return nil, err
	}
	var catalogue struct {
		Tables []definition `json:"value"`
	}
	if err := s.read(answers[1], "", &catalogue); err != nil {
		return nil, err
	}
	tables := slices.DeleteFunc(catalogue.Tables, func(d definition) bool {
		return d.IsIntersect || d.IsPrivate || d.EntitySetName == "" || !logicalName.MatchString(d.LogicalName)
	})
	if len(tables) == 0 {
		return nil, sdk.BadResponse("Dataverse answered the list of tables with none")
	}
	held, err := s.heldOn(ctx, who.UserID, tables)
	if err != nil {
		return nil, err
	}
	objects := make([]sdk.Object, len(tables))
	for i := range tables {
		objects[i] = tables[i].object(held)
	}
	return objects, nil
}

// heldOn asks for the user's privileges on tables, in one call.
func (s *session) heldOn(ctx context.Context, user string, tables []definition) (heldPrivileges, error) {
	var names []string
	for i := range tables {
		for _, p := range neededPrivileges(&tables[i]) {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	held := heldPrivileges{}
	var failure error
	var questions []question
	for some := range slices.Chunk(slices.Compact(names), maxNames) {
		questions = append(questions, question{privilegesPart(user, some), func(a answer) {
			err := s.partError(a, "")
			if err == nil {
				err = held.read(a)
			}
			if failure == nil {
				failure = err
			}
		}})
	}
	if len(questions) == 0 {
		return held, nil
	}
	if err := s.ask(ctx, questions); err != nil {
		return nil, err
	}
	return held, failure
}

// object describes a table with the rights that privileges give on it.
func (d *definition) object(held heldPrivileges) sdk.Object {
	may := func(kind string) bool {
		p, has := d.privilege(kind)
		return has && held.depth(p) != depthNone
	}
	_, guarded := d.privilege("Read")
	return sdk.Object{
		Name: d.LogicalName, Label: d.label(), Custom: d.IsCustomEntity,
		Rights: sdk.Rights{Read: may("Read") || !guarded && len(d.Privileges) == 0, Create: may("Create"), Update: may("Write")},
	}
}

// ListFields lists the readable columns of one table. It judges by the same rule
// as CheckPermissions, and adds what lookups point to and the choices of
// picklists, which metadata tells one type at a time.
func (c *Connector) ListFields(ctx context.Context, target sdk.Target, object string) ([]sdk.Field, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	if err := checkTableName(object); err != nil {
		return nil, err
	}
	found, err := s.inquire(ctx, []string{object}, parseMemo(target.Memo, s.base.Host))
	if err != nil {
		return nil, err
	}
	check := decide(sdk.CheckObject{Name: object}, found)
	switch check.Verdict {
	case sdk.VerdictDenied:
		return nil, sdk.ObjectDenied(object, check.Evidence)
	case sdk.VerdictFailed:
		return nil, check.Failure
	case sdk.VerdictAccessible:
	}
	if err := s.addDetails(ctx, object, check.Fields); err != nil {
		return nil, err
	}
	return check.Fields, nil
}

// addDetails completes lookups and picklists.
func (s *session) addDetails(ctx context.Context, object string, fields []sdk.Field) error {
	var questions []question
	var failure error
	for _, kind := range []string{"Lookup", "Picklist", "State", "Status", "MultiSelectPicklist"} {
		p := part{path: castPath(object, kind), object: object}
		questions = append(questions, question{p, func(a answer) {
			var reply struct {
				Columns []details `json:"value"`
			}
			if err := s.read(a, object, &reply); err != nil {
				if failure == nil {
					failure = err
				}
				return
			}
			for _, column := range reply.Columns {
				column.complete(fields)
			}
		}})
	}
	if err := s.ask(ctx, questions); err != nil {
		return err
	}
	return failure
}

// castPath asks for the columns of one type with what only that type has.
func castPath(table, kind string) string {
	path := "EntityDefinitions(LogicalName='" + table + "')/Attributes/Microsoft.Dynamics.CRM." + kind + "AttributeMetadata?$select=LogicalName"
	if kind == "Lookup" {
		return path + ",Targets"
	}
	return path + "&$expand=OptionSet,GlobalOptionSet"
}

// details are what casts add to a column.
type details struct {
	LogicalName     string     `json:"LogicalName"`
	Targets         []string   `json:"Targets"`
	OptionSet       *optionSet `json:"OptionSet"`
	GlobalOptionSet *optionSet `json:"GlobalOptionSet"`
}

// optionSet is the list of choices of a column; a shared one is global.
type optionSet struct {
	Options []option `json:"Options"`
}

type option struct {
	Value int   `json:"Value"`
	Label label `json:"Label"`
	// Hidden choices cannot be chosen any more.
	Hidden bool `json:"IsHidden"`
}

func (d details) options() []option {
	for _, set := range []*optionSet{d.OptionSet, d.GlobalOptionSet} {
		if set != nil && len(set.Options) > 0 {
			return set.Options
		}
	}
	return nil
}

func (d details) complete(fields []sdk.Field) {
	i := slices.IndexFunc(fields, func(f sdk.Field) bool { return f.Name == d.LogicalName })
	if i < 0 {
		return
	}
	fields[i].References = slices.DeleteFunc(d.Targets, func(table string) bool { return !logicalName.MatchString(table) })
	for _, o := range d.options() {
		fields[i].Picklist = append(fields[i].Picklist, sdk.PicklistValue{Value: o.value(), Label: o.Label.or(o.value()), Active: !o.Hidden})
	}
}
