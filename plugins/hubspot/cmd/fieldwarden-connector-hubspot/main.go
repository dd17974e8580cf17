// Command fieldwarden-connector-hubspot is the HubSpot connector as a program:
// the Fieldwarden server starts it. By hand, "describe" prints its manifest.
package main

import (
	"github.com/fieldwarden/fieldwarden/plugins/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func main() { sdk.Serve(func() sdk.Connector { return hubspot.New() }) }
