package salesforce

import "strconv"

// childRows are the rows a subquery found, by the 15-character id of their parent.
type childRows map[string][]*row

// runChildren runs every subquery of a plan once for all parents. Callers hold the store's read lock.
func (s *store) runChildren(p *plan, withDeleted bool) []childRows {
	found := make([]childRows, len(p.children))
	for i, child := range p.children {
		all := *child.plan
		all.limit = -1 // the limit counts per parent
		t := s.tables[all.object.name]
		byParent := childRows{}
		for _, r := range s.run(&all, withDeleted) {
			parent, ok := id15Of(textOf(s.value(t, r, child.via)))
			if ok && (child.plan.limit < 0 || len(byParent[parent]) < child.plan.limit) {
				byParent[parent] = append(byParent[parent], r)
			}
		}
		found[i] = byParent
	}
	return found
}

func textOf(value any) string {
	text, _ := value.(string)
	return text
}

// appendChildren writes the answers of the subqueries into their parent's record, which must end in "}". A parent
// without children has null.
func (s *store) appendChildren(b []byte, c *call, p *plan, found []childRows, parentID string) []byte {
	for i, child := range p.children {
		b = append(append(append(b[:len(b)-1], `,"`...), child.relationship...), `":`...)
		rows := found[i][parentID[:15]]
		if len(rows) == 0 {
			b = append(b, "null}"...)
			continue
		}
		b = strconv.AppendInt(append(b, `{"totalSize":`...), int64(len(rows)), 10)
		b = append(b, `,"done":true,"records":[`...)
		t := s.tables[child.plan.object.name]
		for j, r := range rows {
			if j > 0 {
				b = append(b, ',')
			}
			b = s.appendRecord(b, c, t, r, child.plan.columns)
		}
		b = append(b, "]}}"...)
	}
	return b
}

// aggregate answers a query of count(Field) columns: one row without an id.
func (s *store) aggregate(p *plan, rows []*row) map[string]any {
	t := s.tables[p.object.name]
	record := map[string]any{"attributes": map[string]string{"type": "AggregateResult"}}
	for _, column := range p.counts {
		n := 0
		for _, r := range rows {
			if s.read(t, r, column.selected) != nil {
				n++
			}
		}
		record[column.name] = n
	}
	return map[string]any{"totalSize": 1, "done": true, "records": []any{record}}
}
