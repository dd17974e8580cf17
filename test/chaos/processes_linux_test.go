package chaos

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// processesBelow lists the processes that live on a folder: everything that the
// server of that data folder started, however deep. The shim has the folder in
// its arguments; the connector and its children inherit an environment that
// names the folder of their sockets. The server itself has neither: its one
// argument is its configuration file.
func processesBelow(folder string) (pids []int) {
	entries, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well-formed
	for _, entry := range entries {
		pid, err := strconv.Atoi(filepath.Base(entry))
		if err != nil || pid == os.Getpid() {
			continue
		}
		environment, _ := os.ReadFile(filepath.Join(entry, "environ"))
		arguments, _ := os.ReadFile(filepath.Join(entry, "cmdline"))
		// A zombie has neither.
		if strings.Contains(string(environment), folder) || strings.Contains(string(arguments), filepath.Join(folder, "connectors")) {
			pids = append(pids, pid)
		}
	}
	return pids
}
