package limit

import "github.com/vektah/gqlparser/v2/ast"

// repeats counts the pairs of fields that land under one response name when
// sets are merged, at their own level and below. Type conditions are ignored,
// as the validator ignores them when it gathers what to compare. Each
// expanded selection is visited once.
func (m *measurer) repeats(sets []ast.SelectionSet) int {
	var (
		names  []string
		groups = map[string][]ast.SelectionSet{}
		pairs  int
	)
	var gather func(set ast.SelectionSet)
	gather = func(set ast.SelectionSet) {
		for _, selection := range set {
			m.visits++
			switch s := selection.(type) {
			case *ast.Field:
				name := s.Alias
				if name == "" {
					name = s.Name
				}
				group, seen := groups[name]
				if !seen {
					names = append(names, name)
				}
				pairs = add(pairs, len(group))
				groups[name] = append(group, s.SelectionSet)
			case *ast.InlineFragment:
				gather(s.SelectionSet)
			case *ast.FragmentSpread:
				if fragment := m.fragments[s.Name]; fragment != nil {
					gather(fragment.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		gather(set)
	}
	for _, name := range names {
		if children := nonEmpty(groups[name]); len(children) > 0 {
			pairs = add(pairs, m.repeats(children))
		}
	}
	return pairs
}

// nonEmpty drops the sets of leaf fields.
func nonEmpty(sets []ast.SelectionSet) []ast.SelectionSet {
	kept := sets[:0]
	for _, set := range sets {
		if len(set) > 0 {
			kept = append(kept, set)
		}
	}
	return kept
}
