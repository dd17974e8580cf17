package dynamics365

import (
	"net/http"
	"slices"
	"strings"
)

const crm = "Microsoft.Dynamics.CRM."

// metadataObject is a piece of metadata with how it is filtered and cut down.
type metadataObject object

// property implements source.
func (o metadataObject) property(p path) any {
	var value any = object(o)
	for _, step := range p.steps {
		inner, ok := value.(object)
		if !ok {
			return nil
		}
		if value, ok = inner.get(step); !ok {
			return nil
		}
	}
	return value
}

// has reports whether a property exists, for refusing unknown ones.
func (o metadataObject) has(p path) bool {
	var value any = object(o)
	for _, step := range p.steps {
		inner, ok := value.(object)
		if !ok {
			return false
		}
		if value, ok = inner.get(step); !ok {
			return false
		}
	}
	return true
}

// metadataQuery is $select, $filter and $expand on metadata.
type metadataQuery struct {
	named   []string
	filter  node
	expand  map[string]map[string]string
	options []string // expanded names, in order
}

// parseMetadataQuery reads the options. sample has every property that there is.
func parseMetadataQuery(c *call, options map[string]string, kind string, sample object) (metadataQuery, *refusal) {
	q := metadataQuery{expand: map[string]map[string]string{}}
	unknown := func(name string) *refusal {
		return badQuery("Could not find a property named '" + name + "' on type '" + crm + kind + "'.")
	}
	for name := range options {
		if strings.HasPrefix(name, "$") && !slices.Contains([]string{"$select", "$filter", "$expand"}, name) {
			return q, badQuery("The query parameter '" + name + "' is not supported for metadata.")
		}
	}
	if text := strings.TrimSpace(options["$select"]); text != "" {
		for _, name := range strings.Split(text, ",") {
			name = strings.TrimSpace(name)
			if _, ok := sample.get(name); !ok {
				return q, unknown(name)
			}
			q.named = append(q.named, name)
		}
	}
	if text, ok := options["$filter"]; ok {
		filter, err := parseFilter(text, c.aliases())
		if err != nil {
			return q, err
		}
		err = paths(filter, func(p path) *refusal {
			if !metadataObject(sample).has(p) {
				return unknown(strings.Join(p.steps, "/"))
			}
			return nil
		})
		if err == nil {
			err = checkEnums(filter)
		}
		if err != nil {
			return q, err
		}
		q.filter = filter
	}
	for _, entry := range splitOutside(options["$expand"], ',') {
		name, inner := strings.TrimSpace(entry), map[string]string{}
		if name == "" {
			continue
		}
		if open := strings.IndexByte(name, '('); open >= 0 && strings.HasSuffix(name, ")") {
			for _, option := range splitOutside(name[open+1:len(name)-1], ';') {
				key, value, _ := strings.Cut(option, "=")
				inner[strings.TrimSpace(key)] = value
			}
			name = name[:open]
		}
		q.expand[name], q.options = inner, append(q.options, name)
	}
	return q, nil
}

// checkEnums refuses to compare an enum with a text: it must be qualified.
func checkEnums(n node) *refusal {
	switch n := n.(type) {
	case logic:
		if err := checkEnums(n.left); err != nil {
			return err
		}
		return checkEnums(n.right)
	case negate:
		return checkEnums(n.inner)
	case compare:
		p, ok := n.left.(path)
		value, isLiteral := n.right.(literal)
		_, isText := value.value.(string)
		if ok && isLiteral && isText && slices.Contains([]string{"AttributeType", "OwnershipType", "RequiredLevel/Value"}, strings.Join(p.steps, "/")) {
			return badQuery("A binary operator with incompatible types was detected. Found operand types 'Microsoft.Dynamics.CRM." +
				"AttributeTypeCode' and 'Edm.String' for operator kind '" + operatorNames()[n.op] + "'.")
		}
	}
	return nil
}

// cut keeps the named properties; MetadataId always stays.
func (q metadataQuery) cut(o object) object {
	if len(q.named) == 0 {
		return o
	}
	kept := object{}
	for _, m := range o {
		if m.name == "@odata.type" || m.name == "MetadataId" || slices.Contains(q.named, m.name) {
			kept = append(kept, m)
		}
	}
	return kept
}

