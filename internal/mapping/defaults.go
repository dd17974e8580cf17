package mapping

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/mappingchange"
	"github.com/fieldwarden/fieldwarden/ent/mappingdefault"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// nameLength bounds a CRM field's name, as its column does.
const nameLength = 120

// DefaultInput sets which CRM field stands for a standard field in all integrations
// of the workspace with a connector.
type DefaultInput struct {
	Connector     string
	StandardField string
	// CRMField is the CRM's name; empty takes the default away.
	CRMField       string
	IdempotencyKey string
}

// auditedDefault is what the audit says of a default.
type auditedDefault struct {
	Connector     string `json:"connector"`
	StandardField string `json:"standardField"`
	CRMField      string `json:"crmField"`
}

// SetDefault sets or takes away a default of the workspace (requirement H6) and lets
// mappings follow it: those that are AUTO or DEFAULT, and standard fields that nobody
// ever mapped, wherever a check has seen the CRM field readable, its type suits and it
// stands for nothing else. An admin's own mapping stays, and so does what an admin
// unmapped. It returns the ids of the integrations that follow the default now.
//
// A mapping whose default is taken away goes back to the package's candidate; it keeps
// its field when there is none.
//
// Errors: BAD_INPUT for a connector or standard field that the workspace's package
// does not have, MAPPING_CONFLICT when the CRM field is the default of another
// standard field (requirement H5).
func (s *Service) SetDefault(ctx context.Context, in DefaultInput) ([]string, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}
	in.CRMField = strings.TrimSpace(in.CRMField)
	if len(in.CRMField) > nameLength {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("A CRM field's name has at most %d characters.", nameLength), fault.Field("crmField"))
	}
	return store.Idempotent(ctx, s.store, in.IdempotencyKey, "mapping.setDefault", in,
		func(ctx context.Context, tx *store.Tx) ([]string, error) { return s.setDefault(ctx, tx, in) })
}

func (s *Service) setDefault(ctx context.Context, tx *store.Tx, in DefaultInput) ([]string, error) {
	p, err := admin(ctx)
	if err != nil {
		return nil, err
	}
	object, err := s.standardObject(ctx, tx, p.WorkspaceID, in)
	if err != nil {
		return nil, err
	}
	// Their locks come first: they also keep two such changes apart.
	integrations, err := lockAll(ctx, tx, in.Connector)
	if err != nil {
		return nil, err
	}
	defaults, err := defaultsOf(ctx, tx.Ent(), in.Connector)
	if err != nil {
		return nil, err
	}
	before := defaults[in.StandardField]
	for _, field := range object.Fields {
		if field.Key != in.StandardField && in.CRMField != "" && strings.EqualFold(defaults[field.Key], in.CRMField) {
			return nil, fault.New(fault.MappingConflict,
				fmt.Sprintf("%s.%s is the default of %s already; it cannot be that of %s too.", object.Name, in.CRMField, field.Key, in.StandardField),
				fault.Field("crmField"), fault.Detail("standardField", field.Key))
		}
	}
	if before != in.CRMField {
		if err := saveDefault(ctx, tx, p.WorkspaceID, p.ID, in); err != nil {
			return nil, err
		}
		err := tx.Audit(ctx, store.AuditItem{
			Action: "setMappingDefault", Target: p.WorkspaceID, Outcome: crm.AuditSucceeded,
			Before: auditedDefault{in.Connector, in.StandardField, before}, After: auditedDefault{in.Connector, in.StandardField, in.CRMField},
		})
		if err != nil {
			return nil, err
		}
	}
	defaults[in.StandardField] = in.CRMField
	followers := []string{}
	for _, one := range integrations {
		follows, err := s.follow(ctx, tx, one, in.StandardField, defaults)
		if err != nil {
			return nil, err
		}
		if follows {
			followers = append(followers, one.ID)
		}
	}
	return followers, nil
}

// standardObject finds the object of the input's standard field in the newest version
// of the workspace's package.
func (s *Service) standardObject(ctx context.Context, tx *store.Tx, workspaceID string, in DefaultInput) (crm.PackageObject, error) {
	tenant, err := tx.Ent().Workspace.Query().Where(workspace.ID(workspaceID)).Only(ctx)
	if err != nil {
		return crm.PackageObject{}, fmt.Errorf("mapping: workspace: %w", err)
	}
	pkg, err := s.packages(tenant.PackageKey, in.Connector, 0)
	if err != nil {
		return crm.PackageObject{}, fault.New(fault.BadInput,
			fmt.Sprintf("The workspace's package %q has no part for %q.", tenant.PackageKey, crm.Shorten(in.Connector, 60)),
			fault.Field("connector"), fault.Cause(err))
	}
	object, _, found := pkg.StandardField(in.StandardField)
	if !found {
		return crm.PackageObject{}, fault.New(fault.BadInput,
			fmt.Sprintf("The package has no standard field %q.", crm.Shorten(in.StandardField, 120)), fault.Field("standardField"))
	}
	return object, nil
}

