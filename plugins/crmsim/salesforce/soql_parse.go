package salesforce

import (
	"slices"
	"strconv"
	"strings"
)

// soqlQuery is a parsed query; names are not yet looked up.
type soqlQuery struct {
	text     string
	count    bool // SELECT count()
	counts   []counted
	selects  []namedPath
	children []*soqlQuery // subqueries; their from names a child relationship
	from     namedPath
	where    condition // nil without WHERE
	orders   []ordering
	limit    int // -1 without LIMIT
}

// counted is count(Field), with the name it has in the answer.
type counted struct {
	path namedPath
	name string
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

type soqlParser struct {
	tokens []token
	next   int
	depth  int
}

// parseSOQL reads SELECT fields FROM object [WHERE …] [ORDER BY …] [LIMIT n].
func parseSOQL(text string) (*soqlQuery, *soqlError) {
	tokens, wrong := lex(text)
	if wrong != nil {
		return nil, wrong
	}
	p := &soqlParser{tokens: tokens}
	q, wrong := p.query(text)
	if wrong != nil {
		return nil, wrong
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

// query reads the clauses; what follows them is the caller's.
func (p *soqlParser) query(text string) (*soqlQuery, *soqlError) {
	q := &soqlQuery{text: text, limit: -1}
	for _, step := range []func(*soqlQuery) *soqlError{p.selectList, p.fromClause, p.whereClause, p.orderClause, p.limitClause} {
		if wrong := step(q); wrong != nil {
			return nil, wrong
		}
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
		if wrong := p.selectItem(q); wrong != nil {
			return wrong
		}
		if !p.acceptSymbol(",") {
			break
		}
	}
	if (q.count || len(q.counts) > 0) && len(q.selects)+len(q.children) > 0 {
		return unsupported(p.peek().at, "counts beside other columns")
	}
	return nil
}

// selectItem reads a field, a subquery, count() or count(Field).
func (p *soqlParser) selectItem(q *soqlQuery) *soqlError {
	if p.acceptSymbol("(") {
		return p.subquery(q)
	}
	if typeOf := p.peek(); typeOf.is("TYPEOF") {
		return unsupported(typeOf.at, "TYPEOF")
	}
	path, wrong := p.name()
	if wrong != nil {
		return wrong
	}
	if p.acceptSymbol("(") {
		return p.function(q, path)
	}
	q.selects = append(q.selects, path)
	return nil
}

// subquery reads (SELECT … FROM ChildRelationship …), after its first parenthesis.
func (p *soqlParser) subquery(q *soqlQuery) *soqlError {
	if p.depth > 0 {
		return unsupported(p.peek().at, "subqueries in subqueries")
	}
	p.depth++
	child, wrong := p.query(q.text)
	p.depth--
	if wrong != nil {
		return wrong
	}
	if child.count || len(child.counts) > 0 {
		return unsupported(child.from.at, "counts in subqueries")
	}
	q.children = append(q.children, child)
	return p.expectSymbol(")")
}

// function reads count() and count(Field), after the parenthesis, and names the rest as unsupported.
func (p *soqlParser) function(q *soqlQuery, name namedPath) *soqlError {
	if !strings.EqualFold(name.name, "count") || q.count {
		return unsupported(name.at, strings.ToUpper(name.name)+"() in SELECT, except count() alone and count(Field)")
	}
	if p.acceptSymbol(")") {
		q.count = true
		if len(q.counts) > 0 {
			return unsupported(name.at, "count() beside count(Field)")
		}
		return nil
	}
	path, wrong := p.name()
	if wrong != nil {
		return wrong
	}
	if wrong := p.expectSymbol(")"); wrong != nil {
		return wrong
	}
	column := counted{path: path, name: "expr" + strconv.Itoa(len(q.counts))}
	if alias := p.peek(); alias.kind == tokenWord && !alias.is("FROM") {
		column.name = alias.text
		p.next++
	}
	q.counts = append(q.counts, column)
	return nil
}

func (p *soqlParser) fromClause(q *soqlQuery) (wrong *soqlError) {
	if wrong = p.expect("FROM"); wrong != nil {
		return wrong
	}
	q.from, wrong = p.name()
	return wrong
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
