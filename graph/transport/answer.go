package transport

import (
	"encoding/json"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldwarden/fieldwarden/graph/limit"
)

// answer is a response as it goes over the wire. Data is left out, not null,
// when the request was not executed.
type answer struct {
	Errors     gqlerror.List   `json:"errors,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Extensions map[string]any  `json:"extensions,omitempty"`
}

// executed reports whether the answer is that of an execution.
func (a answer) executed() bool { return len(a.Data) > 0 }

// newAnswer makes the answer of a response; opCtx may be nil.
func newAnswer(response *graphql.Response, opCtx *graphql.OperationContext, requestID string) answer {
	extensions := maps.Clone(response.Extensions)
	if extensions == nil {
		extensions = map[string]any{}
	}
	extensions["requestId"] = requestID
	if opCtx != nil {
		if cost, ok := limit.CostOf(opCtx); ok {
			extensions["cost"] = cost
		}
	}
	return answer{
		Errors:     finishErrors(response.Errors, requestID),
		Data:       response.Data,
		Extensions: extensions,
	}
}

// errorAnswer makes the answer of a request that was not executed.
func errorAnswer(requestID string, errs ...*gqlerror.Error) answer {
	return newAnswer(&graphql.Response{Errors: errs}, nil, requestID)
}
