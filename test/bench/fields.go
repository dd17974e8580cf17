package main

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/server"
)

const (
	// wideObject is an object that no CRM has: the field list's worst case.
	wideObject = "Wide"
	// fieldPage is how many fields are asked for at once.
	fieldPage = 100
)

// fieldList times the field list of an object with thousands of fields, as the screen
// asks for it, with the counts beside it, and counts its statements.
func (s *stand) fieldList(ctx context.Context, inside *server.Server) error {
	if err := s.makeWide(ctx, inside); err != nil {
		return fmt.Errorf("making an object with %d fields: %w", s.fields, err)
	}
	var statements atomic.Int64
	inside.Store().Read().Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, query ent.Query) (ent.Value, error) {
			if graphql.HasOperationContext(ctx) { // not the scheduler's
				statements.Add(1)
			}
			return next.Query(ctx, query)
		})
	}))
	client := drive.Client{URL: inside.URL() + "/graphql", Token: s.token}
	for _, list := range []struct {
		what      string
		variables map[string]any
	}{
		{"field list, first page", map[string]any{"first": fieldPage}},
		{"field list, last page", map[string]any{"last": fieldPage}},
		{"field list with search", map[string]any{"first": fieldPage, "search": "field 4"}},
		{"field list of one status", map[string]any{"first": fieldPage, "statuses": []string{"INACCESSIBLE"}, "all": true}},
	} {
		const times = 20
		took := make([]time.Duration, times)
		total := 0
		for i := range took {
			statements.Store(0)
			started := time.Now()
			var err error
			if total, err = s.askFields(ctx, client, list.variables); err != nil {
				return fmt.Errorf("%s: %w", list.what, err)
			}
			took[i] = time.Since(started)
		}
		slices.Sort(took)
		s.row(list.what, "%d SQL statements, p50 %s, most %s (page of %d, %d of %d fields match)", statements.Load(),
			percentile(took, 50).Round(100*time.Microsecond), took[times-1].Round(100*time.Microsecond), fieldPage, total, s.fields)
	}
	return nil
}

// askFields asks for one page of fields and for the counts of all and of those that
// match; it returns how many there are in the list.
func (s *stand) askFields(ctx context.Context, client drive.Client, variables map[string]any) (int, error) {
	variables["id"], variables["object"] = s.integration.ID, wideObject
	var found struct {
		Integration struct {
			Object struct {
				Fields struct {
					TotalCount int
					Edges      []struct{ Node struct{ Name string } }
				}
			}
		}
	}
	const counts = "{ activeStandardized active errorStandardized inaccessible }"
	err := client.Do(ctx, `query($id: ID!, $object: String!, $search: String, $statuses: [FieldStatus!], $all: Boolean = false, $first: Int, $last: Int) {
		integration(id: $id) { object(name: $object) {
			name status fieldCounts `+counts+` matchCounts(search: $search) `+counts+`
			fields(first: $first, last: $last, search: $search, statuses: $statuses, includeInaccessible: $all) {
				totalCount pageInfo { endCursor hasNextPage } edges { node {
					id name label dataType status rights { read create update } cause checkedAt stale
				} }
			}
		} }
	}`, variables, &found)
	list := found.Integration.Object.Fields
	if err == nil && len(list.Edges) == 0 {
		err = fmt.Errorf("the list is empty")
	}
	return list.TotalCount, err
}

// makeWide inserts the object and its fields.
func (s *stand) makeWide(ctx context.Context, inside *server.Server) error {
	var object *ent.CrmObject
	err := inside.Store().WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		object, err = tx.Ent().CrmObject.Create().SetWorkspaceID(inside.WorkspaceID()).SetCreatedAt(tx.Now()).
			SetIntegrationID(s.integration.ID).SetName(wideObject).SetLabel(wideObject).SetStatus(crm.ObjectOK).
			SetCheckedAt(tx.Now()).SetPosition(99).Save(ctx)
		return err
	})
	if err != nil {
		return err
	}
	const part = 500
	for from := 0; from < s.fields; from += part {
		err := inside.Store().WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			creates := make([]*ent.CrmFieldCreate, min(part, s.fields-from))
			for i := range creates {
				n := from + i
				creates[i] = tx.Ent().CrmField.Create().SetWorkspaceID(inside.WorkspaceID()).SetCreatedAt(tx.Now()).
					SetIntegrationID(s.integration.ID).SetObjectID(object.ID).SetName(fmt.Sprintf("Field_%04d__c", n)).
					SetLabel(fmt.Sprintf("Field %04d", n)).SetDataType("string").SetReadable(n%7 != 0).SetUpdatable(n%3 == 0)
			}
			return tx.Ent().CrmField.CreateBulk(creates...).Exec(ctx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
