// Package graph is thin: a resolver takes what the SDL gives, calls a use case
// or reads through Ent, and returns the result. It writes only through use
// cases, whose mutations return ids; what a payload shows is loaded again
// through the reader pool.
//
// Every problem that a client can repair is a userError of the payload; only
// bugs, authentication and limits are top-level errors.
package graph

import (
	"context"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph/generated"
	"github.com/fieldwarden/fieldwarden/graph/guard"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/access"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/audit"
	"github.com/fieldwarden/fieldwarden/internal/configuration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/digest"
	"github.com/fieldwarden/fieldwarden/internal/inbox"
	"github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/member"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/recipient"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
	"github.com/fieldwarden/fieldwarden/internal/schedule"
	"github.com/fieldwarden/fieldwarden/internal/settings"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/upgrade"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// Connectors lists the connectors of this server.
type Connectors interface {
	// All returns every connector, sorted by name.
	All() []*model.Connector
	// Named returns one connector; false when there is none of that name.
	Named(name string) (*model.Connector, bool)
}

// Catalogue lists the packages of this server; *packages.Catalogue is one.
type Catalogue interface {
	// All returns every version of every package, by key, connector and version.
	All() []crm.Package
}

// Identities knows which workspaces whoever acts may look into.
type Identities interface {
	// Visible lists them, by the query that page makes of it.
	Visible(ctx context.Context, page func(context.Context, *ent.WorkspaceQuery) (*ent.WorkspaceConnection, error)) (*ent.WorkspaceConnection, error)
	// Across lets read look across those of the workspaces that are among them, in a
	// context that sees every workspace.
	Across(ctx context.Context, workspaceIDs []string, read func(ctx context.Context, workspaceIDs []string) error) error
	// Within returns a context in which whoever acts does so in one of them.
	Within(ctx context.Context, workspaceID string) (context.Context, error)
}

// Deps is what the resolvers call; all of it is required.
type Deps struct {
	Store        *store.Store
	Identities   Identities
	Integrations *integration.Service
	Settings     *settings.Service
	Mappings     *mapping.Service
	// Previews reads real values of a field that may be mapped.
	Previews    *mapping.Previewer
	Permissions *permission.Service
	Runs        *syncrun.Service
	RunLogs     *runlog.Log
	Schedules   *schedule.Service
	Usage       *usage.Meter
	Connectors  Connectors
	Packages    snapshot.Packages
	Audit       *audit.Service
	Members     *member.Service
	Recipients  *recipient.Service
	Channels    *notify.Service
	Digests     *digest.Service
	// Upgrades moves integrations between versions of their package.
	Upgrades *upgrade.Service
	// Catalogue lists all packages.
	Catalogue Catalogue
	// Configurations reads, writes and copies what was decided of integrations.
	Configurations *configuration.Service
	Logger         *slog.Logger
	About          About
	// Triage is what people do with alerts.
	Triage *alert.Triage
	Inbox  *inbox.Service
	// PublicURL is where people reach the server, without a slash at its end.
	PublicURL string
	// DocsURL is the page that explains error codes, without a fragment.
	DocsURL string
}

// Resolver resolves everything.
type Resolver struct{ Deps }

// NewSchema returns the executable schema over deps. It fails when an operation of
// the schema is missing from the table of access; Protect enforces that table.
func NewSchema(deps Deps) (graphql.ExecutableSchema, error) {
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{deps}})
	if err := guard.Verify(schema.Schema(), access.Table()); err != nil {
		return nil, err
	}
	return schema, nil
}
