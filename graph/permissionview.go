package graph

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/permissionchange"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// verdictOf is an object with what explains the verdicts on it and its fields.
type verdictOf struct {
	object *ent.CrmObject
	*permission.Explanation
}

// explainObject loads what explains an object's verdict; obj may hold only the columns
// that the query names.
func (r *Resolver) explainObject(ctx context.Context, objectID string) (verdictOf, error) {
	whole, err := r.loaders(ctx).objects.Load(ctx, objectID)
	if err != nil {
		return verdictOf{}, err
	}
	found, err := r.loaders(ctx).explanations(r).Load(ctx, whole.IntegrationID)
	return verdictOf{whole, found}, err
}

// explanationsOf loads explanations in one batch.
func explanationsOf(r *Resolver) func(context.Context, []string) ([]*permission.Explanation, []error) {
	return func(ctx context.Context, ids []string) ([]*permission.Explanation, []error) {
		found, err := r.Permissions.Explain(ctx, ids)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: explaining verdicts: %w", err)}
		}
		return inOrder(ids, found, func(id string) (*permission.Explanation, error) {
			return nil, fmt.Errorf("graph: integration %s is gone", id)
		})
	}
}

// needsShown shows needs with whether rights meet them.
func needsShown(needs []crm.Need, rights crm.Rights) []*model.Need {
	shown := make([]*model.Need, len(needs))
	for i, need := range needs {
		shown[i] = &model.Need{
			Kind: need.Kind, Key: need.Key, Title: need.Title, Right: need.Right, Met: need.Met(rights), Active: need.Active,
		}
	}
	return shown
}

func fieldRights(field *ent.CrmField) crm.Rights {
	return crm.Rights{Read: field.Readable, Create: field.Creatable, Update: field.Updatable}
}

// missing is never nil, so that it shows as an empty list.
func missing(needs []crm.Need, rights crm.Rights) []crm.Right {
	return append([]crm.Right{}, crm.MissingRights(needs, rights)...)
}

func statusGuides() []*model.FieldStatusGuide {
	var shown []*model.FieldStatusGuide
	for _, guide := range crm.StatusGuides() {
		shown = append(shown, &model.FieldStatusGuide{
			Status: guide.Status, Title: guide.Title, Description: guide.Description, Guidance: guide.Guidance,
		})
	}
	return shown
}

// fieldSearch is a search among an object's fields; an empty text matches all.
type fieldSearch struct{ objectID, text string }

// searchCounts counts the fields of each status that match searches; one statement
// for each text, whatever the number of objects.
func searchCounts(s *store.Store) func(context.Context, []fieldSearch) ([]*model.FieldCounts, []error) {
	return func(ctx context.Context, searches []fieldSearch) ([]*model.FieldCounts, []error) {
		byText := map[string][]string{}
		for _, search := range searches {
			byText[search.text] = append(byText[search.text], search.objectID)
		}
		found := map[fieldSearch]*model.FieldCounts{}
		for text, objectIDs := range byText {
			counts, err := countFields(ctx, s, objectIDs, text)
			if err != nil {
				return nil, []error{err}
			}
			for _, id := range objectIDs {
				found[fieldSearch{id, text}] = counts[id]
			}
		}
		counted := make([]*model.FieldCounts, len(searches))
		for i, search := range searches {
			if counted[i] = found[search]; counted[i] == nil {
				counted[i] = &model.FieldCounts{}
			}
		}
		return counted, nil
	}
}

// countFields counts the fields of objects that match a text, by object.
func countFields(ctx context.Context, s *store.Store, objectIDs []string, text string) (map[string]*model.FieldCounts, error) {
	var rows []struct {
		ObjectID     string `json:"object_id"`
		Readable     bool   `json:"readable"`
		Standardized bool   `json:"standardized"`
		Count        int    `json:"count"`
	}
	err := s.Read().CrmField.Query().Where(crmfield.ObjectIDIn(objectIDs...)).Where(fieldPredicates(&text, nil, true)...).
		GroupBy(crmfield.FieldObjectID, crmfield.FieldReadable, crmfield.FieldStandardized).
		Aggregate(ent.Count()).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("graph: counting fields: %w", err)
	}
	found := map[string]*model.FieldCounts{}
	for _, row := range rows {
		if found[row.ObjectID] == nil {
			found[row.ObjectID] = &model.FieldCounts{}
		}
		*countOf(found[row.ObjectID], crm.StatusOf(row.Readable, row.Standardized)) += row.Count
	}
	return found, nil
}

