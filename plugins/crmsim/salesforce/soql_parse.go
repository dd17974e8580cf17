package salesforce

import (
	"slices"
	"strings"
)

// soqlQuery is a parsed query; names are not yet looked up.
type soqlQuery struct {
	text    string
	count   bool // SELECT count()
	selects []namedPath
	from    namedPath
	where   condition // nil without WHERE
	orders  []ordering
	limit   int // -1 without LIMIT
}

// namedPath is a field name or a one-level path ("Account.Name") and where it stands.
type namedPath struct {
	name string
	at   int
}

type ordering struct {
	path       namedPath
	descending bool
	nullsLast  bool
}

// condition is a node of the WHERE tree: allOf, anyOf, negated or comparison.
type condition interface{ isCondition() }

type allOf []condition
type anyOf []condition
type negated struct{ inner condition }
type comparison struct {
	path   namedPath
	op     string // =, !=, <, <=, >, >=, IN, NOT IN, LIKE
	values []token
}

func (allOf) isCondition()      {}
func (anyOf) isCondition()      {}
func (negated) isCondition()    {}
func (comparison) isCondition() {}

type soqlParser struct {
	tokens []token
	next   int
	depth  int
}

// maxDepth bounds nested parentheses, so that no query can exhaust the stack.
const maxDepth = 100

// parseSOQL reads SELECT fields FROM object [WHERE …] [ORDER BY …] [LIMIT n].
func parseSOQL(text string) (*soqlQuery, *soqlError) {
	tokens, wrong := lex(text)
	if wrong != nil {
		return nil, wrong
	}
	p := &soqlParser{tokens: tokens}
	q := &soqlQuery{text: text, limit: -1}
	for _, step := range []func(*soqlQuery) *soqlError{p.selectList, p.fromClause, p.whereClause, p.orderClause, p.limitClause} {
		if wrong := step(q); wrong != nil {
			return nil, wrong
		}
	}
	if rest := p.peek(); rest.kind != tokenEnd {
		for _, clause := range []string{"GROUP", "HAVING", "WITH", "OFFSET", "FOR", "USING", "ALL"} {
			if rest.is(clause) {
				return nil, unsupported(rest.at, clause)
			}
		}
		return nil, unexpected(rest)
	}
	return q, nil
}

func (p *soqlParser) peek() token { return p.tokens[p.next] }

func (p *soqlParser) take() token {
	t := p.tokens[p.next]
	if t.kind != tokenEnd {
		p.next++
	}
	return t
}

// accept takes the next token if it is this word.
func (p *soqlParser) accept(word string) bool {
	if p.peek().is(word) {
		p.next++
		return true
	}
	return false
}

func (p *soqlParser) acceptSymbol(s string) bool {
	if p.peek().symbol(s) {
		p.next++
		return true
	}
	return false
}

func (p *soqlParser) expect(word string) *soqlError {
	if !p.accept(word) {
		return unexpected(p.peek())
	}
	return nil
}

func (p *soqlParser) expectSymbol(s string) *soqlError {
	if !p.acceptSymbol(s) {
		return unexpected(p.peek())
	}
	return nil
}

// name takes a word that is not a clause keyword.
func (p *soqlParser) name() (namedPath, *soqlError) {
	t := p.peek()
	reserved := []string{"select", "from", "where", "order", "by", "limit", "and", "or", "not", "in", "like"}
	if t.kind != tokenWord || slices.Contains(reserved, strings.ToLower(t.text)) {
		return namedPath{}, unexpected(t)
	}
	p.next++
	return namedPath{t.text, t.at}, nil
}

func (p *soqlParser) selectList(q *soqlQuery) *soqlError {
	if wrong := p.expect("SELECT"); wrong != nil {
		return wrong
	}
	for {
		if p.peek().symbol("(") {
			return unsupported(p.peek().at, "child subqueries")
		}
		path, wrong := p.name()
		if wrong != nil {
			return wrong
		}
		if p.peek().symbol("(") {
			return p.function(q, path)
		}
		q.selects = append(q.selects, path)
		if !p.acceptSymbol(",") {
			return nil
		}
	}
}

// function accepts count() and names the rest as unsupported.
func (p *soqlParser) function(q *soqlQuery, name namedPath) *soqlError {
	if !strings.EqualFold(name.name, "count") || len(q.selects) > 0 || !p.tokens[p.next+1].symbol(")") {
		return unsupported(name.at, strings.ToUpper(name.name)+"() in SELECT, except count() alone")
	}
	p.next += 2
	q.count = true
	return nil
}

func (p *soqlParser) fromClause(q *soqlQuery) (wrong *soqlError) {
	if wrong = p.expect("FROM"); wrong != nil {
		return wrong
	}
	q.from, wrong = p.name()
	return wrong
}

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

func (p *soqlParser) orderClause(q *soqlQuery) *soqlError {
	if !p.accept("ORDER") {
		return nil
	}
	if wrong := p.expect("BY"); wrong != nil {
		return wrong
	}
	for {
		path, wrong := p.name()
		if wrong != nil {
			return wrong
		}
		by := ordering{path: path}
		if p.accept("DESC") {
			by.descending = true
		} else {
			p.accept("ASC")
		}
		if p.accept("NULLS") {
			if by.nullsLast = p.accept("LAST"); !by.nullsLast {
				if wrong := p.expect("FIRST"); wrong != nil {
					return wrong
				}
			}
		}
		q.orders = append(q.orders, by)
		if !p.acceptSymbol(",") {
			return nil
		}
	}
}

func (p *soqlParser) limitClause(q *soqlQuery) *soqlError {
	if !p.accept("LIMIT") {
		return nil
	}
	t := p.take()
	if t.kind != tokenNumber || t.number < 0 || t.number != float64(int(t.number)) || strings.ContainsAny(t.text, "+-.eE") {
		return unexpected(t)
	}
	q.limit = int(t.number)
	return nil
}
