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
	// Origin is MappingDefaulted for the workspace's default, else MappingAuto.
	Origin MappingOrigin
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
// read: the workspace's default if it is there, else the first candidate that is
// there under its name (upper and lower case apart, if need be) with a type that can
// hold the values. A CRM field stands for one standard field at most (requirement
// H5); required fields choose first, then recommended, then optional ones, each in
// the package's order. The same fields in any order give the same proposals, in the
// package's order.
//
// A required standard field with no readable candidate is proposed with its first
// free candidate, Readable false. What only looks alike is never proposed here: that
// is for Suggest, and for an admin to judge.
//
// defaults are the workspace's own CRM fields by standard field (requirement H6).
func Propose(pkg Package, object string, fields []FieldInfo, defaults map[string]string) []Proposal {
	target, found := pkg.Object(object)
	if !found {
		return nil
	}
	p := proposer{byName: indexFields(fields), taken: map[string]bool{}, defaults: defaults}
	return p.each(target, func(standard StandardField) (Proposal, bool) {
		if proposal, ok := p.expected(standard); ok {
			return proposal, true
		}
		return p.unreadable(standard)
	})
}

// proposer hands the fields of one object out to standard fields.
type proposer struct {
	// byName are the readable fields by lower-case name.
	byName map[string]FieldInfo
	// taken are lower-case names that stand for a standard field already.
	taken    map[string]bool
	defaults map[string]string
}

// each lets the standard fields choose, the most needed first, and returns what they
// chose in the package's order.
func (p proposer) each(target PackageObject, choose func(StandardField) (Proposal, bool)) []Proposal {
	chosen := map[string]Proposal{}
	for _, requirement := range []Requirement{Required, Recommended, Optional} {
		for _, standard := range target.Fields {
			if standard.Requirement != requirement {
				continue
			}
			if proposal, ok := choose(standard); ok {
				p.taken[strings.ToLower(proposal.CRMField)] = true
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

// expected chooses the CRM field that the workspace or the package names for a
// standard field.
func (p proposer) expected(standard StandardField) (Proposal, bool) {
	if field, there := p.byName[strings.ToLower(p.defaults[standard.Key])]; there &&
		!p.taken[strings.ToLower(field.Name)] && standard.DataType.Suits(field.Type) {
		return Proposal{
			StandardField: standard.Key, CRMField: field.Name, Confidence: confidenceExact, Readable: true, Origin: MappingDefaulted,
			Reason: fmt.Sprintf("%s is the workspace's default for this standard field.", field.Name),
		}, true
	}
	for rank, candidate := range standard.Candidates {
		key := strings.ToLower(candidate)
		field, there := p.byName[key]
		if !there || p.taken[key] || !standard.DataType.Holds(field.Type) {
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
			Origin:        MappingAuto,
		}, true
	}
	return Proposal{}, false
}

// unreadable chooses a CRM field that a required standard field waits for.
func (p proposer) unreadable(standard StandardField) (Proposal, bool) {
	if standard.Requirement != Required {
		return Proposal{}, false
	}
	for _, candidate := range standard.Candidates {
		key := strings.ToLower(candidate)
		if _, there := p.byName[key]; there || p.taken[key] {
			continue // it can be read, but its type does not fit or it is taken
		}
		return Proposal{
			StandardField: standard.Key,
			CRMField:      candidate,
			Confidence:    confidenceUnreadable,
			Reason:        fmt.Sprintf("%s is expected here and required, but the integration user cannot read it.", candidate),
			Origin:        MappingAuto,
		}, true
	}
	return Proposal{}, false
}