// entityDefinitions answers everything below EntityDefinitions.
func (s *Simulator) entityDefinitions(c *call) reply {
	first := c.segments[0]
	if !first.brackets {
		if len(c.segments) > 1 {
			return unknownSegment(c.segments[1].name).reply()
		}
		return s.definitionList(c)
	}
	t, err := c.definition(first.arguments)
	if err != nil {
		return err.reply()
	}
	if len(c.segments) == 1 {
		o, err := s.definition(c, t, c.query)
		if err != nil {
			return err.reply()
		}
		return jsonReply(http.StatusOK, append(object{{"@odata.context", c.context("EntityDefinitions/$entity")}}, o...))
	}
	prefix := "EntityDefinitions('" + string(tableMetadataID(t)) + "')/"
	switch next := c.segments[1]; next.name {
	case "Attributes":
		return s.attributes(c, t, prefix)
	case "ManyToOneRelationships", "OneToManyRelationships":
		return plainList(c, prefix+next.name, c.rights.relationships(t, next.name[0] == 'O'))
	case "Keys":
		return plainList(c, prefix+"Keys", []object{})
	default:
		return unknownSegment(next.name).reply()
	}
}

// plainList is a collection with its own $select.
func plainList(c *call, context string, list []object) reply {
	sample := object{}
	if len(list) > 0 {
		sample = list[0]
	}
	q, err := parseMetadataQuery(c, c.query, "RelationshipMetadataBase", sample)
	if err != nil && len(list) > 0 {
		return err.reply()
	}
	values := []object{}
	for _, o := range list {
		if q.filter == nil || (evaluator{}).holds(q.filter, metadataObject(o)) {
			values = append(values, q.cut(o))
		}
	}
	return jsonReply(http.StatusOK, object{{"@odata.context", c.context(context)}, {"value", values}})
}

