package hubspot

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// associations serves the endpoints for a pair of objects: labels, and batches.
func (s *Simulator) associations(c *call) reply {
	rest := c.location.rest
	if len(rest) < 3 || rest[0] == "definitions" || rest[0] == "usage" {
		return notSimulated("the configuration of associations")
	}
	from, refused := s.typeAt(c, 0)
	if refused != nil {
		return *refused
	}
	to, refused := s.typeAt(c, 1)
	if refused != nil {
		return *refused
	}
	rest = rest[2:]
	switch {
	case len(rest) == 1 && (rest[0] == "labels" || rest[0] == "types") && c.method == http.MethodGet:
		return s.associationLabels(c, from, to, rest[0])
	case len(rest) >= 2 && rest[0] == "batch" && c.method == http.MethodPost:
		return s.batchAssociations(c, from, to, rest[1:])
	case len(rest) >= 1 && rest[0] == "labels":
		return notSimulated("changing association labels")
	}
	return resourceMissing()
}

func (s *Simulator) associationLabels(c *call, from, to *objectType, kind string) reply {
	if !holdsAll(c.scopes, from.read) {
		return missingScopes(from.missingReaders(c.scopes)...)
	}
	if kind == "types" { // v3: ids and names
		types := []map[string]string{}
		for _, one := range typesBetween(from.singular, to.singular) {
			types = append(types, map[string]string{"id": strconv.Itoa(one.id), "name": from.singular + "_to_" + to.singular})
		}
		return results(types)
	}
	answers := []linkTypeAnswer{}
	for _, one := range typesBetween(from.singular, to.singular) {
		answers = append(answers, one.answer())
	}
	return results(answers)
}

// linkInput is an association in a batch; v3 has one name instead of types.
type linkInput struct {
	ID    json.RawMessage `json:"id"` // of a batch read
	After string          `json:"after"`
	From  struct {
		ID json.RawMessage `json:"id"`
	} `json:"from"`
	To    linkTargets       `json:"to"`
	Types []associationSpec `json:"types"`
	Type  string            `json:"type"`
}

// linkTargets is one target or, in batch/archive, several.
type linkTargets []string

// UnmarshalJSON reads {"id": …} or a list of such.
func (t *linkTargets) UnmarshalJSON(raw []byte) error {
	type target struct {
		ID json.RawMessage `json:"id"`
	}
	var several []target
	if err := json.Unmarshal(raw, &several); err != nil {
		var one target
		if err := json.Unmarshal(raw, &one); err != nil {
			return err //nolint:wrapcheck // the decoder's own error is what the caller shows
		}
		several = []target{one}
	}
	for _, one := range several {
		*t = append(*t, text(one.ID))
	}
	return nil
}

func (s *Simulator) batchAssociations(c *call, from, to *objectType, verb []string) reply {
	var body struct {
		Inputs []linkInput `json:"inputs"`
	}
	if refused := c.read(&body); refused != nil {
		return *refused
	}
	if verb[0] == "read" {
		return s.readLinks(c, from, to, body.Inputs)
	}
	switch {
	case !holdsAll(c.scopes, from.write):
		return missingScopes(from.write...)
	case len(body.Inputs) > maxLinkWrites:
		return invalid("The maximum number of inputs supported in a batch request is %d", maxLinkWrites)
	}
	switch verb[0] {
	case "create":
		return s.createLinks(c, from, to, body.Inputs, false)
	case "associate":
		return s.createLinks(c, from, to, body.Inputs, true)
	case "archive", "labels":
		for _, in := range body.Inputs {
			types := []linkType(nil)
			if verb[0] == "labels" {
				var wrong *apiError
				if types, wrong = linkTypesOf(from, to, in.Types); wrong != nil {
					return wrong.reply(http.StatusBadRequest)
				}
			}
			for _, id := range in.To {
				s.links.remove(from, text(in.From.ID), to, id, types)
			}
		}
		return noContent()
	}
	return resourceMissing()
}

// readLinks serves batch/read: 207 when some of the records have no association.
func (s *Simulator) readLinks(c *call, from, to *objectType, inputs []linkInput) reply {
	for _, o := range []*objectType{from, to} {
		if !holdsAll(c.scopes, o.read) {
			return missingScopes(o.missingReaders(c.scopes)...)
		}
	}
	if len(inputs) > maxLinksBatch {
		return invalid("The maximum number of inputs supported in a batch request is %d", maxLinksBatch)
	}
	batch := newBatch(s.store.now())
	for _, in := range inputs {
		id := text(in.ID)
		found := s.associated(from, id, to)
		if len(found) == 0 {
			batch.fail(apiError{
				Category: "OBJECT_NOT_FOUND", SubCategory: "crm.associations.NO_ASSOCIATIONS_FOUND",
				Message: "No " + to.singular + " is associated with " + from.singular + " " + id + ".",
				Context: map[string][]string{
					"fromObjectId": {id}, "fromObjectType": {from.singular}, "toObjectType": {to.singular},
				},
			})
			continue
		}
		if c.location.version == "v3" {
			refs := s.joined(from, id, []*objectType{to})[to.name].Results
			batch.add(map[string]any{"from": map[string]string{"id": id}, "to": refs})
			continue
		}
		batch.add(map[string]any{"from": map[string]string{"id": id}, "to": found})
	}
	return batch.reply(http.StatusOK, s.store.now())
}

// createLinks serves batch/create (201) and batch/associate/default (200).
func (s *Simulator) createLinks(c *call, from, to *objectType, inputs []linkInput, standard bool) reply {
	batch := newBatch(s.store.now())
	for _, in := range inputs {
		fromID := text(in.From.ID)
		types, wrong := linkTypesOf(from, to, in.Types)
		if wrong != nil {
			return wrong.reply(http.StatusBadRequest)
		}
		for _, id := range in.To {
			if !s.bothExist(from, fromID, to, id) {
				batch.fail(notGotten(from, []string{fromID, id}))
				continue
			}
			s.links.put(from, fromID, to, id, types)
			addLinkResults(batch, c.location.version == "v3", from, fromID, to, id, types)
		}
	}
	if standard {
		return batch.reply(http.StatusOK, s.store.now())
	}
	return batch.reply(http.StatusCreated, s.store.now())
}

// addLinkResults answers one association made: v3 shows both directions by name, v4 one direction by ids.
func addLinkResults(batch *batchAnswer, named bool, from *objectType, fromID string, to *objectType, toID string, types []linkType) {
	ref := func(id string) map[string]string { return map[string]string{"id": id} }
	if named {
		batch.add(map[string]any{"from": ref(toID), "to": ref(fromID), "type": to.singular + "_to_" + from.singular})
		batch.add(map[string]any{"from": ref(fromID), "to": ref(toID), "type": from.singular + "_to_" + to.singular})
		return
	}
	labels := []string{}
	for _, one := range types {
		if one.label != "" {
			labels = append(labels, one.label)
		}
	}
	number := func(id string) json.Number { return json.Number(id) }
	batch.add(map[string]any{
		"fromObjectTypeId": from.typeID, "fromObjectId": number(fromID), "toObjectTypeId": to.typeID,
		"toObjectId": number(toID), "labels": labels,
	})
}
