package chaos

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

// programs are built once for all tests, without the race detector: what is
// raced is the test, and the programs have their own tests for that.
var programs rig.Programs

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "fieldwarden-chaos-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	programs, err = rig.Build(context.Background(), folder, map[string]string{
		rig.Connector: "github.com/fieldwarden/fieldwarden/test/chaos/internal/connector",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// long reports whether there is time for more.
func long() bool { return os.Getenv("FIELDWARDEN_LONG_TESTS") != "" }
