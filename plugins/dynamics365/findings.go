package dynamics365

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// findings are what Dataverse answered about some tables and the user's rights on
// them: the evidence from which decide judges.
type findings struct {
	user       string
	tables     map[string]*tableFinding
	privileges privilegeFinding
	columns    columnFinding
	// proofs are the outcome of reading one row of each table, where the platform
	// refused to tell the user's privileges; nil is a success.
	proofs map[string]error
	memo   memo
}

// tableFinding is what metadata says of one table.
type tableFinding struct {
	definition definition
	// missing: metadata knows no such table.
	missing bool
	err     error
}

// privilegeFinding is what is known of the user's privileges.
type privilegeFinding struct {
	held heldPrivileges
	// answered are the names that were asked for and answered: one that is not in
	// held is not held.
	answered map[string]bool
	// failed are the names whose question failed.
	failed map[string]error
	// refused: the user may not ask for privileges.
	refused bool
}

// columnFinding is what is known of the user's rights on secured columns.
type columnFinding struct {
	// rights is nil when they are not known.
	rights columnRights
	asked  bool
	err    error
	// refused: the user may not ask for them.
	refused bool
}

// pointer is the definition that activities inherit from; nil when it is not known.
func (f *findings) pointer() *definition {
	if found := f.tables[activityPointer]; found != nil && found.err == nil && !found.missing {
		return &found.definition
	}
	return nil
}

// hasSecured reports whether a readable column is secured for something.
func (t *tableFinding) hasSecured(base *definition) bool {
	return slices.ContainsFunc(t.definition.Attributes, func(a attribute) bool {
		return a.IsSecured && t.definition.selectable(&a, base)
	})
}

// neededPrivileges are those of a table that a check asks for.
func neededPrivileges(d *definition) []privilege {
	var needed []privilege
	for _, kind := range []string{"Read", "Create", "Write"} {
		if p, ok := d.privilege(kind); ok {
			needed = append(needed, p)
		}
	}
	return needed
}

// question is a part with what is done with its answer.
type question struct {
	part
	take func(answer)
}

// inquiry gathers findings.
type inquiry struct {
	*session
	findings
	asked  []string
	whoErr error
}

// inquire asks Dataverse about tables: in one call when the memo knows them, in
// two when it does not, and in more only after something vanished or was refused.
// An error means that nothing is known about any table.
func (s *session) inquire(ctx context.Context, tables []string, m memo) (*findings, error) {
	q := &inquiry{session: s, asked: tables, findings: findings{
		user: m.User, tables: map[string]*tableFinding{}, proofs: map[string]error{}, memo: m,
		privileges: privilegeFinding{held: heldPrivileges{}, answered: map[string]bool{}, failed: map[string]error{}},
	}}
	for _, ask := range []func() []question{q.first, q.second, q.third, q.proof} {
		questions := ask()
		if len(questions) == 0 {
			continue
		}
		if err := s.ask(ctx, questions); err != nil {
			return nil, err
		}
		if q.whoErr != nil {
			return nil, q.whoErr
		}
	}
	return &q.findings, nil
}

// ask sends questions in one batch. A part that says the token is no longer valid
// fails all of them, so that the host can refresh it.
func (s *session) ask(ctx context.Context, questions []question) error {
	parts := make([]part, len(questions))
	for i, question := range questions {
		parts[i] = question.part
	}
	answers, err := s.batch(ctx, parts)
	if err != nil {
		return err
	}
	for i, a := range answers {
		if err := s.partError(a, ""); sdk.CodeOf(err) == sdk.CodeUnauthenticated {
			return err
		}
		questions[i].take(a)
	}
	return nil
}

// first asks who the user is and what the tables are, and, as far as the memo
// knows what to ask for, which rights the user has.
func (q *inquiry) first() []question {
	questions := []question{{whoAmIPart(), q.takeUser}}
	var names []string
	secured, activities := false, false
	for _, table := range q.asked {
		questions = append(questions, q.defines(table))
		entry, known := q.memo.Tables[table]
		names = append(names, entry.Privileges...)
		secured = secured || q.memo.secures(table)
		activities = activities || entry.Activity || !known
	}
	if activities && !slices.Contains(q.asked, activityPointer) {
		questions = append(questions, q.defines(activityPointer))
	}
	if q.memo.User == "" {
		return questions
	}
	slices.Sort(names)
	questions = append(questions, q.holds(slices.Compact(names))...)
	if secured {
		questions = append(questions, q.columnsOf())
	}
	return questions
}

// takeUser reads the answer of WhoAmI. It is the first of the batch, so the rest
// can be dropped when the token is another user's than the memo's.
func (q *inquiry) takeUser(a answer) {
	var who whoAmI
	if q.whoErr = q.read(a, "", &who); q.whoErr == nil {
		q.whoErr = who.check()
	}
	if q.whoErr == nil && who.UserID != q.user {
		q.user = who.UserID
		q.memo = parseMemo(nil, q.memo.Host)
	}
}

