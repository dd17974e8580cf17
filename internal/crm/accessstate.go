package crm

import (
	"maps"
	"reflect"
	"time"
)

// FieldState is what is stored of one field's readability between checks.
type FieldState struct {
	// Label and Type are the CRM's last word on what the field is called and holds.
	Label string
	Type  string
	// Readable is the standing verdict. A suspected loss leaves it true.
	Readable bool
	Rights   Rights
	// RightsSince is when the right to create or update last changed; zero while it is
	// as it was first found.
	RightsSince time.Time
	// Standardized says that a mapping points at the field. Checks never change it.
	Standardized bool
	// Custom and Hideable are the CRM's last word on the field (see FieldInfo);
	// they tell what a loss can be due to.
	Custom   bool
	Hideable bool
	// SuspectedAt is when a loss that waits for confirmation was first seen; zero
	// when there is none (requirement J5).
	SuspectedAt time.Time
	// Since is when Readable last changed, for a loss when it was first seen; zero
	// while it is as it was first found.
	// So an unreadable field with no Since never was readable.
	Since time.Time
	// Cause and Evidence explain why it is not readable.
	Cause    Cause
	Evidence string
	// Folded says that it is unreadable only because its object is, as far as is
	// known; Cause is CauseObjectDenied then.
	Folded bool
	// Candidate is the field that this one may have been renamed to: it appeared when
	// this one was first missed (see renames).
	Candidate string
}

// Status is the field's status (requirement I2).
func (f FieldState) Status() FieldStatus { return StatusOf(f.Readable, f.Standardized) }

// mayBeLost reports whether the field's absence is news: it is readable, or was
// only taken down with its object.
func (f FieldState) mayBeLost() bool { return f.Readable || f.Folded }

// ObjectState is what is stored of one object between checks. An object that was
// never checked has status ObjectNotChecked.
type ObjectState struct {
	Object string
	Status ObjectStatus
	// Unpublished says that the object was taken out of standardization: it is checked
	// still, but not read and not watched (requirement F4).
	Unpublished bool
	Rights      Rights
	// RightsSince is as in FieldState.
	RightsSince time.Time
	// CheckedAt is when the CRM was asked for the newest answer; zero before the first.
	// Diff leaves it alone: the caller knows when it asked.
	CheckedAt time.Time
	// Stale says that the last check failed, StaleReason why: the verdict is older
	// than it should be (requirement J4).
	Stale       bool
	StaleReason string
	// Since is when the object's being readable last changed; zero while it is as
	// the first check found it.
	Since time.Time
	// SuspectedAt, Cause and Evidence are as in FieldState.
	SuspectedAt time.Time
	Cause       Cause
	Evidence    string
	// APIVersion is the CRM API version of the last check that was applied in full.
	APIVersion string
	// ContentHash is HashCheck of the last check that was applied in full. It is
	// empty while a suspicion waits, so an equal hash always means that applying
	// the check again changes nothing but Stale.
	ContentHash string
	// Records tells whether every record can be read, and RecordsNote what limits
	// them.
	Records     RecordAccess
	RecordsNote string
	// Fields holds, by name, every field that was ever readable or is standardized,
	// and those of which the CRM says that they exist but cannot be read.
	Fields map[string]FieldState
}

// Suspected reports whether a loss waits for its confirmation, of the object or of
// any field (requirement J5).
func (s ObjectState) Suspected() bool {
	if !s.SuspectedAt.IsZero() {
		return true
	}
	for _, field := range s.Fields {
		if !field.SuspectedAt.IsZero() {
			return true
		}
	}
	return false
}

// sameState compares states; no fields and an empty set of them are the same.
func sameState(a, b ObjectState) bool {
	fields := maps.Equal(a.Fields, b.Fields)
	a.Fields, b.Fields = nil, nil
	return fields && reflect.DeepEqual(a, b)
}
