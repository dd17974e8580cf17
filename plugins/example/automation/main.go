// Command automation is the smallest connector there is, for marketing automation
// instead of a CRM: its manifest says Kind MAP. Fieldwarden lists it, and refuses to
// connect it with CONNECTOR_KIND, because what it would check are CRM permissions.
package main

import (
	"context"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func main() { sdk.Serve(func() sdk.Connector { return connector{} }) }

type connector struct{}

// Describe says what the connector is.
func (connector) Describe() sdk.Manifest {
	return sdk.Manifest{
		Name: "automation", Title: "Example Automation", Vendor: "Fieldwarden", Version: "1.0.0", Kind: sdk.KindMAP,
		Environments: []sdk.EnvironmentSpec{{Environment: sdk.Production, OAuth: sdk.OAuth{
			AuthorizeURL: "https://login.automation.example/authorize", TokenURL: "https://login.automation.example/token",
			PKCE: true, Endpoint: "https://api.automation.example",
		}}},
		AllowedHosts: []string{"*.automation.example"},
	}
}

// Checklist is never asked for: nobody can connect to it.
func (connector) Checklist(context.Context, sdk.Target, sdk.ChecklistRequest) ([]sdk.ChecklistItem, error) {
	return nil, sdk.Unsupported("Marketing automation has no connection test.")
}

// Identify is never asked for either.
func (connector) Identify(context.Context, sdk.Target) (sdk.Identity, error) {
	return sdk.Identity{}, sdk.Unsupported("Marketing automation is not connected.")
}
