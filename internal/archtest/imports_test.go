package archtest

import (
	"slices"
	"strings"
	"testing"
)

// Groups of packages that rows of the table name together. A pattern that ends in
// /... means the package and everything below it.
var (
	vocabulary = []string{"internal/crm", "internal/fault", "internal/principal", "internal/gid", "internal/plural"}
	entities   = []string{"ent/..."}
	// foundation are the services that every use case may stand on.
	foundation = []string{"internal/store", "internal/job", "internal/secret", "internal/obs", "internal/auth", "internal/netguard", "internal/ratelimit", "internal/packages", "internal/backup", "internal/rotation", "internal/mailview"}

	// Use cases by layer. They import lower layers only, never each other within one.
	reads  = []string{"internal/snapshot"}
	layer1 = []string{"internal/usage", "internal/alert", "internal/audit", "internal/runlog"}
	layer2 = []string{"internal/inbox", "internal/integration", "internal/settings", "internal/mapping", "internal/picklist", "internal/member", "internal/recipient", "internal/notify"}
	layer3 = []string{"internal/permission", "internal/digest"}
	layer4 = []string{"internal/syncrun", "internal/schedule", "internal/configuration", "internal/upgrade"}

	useCases = slices.Concat(reads, layer1, layer2, layer3, layer4)
	protocol = []string{"plugins/proto/..."}
)

// importRule says what the packages of a row may import of our own. The first row
// that matches a package holds.
type importRule struct {
	pkg string
	may []string
	why string
}