// definition finds a table by LogicalName='x' or by its MetadataId.
func (c *call) definition(arguments string) (*table, *refusal) {
	if name, ok := strings.CutPrefix(arguments, "LogicalName="); ok {
		name = strings.Trim(name, "'")
		if strings.HasPrefix(name, "@") {
			name = strings.Trim(c.query[name], "'")
		}
		if t, ok := c.rights.table(name); ok {
			return t, nil
		}
		return nil, refuse(http.StatusNotFound, "0x80060888", "The entity with a name = '"+name+"' with namemapping = 'Logical' was not found in the MetadataCache.")
	}
	id, ok := parseGUID(arguments)
	if !ok {
		return nil, badQuery("The key '" + arguments + "' of EntityDefinitions is neither LogicalName='…' nor an id.")
	}
	for _, t := range c.rights.catalog.tables {
		if tableMetadataID(t) == id && c.rights.exists(t) {
			return t, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "0x80040217", "Could not find an entity with id "+string(id)+".")
}

func (s *Simulator) definitionList(c *call) reply {
	sample := c.rights.tableMetadata(s.catalog.byName["account"])
	q, err := parseMetadataQuery(c, c.query, "EntityMetadata", sample)
	if err != nil {
		return err.reply()
	}
	values := []object{}
	for _, t := range s.catalog.tables {
		if !c.rights.exists(t) || q.filter != nil && !(evaluator{}).holds(q.filter, metadataObject(c.rights.tableMetadata(t))) {
			continue
		}
		o, err := s.expandDefinition(c, t, q)
		if err != nil {
			return err.reply()
		}
		values = append(values, o)
	}
	context := "EntityDefinitions"
	if len(q.named) > 0 {
		context += "(" + strings.Join(q.named, ",") + ")"
	}
	return jsonReply(http.StatusOK, object{{"@odata.context", c.context(context)}, {"value", values}})
}

func (s *Simulator) definition(c *call, t *table, options map[string]string) (object, *refusal) {
	q, err := parseMetadataQuery(c, options, "EntityMetadata", c.rights.tableMetadata(t))
	if err != nil {
		return nil, err
	}
	return s.expandDefinition(c, t, q)
}

// expandDefinition cuts a table's metadata down and adds the collections that were asked for.
func (s *Simulator) expandDefinition(c *call, t *table, q metadataQuery) (object, *refusal) {
	o := q.cut(c.rights.tableMetadata(t))
	for _, name := range q.options {
		switch name {
		case "Attributes":
			columns, err := s.columnList(c, t, q.expand[name], "")
			if err != nil {
				return nil, err
			}
			o = o.with("Attributes", columns)
		case "Keys":
			o = o.with("Keys", []object{})
		case "ManyToOneRelationships", "OneToManyRelationships":
			o = o.with(name, c.rights.relationships(t, name[0] == 'O'))
		case "ManyToManyRelationships":
			o = o.with(name, []object{})
		default:
			return nil, badQuery("Could not find a property named '" + name + "' on type '" + crm + "EntityMetadata'.")
		}
	}
	return o, nil
}

// columnList is a table's columns by $select and $filter; cast limits them to one type and opens its own properties.
func (s *Simulator) columnList(c *call, t *table, options map[string]string, cast string) ([]object, *refusal) {
	sample := s.attributeSample(c.rights, cast)
	q, err := parseMetadataQuery(c, options, "AttributeMetadata", sample)
	if err != nil {
		return nil, err
	}
	values := []object{}
	for _, column := range t.columns {
		if c.rights.state(column).deleted || cast != "" && column.metadataType() != cast {
			continue
		}
		o, _ := c.rights.columnMetadata(column)
		if q.filter != nil && !(evaluator{}).holds(q.filter, metadataObject(o)) {
			continue
		}
		o = q.cut(o)
		if kind := column.metadataType(); kind != "" && cast == "" {
			o = append(object{{"@odata.type", "#" + crm + kind}}, o...)
		}
		if o, err = q.expandColumn(column, o, cast); err != nil {
			return nil, err
		}
		values = append(values, o)
	}
	return values, nil
}

// attributeSample has every property that the columns of a cast, or all columns without one, can be asked for.
func (s *Simulator) attributeSample(r *rights, cast string) object {
	o, extra := r.columnMetadata(s.catalog.byName["account"].byName["name"])
	o = slices.Clone(o[:extra])
	if cast == "" {
		return o
	}
	for _, t := range s.catalog.tables {
		for _, column := range t.columns {
			if column.metadataType() == cast {
				return append(o, column.typeProperties()...)
			}
		}
	}
	return o
}

// expandColumn adds the option sets, which are navigation properties of the choice types only.
func (q metadataQuery) expandColumn(c *column, o object, cast string) (object, *refusal) {
	for _, name := range q.options {
		choices := slices.Contains([]string{
			"PicklistAttributeMetadata", "StateAttributeMetadata", "StatusAttributeMetadata",
			"BooleanAttributeMetadata", "MultiSelectPicklistAttributeMetadata",
		}, cast)
		if !choices || name != "OptionSet" && name != "GlobalOptionSet" {
			kind := cast
			if kind == "" {
				kind = "AttributeMetadata"
			}
			return nil, badQuery("Could not find a property named '" + name + "' on type '" + crm + kind + "'.")
		}
		if name == "GlobalOptionSet" && c.globalSet == "" {
			o = o.with(name, nil)
			continue
		}
		o = o.with(name, c.optionSet())
	}
	return o, nil
}

// attributes answers …/Attributes, one of them, and casts.
func (s *Simulator) attributes(c *call, t *table, prefix string) reply {
	rest := c.segments[1:]
	cast := ""
	if last := rest[len(rest)-1]; len(rest) == 2 && strings.HasPrefix(last.name, crm) {
		cast = strings.TrimPrefix(last.name, crm)
	} else if len(rest) > 1 {
		return unknownSegment(rest[1].name).reply()
	}
	if !rest[0].brackets {
		values, err := s.columnList(c, t, c.query, cast)
		if err != nil {
			return err.reply()
		}
		context := prefix + "Attributes"
		if cast != "" {
			context += "/" + crm + cast
		}
		if text := c.query["$select"]; text != "" {
			context += "(" + text + ")"
		}
		return jsonReply(http.StatusOK, object{{"@odata.context", c.context(context)}, {"value", values}})
	}
	found, err := c.attribute(t, rest[0].arguments)
	if err != nil {
		return err.reply()
	}
	one := *t
	one.columns = []*column{found}
	values, err := s.columnList(c, &one, c.query, cast)
	if err != nil {
		return err.reply()
	}
	if len(values) == 0 {
		return unknownSegment(rest[1].name).reply()
	}
	return jsonReply(http.StatusOK, append(object{{"@odata.context", c.context(prefix + "Attributes/$entity")}}, values[0]...))
}

// attribute finds a column by LogicalName='x' or by its MetadataId.
func (c *call) attribute(t *table, arguments string) (*column, *refusal) {
	if name, ok := strings.CutPrefix(arguments, "LogicalName="); ok {
		name = strings.Trim(name, "'")
		if column, ok := c.rights.column(t, name); ok {
			return column, nil
		}
		return nil, refuse(http.StatusNotFound, "0x80060888", "Could not find an attribute named '"+name+"' on '"+t.name+"'.")
	}
	id, _ := parseGUID(arguments)
	for _, column := range t.columns {
		if columnMetadataID(column) == id && !c.rights.state(column).deleted {
			return column, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "0x80040217", "Could not find an attribute with id "+arguments+".")
}
