package crm

import (
	"maps"
	"slices"
	"strings"
)

// SeenObject is what one check saw of one object: the CRM's answer without what
// changes by itself. It is stored in snapshots, so its JSON names stay.
type SeenObject struct {
	Object     string        `json:"object"`
	Label      string        `json:"label,omitempty"`
	Readable   bool          `json:"readable"`
	Rights     Rights        `json:"rights"`
	Cause      Cause         `json:"cause,omitempty"`
	Evidence   string        `json:"evidence,omitempty"`
	APIVersion string        `json:"apiVersion,omitempty"`
	Fields     []SeenField   `json:"fields,omitempty"`
	Denied     []DeniedField `json:"denied,omitempty"`
}

// SeenField is what one check saw of one field that can be read.
type SeenField struct {
	Name   string `json:"name"`
	Label  string `json:"label,omitempty"`
	Type   string `json:"type,omitempty"`
	Rights Rights `json:"rights"`
}

// Seen is what a check saw, its fields sorted by name. A check that failed saw
// nothing: ask only for those with an answer.
func Seen(check ObjectCheck) SeenObject {
	seen := SeenObject{
		Object: check.Object, Label: check.Label, Readable: check.Verdict == VerdictAccessible, Rights: check.Rights,
		Cause: check.Cause, Evidence: check.Evidence, APIVersion: check.APIVersion,
		Denied: slices.Clone(check.Denied),
	}
	for _, field := range check.Fields {
		rights := field.Rights
		rights.Read = true
		seen.Fields = append(seen.Fields, SeenField{Name: field.Name, Label: field.Label, Type: field.Type, Rights: rights})
	}
	slices.SortFunc(seen.Fields, func(a, b SeenField) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(seen.Denied, func(a, b DeniedField) int { return strings.Compare(a.Name, b.Name) })
	return seen
}

// SeenDifference is one difference between two snapshots.
type SeenDifference struct {
	Object string
	// Field is empty for a difference of the object itself.
	Field  string
	Change ChangeType
	// Before and After are nil when it was not there.
	Before, After *Rights
	// Cause and Evidence are what the later check said of what cannot be read any more.
	Cause    Cause
	Evidence string
}

// DiffSeen compares two snapshots of objects, by name. Rules:
//
//   - An object that only one of them has APPEARED or VANISHED; one that can no longer
//     be read is LOST, and RESTORED the other way round. Its fields are not told one
//     by one then.
//   - A field that can no longer be read is LOST when the later check says that the
//     CRM has it or it was asked for, else it VANISHED; the other way round it is
//     RESTORED or APPEARED.
//   - Rights to create or update that are gone make a RIGHTS_REDUCED, new ones a
//     RIGHTS_EXTENDED.
//
// The order is by object, the object's own first, then by field.
func DiffSeen(from, to map[string]SeenObject) []SeenDifference {
	names := map[string]bool{}
	for name := range from {
		names[name] = true
	}
	for name := range to {
		names[name] = true
	}
	var differences []SeenDifference
	for _, name := range slices.Sorted(maps.Keys(names)) {
		before, wasThere := from[name]
		after, isThere := to[name]
		switch {
		case !wasThere:
			differences = append(differences, SeenDifference{Object: name, Change: ChangeAppeared, After: rightsOf(after)})
		case !isThere:
			differences = append(differences, SeenDifference{Object: name, Change: ChangeVanished, Before: rightsOf(before)})
		default:
			differences = append(differences, diffSeenObject(before, after)...)
		}
	}
	return differences
}

// rightsOf are the rights on an object; none when it cannot be read.
func rightsOf(seen SeenObject) *Rights {
	if !seen.Readable {
		return &Rights{}
	}
	return &seen.Rights
}

func diffSeenObject(before, after SeenObject) []SeenDifference {
	one := SeenDifference{Object: after.Object, Before: rightsOf(before), After: rightsOf(after)}
	switch {
	case before.Readable && !after.Readable:
		one.Change, one.Cause, one.Evidence = ChangeLost, orUnknown(after.Cause), after.Evidence
		return []SeenDifference{one}
	case !before.Readable && after.Readable:
		one.Change = ChangeRestored
		return []SeenDifference{one}
	case !after.Readable:
		return nil
	}
	return append(diffRights(one), diffSeenFields(before, after)...)
}

func diffSeenFields(before, after SeenObject) []SeenDifference {
	was, is := fieldsByName(before.Fields), fieldsByName(after.Fields)
	names := slices.Collect(maps.Keys(was))
	for name := range is {
		if _, both := was[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var differences []SeenDifference
	for _, name := range names {
		one := SeenDifference{Object: after.Object, Field: name}
		left, wasThere := was[name]
		right, isThere := is[name]
		if wasThere {
			one.Before = &left.Rights
		}
		if isThere {
			one.After = &right.Rights
		}
		switch {
		case !isThere:
			one.Change = ChangeVanished
			if denied, said := deniedNamed(after.Denied, name); said {
				one.Change, one.Cause, one.Evidence = ChangeLost, orUnknown(denied.Cause), denied.Evidence
			}
			differences = append(differences, one)
		case !wasThere:
			one.Change = ChangeAppeared
			if _, said := deniedNamed(before.Denied, name); said {
				one.Change = ChangeRestored
			}
			differences = append(differences, one)
		default:
			differences = append(differences, diffRights(one)...)
		}
	}
	return differences
}

// diffRights says what changed of the rights of something that both checks could read.
func diffRights(one SeenDifference) []SeenDifference {
	gone := one.Before.Create && !one.After.Create || one.Before.Update && !one.After.Update
	gained := !one.Before.Create && one.After.Create || !one.Before.Update && one.After.Update
	var differences []SeenDifference
	if gone {
		one.Change = ChangeRightsReduced
		differences = append(differences, one)
	}
	if gained {
		one.Change = ChangeRightsExtended
		differences = append(differences, one)
	}
	return differences
}

func fieldsByName(fields []SeenField) map[string]SeenField {
	byName := make(map[string]SeenField, len(fields))
	for _, field := range fields {
		byName[field.Name] = field
	}
	return byName
}

func deniedNamed(denied []DeniedField, name string) (DeniedField, bool) {
	i := slices.IndexFunc(denied, func(d DeniedField) bool { return d.Name == name })
	if i < 0 {
		return DeniedField{}, false
	}
	return denied[i], true
}