// importRules is the direction of all imports: cmd → server → graph → use cases
// (layer 4 → 3 → 2 → 1) → foundation → ent → vocabulary, and the connectors apart.
var importRules = []importRule{
	{
		"cmd/fieldwarden", slices.Concat([]string{"cmd/fieldwarden/internal/...", "server", "internal/drive", "internal/simulated", "plugins/host/shim"}, vocabulary, foundation),
		"the program starts the server and offers its tools; it decides nothing itself",
	},
	{
		"cmd/fieldwarden/internal/demo",
		[]string{"server", "internal/drive", "internal/simulated", "internal/principal", "internal/plural", "plugins/crmsim/..."},
		"the demonstration uses the product from outside",
	},
	{
		"server", slices.Concat([]string{"graph/...", "plugins/host", "internal/access", "docs", "web"}, vocabulary, entities, foundation, useCases),
		"the composition root wires everything",
	},

	{
		"graph", slices.Concat([]string{"graph/generated", "graph/model", "graph/transport", "graph/guard", "internal/store", "internal/access"}, vocabulary, entities, useCases),
		"resolvers read through Ent and write through use cases only",
	},
	{"graph/generate", []string{"graph/guard", "internal/access"}, "a tool over gqlgen, which refuses what nobody has a rule for"},
	{"graph/guard", []string{"internal/access"}, "holds the schema and the table of access together"},
	{"graph/generated", slices.Concat([]string{"graph/model", "graph/scalar"}, vocabulary, entities), "what gqlgen generates"},
	{"graph/model", slices.Concat(vocabulary, entities), "what gqlgen generates"},
	{"graph/scalar", nil, "scalars know no schema"},
	{"graph/limit", nil, "limits know no schema"},
	{"graph/graphiql", nil, "a page"},
	{"graph/transport", []string{"graph/limit"}, "transports know no schema and no vocabulary"},
	{"graph/transport/transporttest", nil, "checks any GraphQL server from outside"},
	{"graph/transport/internal/testapi", nil, "a schema for the transports' tests"},

	{"internal/syncrun", slices.Concat(vocabulary, entities, foundation, reads, layer1, layer2, layer3), "layer 4"},
	{"internal/schedule", slices.Concat(vocabulary, entities, foundation, reads, layer1, layer2, layer3), "layer 4"},
	{"internal/configuration", slices.Concat(vocabulary, entities, foundation, reads, layer1, layer2, layer3), "layer 4"},
	{"internal/upgrade", slices.Concat(vocabulary, entities, foundation, reads, layer1, layer2, layer3), "layer 4"},
	{"internal/permission", slices.Concat(vocabulary, entities, foundation, reads, layer1, layer2), "layer 3"},
	{"internal/digest", slices.Concat(vocabulary, entities, foundation, reads, layer1, layer2), "layer 3"},
	{"internal/integration", slices.Concat(vocabulary, entities, foundation, reads, layer1), "layer 2"},
	{"internal/settings", slices.Concat(vocabulary, entities, foundation, reads, layer1), "layer 2"},
	{"internal/mapping", slices.Concat(vocabulary, entities, foundation, reads, layer1), "layer 2"},
	{"internal/picklist", slices.Concat(vocabulary, entities, foundation, reads, layer1), "layer 2"},
	{"internal/member", slices.Concat(vocabulary, entities, foundation, reads, layer1), "layer 2"},
	{"internal/recipient", slices.Concat(vocabulary, entities, foundation, reads, layer1), "layer 2"},
	{"internal/notify", slices.Concat(vocabulary, entities, foundation, reads, layer1), "layer 2"},
	{"internal/inbox", slices.Concat(vocabulary, entities, foundation, reads, layer1), "layer 2"},
	{"internal/alert", slices.Concat(vocabulary, entities, foundation, reads), "layer 1"},
	{"internal/audit", slices.Concat(vocabulary, entities, []string{"internal/store"}), "layer 1"},
	{"internal/usage", slices.Concat(vocabulary, entities, foundation, reads), "layer 1"},
	{"internal/runlog", slices.Concat(vocabulary, entities, foundation, reads), "layer 1"},
	{"internal/snapshot", slices.Concat(vocabulary, entities, []string{"internal/store"}), "reads what several use cases need and decides nothing"},

	{"internal/auth", slices.Concat(vocabulary, entities, []string{"internal/store", "internal/obs"}), "foundation: who acts"},
	{"internal/job", slices.Concat(vocabulary, []string{"internal/store"}), "foundation: jobs in the store's transactions"},
	{"internal/store", slices.Concat(vocabulary, entities), "foundation: the database"},
	{"internal/secret", []string{"internal/fault"}, "foundation: knows no database and no vocabulary"},
	{"internal/netguard", []string{"internal/fault"}, "foundation: knows no CRM"},
	{"internal/ratelimit", nil, "foundation: counts, whoever calls"},
	{"internal/backup", []string{"internal/fault", "internal/secret", "internal/store"}, "foundation: the archive; what is in it is the store's"},
	{"internal/rotation", []string{"ent", "ent/idempotencykey", "internal/fault", "internal/plural", "internal/principal", "internal/secret", "internal/store"}, "foundation: between the key and what it sealed"},
	{"internal/packages", []string{"internal/crm"}, "foundation: turns text into packages; their rules are crm's"},
	{"internal/mailview", []string{"internal/crm"}, "foundation: words mails; pure"},
	{"internal/obs", nil, "foundation: how the program is observed, whatever it does"},
	{"internal/store/storetest", slices.Concat([]string{"internal/store", "internal/store/storetest/pgcluster", "ent"}, vocabulary), "for tests"},
	{"internal/store/storetest/pgcluster", nil, "for tests"},

	{"ent/schema", slices.Concat([]string{"ent", "ent/mixin", "ent/rule", "ent/privacy", "ent/hook"}, vocabulary), "entities know the vocabulary only"},
	{"ent/mixin", slices.Concat([]string{"ent", "ent/rule", "ent/privacy"}, vocabulary), "entities know the vocabulary only"},
	{"ent/rule", slices.Concat([]string{"ent", "ent/privacy"}, vocabulary), "entities know the vocabulary only"},
	{"ent/...", slices.Concat(vocabulary, entities), "what Ent generates"},

	{"internal/crm", nil, "pure rules: the standard library only"},
	{"internal/fault", nil, "the list of errors: the standard library only"},
	{"internal/principal", nil, "who acts: the standard library only"},
	{"internal/plural", nil, "one and many: the standard library only"},
	{"internal/gid", nil, "ids are made of nothing of ours"},
	{"internal/access", []string{"internal/fault", "internal/principal"}, "the table of who may do what: a rule, not a service"},

	{"internal/drive", []string{"server", "internal/fault", "internal/principal", "internal/rotation"}, "uses the product from outside; shares the forms of configuration and admin socket with it"},
	{"internal/simulated", []string{"server", "internal/crm", "internal/integration", "plugins/crmsim/..."}, "starts simulators and names them in a server's configuration"},
	{"docs", nil, "texts that the server shows"},
	{"web", nil, "pages that the server ships"},
	{"internal/archtest", nil, "reads sources, imports none"},
	{"test/...", []string{"..."}, "tests from outside may use everything"},

	{
		"plugins/host", slices.Concat([]string{"internal/crm", "internal/fault", "internal/obs", "internal/netguard", "plugins/host/shim"}, protocol),
		"the host translates between protocol and vocabulary and knows no use case",
	},
	{"plugins/host/shim", nil, "runs between host and connector, before anything of ours"},
	{"plugins/host/internal/testconnector", []string{"plugins/sdk"}, "a connector imports the SDK and nothing else of ours"},
	{"plugins/sdk", protocol, "third parties import the SDK: it brings the protocol and nothing of the core"},
	{"plugins/sdk/connectortest", slices.Concat([]string{"plugins/sdk"}, protocol), "third parties import it in their tests"},
	{"plugins/proto/...", protocol, "the wire contract stands alone"},
	{"plugins/crmsim", nil, "simulators are CRMs: they know nothing of ours"},
	{"plugins/crmsim/world", []string{"plugins/crmsim"}, "what all simulated CRMs are about"},
	{"plugins/crmsim/control", []string{"plugins/crmsim"}, "switches know no CRM"},
	{"plugins/crmsim/...", []string{"plugins/crmsim", "plugins/crmsim/world", "plugins/crmsim/control"}, "simulators are CRMs: they know nothing of ours"},
	{"plugins/example", []string{"plugins/sdk"}, "a connector imports the SDK and nothing else of ours"},
	{"plugins/example/automation", []string{"plugins/sdk"}, "a connector imports the SDK and nothing else of ours"},
	{"plugins/salesforce/cmd/fieldwarden-connector-salesforce", []string{"plugins/salesforce", "plugins/sdk"}, "a connector imports the SDK and nothing else of ours"},
	{"plugins/salesforce", []string{"plugins/sdk"}, "a connector imports the SDK and nothing else of ours"},
	{"plugins/hubspot/cmd/fieldwarden-connector-hubspot", []string{"plugins/hubspot", "plugins/sdk"}, "a connector imports the SDK and nothing else of ours"},
	{"plugins/hubspot", []string{"plugins/sdk"}, "a connector imports the SDK and nothing else of ours"},
	{"plugins/dynamics365/cmd/fieldwarden-connector-dynamics365", []string{"plugins/dynamics365", "plugins/sdk"}, "a connector imports the SDK and nothing else of ours"},
	{"plugins/dynamics365", []string{"plugins/sdk"}, "a connector imports the SDK and nothing else of ours"},
}

