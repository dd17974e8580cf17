package shim

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// openFiles is enough for a connector with hundreds of HTTP connections.
const openFiles = 4096

// protectSelf makes this process the reaper of the connector's whole tree and
// forbids the tree to gain privileges by set-user-id programs.
func protectSelf() (enforced []string) {
	if unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == nil {
		enforced = append(enforced, Subreaper)
	}
	// It holds for this thread and what it forks, which is the connector.
	if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == nil {
		enforced = append(enforced, NoNewPrivs)
	}
	return append(enforced, ParentDeath, VerifiedFD)
}

func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// executable returns a path that names the open, verified file itself, so that
// nobody can exchange it between the check and the exec. The child has it as
// descriptor 3.
func executable(binary *os.File, _ string) (path string, extra []uintptr) {
	return "/proc/self/fd/3", []uintptr{binary.Fd()}
}

// limitChild sets limits on the connector alone; the shim keeps its own. No
// limit on address space: Go reserves far more than it uses.
func limitChild(pid int, memory uint64) (enforced []string) {
	set := func(resource int, limit uint64) bool {
		return unix.Prlimit(pid, resource, &unix.Rlimit{Cur: limit, Max: limit}, nil) == nil
	}
	if set(unix.RLIMIT_CORE, 0) && set(unix.RLIMIT_NOFILE, openFiles) {
		enforced = append(enforced, Limits)
	}
	if memory > 0 && set(unix.RLIMIT_DATA, memory) {
		enforced = append(enforced, MemoryLimit)
	}
	return enforced
}

// children lists the direct children of this process. As the subreaper it gets
// every orphan of the tree, so killing direct children until none is left ends
// all descendants, and no pid can be another's: only this process reaps them.
func children(_ int, _ bool) []int {
	self := []byte(strconv.Itoa(os.Getpid()))
	paths, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	var found []int
	for _, path := range paths {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		// pid (command, which may hold anything) state ppid …
		rest := stat[bytes.LastIndexByte(stat, ')')+1:]
		fields := bytes.Fields(rest)
		if len(fields) < 2 || !bytes.Equal(fields[1], self) || fields[0][0] == 'Z' {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			found = append(found, pid)
		}
	}
	return found
}
