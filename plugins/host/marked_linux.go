package host

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

// maxKillRounds bounds the hunt for processes that start others meanwhile.
const maxKillRounds = 10

// killMarked kills the processes whose environment says that a start with the
// given marker began them. It is the net for the case that their shim was
// killed. It returns how many it killed.
//
// A pid may be given away between look and kill, so each process is held by a
// descriptor first and looked at again.
func killMarked(marker string) (killed int) {
	for range maxKillRounds {
		found := 0
		paths, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is well-formed
		for _, path := range paths {
			if !carries(path, marker) {
				continue
			}
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil || pid == os.Getpid() {
				continue
			}
			if killHeld(pid, path, marker) {
				found++
			}
		}
		if found == 0 {
			return killed
		}
		killed += found
	}
	return killed
}

func killHeld(pid int, environ, marker string) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return carries(environ, marker) && unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) == nil
}

// carries reports whether a process has the marker. The environment of a zombie
// is empty, so it never matches.
func carries(environ, marker string) bool {
	content, err := os.ReadFile(environ)
	if err != nil {
		return false
	}
	entry := []byte(handshake.InstanceEnv + "=" + marker)
	return bytes.HasPrefix(content, entry) || bytes.Contains(content, append([]byte{0}, entry...))
}
