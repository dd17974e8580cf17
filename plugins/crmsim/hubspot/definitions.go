package hubspot

import (
	"slices"
	"sync"
	"time"
)

// The conditions a property can be put into by an administrator.
const (
	conditionNormal          = ""
	conditionDeleted         = "deleted"
	conditionArchived        = "archived"
	conditionSensitive       = string(sensitive)
	conditionHighlySensitive = string(highlySensitive)
)

func fieldConditions() []string {
	return []string{conditionDeleted, conditionArchived, conditionSensitive, conditionHighlySensitive}
}

// definition is a property with what became of it.
type definition struct {
	*property
	condition        string
	created, updated time.Time
	archivedAt       time.Time
}

func (d definition) archived() bool { return d.condition == conditionArchived }

// class is the sensitivity of the property's values.
func (d definition) class() sensitivity {
	switch d.condition {
	case conditionSensitive:
		return sensitive
	case conditionHighlySensitive:
		return highlySensitive
	default:
		return nonSensitive
	}
}

// exists reports whether records have the property: deleted and archived ones are silently left out of reads.
func (d definition) exists() bool {
	return d.condition != conditionDeleted && d.condition != conditionArchived
}

// definitions are the properties of the portal's objects as they are now. It is safe for concurrent use.
type definitions struct {
	mu       sync.RWMutex
	byObject map[string][]*definition // sorted by name
}

// definedAt is when HubSpot's own properties came about.
func definedAt() time.Time { return time.Date(2020, time.June, 30, 15, 57, 37, 289e6, time.UTC) }

func newDefinitions(loaded catalog) *definitions {
	d := &definitions{byObject: map[string][]*definition{}}
	for object, properties := range loaded {
		for _, p := range properties {
			d.byObject[object] = append(d.byObject[object], &definition{property: p, created: definedAt(), updated: definedAt()})
		}
	}
	return d
}

// find gives the definition of a name, whatever became of it.
func (d *definitions) find(object, name string) (definition, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	list := d.byObject[object]
	at, ok := slices.BinarySearchFunc(list, name, compareName)
	if !ok {
		return definition{}, false
	}
	return *list[at], true
}

func compareName(d *definition, name string) int {
	switch {
	case d.name < name:
		return -1
	case d.name > name:
		return 1
	default:
		return 0
	}
}

// list gives the definitions of an object, deleted ones too, sorted by name.
func (d *definitions) list(object string) []definition {
	d.mu.RLock()
	defer d.mu.RUnlock()
	list := make([]definition, len(d.byObject[object]))
	for i, one := range d.byObject[object] {
		list[i] = *one
	}
	return list
}

// change puts a property into a condition, at a moment.
func (d *definitions) change(object, name, condition string, at time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.byObject[object]
	i, ok := slices.BinarySearchFunc(list, name, compareName)
	if !ok {
		return false
	}
	next := *list[i]
	next.condition, next.updated, next.archivedAt = condition, at, time.Time{}
	if condition == conditionArchived {
		next.archivedAt = at
	}
	list[i] = &next
	return true
}

// add makes a property; false when the name is taken. A deleted property's name is free.
func (d *definitions) add(object string, p *property, at time.Time) (definition, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.byObject[object]
	made := &definition{property: p, created: at, updated: at}
	i, found := slices.BinarySearchFunc(list, p.name, compareName)
	switch {
	case found && list[i].condition != conditionDeleted:
		return definition{}, false
	case found:
		list[i] = made
	default:
		d.byObject[object] = slices.Insert(list, i, made)
	}
	return *made, true
}

// update changes the wording of a property.
func (d *definitions) update(object, name string, edit func(*property), at time.Time) (definition, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.byObject[object]
	i, ok := slices.BinarySearchFunc(list, name, compareName)
	if !ok || !list[i].exists() {
		return definition{}, false
	}
	next, changed := *list[i], *list[i].property
	edit(&changed)
	next.property, next.updated = &changed, at
	list[i] = &next
	return next, true
}

// reset makes every property normal again. Properties made meanwhile stay.
func (d *definitions) reset(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, list := range d.byObject {
		for i, one := range list {
			if one.condition != conditionNormal {
				next := *one
				next.condition, next.updated, next.archivedAt = conditionNormal, at, time.Time{}
				list[i] = &next
			}
		}
	}
}
