package rig

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ProcessesBelow lists the processes that live on a folder: everything that the
// server of that data folder started, however deep. The shim has the folder in
// its arguments; the connector and its children inherit an environment that
// names the folder of their sockets. The server itself has neither: its one
// argument is its configuration file. Zombies do not count.
func ProcessesBelow(folder string) (pids []int) {
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

// Memory is what a process holds, in KiB.
type Memory struct {
	// RSS counts pages that are shared with others in full, PSS in part.
	RSS, PSS int
	// Peak is the largest RSS so far.
	Peak int
}

// MemoryOf reads a process's memory; zero values where it cannot be read.
func MemoryOf(pid int) Memory {
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	return Memory{
		RSS:  kib(filepath.Join(folder, "smaps_rollup"), "Rss:"),
		PSS:  kib(filepath.Join(folder, "smaps_rollup"), "Pss:"),
		Peak: kib(filepath.Join(folder, "status"), "VmHWM:"),
	}
}

func kib(file, name string) int {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			n, _ := strconv.Atoi(fields[1])
			return n
		}
	}
	return 0
}

// ProgramOf is the file that a process runs; empty when it cannot be read.
func ProgramOf(pid int) string {
	program, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
	return program
}
