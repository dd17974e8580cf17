package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// decodeParams reads the JSON object of a request: query (required),
// operationName, variables, extensions. Keys are matched exactly and others
// ignored. Errors never quote the text they refuse.
func decodeParams(text []byte) (*graphql.RawParams, *gqlerror.Error) {
	if !utf8.Valid(text) {
		return nil, newError(CodeBadRequest, "the request is not UTF-8")
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil, newError(CodeBadRequest, "the request is empty; send a JSON object with a query")
	}
	if text[0] == '[' {
		return nil, newError(CodeBatching, "batches are not supported; send each operation in a request of its own")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil || fields == nil {
		return nil, newError(CodeBadRequest, "the request is not a JSON object")
	}

	params := &graphql.RawParams{}
	for _, field := range []struct {
		name, kind string
		target     any
	}{
		{"query", "a string", &params.Query},
		{"operationName", "a string or null", &params.OperationName},
		{"variables", "an object or null", &params.Variables},
		{"extensions", "an object or null", &params.Extensions},
	} {
		raw, given := fields[field.name]
		if !given {
			continue
		}
		// Numbers stay text until their type is known: an id may be longer
		// than a float is exact.
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		if err := decoder.Decode(field.target); err != nil {
			return nil, newError(CodeBadRequest, "%s must be %s", field.name, field.kind)
		}
	}
	if params.Query == "" {
		return nil, newError(CodeBadRequest, "query is missing; it must be a string with a GraphQL document")
	}
	return params, nil
}

// paramsOfURL reads the request of a GET: query, operationName, and the JSON
// objects variables and extensions.
func paramsOfURL(values url.Values) (*graphql.RawParams, *gqlerror.Error) {
	object := map[string]json.RawMessage{}
	for _, name := range []string{"query", "operationName", "variables", "extensions"} {
		given := values[name]
		switch {
		case len(given) == 0 || given[0] == "" && len(given) == 1:
			continue
		case len(given) > 1:
			return nil, newError(CodeBadRequest, "%s is given %d times", name, len(given))
		}
		text := []byte(given[0])
		if name == "query" || name == "operationName" {
			quoted, err := json.Marshal(given[0])
			if err != nil {
				return nil, newError(CodeBadRequest, "%s cannot be read", name)
			}
			text = quoted
		}
		if !json.Valid(text) {
			return nil, newError(CodeBadRequest, "%s must be a JSON object", name)
		}
		object[name] = text
	}
	text, err := json.Marshal(object)
	if err != nil {
		return nil, newError(CodeBadRequest, "the parameters cannot be read: %s", fmt.Sprintf("%T", err))
	}
	return decodeParams(text)
}
