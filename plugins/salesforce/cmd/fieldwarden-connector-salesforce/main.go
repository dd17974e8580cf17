// Command fieldwarden-connector-salesforce is the Salesforce connector as a
// program: the Fieldwarden server starts it. By hand, "describe" prints its
// manifest.
package main

import (
	"github.com/fieldwarden/fieldwarden/plugins/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func main() { sdk.Serve(func() sdk.Connector { return salesforce.New() }) }
