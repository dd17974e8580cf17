package hubspot

import (
	"encoding/json"
	"net/http"
)

// batch serves POST …/batch/{verb}.
func (s *Simulator) batch(c *call, o *objectType, verb string) reply {
	if verb == "read" {
		return s.batchRead(c, o)
	}
	var body struct {
		Inputs []recordInput `json:"inputs"`
	}
	refused := c.read(&body)
	switch {
	case refused != nil:
		return *refused
	case !holdsAll(c.scopes, o.write):
		return missingScopes(o.write...)
	case len(body.Inputs) > maxBatch:
		return invalid("The maximum number of inputs supported in a batch request is %d", maxBatch)
	}
	switch verb {
	case "create":
		return s.batchCreate(c, o, body.Inputs)
	case "update":
		return s.batchUpdate(c, o, body.Inputs)
	case "upsert":
		return s.batchUpsert(c, o, body.Inputs)
	case "archive":
		ids := make([]string, len(body.Inputs))
		for i, in := range body.Inputs {
			ids[i] = in.ID
		}
		s.archiveAll(o, ids)
		return noContent()
	}
	return resourceMissing()
}

// batchCreate is all or nothing, unless every input has a trace id of its own.
func (s *Simulator) batchCreate(c *call, o *objectType, inputs []recordInput) reply {
	traced := map[string]bool{}
	for _, in := range inputs {
		if in.TraceID != "" {
			traced[in.TraceID] = true
		}
	}
	partial := len(inputs) > 0 && len(traced) == len(inputs)
	if !partial {
		for _, in := range inputs {
			if _, wrong, refused := s.check(c, o, in.Properties); refused != nil {
				return *refused
			} else if wrong != nil {
				return wrong.reply(wrong.status())
			}
		}
	}
	batch := newBatch(s.store.now())
	for _, in := range inputs {
		made, wrong, refused := s.insert(c, o, in)
		switch {
		case refused != nil:
			return *refused
		case wrong != nil && !partial:
			return wrong.reply(wrong.status())
		case wrong != nil:
			batch.fail(apiError{
				Category: wrong.Category, Message: wrong.Message, Context: map[string][]string{"objectWriteTraceId": {in.TraceID}},
			})
		default:
			batch.add(made)
		}
	}
	return batch.reply(http.StatusCreated, s.store.now())
}

func (s *Simulator) batchUpdate(c *call, o *objectType, inputs []recordInput) reply {
	batch := newBatch(s.store.now())
	for _, in := range inputs {
		changed, wrong, refused := s.edit(c, o, in)
		switch {
		case refused != nil:
			return *refused
		case wrong != nil && wrong.Category == "OBJECT_NOT_FOUND":
			batch.fail(*wrong)
		case wrong != nil:
			return wrong.reply(wrong.status())
		default:
			batch.add(changed)
		}
	}
	return batch.reply(http.StatusOK, s.store.now())
}

// batchUpsert updates what a unique property finds and creates the rest.
func (s *Simulator) batchUpsert(c *call, o *objectType, inputs []recordInput) reply {
	batch := newBatch(s.store.now())
	for _, in := range inputs {
		if in.IDProperty == "" || !s.identifies(o, in.IDProperty) {
			return invalid("%s is not a unique identifier property of %s", in.IDProperty, o.title)
		}
		answer, wrong, refused := s.edit(c, o, in)
		isNew := wrong != nil && wrong.Category == "OBJECT_NOT_FOUND"
		if isNew {
			if in.Properties == nil {
				in.Properties = map[string]json.RawMessage{}
			}
			in.Properties[in.IDProperty], _ = json.Marshal(in.ID) //nolint:errchkjson // a string
			answer, wrong, refused = s.insert(c, o, in)
		}
		switch {
		case refused != nil:
			return *refused
		case wrong != nil:
			return wrong.reply(wrong.status())
		}
		answer.New = &isNew
		batch.add(answer)
	}
	return batch.reply(http.StatusOK, s.store.now())
}
