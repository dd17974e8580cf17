package dynamics365

import (
	"slices"
	"strings"
)

// The nodes of a $filter expression.
type (
	node    any
	literal struct{ value any }
	path    struct{ steps []string }
	compare struct {
		op          string
		left, right node
	}
	logic struct {
		and         bool
		left, right node
	}
	negate struct{ inner node }
	// call is a function; query functions of the service name their arguments.
	function struct {
		name  string
		args  []node
		named map[string]node
	}
	list struct{ values []any }
)

// parser reads one expression. aliases are the @parameters of the URL.
type parser struct {
	text    string
	tokens  []token
	at      int
	aliases map[string]string
	depth   int
}

// maxNesting bounds brackets, so that a hostile filter cannot exhaust the stack.
const maxNesting = 200

// parseFilter reads a $filter.
func parseFilter(text string, aliases map[string]string) (node, *refusal) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens, aliases: aliases}
	expression, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokenEnd {
		return nil, p.unexpected()
	}
	return expression, nil
}

func (p *parser) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{}
}

func (p *parser) next() token {
	t := p.peek()
	p.at++
	return t
}

func (p *parser) symbol(text string) bool {
	if t := p.peek(); t.kind == tokenSymbol && t.text == text {
		p.at++
		return true
	}
	return false
}

func (p *parser) word(text string) bool {
	if t := p.peek(); t.kind == tokenWord && t.text == text {
		p.at++
		return true
	}
	return false
}

func (p *parser) unexpected() *refusal {
	return badQuery("Syntax error: unexpected '" + p.peek().text + "' in '" + p.text + "'.")
}

func (p *parser) or() (node, *refusal) {
	if p.depth++; p.depth > maxNesting {
		return nil, badQuery("The expression is nested too deeply.")
	}
	defer func() { p.depth-- }()
	left, err := p.and()
	for err == nil && p.word("or") {
		var right node
		if right, err = p.and(); err == nil {
			left = logic{and: false, left: left, right: right}
		}
	}
	return left, err
}

func (p *parser) and() (node, *refusal) {
	left, err := p.comparison()
	for err == nil && p.word("and") {
		var right node
		if right, err = p.comparison(); err == nil {
			left = logic{and: true, left: left, right: right}
		}
	}
	return left, err
}

func (p *parser) comparison() (node, *refusal) {
	if p.word("not") {
		if p.depth++; p.depth > maxNesting {
			return nil, badQuery("The expression is nested too deeply.")
		}
		defer func() { p.depth-- }()
		inner, err := p.comparison()
		return negate{inner}, err
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	op := p.peek()
	if op.kind != tokenWord || !slices.Contains([]string{"eq", "ne", "gt", "ge", "lt", "le", "in"}, op.text) {
		return left, nil
	}
	p.at++
	if op.text == "in" {
		return nil, notSimulated("the operator in; use Microsoft.Dynamics.CRM.In")
	}
	right, err := p.operand()
	return compare{op.text, left, right}, err
}

func (p *parser) operand() (node, *refusal) {
	if p.symbol("(") {
		inner, err := p.or()
		if err == nil && !p.symbol(")") {
			err = p.unexpected()
		}
		return inner, err
	}
	if p.symbol("[") {
		return p.list()
	}
	t := p.next()
	switch {
	case t.kind == tokenLiteral:
		return literal{t.value}, nil
	case t.kind != tokenWord:
		p.at--
		return nil, p.unexpected()
	case strings.HasPrefix(t.text, "@"):
		text, ok := p.aliases[t.text]
		if !ok {
			return literal{nil}, nil // an alias without a value is null
		}
		inner := &parser{text: text, depth: p.depth}
		var err *refusal
		if inner.tokens, err = lex(text); err != nil {
			return nil, err
		}
		return inner.operand()
	case p.symbol("("):
		return p.call(t.text)
	}
	return path{strings.Split(t.text, "/")}, nil
}

func (p *parser) list() (node, *refusal) {
	var values []any
	for !p.symbol("]") {
		t := p.next()
		if t.kind != tokenLiteral {
			p.at--
			return nil, p.unexpected()
		}
		values = append(values, t.value)
		p.symbol(",")
	}
	return list{values}, nil
}

// call reads the arguments of a function, by position or by name.
func (p *parser) call(name string) (node, *refusal) {
	if strings.HasSuffix(name, "/any") || strings.HasSuffix(name, "/all") {
		return nil, notSimulated("lambda operators (" + name + ")")
	}
	for _, prefix := range []string{"Microsoft.Dynamics.CRM.", "mscrm."} {
		name = strings.TrimPrefix(name, prefix)
	}
	c := function{name: name, named: map[string]node{}}
	for !p.symbol(")") {
		if t := p.peek(); t.kind == tokenWord && p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == "=" &&
			p.tokens[p.at+1].kind == tokenSymbol {
			p.at += 2
			value, err := p.operand()
			if err != nil {
				return nil, err
			}
			c.named[t.text] = value
		} else {
			value, err := p.or()
			if err != nil {
				return nil, err
			}
			c.args = append(c.args, value)
		}
		if !p.symbol(",") && (p.peek().kind != tokenSymbol || p.peek().text != ")") {
			return nil, p.unexpected()
		}
	}
	return c, nil
}

// paths calls visit for every property that an expression names.
func paths(n node, visit func(path) *refusal) *refusal {
	switch n := n.(type) {
	case path:
		return visit(n)
	case compare:
		return both(n.left, n.right, visit)
	case logic:
		return both(n.left, n.right, visit)
	case negate:
		return paths(n.inner, visit)
	case function:
		for _, argument := range n.args {
			if err := paths(argument, visit); err != nil {
				return err
			}
		}
		if name, ok := n.property(); ok {
			return visit(path{[]string{name}})
		}
	}
	return nil
}

func both(left, right node, visit func(path) *refusal) *refusal {
	if err := paths(left, visit); err != nil {
		return err
	}
	return paths(right, visit)
}

// property is the column that a query function is about.
func (c function) property() (string, bool) {
	name, ok := c.named["PropertyName"].(literal)
	if !ok {
		return "", false
	}
	text, ok := name.value.(string)
	return text, ok
}