// lockAll locks the workspace's connected integrations with a connector, always in the
// same order.
func lockAll(ctx context.Context, tx *store.Tx, connector string) ([]*ent.Integration, error) {
	ids, err := tx.Ent().Integration.Query().Where(integration.Connector(connector)).Order(integration.ByID()).IDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapping: integrations: %w", err)
	}
	var all []*ent.Integration
	for _, id := range ids {
		one, err := snapshot.Lock(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if connected(one) == nil {
			all = append(all, one)
		}
	}
	return all, nil
}

// defaultsOf loads the workspace's defaults for a connector by standard field.
func defaultsOf(ctx context.Context, client *ent.Client, connector string) (map[string]string, error) {
	rows, err := client.MappingDefault.Query().Where(mappingdefault.Connector(connector)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapping: defaults: %w", err)
	}
	defaults := make(map[string]string, len(rows))
	for _, row := range rows {
		defaults[row.StandardField] = row.CrmField
	}
	return defaults, nil
}

func saveDefault(ctx context.Context, tx *store.Tx, workspaceID, by string, in DefaultInput) error {
	if in.CRMField == "" {
		_, err := tx.Ent().MappingDefault.Delete().
			Where(mappingdefault.Connector(in.Connector), mappingdefault.StandardField(in.StandardField)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("mapping: removing the default: %w", err)
		}
		return nil
	}
	err := tx.Ent().MappingDefault.Create().SetWorkspaceID(workspaceID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
		SetConnector(in.Connector).SetStandardField(in.StandardField).SetCrmField(in.CRMField).SetUpdatedBy(by).
		OnConflict(
			sql.ConflictColumns(mappingdefault.FieldWorkspaceID, mappingdefault.FieldConnector, mappingdefault.FieldStandardField),
			sql.ResolveWith(func(u *sql.UpdateSet) {
				u.SetExcluded(mappingdefault.FieldCrmField).SetExcluded(mappingdefault.FieldUpdatedBy).SetExcluded(mappingdefault.FieldUpdatedAt)
			})).Exec(ctx)
	if err != nil {
		return fmt.Errorf("mapping: saving the default: %w", err)
	}
	return nil
}

// follow lets a standard field of an integration follow the default, unless an admin
// decided otherwise there, and reports whether it does.
func (s *Service) follow(ctx context.Context, tx *store.Tx, found *ent.Integration, standardField string, defaults map[string]string) (bool, error) {
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), found)
	if err != nil {
		return false, err
	}
	present, err := presentMappings(ctx, tx, found.ID)
	if err != nil {
		return false, err
	}
	row := present[standardField]
	if row == nil {
		if unmapped, err := unmappedByAdmin(ctx, tx, found.ID, standardField); err != nil || unmapped {
			return false, err
		}
	} else if row.Origin == crm.MappingAdmin {
		return false, nil
	}
	proposal, ok, err := followed(ctx, tx, found, pkg, present, standardField, defaults)
	if err != nil {
		return false, err
	}
	ok = ok && proposal.Readable
	switch {
	case ok && proposal.Origin == crm.MappingDefaulted, ok && row != nil && row.Origin == crm.MappingDefaulted:
		return proposal.Origin == crm.MappingDefaulted, s.obey(ctx, tx, found, pkg, row, proposal)
	case row != nil && row.Origin == crm.MappingDefaulted:
		// The default is gone, or of no use here, and the package has nothing better.
		return false, setOrigin(ctx, tx, found, row, crm.MappingAuto)
	default:
		return false, nil
	}
}

// obey makes a mapping what the proposal says.
func (s *Service) obey(ctx context.Context, tx *store.Tx, found *ent.Integration, pkg crm.Package, row *ent.Mapping, proposal crm.Proposal) error {
	if row != nil && row.CrmField == proposal.CRMField {
		return setOrigin(ctx, tx, found, row, proposal.Origin)
	}
	wanted := Change{StandardField: proposal.StandardField, CRMField: proposal.CRMField, Origin: proposal.Origin}
	_, err := s.change(ctx, tx, found, pkg, []Change{wanted}, proposal.Reason)
	return err
}

