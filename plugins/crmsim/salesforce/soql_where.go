package salesforce

import "strings"

// condition is a node of the WHERE tree: allOf, anyOf, negated or comparison.
type condition interface{ isCondition() }

type (
	allOf      []condition
	anyOf      []condition
	negated    struct{ inner condition }
	comparison struct {
		path   namedPath
		op     string // =, !=, <, <=, >, >=, IN, NOT IN, LIKE
		values []token
	}
)

func (allOf) isCondition()      {}
func (anyOf) isCondition()      {}
func (negated) isCondition()    {}
func (comparison) isCondition() {}

// maxDepth bounds nested parentheses, so that no query can exhaust the stack.
const maxDepth = 100

func (p *soqlParser) whereClause(q *soqlQuery) (wrong *soqlError) {
	if p.accept("WHERE") {
		q.where, wrong = p.conditions()
	}
	return wrong
}

// conditions reads terms joined by AND or by OR. SOQL wants parentheses where both meet, unlike SQL.
func (p *soqlParser) conditions() (condition, *soqlError) {
	if p.depth++; p.depth > maxDepth {
		return nil, soqlFail(p.peek().at, "MALFORMED_QUERY", "the query is nested too deeply")
	}
	defer func() { p.depth-- }()
	first, wrong := p.term()
	if wrong != nil {
		return nil, wrong
	}
	terms, joiner := []condition{first}, ""
	for {
		word := p.peek()
		if !word.is("AND") && !word.is("OR") {
			break
		}
		if joiner != "" && !word.is(joiner) {
			return nil, unexpected(word)
		}
		joiner = word.text
		p.next++
		term, wrong := p.term()
		if wrong != nil {
			return nil, wrong
		}
		terms = append(terms, term)
	}
	switch {
	case len(terms) == 1:
		return first, nil
	case strings.EqualFold(joiner, "OR"):
		return anyOf(terms), nil
	}
	return allOf(terms), nil
}

func (p *soqlParser) term() (condition, *soqlError) {
	if p.accept("NOT") {
		if p.depth++; p.depth > maxDepth {
			return nil, soqlFail(p.peek().at, "MALFORMED_QUERY", "the query is nested too deeply")
		}
		inner, wrong := p.term()
		p.depth--
		return negated{inner}, wrong
	}
	if p.acceptSymbol("(") {
		inner, wrong := p.conditions()
		if wrong != nil {
			return nil, wrong
		}
		return inner, p.expectSymbol(")")
	}
	return p.comparison()
}

func (p *soqlParser) comparison() (condition, *soqlError) {
	path, wrong := p.name()
	if wrong != nil {
		return nil, wrong
	}
	if p.peek().symbol("(") {
		return nil, unsupported(path.at, strings.ToUpper(path.name)+"() in WHERE")
	}
	c := comparison{path: path}
	switch operator := p.take(); {
	case operator.is("LIKE"):
		c.op = "LIKE"
	case operator.is("IN"):
		c.op = "IN"
	case operator.is("NOT"):
		c.op = "NOT IN"
		if wrong := p.expect("IN"); wrong != nil {
			return nil, wrong
		}
	case operator.kind == tokenSymbol && strings.Contains("= != <> < <= > >=", operator.text):
		c.op = strings.Replace(operator.text, "<>", "!=", 1)
	default:
		return nil, unexpected(operator)
	}
	if strings.HasSuffix(c.op, "IN") {
		c.values, wrong = p.valueList()
		return c, wrong
	}
	value, wrong := p.value()
	c.values = []token{value}
	return c, wrong
}

func (p *soqlParser) valueList() ([]token, *soqlError) {
	if wrong := p.expectSymbol("("); wrong != nil {
		return nil, wrong
	}
	if p.peek().is("SELECT") {
		return nil, unsupported(p.peek().at, "semi-joins")
	}
	var values []token
	for {
		value, wrong := p.value()
		if wrong != nil {
			return nil, wrong
		}
		values = append(values, value)
		if !p.acceptSymbol(",") {
			return values, p.expectSymbol(")")
		}
	}
}

func (p *soqlParser) value() (token, *soqlError) {
	t := p.take()
	switch {
	case t.kind == tokenString, t.kind == tokenNumber, t.kind == tokenDate, t.kind == tokenDatetime,
		t.is("true"), t.is("false"), t.is("null"):
		return t, nil
	case t.kind == tokenWord && strings.Contains(strings.ToUpper(t.text), "_DAYS"), t.is("TODAY"), t.is("YESTERDAY"):
		return t, unsupported(t.at, "date literals such as "+t.text)
	}
	return t, unexpected(t)
}
