package salesforce

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// TestTheLimitOfAuthorizationsIsToldBefore anybody connects: Salesforce itself ends the
// oldest authorization without a word (requirement C10).
func TestTheLimitOfAuthorizationsIsToldBefore(t *testing.T) {
	t.Parallel()
	all := prerequisites()
	at := slices.IndexFunc(all, func(p sdk.Prerequisite) bool { return p.Key == "authorization-limit" })
	require.GreaterOrEqual(t, at, 0)
	require.Contains(t, all[at].Description, "five authorizations per user and app")
	require.False(t, all[at].Required, "nobody outside Salesforce can count them")
}
