package simulated

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// Names lists the bundled CRMs; each has a connector and a simulator of that name.
func Names() []string { return []string{"salesforce", "hubspot", "dynamics365"} }

// Options describe a simulated CRM. The zero value is a production instance with a
// few thousand records.
type Options struct {
	// Records is how many records there are in all; 0 is the simulator's default.
	Records int
	// Seed: another one, another instance. The same seed gives the same companies
	// and people in every CRM.
	Seed    uint64
	Sandbox bool
	// Unlimited switches the CRM's rate limits and quotas off, for figures that are to
	// tell of Fieldwarden alone.
	Unlimited bool
	// KeepTokens leaves a refresh token good after its use, where the CRM rotates
	// them by default.
	KeepTokens bool
	Logger     *slog.Logger
}

// CRM is one simulated CRM.
type CRM struct {
	// Name is that of its connector.
	Name  string
	Panel control.Panel
	// API serves the vendor's own paths.
	API                    http.Handler
	ClientID, ClientSecret string
	// Config is the configuration that an integration with it needs; nil is none.
	Config map[string]any
	// Address is host:port once it listens.
	Address string
}

// Title is the CRM's name as people know it.
func (c *CRM) Title() string { return c.Panel.Title }

// Records counts the records of objects, by the CRM's names.
func (c *CRM) Records(objects ...string) int {
	n := 0
	for _, object := range c.Panel.Board.State().Objects {
		if slices.Contains(objects, object.Name) {
			n += object.Records
		}
	}
	return n
}

// unlimited is a rate that nobody reaches.
const unlimited = 1 << 30

// New makes a CRM that does not listen yet. An unknown name is an error that lists
// the known ones.
func New(name string, o Options) (*CRM, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var size world.Size
	if o.Records > 0 {
		size = world.Spread(o.Records)
	}
	switch name {
	case "salesforce":
		var records map[string]int
		if o.Records > 0 {
			records = salesforce.Spread(o.Records)
		}
		config := salesforce.Config{
			Seed: o.Seed, Records: records, Sandbox: o.Sandbox, RotateRefreshTokens: !o.KeepTokens, RequirePKCE: true, Logger: o.Logger,
		}
		if o.Unlimited {
			config.DailyRequests = -1
		}
		s, err := salesforce.New(config)
		if err != nil {
			return nil, err
		}
		return &CRM{
			Name: name, Panel: s.Panel(), API: s.API(),
			ClientID: salesforce.DefaultClientID, ClientSecret: salesforce.DefaultClientSecret,
		}, nil
	case "hubspot":
		config := hubspot.Config{Seed: o.Seed, Records: size, Sandbox: o.Sandbox, Logger: o.Logger}
		if o.Unlimited {
			config.Limits = hubspot.Limits{TenSecondly: unlimited, Search: unlimited, Daily: unlimited}
		}
		s, err := hubspot.New(config)
		if err != nil {
			return nil, err
		}
		return &CRM{
			Name: name, Panel: s.Panel(), API: s.API(),
			ClientID: hubspot.DefaultClientID, ClientSecret: hubspot.DefaultClientSecret,
		}, nil
	case "dynamics365":
		config := dynamics365.Config{Seed: o.Seed, Records: size, Sandbox: o.Sandbox, Logger: o.Logger}
		if o.Unlimited {
			config.RequestLimit = -1
		}
		s, err := dynamics365.New(config)
		if err != nil {
			return nil, err
		}
		return &CRM{
			Name: name, Panel: s.Panel(), API: s.API(),
			ClientID: dynamics365.DefaultClientID, ClientSecret: dynamics365.DefaultClientSecret,
			// With the tenant an app can sign in as itself, too.
			Config: map[string]any{"environmentUrl": dynamics365.DefaultOrgURL, "tenant": dynamics365.DefaultTenantDomain},
		}, nil
	default:
		return nil, fmt.Errorf("there is no simulator %q; there are %s", name, strings.Join(Names(), ", "))
	}
}
