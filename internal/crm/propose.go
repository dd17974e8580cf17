package crm

import (
	"fmt"
	"slices"
	"strings"
)

// Proposal is one automatic mapping for an admin to review (requirement H2).
type Proposal struct {
	// StandardField is the key of the standard field.
	StandardField string
	// CRMField is the CRM's name of the field that may stand for it.
	CRMField string
	// Confidence is from 0 to 1.
	Confidence float64
	// Reason says in one sentence why it is proposed.
	Reason string
	// Readable is false for a required standard field whose CRM field the
	// integration user cannot read: mapping it makes the gap visible (reading
	// 1b.9), leaving it out would keep it silent.
	Readable bool
}

// How sure an automatic mapping is.
const (
	confidenceExact      = 1.0
	confidenceFolded     = 0.9
	confidencePerRank    = 0.1 // off for each candidate that came before
	confidenceLeast      = 0.5
	confidenceUnreadable = 0.25
)

// Propose maps the standard fields of one object to the CRM fields that can be
// read: the first candidate that is there under its name (upper and lower case
// apart, if need be) with a type that can hold the values. A CRM field stands for
// one standard field at most (requirement H5); required fields choose first, then
// recommended, then optional ones, each in the package's order. The same fields in
// any order give the same proposals, in the package's order.
//
// A required standard field with no readable candidate is proposed with its first
// free candidate, Readable false.
func Propose(pkg Package, object string, fields []FieldInfo) []Proposal {
	target, found := pkg.Object(object)
	if !found {
		return nil
	}
	byName := indexFields(fields)
	taken := map[string]bool{}
	chosen := map[string]Proposal{}
	for _, requirement := range []Requirement{Required, Recommended, Optional} {
		for _, standard := range target.Fields {
			if standard.Requirement != requirement {
				continue
			}
			if proposal, ok := proposeField(standard, byName, taken); ok {
				taken[strings.ToLower(proposal.CRMField)] = true
				chosen[standard.Key] = proposal
			}
		}
	}
	proposals := make([]Proposal, 0, len(chosen))
	for _, standard := range target.Fields {
		if proposal, ok := chosen[standard.Key]; ok {
			proposals = append(proposals, proposal)
		}
	}
	return proposals
}

// indexFields finds fields by lower-case name. CRM field names are unique without
// regard to case; should two collide, the first in order of name is taken.
func indexFields(fields []FieldInfo) map[string]FieldInfo {
	sorted := slices.Clone(fields)
	slices.SortFunc(sorted, func(a, b FieldInfo) int { return strings.Compare(a.Name, b.Name) })
	byName := make(map[string]FieldInfo, len(sorted))
	for _, field := range sorted {
		if key := strings.ToLower(field.Name); field.Rights.Read {
			if _, there := byName[key]; !there {
				byName[key] = field
			}
		}
	}
	return byName
}

// proposeField chooses the CRM field for one standard field.
func proposeField(standard StandardField, byName map[string]FieldInfo, taken map[string]bool) (Proposal, bool) {
	for rank, candidate := range standard.Candidates {
		key := strings.ToLower(candidate)
		field, there := byName[key]
		if !there || taken[key] || !standard.DataType.Holds(field.Type) {
			continue
		}
		confidence, match := confidenceExact, "has the expected name"
		if field.Name != candidate {
			confidence, match = confidenceFolded, "has the expected name but for upper and lower case"
		}
		return Proposal{
			StandardField: standard.Key,
			CRMField:      field.Name,
			Confidence:    max(confidenceLeast, confidence-float64(rank)*confidencePerRank),
			Reason:        fmt.Sprintf("%s %s and its type %s holds %s values.", field.Name, match, field.Type, standard.DataType),
			Readable:      true,
		}, true
	}
	if standard.Requirement != Required {
		return Proposal{}, false
	}
	for _, candidate := range standard.Candidates {
		key := strings.ToLower(candidate)
		if _, there := byName[key]; there || taken[key] {
			continue // it can be read, but its type does not fit or it is taken
		}
		return Proposal{
			StandardField: standard.Key,
			CRMField:      candidate,
			Confidence:    confidenceUnreadable,
			Reason:        fmt.Sprintf("%s is expected here and required, but the integration user cannot read it.", candidate),
		}, true
	}
	return Proposal{}, false
}