func TestImportsRunOneWay(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, pkg := range packages(t) {
		at := slices.IndexFunc(importRules, func(rule importRule) bool { return matches(rule.pkg, pkg.path) })
		if at < 0 {
			t.Errorf("%s has no row in importRules: decide where it belongs", pkg.path)
			continue
		}
		rule := importRules[at]
		used[rule.pkg] = true
		for _, imported := range pkg.own(pkg.Imports) {
			if !matchesAny(rule.may, imported) {
				t.Errorf("%s imports %s, which its place does not allow: %s", pkg.path, imported, rule.why)
			}
		}
	}
	for _, rule := range importRules {
		if !used[rule.pkg] {
			t.Errorf("the row of %s matches no package: remove it", rule.pkg)
		}
	}
}

// Tests may look further than the code they test, but the connectors' side stays
// apart from the core, and only what stands outside starts a server.
func TestImportsOfTests(t *testing.T) {
	t.Parallel()
	for _, pkg := range packages(t) {
		for _, imported := range pkg.own(slices.Concat(pkg.TestImports, pkg.XTestImports)) {
			switch {
			case strings.HasPrefix(pkg.path, "plugins/") && !strings.HasPrefix(pkg.path, "plugins/host"):
				if !strings.HasPrefix(imported, "plugins/") || strings.HasPrefix(imported, "plugins/host") {
					t.Errorf("a test of %s imports %s: connectors, SDK and simulators are tested without the core", pkg.path, imported)
				}
			case matchesAny([]string{"server", "internal/drive"}, imported):
				if !matchesAny([]string{"server", "cmd/...", "test/...", "internal/drive"}, pkg.path) {
					t.Errorf("a test of %s imports %s: tests of a whole server live in test/", pkg.path, imported)
				}
			}
		}
	}
}

// libraryRule says where a library or a part of the standard library lives.
type libraryRule struct {
	library string
	where   []string
	why     string
}

