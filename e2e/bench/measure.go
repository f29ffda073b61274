//go:build !windows

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// measured is what a command took. Memory, descriptors and threads are the most that were seen; where /proc is not
// there, memory is what the system tells, and the others are 0.
type measured struct {
	time                 time.Duration
	memory               int64 // in bytes
	descriptors, threads int
	output               []byte
}

// timed runs a command to its end.
func timed(cmd *exec.Cmd) (measured, error) { return watched(cmd, 20*time.Millisecond) }

// watched is timed, with a look at the process every now and then.
func watched(cmd *exec.Cmd, every time.Duration) (m measured, err error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return m, err
	}
	ended := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		watch(cmd.Process.Pid, &m, every, ended)
	}()
	err = cmd.Wait()
	m.time = time.Since(start)
	close(ended)
	<-done
	m.output = out.Bytes()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && m.memory == 0 {
		m.memory = int64(usage.Maxrss) << 10 //nolint:unconvert // it is an int32 on 32-bit systems
	}
	if err != nil {
		return m, fmt.Errorf("%s: %w\n%s", cmd, err, m.output)
	}
	return m, nil
}

// highWater is the line of the most memory that a program had, without that of who started it, which the system counts
// with what it tells of a process that has ended.
var highWater = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// watch looks at a process until it has ended.
func watch(pid int, m *measured, every time.Duration, ended <-chan struct{}) {
	proc := filepath.Join("/proc", fmt.Sprint(pid))
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		if status, err := os.ReadFile(filepath.Join(proc, "status")); err == nil {
			if found := highWater.FindSubmatch(status); found != nil {
				kib, _ := strconv.ParseInt(string(found[1]), 10, 64) // digits
				m.memory = max(m.memory, kib<<10)
			}
		}
		if list, err := os.ReadDir(filepath.Join(proc, "fd")); err == nil {
			m.descriptors = max(m.descriptors, len(list))
		}
		if list, err := os.ReadDir(filepath.Join(proc, "task")); err == nil {
			m.threads = max(m.threads, len(list))
		}
		select {
		case <-ended:
			return
		case <-ticks.C:
		}
	}
}

// convergeTook is before how long the converge of a bare program took.
const convergeTook = "converge took"

// galleyConverged is galley's line of a converge.
var galleyConverged = regexp.MustCompile(`Finished converging <[^>]*> \((\d+m\d+\.\d+s)\)`)

// longestConverge is how long the longest converge took of those that some output tells of, 0 when it tells of none.
func longestConverge(output []byte) (longest time.Duration) {
	for line := range bytes.Lines(output) {
		took, isBare := bytes.CutPrefix(bytes.TrimSpace(line), []byte(convergeTook+" "))
		if !isBare {
			found := galleyConverged.FindSubmatch(line)
			if found == nil {
				continue
			}
			took = found[1]
		}
		d, _ := time.ParseDuration(string(took)) // both print such as 1m2.34s
		longest = max(longest, d)
	}
	return longest
}

func median(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// ratio is the median of some ratios, and how far they lie apart.
func ratio(list []float64) string {
	if len(list) == 0 {
		return ""
	}
	sorted := slices.Sorted(slices.Values(list))
	return fmt.Sprintf("%.2f (%.2f to %.2f)", sorted[len(sorted)/2], sorted[0], sorted[len(sorted)-1])
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
