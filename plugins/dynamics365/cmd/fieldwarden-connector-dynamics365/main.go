// Command fieldwarden-connector-dynamics365 is the Dynamics 365 connector as a
// program: the Fieldwarden server starts it. By hand, "describe" prints its
// manifest.
package main

import (
	"github.com/fieldwarden/fieldwarden/plugins/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func main() { sdk.Serve(func() sdk.Connector { return dynamics365.New() }) }
