package crm

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// renames finds, for standardized fields that a check misses, the field that each
// may have been renamed to: the only one that appeared in the same check with the
// same type and an equal or closely similar label or name. A rename shows as one
// field gone and another come; only resemblance tells it from coincidence, so
// whatever is ambiguous, several candidates for a field or several fields for a
// candidate, names none.
func renames(missed map[string]FieldState, appeared []FieldInfo) map[string]string {
	found := map[string]string{}
	claims := map[string]int{}
	for name, field := range missed {
		var candidates []string
		for _, info := range appeared {
			if resembles(name, field, info) {
				candidates = append(candidates, info.Name)
				claims[info.Name]++
			}
		}
		if len(candidates) == 1 {
			found[name] = candidates[0]
		}
	}
	for name, candidate := range found {
		if claims[candidate] > 1 {
			delete(found, name)
		}
	}
	return found
}

// resembles reports whether a field that appeared may be one that is missed.
func resembles(name string, field FieldState, info FieldInfo) bool {
	if field.Type == "" || !strings.EqualFold(field.Type, info.Type) {
		return false
	}
	return similar(name, info.Name) || similar(cmp.Or(field.Label, name), cmp.Or(info.Label, info.Name))
}

// similar reports whether two names or labels are equal, or differ in at most every
// fourth letter, apart from case, punctuation and a customer's suffix.
func similar(a, b string) bool {
	left, right := bareName(a), bareName(b)
	if len(left) == 0 || len(right) == 0 {
		return false
	}
	return 4*editDistance(left, right) <= max(len(left), len(right))
}

// bareName keeps the letters and digits of a name, in lower case, without what
// Salesforce appends to the names of custom fields.
func bareName(name string) []rune {
	name = strings.TrimSuffix(strings.ToLower(name), "__c")
	return slices.DeleteFunc([]rune(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// editDistance counts the letters to insert, delete or replace that make one text
// of the other (Levenshtein).
func editDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, letter := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, other := range b {
			replaced := diagonal
			if letter != other {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