var libraryRules = []libraryRule{
	{"database/sql", []string{"internal/store", "internal/job", "internal/obs", "ent/..."}, "SQL of our own is written in store only; River takes the same transaction in job; obs reads the figures of pools"},
	{"github.com/jackc/pgx/v5/...", []string{"internal/store/...", "internal/job"}, "PostgreSQL is store's; job listens with River's driver"},
	{"modernc.org/sqlite/...", []string{"internal/store"}, "SQLite is store's"},
	{"github.com/pressly/goose/v3/...", []string{"internal/store"}, "migrations run when the store opens"},
	{"github.com/riverqueue/river/...", []string{"internal/job", "internal/store"}, "River is an engine behind job; store runs its migrations"},
	{"github.com/go-co-op/gocron/v2/...", []string{"internal/schedule"}, "gocron only pokes"},
	{"github.com/99designs/gqlgen/...", []string{"graph/...", "ent"}, "GraphQL ends at graph"},
	{"github.com/vektah/gqlparser/v2/...", []string{"graph/...", "ent"}, "GraphQL ends at graph"},
	{"github.com/coder/websocket/...", []string{"graph/transport", "internal/drive"}, "sockets end at the transport"},
	{"github.com/hashicorp/go-plugin/...", []string{"plugins/host", "plugins/sdk", "plugins/proto/handshake"}, "the plug-in mechanism is the host's and the SDK's"},
	{"github.com/hashicorp/go-hclog", []string{"plugins/host", "plugins/sdk"}, "go-plugin's logger is translated to slog where go-plugin is used"},
	{"google.golang.org/grpc/...", []string{"plugins/host", "plugins/sdk/...", "plugins/proto/..."}, "neither domain nor authors see gRPC"},
	{"google.golang.org/protobuf/...", []string{"plugins/host", "plugins/sdk/...", "plugins/proto/..."}, "neither domain nor authors see protobuf"},
	{"github.com/tink-crypto/tink-go/v2/...", []string{"internal/secret"}, "one package encrypts"},
	{"github.com/coreos/go-oidc/v3/...", []string{"internal/auth"}, "one package says who acts"},
	{"golang.org/x/oauth2/...", []string{"internal/auth"}, "one package says who acts; sign-ins at CRMs are described by manifests"},
	{"golang.org/x/time/rate", []string{"internal/auth", "internal/ratelimit"}, "one package limits callers; auth limits what it fetches"},
	{"github.com/rs/cors", []string{"server"}, "routes are the server's"},
	{"github.com/prometheus/client_golang/...", []string{"internal/obs", "server"}, "one package measures; the composition root describes its parts' gauges"},
	{"go.opentelemetry.io/otel/...", []string{"internal/obs"}, "one package traces"},
	{"github.com/wneessen/go-mail/...", []string{"internal/notify"}, "one package sends mail"},
	{"github.com/standard-webhooks/standard-webhooks/libraries/...", []string{"internal/notify"}, "one package signs webhooks"},
	{"code.dny.dev/ssrf", []string{"internal/netguard"}, "one guarded dialer"},
	{"github.com/yuin/goldmark/...", []string{"server"}, "one page of guides"},
	{"github.com/go-chi/chi/v5/...", []string{"server", "plugins/crmsim/..."}, "routes are the server's"},
	{"testing", []string{"test/internal/sink", "internal/store/storetest", "graph/transport/transporttest", "plugins/sdk/connectortest"}, "only test support may link package testing"},
	{"github.com/stretchr/testify/...", []string{"internal/store/storetest", "graph/transport/transporttest"}, "only test support may link it; authors' kit does without"},
}

// standardOnly packages import nothing but the standard library.
var standardOnly = []string{
	"internal/crm", "internal/fault", "internal/principal", "graph/graphiql", "plugins/proto/redact", "plugins/crmsim",
}

func TestLibrariesLiveInOnePlace(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, pkg := range packages(t) {
		if matches("test/...", pkg.path) {
			continue
		}
		for _, imported := range pkg.Imports {
			for _, rule := range libraryRules {
				if !matches(rule.library, imported) {
					continue
				}
				used[rule.library] = true
				if !matchesAny(rule.where, pkg.path) {
					t.Errorf("%s imports %s, which lives in %s: %s", pkg.path, imported, strings.Join(rule.where, ", "), rule.why)
				}
			}
			// A path whose first element has a dot is a module's.
			if first, _, _ := strings.Cut(imported, "/"); slices.Contains(standardOnly, pkg.path) && strings.Contains(first, ".") {
				t.Errorf("%s imports %s: it depends on the standard library only", pkg.path, imported)
			}
		}
	}
	for _, rule := range libraryRules {
		if !used[rule.library] {
			t.Errorf("nothing imports %s: remove its row", rule.library)
		}
	}
}

// What an author's connector links, by way of the SDK. The core's libraries must
// not come along. (go-plugin itself links package testing; the SDK does not.)
func TestSDKBringsNothingOfTheCore(t *testing.T) {
	t.Parallel()
	forbidden := []string{
		module + "/internal/...", module + "/ent/...", module + "/graph/...", module + "/server",
		"entgo.io/...", "github.com/99designs/gqlgen/...", "github.com/riverqueue/...", "modernc.org/sqlite/...",
		"github.com/jackc/pgx/...", "github.com/go-co-op/gocron/...", "database/sql", "github.com/stretchr/testify/...",
	}
	for _, dependency := range dependencies(t, "./plugins/sdk") {
		if matchesAny(forbidden, dependency) {
			t.Errorf("plugins/sdk links %s", dependency)
		}
	}
}
