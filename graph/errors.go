package graph

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldwarden/fieldwarden/ent/privacy"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// NewPresenter shows faults with their code, side and hint in extensions. All
// else goes to the transport's presenter, which hides it behind INTERNAL.
func NewPresenter(logger *slog.Logger, docsURL string) graphql.ErrorPresenterFunc {
	hide := transport.NewPresenter(logger)
	return func(ctx context.Context, err error) *gqlerror.Error {
		var known *fault.Error
		if errors.Is(err, privacy.Deny) {
			known = fault.New(fault.Unauthenticated, "This request acts as nobody.", fault.Cause(err))
		}
		if found, ok := fault.From(err); ok {
			known = found
		}
		if known == nil && strings.Contains(err.Error(), "cannot decode cursor") {
			// entgql's own words would show how a cursor is made.
			known = fault.New(fault.CursorInvalid, "This is not a cursor that an answer gave.", fault.Cause(err))
		}
		if known == nil || known.Code == fault.Internal {
			return explained(hide(ctx, err), docsURL)
		}
		shown := graphql.DefaultErrorPresenter(ctx, errors.New(known.Message))
		shown.Extensions = map[string]any{
			"code": string(known.Code), "side": string(known.Info().Side), "hint": known.WhatToDo(),
			"docsUrl": docsURL + "#" + string(known.Code), "requestId": transport.RequestID(ctx),
		}
		for key, value := range known.Details {
			shown.Extensions[key] = value
		}
		return shown
	}
}

// explained adds what the list of codes knows to an error that was made below it,
// such as a page size that the limits refused.
func explained(shown *gqlerror.Error, docsURL string) *gqlerror.Error {
	code, _ := shown.Extensions["code"].(string)
	info, ok := fault.Lookup(fault.Code(code))
	if !ok {
		return shown
	}
	more := *shown // it may be shared
	more.Extensions = maps.Clone(shown.Extensions)
	more.Extensions["side"], more.Extensions["hint"], more.Extensions["docsUrl"] = string(info.Side), info.Hint, docsURL+"#"+code
	return &more
}

// userErrors turns what a client can repair into payload errors, one per fault
// in err. What it cannot repair is returned for the top level.
func (r *Resolver) userErrors(err error) ([]*model.UserError, error) {
	shown := []*model.UserError{}
	for _, one := range flatten(err) {
		known, ok := fault.From(one)
		if !ok || known.Info().Retry == fault.RetrySystem || known.Code == fault.Unauthenticated {
			return nil, err
		}
		field := known.Field
		if field == nil {
			field = []string{}
		}
		shown = append(shown, &model.UserError{
			Code: known.Code, Message: known.Message, Hint: known.WhatToDo(), Field: field,
			Side: known.Info().Side, DocsURL: r.docsURL(known.Code),
		})
	}
	return shown, nil
}

// flatten lists the errors that errors.Join put together.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, flatten(one)...)
	}
	return all
}

func (r *Resolver) docsURL(code fault.Code) string { return r.DocsURL + "#" + string(code) }

// problem shows a stored fault code with its message; nil when there is none.
func (r *Resolver) problem(code, message string) *model.Problem {
	if code == "" {
		return nil
	}
	info, _ := fault.Lookup(fault.Code(code))
	return &model.Problem{Code: info.Code, Side: info.Side, Message: message, Hint: info.Hint, DocsURL: r.docsURL(info.Code)}
}
