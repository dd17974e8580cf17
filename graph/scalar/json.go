// Package scalar maps GraphQL scalars that gqlgen does not know to Go.
package scalar

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalJSON writes a JSON value as it is; nil is null.
func MarshalJSON(value json.RawMessage) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		if len(value) == 0 {
			_, _ = io.WriteString(w, "null")
			return
		}
		_, _ = w.Write(value)
	})
}

// UnmarshalJSON keeps the client's value as JSON.
func UnmarshalJSON(value any) (json.RawMessage, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("not a JSON value: %w", err)
	}
	return raw, nil
}
