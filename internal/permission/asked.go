package permission

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent/connectormemo"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// objectsWithFields names for each object the fields that matter, whose absence the
// connector is to explain: those that are mapped, and what could be mapped to the
// standard fields that stand for nothing.
func (s *Service) objectsWithFields(ctx context.Context, integrationID string, pkg crm.Package, names []string) ([]crm.CheckObject, error) {
	rows, err := s.store.Read().Mapping.Query().
		Where(mapping.IntegrationID(integrationID), mapping.ObjectNameIn(names...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("permission: mappings: %w", err)
	}
	mapped := make(map[string]string, len(rows))
	for _, row := range rows {
		mapped[row.StandardField] = row.CrmField
	}
	objects := make([]crm.CheckObject, len(names))
	for i, name := range names {
		objects[i] = crm.CheckObject{Name: name, Fields: fieldsThatMatter(pkg, name, mapped)}
	}
	return objects, nil
}

// fieldsThatMatter lists an object's CRM fields, each once, in the package's order;
// mapped holds the CRM field of each standard field that has one.
func fieldsThatMatter(pkg crm.Package, object string, mapped map[string]string) []string {
	found, _ := pkg.Object(object)
	var fields []string
	for _, standard := range found.Fields {
		wanted := standard.Candidates
		if field, there := mapped[standard.Key]; there {
			wanted = []string{field}
		}
		fields = withNames(fields, wanted)
	}
	return fields
}

// withNames returns the names and those of more that are not there, each once.
func withNames(names, more []string) []string {
	for _, name := range more {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// saveMemo keeps what the connector asked for, if it is news.
func (a *application) saveMemo(ctx context.Context) error {
	if a.memo == nil {
		return nil
	}
	err := a.tx.Ent().ConnectorMemo.Create().
		SetWorkspaceID(a.integration.WorkspaceID).SetCreatedAt(a.tx.Now()).SetIntegrationID(a.integration.ID).
		SetContent(a.memo).SetUpdatedAt(a.tx.Now()).
		OnConflict(
			sql.ConflictColumns(connectormemo.FieldWorkspaceID, connectormemo.FieldIntegrationID),
			overwrite(connectormemo.FieldContent, connectormemo.FieldUpdatedAt),
		).Exec(ctx)
	if err != nil {
		return fmt.Errorf("permission: keeping the connector's memo: %w", err)
	}
	return nil
}
