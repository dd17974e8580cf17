package vendors

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/simulated"
)

// TestTheStoryHoldsForEveryCRM runs the demonstration as a newcomer would, smaller.
func TestTheStoryHoldsForEveryCRM(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), programs.Server, "demo", "--crm", "all", "--records", "1500").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, len(simulated.Names()), strings.Count(string(out), "The story holds from connect to resolved alert"), "%s", out)
}
