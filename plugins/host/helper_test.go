package host_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/fieldwarden/fieldwarden/plugins/host"
)

const helperCommand = "host-helper"

// runHelper is a whole host in a process of its own, to be killed: it starts the
// test connector, lets it start grandchildren, says so, and waits.
// Arguments: the connector, the work folder, the file for the pids.
func runHelper(args []string) int {
	h, err := host.New(host.Config{
		Connectors: []host.Installation{{Name: "test", Path: args[0]}},
		WorkDir:    args[1],
		ShimPath:   os.Args[0],
		Logger:     slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err == nil {
		err = h.Start(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_, err = h.Identify(context.Background(), "test", target("leak-grandchild", func(c map[string]any) { c["pidFile"] = args[2] }))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ready")
	select {}
}
