package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldwarden/fieldwarden/ent/privacy"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

func TestNewPage(t *testing.T) {
	t.Parallel()
	n := func(n int) *int { return &n }
	at := func(id string) *cursor { return &cursor{ID: id} }
	own, other := gid.New(gid.Alert), gid.New(gid.SyncRun)
	tests := []struct {
		name          string
		first, last   *int
		after, before *cursor
		code          fault.Code
	}{
		{name: "nothing given takes the default"},
		{name: "largest", first: n(100)},
		{name: "smallest from the end", last: n(1), before: at(own)},
		{name: "none", first: n(0), code: fault.PageSize},
		{name: "negative", last: n(-1), code: fault.PageSize},
		{name: "too many", first: n(101), code: fault.PageSize},
		{name: "both ends", first: n(1), last: n(1), code: fault.PageSize},
		{name: "cursor of another list", first: n(1), after: at(other), code: fault.CursorInvalid},
		{name: "empty cursor", first: n(1), before: at(""), code: fault.CursorInvalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := newPage(gid.Alert, test.first, test.last, test.after, test.before)
			require.Equal(t, test.code, fault.CodeOf(err))
			if err == nil {
				require.NotEqual(t, p.first == nil, p.last == nil, "a page has one size")
			}
		})
	}
}

func TestPresenterShowsFaultsAndHidesTheRest(t *testing.T) {
	t.Parallel()
	present := NewPresenter(slog.New(slog.DiscardHandler), "http://host/docs/errors")
	tests := []struct {
		name string
		err  error
		code string
	}{
		{"a fault", fmt.Errorf("wrapped: %w", fault.New(fault.NotFound, "gone", fault.Cause(errors.New("hunter2")))), "NOT_FOUND"},
		{"nobody acts", privacy.Denyf("no principal"), "UNAUTHENTICATED"},
		{"entgql's cursor text", errors.New("cannot decode cursor: msgpack: hunter2"), "CURSOR_INVALID"},
		{"a limit with a code of its own", &gqlerror.Error{Message: "too deep", Extensions: map[string]any{"code": "TOO_DEEP"}}, "TOO_DEEP"},
		{"an internal fault", fault.New(fault.Internal, "hunter2"), "INTERNAL"},
		{"a bug", errors.New("sql: hunter2"), "INTERNAL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			shown := present(context.Background(), test.err)
			require.Equal(t, test.code, shown.Extensions["code"])
			require.NotContains(t, fmt.Sprint(shown.Message, shown.Extensions), "hunter2")
		})
	}
}

func TestUserErrors(t *testing.T) {
	t.Parallel()
	r := &Resolver{Deps{DocsURL: "http://host/docs/errors"}}

	shown, err := r.userErrors(nil)
	require.NoError(t, err)
	require.Equal(t, noErrors(), shown)

	shown, err = r.userErrors(errors.Join(
		fault.New(fault.SettingInvalid, "not a boolean", fault.Field("changes", "0")),
		errors.Join(fault.New(fault.SettingUnavailable, "no edition")),
	))
	require.NoError(t, err)
	require.Len(t, shown, 2)
	require.Equal(t, []string{"changes", "0"}, shown[0].Field)
	require.Equal(t, "http://host/docs/errors#SETTING_INVALID", shown[0].DocsURL)
	require.NotEmpty(t, shown[1].Hint)

	for _, bug := range []error{errors.New("sql"), fault.New(fault.Internal, "bug"), fault.New(fault.Unauthenticated, "who")} {
		shown, err = r.userErrors(errors.Join(fault.New(fault.NotFound, "x"), bug))
		require.Error(t, err, "what a client cannot repair is no userError")
		require.Nil(t, shown)
	}
}
