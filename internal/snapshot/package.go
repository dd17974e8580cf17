package snapshot

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Packages finds the package of a key for a CRM (the connector's name);
// packages.Load is one.
type Packages func(key, crmName string) (crm.Package, error)

// Of returns what the workspace of an integration bought for its CRM, with the
// workspace. A package that is not built in is CONFIG_INVALID.
func (p Packages) Of(ctx context.Context, client *ent.Client, integration *ent.Integration) (crm.Package, *ent.Workspace, error) {
	tenant, err := client.Workspace.Query().Where(workspace.ID(integration.WorkspaceID)).Only(ctx)
	if err != nil {
		return crm.Package{}, nil, fmt.Errorf("snapshot: workspace: %w", err)
	}
	pkg, err := p(tenant.PackageKey, integration.Connector)
	if err != nil {
		return crm.Package{}, nil, fault.New(fault.ConfigInvalid,
			fmt.Sprintf("The workspace's package %q has no part for %s.", tenant.PackageKey, integration.Connector),
			fault.Hint("Give the workspace a package that covers this CRM."), fault.Cause(err))
	}
	return pkg, tenant, nil
}
