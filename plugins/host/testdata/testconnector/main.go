// Command testconnector is the test connector as a program. The variable MODE
// says what goes wrong before the first call.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/host/internal/testconnector"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func main() {
	connector := &testconnector.Connector{Name: "test"}
	if name := os.Getenv("NAME"); name != "" {
		connector.Name = name
	}
	switch os.Getenv("MODE") {
	case "noisy":
		fmt.Println("Loading … 1|2|3")
		fmt.Print(strings.Repeat("z", 3<<20), "\nhello\n")
	case "exits":
		fmt.Fprintln(os.Stderr, "license file not found")
		os.Exit(4)
	case "silent":
		select {}
	case "old-protocol":
		fmt.Println("1|0|unix|/tmp/x|grpc")
		select {}
	case "old-core":
		fmt.Println("9|1|unix|/tmp/x|grpc")
		select {}
	case "netrpc":
		fmt.Println("1|1|unix|/tmp/x|netrpc")
		select {}
	case "tcp":
		fmt.Println("1|1|tcp|127.0.0.1:1|grpc")
		select {}
	case "foreign-socket":
		fmt.Println("1|1|unix|/var/run/other.sock|grpc")
		select {}
	case "dead-socket":
		fmt.Println("1|1|unix|" + filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "none") + "|grpc")
		select {}
	case "no-mtls": // as a connector in another language
		_ = os.Unsetenv("PLUGIN_CLIENT_CERT")
	case "bad-manifest":
		connector.BadManifest = true
	case "wrong-name":
		connector.Name = "other"
	}
	sdk.Serve(func() sdk.Connector { return connector })
}
