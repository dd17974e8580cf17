package drive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client sends GraphQL operations with a bearer token.
type Client struct {
	// URL of the GraphQL endpoint.
	URL string
	// Token is the bearer token; empty sends none.
	Token string
	// HTTP is the client to use; nil is one with a 30 s timeout.
	HTTP *http.Client
}

// Error is an error of a GraphQL answer.
type Error struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path,omitempty"`
	Extensions map[string]any `json:"extensions,omitempty"`
}

// Code returns extensions.code.
func (e Error) Code() string {
	code, _ := e.Extensions["code"].(string)
	return code
}

// Error returns "CODE: message".
func (e Error) Error() string { return e.Code() + ": " + e.Message }

// Answer is a GraphQL answer.
type Answer struct {
	Status int             `json:"-"`
	Data   json.RawMessage `json:"data"`
	Errors []Error         `json:"errors"`
}

// Err joins the answer's errors.
func (a Answer) Err() error {
	all := make([]error, len(a.Errors))
	for i, e := range a.Errors {
		all[i] = e
	}
	return errors.Join(all...)
}

// Post sends one operation and returns the answer as it is.
func (c Client) Post(ctx context.Context, query string, variables map[string]any) (Answer, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return Answer{}, fmt.Errorf("drive: encoding request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("drive: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/graphql-response+json")
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	client := c.HTTP
	if client == nil {
		client = &http.Client{Timeout: 30 * time.Second}
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("drive: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("drive: reading answer: %w", err)
	}
	answer := Answer{Status: response.StatusCode}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return answer, fmt.Errorf("drive: status %d, not a GraphQL answer: %w", response.StatusCode, err)
	}
	return answer, nil
}

// Do sends one operation and decodes its data into out; any error of the answer
// is returned, and so is a payload's userErrors.
func (c Client) Do(ctx context.Context, query string, variables map[string]any, out any) error {
	answer, err := c.Post(ctx, query, variables)
	if err != nil {
		return err
	}
	if err := answer.Err(); err != nil {
		return err
	}
	if err := userErrors(answer.Data); err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Data, out); err != nil {
		return fmt.Errorf("drive: decoding data: %w", err)
	}
	return nil
}

// userErrors returns the userErrors of all payloads in an answer's data.
func userErrors(data json.RawMessage) error {
	var payloads map[string]json.RawMessage
	if json.Unmarshal(data, &payloads) != nil {
		return nil //nolint:nilerr // data of another form has no payloads
	}
	var all []error
	for name, raw := range payloads {
		var payload struct {
			UserErrors []struct {
				Code, Message string
				Field         []string
			}
		}
		if json.Unmarshal(raw, &payload) != nil {
			continue // not a payload
		}
		for _, e := range payload.UserErrors {
			all = append(all, Error{
				Message:    fmt.Sprintf("%s %s: %s", name, strings.Join(e.Field, "."), e.Message),
				Extensions: map[string]any{"code": e.Code},
			})
		}
	}
	return errors.Join(all...)
}
