package crm

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// How sure a mapping is that goes by what a field is called. It stays below that of
// any expected name.
const (
	confidenceAlikeLeast = 0.2
	confidenceAlikeRange = 0.25
	// alikeEnough is the least likeness of two labels that is worth a look: half of
	// their words are the same.
	alikeEnough = 0.5
)

// PresentMapping is what stands for a standard field now.
type PresentMapping struct {
	CRMField string
	Origin   MappingOrigin
}

// SuggestInput is what suggestions for one object depend on.
type SuggestInput struct {
	Package Package
	// Object is the CRM's name.
	Object string
	// Fields are the object's fields as far as they are known.
	Fields []FieldInfo
	// Defaults are the workspace's CRM fields by standard field (requirement H6).
	Defaults map[string]string
	// Present are the object's mappings by standard field.
	Present map[string]PresentMapping
}

// Suggest proposes CRM fields for standard fields that stand for nothing, or for
// something worse: a field that cannot be read, one whose type cannot carry the
// values, or one that an automatic mapping took for want of a better one. What an
// admin chose, and works, is left alone.
//
// Tried are, in this order, the workspace's default, the package's candidates, the
// readable field whose label or name is most like the standard field's and whose type
// can hold its values, and for a required standard field the candidate that cannot be
// read yet. Every suggestion can be applied, alone or with all others: no CRM field
// is suggested twice, or while it stands for something else (requirement H5).
func Suggest(in SuggestInput) []Proposal {
	target, found := in.Package.Object(in.Object)
	if !found {
		return nil
	}
	p := proposer{byName: indexFields(in.Fields), taken: map[string]bool{}, defaults: in.Defaults}
	for _, present := range in.Present {
		p.taken[strings.ToLower(present.CRMField)] = true
	}
	return p.each(target, func(standard StandardField) (Proposal, bool) {
		present, mapped := in.Present[standard.Key]
		if mapped && present.Origin == MappingAdmin && p.carries(standard, present.CRMField) {
			return Proposal{}, false
		}
		if mapped {
			// It may stay: then there is nothing to suggest.
			key := strings.ToLower(present.CRMField)
			delete(p.taken, key)
			defer func() { p.taken[key] = true }()
		}
		proposal, ok := p.expected(standard)
		switch {
		case ok && mapped && strings.EqualFold(proposal.CRMField, present.CRMField):
			return Proposal{}, false
		case ok:
			return proposal, true
		case mapped && p.carries(standard, present.CRMField):
			return Proposal{}, false
		}
		if proposal, ok := p.alike(standard); ok {
			return proposal, true
		}
		if mapped {
			return Proposal{}, false
		}
		return p.unreadable(standard)
	})
}

// carries reports whether a CRM field can be read and can hold a standard field's
// values.
func (p proposer) carries(standard StandardField, crmField string) bool {
	field, readable := p.byName[strings.ToLower(crmField)]
	return readable && standard.DataType.Suits(field.Type)
}

// alike chooses the free field whose label or name is most like the standard field's.
// Between equals the shorter name wins, then the alphabet.
func (p proposer) alike(standard StandardField) (Proposal, bool) {
	_, key, _ := strings.Cut(standard.Key, ".")
	wanted := [][]string{words(standard.Label), words(key)}
	best, likeness := FieldInfo{}, 0.0
	for _, name := range slices.SortedFunc(maps.Keys(p.byName), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	}) {
		field := p.byName[name]
		if p.taken[name] || !standard.DataType.Holds(field.Type) {
			continue
		}
		for _, a := range wanted {
			for _, b := range [][]string{words(field.Label), words(field.Name)} {
				if l := overlap(a, b); l > likeness {
					best, likeness = field, l
				}
			}
		}
	}
	if likeness < alikeEnough {
		return Proposal{}, false
	}
	return Proposal{
		StandardField: standard.Key, CRMField: best.Name, Readable: true, Origin: MappingAuto,
		Confidence: confidenceAlikeLeast + confidenceAlikeRange*likeness,
		Reason: fmt.Sprintf("%s (%q) is called much like %q and its type %s holds %s values. Look at its values before you take it.",
			best.Name, cmp.Or(best.Label, best.Name), standard.Label, best.Type, standard.DataType),
	}, true
}

// words are the distinct words of a label or a name, in lower case: "Work_Email__c"
// and "workEmail" have the same ones as "Work email". A single letter, such as the
// suffix of Salesforce's custom fields, is no word.
func words(text string) []string {
	var found []string
	var word []rune
	end := func() {
		if len(word) > 1 && !slices.Contains(found, string(word)) {
			found = append(found, string(word))
		}
		word = nil
	}
	lower := false
	for _, r := range text {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
		case unicode.IsUpper(r) && lower:
			end()
			fallthrough
		default:
			word = append(word, unicode.ToLower(r))
		}
		lower = unicode.IsLower(r)
	}
	end()
	return found
}

// overlap is the share of words that two lists have in common, 0 to 1 (Dice's
// coefficient).
func overlap(a, b []string) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	common := 0
	for _, word := range a {
		if slices.Contains(b, word) {
			common++
		}
	}
	return 2 * float64(common) / float64(len(a)+len(b))
}

// Follow is what an automatic mapping gives one standard field of in.Object: the
// workspace's default, else the best candidate, else, for a required one, the
// candidate that cannot be read yet. False when nothing suits. What stands for the
// standard field now counts as free.
func Follow(in SuggestInput, standardField string) (Proposal, bool) {
	_, standard, found := in.Package.StandardField(standardField)
	if !found {
		return Proposal{}, false
	}
	p := proposer{byName: indexFields(in.Fields), taken: map[string]bool{}, defaults: in.Defaults}
	for key, present := range in.Present {
		if key != standardField {
			p.taken[strings.ToLower(present.CRMField)] = true
		}
	}
	if proposal, ok := p.expected(standard); ok {
		return proposal, true
	}
	return p.unreadable(standard)
}
