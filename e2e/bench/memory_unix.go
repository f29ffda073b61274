//go:build !windows

package main

import (
	"os"
	"syscall"
)

// maxMemory is the largest memory that a process had, in KiB (Linux's unit).
func maxMemory(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return int64(usage.Maxrss) //nolint:unconvert // it is an int32 on 32-bit systems
	}
	return 0
}
