//go:build !linux

package rig

// Memory is what a process holds, in KiB.
type Memory struct{ RSS, PSS, Peak int }

// ProcessesBelow is known on Linux only.
func ProcessesBelow(string) []int { return nil }

// MemoryOf is known on Linux only.
func MemoryOf(int) Memory { return Memory{} }

// ProgramOf is known on Linux only.
func ProgramOf(int) string { return "" }
