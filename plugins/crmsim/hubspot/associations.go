package hubspot

import (
	"net/http"
	"slices"
	"strconv"
)

const (
	maxLinksPage  = 500
	maxLinksBatch = 1000
	maxLinkWrites = 2000
	hubspotLink   = "HUBSPOT_DEFINED"
)

// linkTypeAnswer is an association's type; a plain one has no label.
type linkTypeAnswer struct {
	Category string  `json:"category"`
	TypeID   int     `json:"typeId"`
	Label    *string `json:"label"`
}

// linkAnswer is one association; ids are numbers here.
type linkAnswer struct {
	ToObjectID int64            `json:"toObjectId"`
	Types      []linkTypeAnswer `json:"associationTypes"`
}

func (t linkType) answer() linkTypeAnswer {
	answer := linkTypeAnswer{Category: hubspotLink, TypeID: t.id}
	if t.label != "" {
		answer.Label = &t.label
	}
	return answer
}

// associated lists a record's associations to an object, records that are archived left out.
func (s *Simulator) associated(from *objectType, id string, to *objectType) []linkAnswer {
	types := typesBetween(from.singular, to.singular)
	answers := []linkAnswer{}
	found := s.links.of(from, id, to)
	s.store.read(to, func(t *table) {
		for _, one := range found {
			if t.rows[one.other].now.archived {
				continue
			}
			answer := linkAnswer{ToObjectID: to.id(one.other)}
			for _, kind := range types {
				if slices.Contains(one.types, kind.id) {
					answer.Types = append(answer.Types, kind.answer())
				}
			}
			slices.SortFunc(answer.Types, func(a, b linkTypeAnswer) int { return a.TypeID - b.TypeID })
			answers = append(answers, answer)
		}
	})
	return answers
}

// joins reads ?associations= of a record read. Each object needs its own scopes.
func (s *Simulator) joins(c *call, o *objectType) ([]*objectType, *reply) {
	var others []*objectType
	for _, name := range askedProperties(c.query, "associations") {
		to, ok := s.types.find(name)
		if !ok || len(typesBetween(o.singular, to.singular)) == 0 {
			answer := invalid("One or more associations are not valid: %s", name)
			return nil, &answer
		}
		if !holdsAll(c.scopes, to.read) {
			answer := missingScopes(to.missingReaders(c.scopes)...)
			return nil, &answer
		}
		others = append(others, to)
	}
	return others, nil
}

// joined are a record's associations as record reads show them: nothing for objects it has none with.
func (s *Simulator) joined(o *objectType, id string, others []*objectType) map[string]associationList {
	joined := map[string]associationList{}
	for _, to := range others {
		name := o.singular + "_to_" + to.singular
		hasPrimary := slices.ContainsFunc(typesBetween(o.singular, to.singular), func(t linkType) bool { return t.primary })
		list := associationList{}
		for _, one := range s.associated(o, id, to) {
			for _, kind := range one.Types {
				ref := associationRef{ID: strconv.FormatInt(one.ToObjectID, 10), Type: name}
				if hasPrimary && kind.Label == nil {
					ref.Type += "_unlabeled"
				}
				list.Results = append(list.Results, ref)
			}
		}
		if len(list.Results) > 0 {
			joined[to.name] = list
		}
	}
	if len(joined) == 0 {
		return nil
	}
	return joined
}

// associationSpec names a type of association when writing.
type associationSpec struct {
	Category string `json:"associationCategory"`
	TypeID   int    `json:"associationTypeId"`
}

// linkTypesOf checks written types against a direction: a type of the other direction is refused.
func linkTypesOf(from, to *objectType, specs []associationSpec) ([]linkType, *apiError) {
	known := typesBetween(from.singular, to.singular)
	if len(specs) == 0 && len(known) > 0 {
		return known[:1], nil
	}
	var types []linkType
	for _, spec := range specs {
		i := slices.IndexFunc(known, func(t linkType) bool { return t.id == spec.TypeID })
		if i < 0 || (spec.Category != "" && spec.Category != hubspotLink) {
			return nil, &apiError{
				Category: "VALIDATION_ERROR", Message: "Association type " + strconv.Itoa(spec.TypeID) +
					" is not valid from " + from.title + " to " + to.title,
			}
		}
		types = append(types, known[i])
	}
	if len(types) == 0 {
		return nil, &apiError{Category: "VALIDATION_ERROR", Message: from.title + " and " + to.title + " cannot be associated"}
	}
	return types, nil
}

// newLink is an association to make with a new record.
type newLink struct {
	to    *objectType
	id    string
	types []linkType
}

func (l newLink) primary() bool {
	return slices.ContainsFunc(l.types, func(t linkType) bool { return t.primary })
}

