package drive_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
)

// TestARunThatWaitsHasNotEnded: a run that a limit stopped has the same status while it
// waits and when it has given up.
func TestARunThatWaitsHasNotEnded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, c := range []struct {
		status   string
		finished *time.Time
		ended    bool
	}{{"QUEUED", nil, false}, {"RUNNING", nil, false}, {"RATE_LIMITED", nil, false}, {"RATE_LIMITED", &now, true}, {"SUCCEEDED", &now, true}} {
		require.Equal(t, c.ended, drive.Run{Status: c.status, FinishedAt: c.finished}.Ended(), "%s %v", c.status, c.finished)
	}
}