// emptySearch explains a search that finds nothing; nil when it finds a field.
func emptySearch(object *ent.CrmObject, search string, statuses []crm.FieldStatus, counts *model.FieldCounts) *model.EmptySearch {
	if statuses == nil {
		statuses = []crm.FieldStatus{crm.FieldActiveStandardized, crm.FieldActive, crm.FieldErrorStandardized}
	}
	for _, status := range statuses {
		if *countOf(counts, status) > 0 {
			return nil
		}
	}
	message, steps := crm.EmptySearchWords(object.Name, search, counts.Inaccessible)
	return &model.EmptySearch{Message: message, Steps: steps, InaccessibleMatches: counts.Inaccessible}
}

// changeSubject is a page of the history of an object, or with a field's name of a
// field.
type changeSubject struct {
	integrationID, object, field string
	changePage
}

// changePage is which part of a history is asked for, in comparable form.
type changePage struct {
	first, last   int
	after, before string
}

// history loads one page of the changes of a subject.
func (r *Resolver) history(ctx context.Context, object *ent.CrmObject, field string, first *int, after *cursor, last *int, before *cursor) (*ent.PermissionChangeConnection, error) {
	p, err := newPage(gid.PermissionChange, first, last, after, before)
	if err != nil {
		return nil, err
	}
	wanted := changeSubject{integrationID: object.IntegrationID, object: object.Name, field: field}
	if p.first != nil {
		wanted.first = *p.first
	}
	if p.last != nil {
		wanted.last = *p.last
	}
	if p.after != nil {
		wanted.after = p.after.ID
	}
	if p.before != nil {
		wanted.before = p.before.ID
	}
	return r.loaders(ctx).histories.Load(ctx, wanted)
}

// historiesOf loads pages of histories: two statements for each integration, object
// and kind of page that is asked for, whatever the number of fields.
func historiesOf(s *store.Store) func(context.Context, []changeSubject) ([]*ent.PermissionChangeConnection, []error) {
	return func(ctx context.Context, subjects []changeSubject) ([]*ent.PermissionChangeConnection, []error) {
		byPage := map[changeSubject][]string{}
		for _, subject := range subjects {
			group := subject
			group.field = ""
			byPage[group] = append(byPage[group], subject.field)
		}
		found := map[changeSubject]*ent.PermissionChangeConnection{}
		for group, fields := range byPage {
			pages, err := historyPages(ctx, s, group, fields)
			if err != nil {
				return nil, []error{fmt.Errorf("graph: loading histories: %w", err)}
			}
			for field, connection := range pages {
				group.field = field
				found[group] = connection
			}
		}
		loaded := make([]*ent.PermissionChangeConnection, len(subjects))
		for i, subject := range subjects {
			loaded[i] = found[subject]
		}
		return loaded, nil
	}
}

// historyPages loads the same page of the histories of fields of one object.
func historyPages(ctx context.Context, s *store.Store, group changeSubject, fields []string) (map[string]*ent.PermissionChangeConnection, error) {
	of := []predicate.PermissionChange{
		permissionchange.IntegrationID(group.integrationID), permissionchange.ObjectName(group.object), permissionchange.FieldNameIn(fields...),
	}
	var totals []struct {
		FieldName string `json:"field_name"`
		Count     int    `json:"count"`
	}
	err := s.Read().PermissionChange.Query().Where(of...).GroupBy(permissionchange.FieldFieldName).Aggregate(ent.Count()).Scan(ctx, &totals)
	if err != nil {
		return nil, err
	}
	pages := make(map[string]*ent.PermissionChangeConnection, len(fields))
	for _, field := range fields {
		pages[field] = &ent.PermissionChangeConnection{Edges: []*ent.PermissionChangeEdge{}}
	}
	for _, total := range totals {
		pages[total.FieldName].TotalCount = total.Count
	}
	if len(totals) == 0 {
		return pages, nil
	}
	rows, err := s.Read().PermissionChange.Query().Where(of...).Where(group.between()...).Where(group.limit).
		Order(permissionchange.ByID(group.direction())).All(ctx)
	if err != nil {
		return nil, err
	}
	byField := map[string][]*ent.PermissionChange{}
	for _, row := range rows {
		byField[row.FieldName] = append(byField[row.FieldName], row)
	}
	for field, changes := range byField {
		group.fill(pages[field], changes)
	}
	return pages, nil
}

// size is how many the page holds at most.
func (p changePage) size() int { return max(p.first, p.last) }

