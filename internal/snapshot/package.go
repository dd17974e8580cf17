package snapshot

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Packages finds a version of the package of a key for a CRM (the connector's name);
// version 0 is the newest. (*packages.Catalogue).Load is one.
type Packages func(key, crmName string, version int) (crm.Package, error)

// Of returns what the workspace of an integration bought for its CRM, in the version
// that the integration goes by, with the workspace. A package, or a version of it,
// that there is not is CONFIG_INVALID.
func (p Packages) Of(ctx context.Context, client *ent.Client, integration *ent.Integration) (crm.Package, *ent.Workspace, error) {
	tenant, err := client.Workspace.Query().Where(workspace.ID(integration.WorkspaceID)).Only(ctx)
	if err != nil {
		return crm.Package{}, nil, fmt.Errorf("snapshot: workspace: %w", err)
	}
	pkg, err := p.For(tenant, integration)
	if err != nil {
		return crm.Package{}, nil, err
	}
	return pkg, tenant, nil
}

// For is Of with the workspace at hand.
func (p Packages) For(tenant *ent.Workspace, integration *ent.Integration) (crm.Package, error) {
	pkg, err := p(tenant.PackageKey, integration.Connector, integration.PackageVersion)
	if err != nil {
		return crm.Package{}, p.missing(tenant.PackageKey, integration, err)
	}
	return pkg, nil
}

// missing says what is not there: the package for the CRM, or only the version.
func (p Packages) missing(key string, integration *ent.Integration, cause error) error {
	if _, err := p(key, integration.Connector, 0); err != nil {
		return fault.New(fault.ConfigInvalid, fmt.Sprintf("The workspace's package %q has no part for %s.", key, integration.Connector),
			fault.Hint("Give the workspace a package that covers this CRM."), fault.Cause(cause))
	}
	return fault.New(fault.ConfigInvalid,
		fmt.Sprintf("The package %q for %s has no version %d any more, which the integration goes by.", key, integration.Connector, integration.PackageVersion),
		fault.Hint("Put the file of that version back into the folder of packages."), fault.Cause(cause))
}
