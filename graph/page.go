package graph

import (
	"entgo.io/contrib/entgql"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// Sizes of a page; the limits that run before the executor know the same.
const (
	defaultPage = 20
	maxPage     = 100
)

type cursor = entgql.Cursor[string]

// page is the checked arguments of a connection.
type page struct {
	first, last   *int
	after, before *cursor
}

// newPage checks the arguments of a connection and gives it a size. kind is the
// type of its items: a cursor of another list is refused instead of giving an
// arbitrary page.
func newPage(kind gid.Prefix, first, last *int, after, before *cursor) (page, error) {
	for name, n := range map[string]*int{"first": first, "last": last} {
		if n != nil && (*n < 1 || *n > maxPage) {
			return page{}, fault.New(fault.PageSize, name+" must be between 1 and 100.", fault.Field(name))
		}
	}
	if first != nil && last != nil {
		return page{}, fault.New(fault.PageSize, "Give first or last, not both.", fault.Field("first"))
	}
	for name, position := range map[string]*cursor{"after": after, "before": before} {
		if position == nil {
			continue
		}
		if prefix, ok := gid.PrefixOf(position.ID); !ok || prefix != kind {
			return page{}, fault.New(fault.CursorInvalid, "This is not a position that this list gave.", fault.Field(name))
		}
	}
	if first == nil && last == nil {
		size := defaultPage
		first = &size
	}
	return page{first: first, last: last, after: after, before: before}, nil
}