// between are the bounds of the page; newest first, so what comes after is older.
func (p changePage) between() []predicate.PermissionChange {
	var bounds []predicate.PermissionChange
	if p.after != "" {
		bounds = append(bounds, permissionchange.IDLT(p.after))
	}
	if p.before != "" {
		bounds = append(bounds, permissionchange.IDGT(p.before))
	}
	return bounds
}

// direction is the order in which the page is read: from the end when its last are
// asked for.
func (p changePage) direction() sql.OrderTermOption {
	if p.last > 0 {
		return sql.OrderAsc()
	}
	return sql.OrderDesc()
}

// limit keeps, of each field, as many changes as the page has and one more, which
// tells whether there are more. Rows are numbered by field within what s selects.
func (p changePage) limit(s *sql.Selector) {
	order := sql.Desc(s.C(permissionchange.FieldID))
	if p.last > 0 {
		order = sql.Asc(s.C(permissionchange.FieldID))
	}
	numbered := s.Clone().Select(s.C(permissionchange.FieldID)).
		AppendSelectExprAs(sql.RowNumber().PartitionBy(s.C(permissionchange.FieldFieldName)).OrderBy(order), "n")
	outer := sql.Dialect(s.Dialect()).Select(permissionchange.FieldID).From(numbered.As("numbered"))
	outer.Where(sql.LTE("n", p.size()+1))
	s.Where(sql.In(s.C(permissionchange.FieldID), outer))
}

// fill makes a page of the changes that were read, newest first.
func (p changePage) fill(connection *ent.PermissionChangeConnection, changes []*ent.PermissionChange) {
	more := len(changes) > p.size()
	if more {
		changes = changes[:p.size()]
	}
	if p.last > 0 {
		slices.Reverse(changes)
	}
	for _, change := range changes {
		connection.Edges = append(connection.Edges, &ent.PermissionChangeEdge{Node: change, Cursor: entgql.Cursor[string]{ID: change.ID}})
	}
	info := &connection.PageInfo
	info.HasNextPage, info.HasPreviousPage = more && p.last == 0 || p.before != "", more && p.last > 0 || p.after != ""
	if len(connection.Edges) > 0 {
		info.StartCursor = &connection.Edges[0].Cursor
		info.EndCursor = &connection.Edges[len(connection.Edges)-1].Cursor
	}
}

// changePredicates match the changes of a filter.
func changePredicates(filter *model.PermissionChangeFilterInput) []predicate.PermissionChange {
	if filter == nil {
		return nil
	}
	var all []predicate.PermissionChange
	if filter.Objects != nil {
		all = append(all, permissionchange.ObjectNameIn(filter.Objects...))
	}
	if filter.Changes != nil {
		all = append(all, permissionchange.ChangeIn(filter.Changes...))
	}
	if filter.StandardizedOnly {
		all = append(all, permissionchange.Or(
			permissionchange.Standardized(true), permissionchange.FieldName(""), permissionchange.FieldNameIsNil()))
	}
	return all
}

// maxDifferences is how many differences of two snapshots are shown.
const maxDifferences = 1000

func (r *Resolver) permissionDiff(ctx context.Context, from, to string) (*model.PermissionDiff, error) {
	compared, err := r.Permissions.Compare(ctx, from, to)
	if err != nil {
		return nil, err
	}
	shown := &model.PermissionDiff{
		From: compared.From, To: compared.To, TotalCount: len(compared.Differences), Differences: []*model.SnapshotDifference{},
	}
	for _, difference := range compared.Differences[:min(len(compared.Differences), maxDifferences)] {
		one := &model.SnapshotDifference{
			ObjectName: difference.Object, FieldName: difference.Field, Change: difference.Change,
			Before: difference.Before, After: difference.After, Evidence: difference.Evidence,
		}
		if difference.Cause != "" {
			one.Cause = &difference.Cause
		}
		shown.Differences = append(shown.Differences, one)
	}
	return shown, nil
}

// timeline is the history of an object and its fields, or of one field.
func (r *Resolver) timeline(ctx context.Context, integrationID, object string, field *string, p page) (*ent.PermissionChangeConnection, error) {
	if _, err := r.integration(ctx, integrationID); err != nil {
		return nil, err
	}
	query := r.Store.Read().PermissionChange.Query().
		Where(permissionchange.IntegrationID(integrationID), permissionchange.ObjectName(object))
	if field != nil {
		query.Where(permissionchange.FieldName(*field))
	}
	return query.Paginate(ctx, p.after, p.first, p.before, p.last, ent.WithPermissionChangeOrder(newestChanges()))
}
