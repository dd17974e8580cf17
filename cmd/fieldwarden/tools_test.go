package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/simulated"
)

// TestSimulatorFacts: what is printed is enough to connect, the configuration of an
// integration with Dynamics 365 included.
func TestSimulatorFacts(t *testing.T) {
	t.Parallel()
	var crms []*simulated.CRM
	for _, name := range simulated.Names() {
		one, err := simulated.New(name, simulated.Options{Records: 100})
		require.NoError(t, err)
		one.Address = name + ".test:1"
		crms = append(crms, one)
	}
	parts := strings.Split(simulatorFacts(crms), "\n\n")
	require.Equal(t, "control page     http://salesforce.test:1/sim/", parts[0])
	require.Len(t, parts, 1+len(crms))
	for i, one := range crms {
		for _, fact := range []string{one.Title() + " simulator", "http://" + one.Address, one.ClientID, one.ClientSecret} {
			require.Contains(t, parts[i+1], fact)
		}
		if one.Config == nil {
			require.NotContains(t, parts[i+1], "config")
		}
		for name, value := range one.Config {
			require.Contains(t, parts[i+1], "  config         {")
			require.Contains(t, parts[i+1], name+`: "`+value.(string)+`"`)
		}
	}
}
