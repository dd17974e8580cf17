package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
)

// vars are the variables of an operation.
type vars = map[string]any

// within is the test's context with the test's patience as its deadline.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// eventually asks until the answer is yes, more and more seldom: asking costs the
// time that it waits for.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	ctx := within(t)
	for pause := 20 * time.Millisecond; !ask(); pause = min(pause*3/2, 300*time.Millisecond) {
		select {
		case <-ctx.Done():
			require.FailNow(t, "it did not happen in time: "+what)
		case <-time.After(pause):
		}
	}
}

// post sends an operation and returns the answer, errors included.
func (u user) post(t *testing.T, operation string, variables vars) drive.Answer {
	t.Helper()
	answer, err := u.Post(within(t), operation, variables)
	require.NoError(t, err)
	return answer
}

// ask sends an operation that must succeed and decodes its data into out.
func (u user) ask(t *testing.T, operation string, variables vars, out any) {
	t.Helper()
	require.NoError(t, u.Do(within(t), operation, variables, out))
}

// mutation words a mutation of one root field with one input, as all of ours are.
func mutation(name, selection string) string {
	return "mutation($input: " + strings.ToUpper(name[:1]) + name[1:] + "Input!) { " + name + "(input: $input) { " + selection +
		" userErrors { code message hint field side docsUrl } } }"
}

// attempt sends a mutation and returns the answer, errors included. Without an
// idempotency key it gets a fresh one.
func (u user) attempt(t *testing.T, name, selection string, input vars) drive.Answer {
	t.Helper()
	return u.post(t, mutation(name, selection), vars{"input": keyed(input)})
}

// change sends a mutation that must succeed and decodes its payload into out.
func (u user) change(t *testing.T, name, selection string, input vars, out any) {
	t.Helper()
	payload := map[string]json.RawMessage{}
	u.ask(t, mutation(name, selection), vars{"input": keyed(input)}, &payload)
	if out != nil {
		require.NoError(t, json.Unmarshal(payload[name], out))
	}
}

// keyed returns the input with an idempotency key.
func keyed(input vars) vars {
	if _, ok := input["idempotencyKey"]; ok {
		return input
	}
	with := vars{"idempotencyKey": rand.Text()}
	maps.Copy(with, input)
	return with
}

// refusal is one error of the API, from the top level or from a payload.
type refusal struct {
	Code, Message, Hint, Side, DocsURL string
	Field                              []string
	TopLevel                           bool
}

// refusals lists all errors of an answer.
func refusals(t *testing.T, answer drive.Answer) []refusal {
	t.Helper()
	var all []refusal
	for _, e := range answer.Errors {
		one := refusal{Message: e.Message, TopLevel: true}
		raw, err := json.Marshal(e.Extensions)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &one))
		all = append(all, one)
	}
	var payloads map[string]json.RawMessage
	if json.Unmarshal(answer.Data, &payloads) != nil {
		return all
	}
	for _, raw := range payloads {
		var payload struct{ UserErrors []refusal }
		if json.Unmarshal(raw, &payload) == nil {
			all = append(all, payload.UserErrors...)
		}
	}
	return all
}

// requireRefused asserts that an answer is one typed refusal that says what failed
// and what to do, and returns it.
func requireRefused(t *testing.T, answer drive.Answer, code string) refusal {
	t.Helper()
	all := refusals(t, answer)
	require.Len(t, all, 1, "data: %s", answer.Data)
	require.Equal(t, code, all[0].Code, all[0].Message)
	require.NotEmpty(t, all[0].Message)
	require.NotEmpty(t, all[0].Hint, "%s says not what to do", code)
	require.NotEmpty(t, all[0].Side)
	require.True(t, strings.HasSuffix(all[0].DocsURL, "#"+code) || all[0].TopLevel, "docsUrl: %s", all[0].DocsURL)
	return all[0]
}

// codeOf is the code of an error of the API.
func codeOf(t *testing.T, err error) string {
	t.Helper()
	var refused drive.Error
	require.ErrorAs(t, err, &refused)
	return refused.Code()
}
