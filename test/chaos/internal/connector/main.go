//go:build unix

// Command connector is the Salesforce connector with two children, one of them
// in a session of its own: what must not outlive the server either.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/fieldwarden/fieldwarden/plugins/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func main() {
	for _, session := range []bool{false, true} {
		child := exec.Command("sleep", "3600") //nolint:noctx // it is to be killed by others
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: session}
		if err := child.Start(); err != nil {
			fmt.Fprintln(os.Stderr, "starting a child:", err)
			os.Exit(1)
		}
	}
	sdk.Serve(func() sdk.Connector { return salesforce.New() })
}