// followed is what an automatic mapping gives a standard field now (crm.Follow).
func followed(
	ctx context.Context, tx *store.Tx, found *ent.Integration, pkg crm.Package, present map[string]*ent.Mapping, standardField string, defaults map[string]string,
) (crm.Proposal, bool, error) {
	object, standard, known := pkg.StandardField(standardField)
	if !known {
		return crm.Proposal{}, false, nil
	}
	// Only what can be chosen is loaded: an object may have thousands of fields.
	var names []predicate.CrmField
	for _, name := range append([]string{defaults[standardField]}, standard.Candidates...) {
		if name != "" {
			names = append(names, crmfield.NameEqualFold(name))
		}
	}
	if len(names) == 0 {
		return crm.Proposal{}, false, nil
	}
	rows, err := tx.Ent().CrmField.Query().
		Where(crmfield.IntegrationID(found.ID), crmfield.HasObjectWith(crmobject.Name(object.Name)), crmfield.Or(names...)).All(ctx)
	if err != nil {
		return crm.Proposal{}, false, fmt.Errorf("mapping: fields: %w", err)
	}
	in := crm.SuggestInput{Package: pkg, Object: object.Name, Defaults: defaults, Present: presentOf(present, object.Name)}
	for _, row := range rows {
		in.Fields = append(in.Fields, snapshot.FieldInfoOf(row))
	}
	proposal, ok := crm.Follow(in, standardField)
	return proposal, ok, nil
}

// presentOf are the mappings of one object, as the rules see them.
func presentOf(rows map[string]*ent.Mapping, object string) map[string]crm.PresentMapping {
	present := map[string]crm.PresentMapping{}
	for key, row := range rows {
		if row.ObjectName == object {
			present[key] = crm.PresentMapping{CRMField: row.CrmField, Origin: row.Origin}
		}
	}
	return present
}

// unmappedByAdmin reports whether the last thing that happened to a standard field is
// that somebody unmapped it.
func unmappedByAdmin(ctx context.Context, tx *store.Tx, integrationID, standardField string) (bool, error) {
	last, err := tx.Ent().MappingChange.Query().
		Where(mappingchange.IntegrationID(integrationID), mappingchange.StandardField(standardField)).
		Order(mappingchange.ByID(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("mapping: history: %w", err)
	}
	return last.Action == crm.MappingUnmapped, nil
}

// ResetInput lets a mapping follow again.
type ResetInput struct {
	IntegrationID  string
	StandardField  string
	IdempotencyKey string
}

// Reset takes an admin's decision about a standard field back: its mapping follows the
// workspace's default, else the package's candidates (requirement H6), from now on. It
// returns the mapping's id. A mapping for which nothing better can be read keeps its
// CRM field, so that nothing stops working; "" when there was no mapping either.
// BAD_INPUT for a standard field that the package does not have.
func (s *Service) Reset(ctx context.Context, in ResetInput) (string, error) {
	if _, err := admin(ctx); err != nil {
		return "", err
	}
	return store.Idempotent(ctx, s.store, in.IdempotencyKey, "mapping.reset", in,
		func(ctx context.Context, tx *store.Tx) (string, error) { return s.reset(ctx, tx, in) })
}

func (s *Service) reset(ctx context.Context, tx *store.Tx, in ResetInput) (string, error) {
	found, err := lock(ctx, tx, in.IntegrationID)
	if err != nil {
		return "", err
	}
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), found)
	if err != nil {
		return "", err
	}
	if _, _, known := pkg.StandardField(in.StandardField); !known {
		return "", fault.New(fault.BadInput, fmt.Sprintf("The package has no standard field %q.", crm.Shorten(in.StandardField, 120)), fault.Field("standardField"))
	}
	present, err := presentMappings(ctx, tx, found.ID)
	if err != nil {
		return "", err
	}
	defaults, err := defaultsOf(ctx, tx.Ent(), found.Connector)
	if err != nil {
		return "", err
	}
	proposal, ok, err := followed(ctx, tx, found, pkg, present, in.StandardField, defaults)
	if err != nil {
		return "", err
	}
	switch row := present[in.StandardField]; {
	case ok && proposal.Readable:
		if err := s.obey(ctx, tx, found, pkg, row, proposal); err != nil {
			return "", inField(err, "standardField")
		}
	case row != nil:
		if err := setOrigin(ctx, tx, found, row, crm.MappingAuto); err != nil {
			return "", err
		}
	default:
		return "", nil
	}
	if present, err = presentMappings(ctx, tx, found.ID); err != nil {
		return "", err
	}
	return present[in.StandardField].ID, nil
}