// defines asks for a table's definition.
func (q *inquiry) defines(table string) question {
	found := &tableFinding{}
	q.tables[table] = found
	return question{definitionPart(table), func(a answer) {
		if found.missing = isMissing(a); found.missing {
			return
		}
		if found.err = q.read(a, "", &found.definition); found.err == nil {
			found.err = found.definition.check(table)
		}
	}}
}

// holds asks which privileges the user holds.
func (q *inquiry) holds(names []string) []question {
	var questions []question
	asked := q.user
	for some := range slices.Chunk(names, maxNames) {
		questions = append(questions, question{privilegesPart(asked, some), func(a answer) {
			if asked != q.user {
				return // the memo's user; the token is another one's
			}
			err := q.partError(a, "")
			if err == nil {
				err = q.privileges.held.read(a)
			}
			q.privileges.refused = q.privileges.refused || isRefused(a)
			for _, name := range some {
				q.privileges.failed[name] = err
				q.privileges.answered[name] = err == nil
			}
		}})
	}
	return questions
}

// columnsOf asks for the rights on secured columns.
func (q *inquiry) columnsOf() question {
	asked := q.user
	return question{columnRightsPart(asked), func(a answer) {
		if asked != q.user {
			return
		}
		q.columns = columnFinding{asked: true, refused: isRefused(a)}
		if q.columns.err = q.partError(a, ""); q.columns.err == nil {
			q.columns.rights, q.columns.err = parseColumnRights(a)
		}
	}}
}

// second asks for what the first batch could not know to ask for: privileges of
// tables that are new to the memo, those of a call that failed because it named
// one of a table that is gone, and column security where a column is secured now.
func (q *inquiry) second() []question {
	var questions []question
	live := q.live()
	stale := false
	for name, err := range q.privileges.failed {
		stale = stale || err != nil && !live[name]
	}
	var names []string
	for name := range live {
		err, asked := q.privileges.failed[name]
		if !asked || err != nil && (stale || isUnknownName(err)) {
			names = append(names, name)
		}
	}
	if len(names) > 0 && !q.privileges.refused {
		slices.Sort(names)
		questions = q.holds(names)
	}
	if !q.columns.asked && q.anySecured() {
		questions = append(questions, q.columnsOf())
	}
	if q.needsBase() {
		questions = append(questions, q.defines(activityPointer))
	}
	return questions
}

// third asks for each privilege by itself after a call that failed for a name that
// the platform does not know, although metadata has it.
func (q *inquiry) third() []question {
	var questions []question
	for name := range maps.Keys(q.live()) {
		if isUnknownName(q.privileges.failed[name]) {
			questions = append(questions, q.holds([]string{name})...)
		}
	}
	// A base that only now is known may show that an inherited column is secured.
	if !q.columns.asked && q.anySecured() {
		questions = append(questions, q.columnsOf())
	}
	return questions
}

// proof reads one row of each table when the user may not ask for its privileges.
func (q *inquiry) proof() []question {
	if !q.privileges.refused {
		return nil
	}
	var questions []question
	for table, found := range q.found() {
		path := found.definition.EntitySetName + "?$select=" + found.definition.PrimaryIDAttribute + "&$top=1"
		questions = append(questions, question{part{path: path, object: table}, func(a answer) {
			var page struct {
				Value []map[string]any `json:"value"`
			}
			err := q.read(a, table, &page)
			if err == nil && page.Value == nil {
				err = sdk.BadResponse("Dataverse answered a query for " + table + " with something else")
			}
			q.proofs[table] = err
		}})
	}
	return questions
}

// found are the tables asked for that exist.
func (q *inquiry) found() iter.Seq2[string, *tableFinding] {
	return func(yield func(string, *tableFinding) bool) {
		for _, table := range q.asked {
			if found := q.tables[table]; found.err == nil && !found.missing && !yield(table, found) {
				return
			}
		}
	}
}

// live are the names of the privileges of tables that exist.
func (q *inquiry) live() map[string]bool {
	names := map[string]bool{}
	for _, found := range q.found() {
		for _, p := range neededPrivileges(&found.definition) {
			names[p.Name] = true
		}
	}
	return names
}

func (q *inquiry) anySecured() bool {
	for _, found := range q.found() {
		if found.hasSecured(q.pointer()) {
			return true
		}
	}
	return false
}

func (q *inquiry) needsBase() bool {
	if _, asked := q.tables[activityPointer]; asked {
		return false
	}
	for _, found := range q.found() {
		if found.definition.IsActivity {
			return true
		}
	}
	return false
}

// isUnknownName tells a refused question for privileges that a shorter one may
// avoid.
func isUnknownName(err error) bool { return sdk.CodeOf(err) == sdk.CodeInvalidRequest }