// checkLinks reads the associations of a record to create. Their type ids say which object they lead to.
func (s *Simulator) checkLinks(o *objectType, inputs []associationInput) ([]newLink, *apiError) {
	var made []newLink
	for _, in := range inputs {
		id := text(in.To.ID)
		var to *objectType
		for _, other := range s.types.all {
			if len(in.Types) > 0 && slices.ContainsFunc(typesBetween(o.singular, other.singular), func(t linkType) bool { return t.id == in.Types[0].TypeID }) {
				to = other
			}
		}
		if to == nil {
			return nil, &apiError{Category: "VALIDATION_ERROR", Message: "One or more association types are not valid from " + o.title}
		}
		types, wrong := linkTypesOf(o, to, in.Types)
		if wrong != nil {
			return nil, wrong
		}
		known := false
		s.store.read(to, func(t *table) { _, known = t.byID(id) })
		if !known {
			return nil, &apiError{Category: "VALIDATION_ERROR", Message: "One or more associated objects do not exist: " + id}
		}
		made = append(made, newLink{to, id, types})
	}
	return made, nil
}

// recordAssociations serves …/{id}/associations/{to} and below, and v4's …/associations/default/{to}/{toId}.
func (s *Simulator) recordAssociations(c *call, from *objectType, id string, rest []string) reply {
	standard := len(rest) == 3 && rest[0] == "default"
	if standard {
		rest = rest[1:]
	}
	to, ok := s.types.find(rest[0])
	switch {
	case !ok:
		return invalid("Unable to infer object type from: %s", rest[0])
	case c.method == http.MethodGet && c.location.version == "2026-09":
		return methodNotAllowed() // its description lists no reading; 2026-03 and v4 do
	case c.method == http.MethodGet && len(rest) == 1:
		return s.readAssociations(c, from, id, to)
	case len(rest) != 2:
		return resourceMissing()
	case !holdsAll(c.scopes, from.write):
		return missingScopes(from.write...)
	case c.method == http.MethodPut && s.bothExist(from, id, to, rest[1]):
		return s.putAssociation(c, from, id, to, rest[1], standard)
	case c.method == http.MethodPut:
		return resourceMissing()
	case c.method == http.MethodDelete:
		s.links.remove(from, id, to, rest[1], nil)
		return noContent()
	}
	return methodNotAllowed()
}

func (s *Simulator) bothExist(from *objectType, fromID string, to *objectType, toID string) bool {
	_, _, ok := s.links.numbers(from, fromID, to, toID)
	return ok
}

func (s *Simulator) readAssociations(c *call, from *objectType, id string, to *objectType) reply {
	for _, o := range []*objectType{from, to} {
		if !holdsAll(c.scopes, o.read) {
			return missingScopes(o.missingReaders(c.scopes)...)
		}
	}
	limit, refused := pageLimit(c.query.Get("limit"), maxLinksPage, maxLinksPage)
	if refused != nil {
		return *refused
	}
	known := false
	s.store.read(from, func(t *table) { _, known = t.byID(id) })
	if !known {
		return resourceMissing()
	}
	answers := s.associated(from, id, to)
	after, _ := strconv.ParseInt(c.query.Get("after"), 10, 64) // without one, from the beginning
	answers = slices.DeleteFunc(answers, func(one linkAnswer) bool { return one.ToObjectID < after })
	body := map[string]any{"results": answers}
	if len(answers) > limit {
		body["results"] = answers[:limit]
		body["paging"] = paging{Next: pagingNext{After: strconv.FormatInt(answers[limit].ToObjectID, 10)}}
	}
	if c.location.version == "v3" {
		joined := s.joined(from, id, []*objectType{to})[to.name]
		if joined.Results == nil {
			joined.Results = []associationRef{}
		}
		body = map[string]any{"results": joined.Results}
	}
	return jsonReply(http.StatusOK, body)
}

// putAssociation serves PUT of one association: 201 with labels given, 200 for the default one.
func (s *Simulator) putAssociation(c *call, from *objectType, fromID string, to *objectType, toID string, standard bool) reply {
	var specs []associationSpec
	if !standard {
		if refused := c.read(&specs); refused != nil {
			return *refused
		}
	}
	types, wrong := linkTypesOf(from, to, specs)
	if wrong != nil {
		return wrong.reply(http.StatusBadRequest)
	}
	s.links.put(from, fromID, to, toID, types)
	fromNumber, _ := strconv.ParseInt(fromID, 10, 64) // it exists
	toNumber, _ := strconv.ParseInt(toID, 10, 64)     // it exists
	if standard {
		batch := newBatch(s.store.now())
		batch.add(map[string]any{
			"from": map[string]string{"id": fromID}, "to": map[string]string{"id": toID},
			"associationSpec": map[string]any{"associationCategory": hubspotLink, "associationTypeId": types[0].id},
		})
		return batch.reply(http.StatusOK, s.store.now())
	}
	labels := []string{}
	for _, one := range types {
		if one.label != "" {
			labels = append(labels, one.label)
		}
	}
	return jsonReply(http.StatusCreated, map[string]any{
		"fromObjectTypeId": from.typeID, "fromObjectId": fromNumber, "toObjectTypeId": to.typeID, "toObjectId": toNumber,
		"labels": labels,
	})
}
