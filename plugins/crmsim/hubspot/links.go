package hubspot

import (
	"slices"
	"sync"
)

// link is one record associated with another.
type link struct {
	other int   // number of the record at the far end
	types []int // association type ids in this direction
}

// pair names a direction between two objects, by plural names.
type pair struct{ from, to string }

// links are the associations between records, by number. Those of a pair of objects are made from the world when they
// are first asked for.
type links struct {
	store *store

	mu     sync.RWMutex
	byPair map[pair]map[int][]link
}

func newLinks(s *store) *links {
	return &links{store: s, byPair: map[pair]map[int][]link{}}
}

// of lists what a record is associated with, in the order of creation.
func (l *links) of(from *objectType, id string, to *objectType) []link {
	n, ok := -1, false
	l.store.read(from, func(t *table) { n, ok = t.number(id) })
	if !ok {
		return nil
	}
	l.ensure(from, to)
	l.mu.RLock()
	defer l.mu.RUnlock()
	found := slices.Clone(l.byPair[pair{from.name, to.name}][n])
	slices.SortFunc(found, func(a, b link) int { return a.other - b.other })
	return found
}

// put associates two records with these types, given in the direction from → to.
func (l *links) put(from *objectType, fromID string, to *objectType, toID string, types []linkType) {
	a, b, ok := l.numbers(from, fromID, to, toID)
	if !ok {
		return
	}
	l.ensure(from, to)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range types {
		l.add(pair{from.name, to.name}, a, b, one.id)
		l.add(pair{to.name, from.name}, b, a, one.back)
	}
}

// remove ends an association: these types of it, or all of it without any.
func (l *links) remove(from *objectType, fromID string, to *objectType, toID string, types []linkType) {
	a, b, ok := l.numbers(from, fromID, to, toID)
	if !ok {
		return
	}
	l.ensure(from, to)
	l.mu.Lock()
	defer l.mu.Unlock()
	forward, backward := []int{}, []int{}
	for _, one := range types {
		forward, backward = append(forward, one.id), append(backward, one.back)
	}
	l.drop(pair{from.name, to.name}, a, b, forward)
	l.drop(pair{to.name, from.name}, b, a, backward)
}

func (l *links) numbers(from *objectType, fromID string, to *objectType, toID string) (a, b int, ok bool) {
	var known bool
	l.store.read(from, func(t *table) { a, known = t.number(fromID) })
	l.store.read(to, func(t *table) { b, ok = t.number(toID) })
	return a, b, ok && known
}

// add and drop keep one direction. Callers hold mu.
func (l *links) add(p pair, from, to, typeID int) {
	list := l.byPair[p][from]
	i := slices.IndexFunc(list, func(one link) bool { return one.other == to })
	if i < 0 {
		l.byPair[p][from] = append(list, link{to, []int{typeID}})
		return
	}
	if !slices.Contains(list[i].types, typeID) {
		list[i].types = append(slices.Clone(list[i].types), typeID)
	}
}

func (l *links) drop(p pair, from, to int, types []int) {
	l.byPair[p][from] = slices.DeleteFunc(slices.Clone(l.byPair[p][from]), func(one link) bool {
		return one.other == to && len(types) == 0
	})
	for i, one := range l.byPair[p][from] {
		if one.other == to {
			l.byPair[p][from][i].types = slices.DeleteFunc(slices.Clone(one.types), func(id int) bool { return slices.Contains(types, id) })
		}
	}
	l.byPair[p][from] = slices.DeleteFunc(l.byPair[p][from], func(one link) bool { return len(one.types) == 0 })
}

// ensure makes the associations of two objects from the world.
func (l *links) ensure(from, to *objectType) {
	l.mu.RLock()
	_, made := l.byPair[pair{from.name, to.name}]
	l.mu.RUnlock()
	if made {
		return
	}
	edges := l.store.edges(from, to)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, made := l.byPair[pair{from.name, to.name}]; made {
		return
	}
	l.byPair[pair{from.name, to.name}] = map[int][]link{}
	l.byPair[pair{to.name, from.name}] = map[int][]link{}
	types := typesBetween(from.singular, to.singular)
	for _, one := range edges {
		for _, kind := range types {
			// Invented associations are plain, and primary where there is such a type: the first one of a record is.
			if kind.label == "" || (kind.primary && one.primary) {
				l.add(pair{from.name, to.name}, one.from, one.to, kind.id)
				l.add(pair{to.name, from.name}, one.to, one.from, kind.back)
			}
		}
	}
}

// edge is an invented association.
type edge struct {
	from, to int
	primary  bool
}

// edges invents the associations between two objects, in either direction.
func (s *store) edges(from, to *objectType) []edge {
	list, ok := s.edgesFrom(from, to)
	if ok {
		return list
	}
	list, _ = s.edgesFrom(to, from)
	for i, one := range list {
		list[i].from, list[i].to = one.to, one.from
	}
	return list
}

// edgesFrom invents the associations that the first object's records have; ok is false when the second one's do.
func (s *store) edgesFrom(from, to *objectType) (list []edge, ok bool) {
	if from.engagement {
		return s.activityEdges(from, to), true
	}
	add := func(n, other int, primary bool) {
		if other >= 0 {
			list = append(list, edge{n, other, primary})
		}
	}
	size := s.world.Size()
	var (
		count int
		one   func(n int)
	)
	switch (pair{from.name, to.name}) {
	case pair{"contacts", "companies"}:
		count, one = size.People, func(n int) { add(n, s.world.Person(n).Company, true) }
	case pair{"deals", "companies"}:
		count, one = size.Deals, func(n int) { add(n, s.world.Deal(n).Company, true) }
	case pair{"deals", "contacts"}:
		count, one = size.Deals, func(n int) {
			for _, contact := range s.world.Deal(n).Contacts {
				add(n, contact.Person, false)
			}
		}
	case pair{"deals", "line_items"}:
		count, one = size.Deals, func(n int) { add(n, n, false) }
	case pair{"leads", "contacts"}:
		count, one = size.Leads, func(n int) { add(n, size.People+n, true) }
	case pair{"leads", "companies"}:
		count, one = size.Leads, func(n int) { add(n, s.world.Lead(n).ConvertedCompany, true) }
	case pair{"leads", "deals"}:
		count, one = size.Leads, func(n int) { add(n, s.world.Lead(n).ConvertedDeal, true) }
	default:
		return nil, false
	}
	for n := range count {
		one(n)
	}
	return list, true
}

// activityEdges ties activities to the person, company and deal that they are about.
func (s *store) activityEdges(from, to *objectType) (list []edge) {
	s.read(from, func(t *table) {
		for _, r := range t.rows {
			if r.origin < 0 {
				continue
			}
			activity, other := s.world.Activity(r.origin), -1
			switch to.name {
			case "contacts":
				other = activity.Person
			case "companies":
				other = activity.Company
			case "deals":
				other = activity.Deal
			}
			if other >= 0 {
				list = append(list, edge{r.number, other, false})
			}
		}
	})
	return list
}
