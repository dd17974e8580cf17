//go:build unix && !linux

package shim

import (
	"os"
	"syscall"
)

// protectSelf enforces nothing here: these systems have neither subreapers nor
// parent-death signals.
func protectSelf() []string { return nil }

func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// executable returns the path that was verified a moment ago; these systems
// cannot execute an open file.
func executable(_ *os.File, path string) (string, []uintptr) { return path, nil }

// limitChild enforces nothing here: limits of another process cannot be set.
func limitChild(int, uint64) []string { return nil }

// children lists the connector; its process group is killed besides.
func children(pid int, reaped bool) []int {
	if reaped {
		return nil
	}
	return []int{pid}
}
