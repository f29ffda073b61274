package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// measured is what a command took. Descriptors and threads are the most that were seen; where /proc is not there they are 0.
type measured struct {
	time                 time.Duration
	memory               int64 // the largest, in bytes
	descriptors, threads int
}

// timed runs a command to its end.
func timed(cmd *exec.Cmd) (m measured, err error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return m, err
	}
	ended := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watch(cmd.Process.Pid, &m, ended)
	}()
	err = cmd.Wait()
	m.time = time.Since(start)
	close(ended)
	<-watched
	m.memory = maxMemory(cmd.ProcessState) << 10
	if err != nil {
		return m, fmt.Errorf("%s: %w\n%s", cmd, err, out.Bytes())
	}
	return m, nil
}

// watch looks at a process now and then until it has ended.
func watch(pid int, m *measured, ended <-chan struct{}) {
	proc := filepath.Join("/proc", fmt.Sprint(pid))
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for {
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
