// Bench measures galley against its budgets: as ratios to a bare program that makes the same calls in the same run, so
// that a slow or busy machine counts for both. It prints a table; it does not judge by its exit code, since one run on
// a noisy machine does not decide.
//
//	go run ./e2e/bench [-n RUNS] HOST...
//
// HOST is an engine's address, such as unix:///run/podman/podman.sock. The image
// busybox has to be there. Without HOST only what needs no engine is measured.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == bareCommand {
		if err := bare(context.Background(), os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, "bare:", err)
			os.Exit(1)
		}
		return
	}
	runs := flag.Int("n", 7, "how often each measurement is repeated")
	flag.Parse()
	if err := bench(*runs, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bencher is one run of all measurements.
type bencher struct {
	galley, self, dir string
	runs              int
}

func bench(runs int, hosts []string) error {
	dir, err := os.MkdirTemp("", "galley-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary directory
	self, err := os.Executable()
	if err != nil {
		return err
	}
	galley, err := filepath.Abs("bin/galley")
	if err != nil {
		return err
	}
	if _, err := os.Stat(galley); err != nil {
		return fmt.Errorf("%w; run make build first", err)
	}
	b := bencher{galley: galley, self: self, dir: dir, runs: runs}
	fmt.Printf("%-58s %-22s %s\n", "what", "budget", "measured")
	if err := b.lists(); err != nil {
		return err
	}
	for _, host := range hosts {
		if err := b.cycles(host); err != nil {
			return fmt.Errorf("%s: %w", host, err)
		}
	}
	return nil
}

// lists measures galley list with few and with very many instances.
func (b bencher) lists() error {
	for _, c := range []struct {
		suites, platforms int
		budget            string
	}{{2, 5, "20 ms, 20 MiB"}, {100, 100, "500 ms, 150 MB"}} {
		dir, err := b.project(c.suites, c.platforms)
		if err != nil {
			return err
		}
		times, memory, err := b.repeat(func() *exec.Cmd { return b.command(dir, "", b.galley, "list") })
		if err != nil {
			return err
		}
		row(fmt.Sprintf("galley list, %d instances", c.suites*c.platforms), c.budget,
			fmt.Sprintf("%s, %.1f MiB", median(times).Round(time.Millisecond), float64(memory)/1024))
	}
	return nil
}

// cycles measures whole tests on an engine against the bare program.
func (b bencher) cycles(host string) error {
	const many = 4
	one, err := b.project(1, 1)
	if err != nil {
		return err
	}
	several, err := b.project(1, many)
	if err != nil {
		return err
	}
	// The first run makes what later ones share, and the network of the bare program.
	if _, _, err := timed(b.command(one, host, b.galley, "test")); err != nil {
		return err
	}
	var single, side []float64
	var memory int64
	for range b.runs {
		bareTime, _, err := timed(b.command(one, host, b.self, bareCommand, host, "galley-bench-bare"))
		if err != nil {
			return err
		}
		galleyTime, _, err := timed(b.command(one, host, b.galley, "test"))
		if err != nil {
			return err
		}
		single = append(single, galleyTime.Seconds()/bareTime.Seconds())

		bareTime, err = b.sideBySide(several, host, many)
		if err != nil {
			return err
		}
		galleyTime, rss, err := timed(b.command(several, host, b.galley, "test", fmt.Sprintf("-c=%d", many)))
		if err != nil {
			return err
		}
		side, memory = append(side, galleyTime.Seconds()/bareTime.Seconds()), max(memory, rss)
	}
	name := filepath.Base(filepath.Dir(filepath.Dir(strings.TrimPrefix(host, "unix://"))))
	row("galley test, no-op commands, warm, "+name, "1.05 x bare program", ratio(single))
	row(fmt.Sprintf("galley test -c %d, %d instances, %s", many, many, name), "1.05 x side by side", ratio(side))
	row(fmt.Sprintf("memory of galley, %d instances at once, %s", many, name), "120 MB for 50",
		fmt.Sprintf("%.1f MiB", float64(memory)/1024))
	return nil
}

// sideBySide runs n bare programs at once and times them all.
func (b bencher) sideBySide(dir, host string, n int) (time.Duration, error) {
	start := time.Now()
	var all errgroup.Group
	for i := range n {
		all.Go(func() error {
			_, _, err := timed(b.command(dir, host, b.self, bareCommand, host, fmt.Sprintf("galley-bench-bare-%d", i)))
			return err
		})
	}
	err := all.Wait()
	return time.Since(start), err
}

// project is a kitchen whose converge and verify do nothing.
func (b bencher) project(suites, platforms int) (string, error) {
	dir, err := os.MkdirTemp(b.dir, "project-")
	if err != nil {
		return "", err
	}
	var y strings.Builder
	y.WriteString("driver: {name: dokken}\nprovisioner: {name: shell, command: 'true'}\n" +
		"verifier: {name: shell, remote_exec: true, command: 'true'}\nplatforms:\n")
	for i := range platforms {
		fmt.Fprintf(&y, "  - {name: p%d, driver: {image: busybox}}\n", i)
	}
	y.WriteString("suites:\n")
	for i := range suites {
		fmt.Fprintf(&y, "  - {name: s%d}\n", i)
	}
	return dir, os.WriteFile(filepath.Join(dir, "kitchen.yml"), []byte(y.String()), 0o644)
}

func (b bencher) command(dir, host, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GALLEY_HOST="+host)
	return cmd
}

// repeat runs a command several times, after one run that does not count.
func (b bencher) repeat(command func() *exec.Cmd) (times []time.Duration, memory int64, err error) {
	for i := range b.runs + 1 {
		d, rss, err := timed(command())
		if err != nil {
			return nil, 0, err
		}
		if i > 0 {
			times, memory = append(times, d), max(memory, rss)
		}
	}
	return times, memory, nil
}

// timed runs a command and tells how long it took and its largest memory in KiB.
func timed(cmd *exec.Cmd) (time.Duration, int64, error) {
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	d := time.Since(start)
	return d, maxMemory(cmd.ProcessState), nil
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// ratio shows the median of some ratios, and how far they lie apart.
func ratio(list []float64) string {
	slices.Sort(list)
	return fmt.Sprintf("%.2f (%.2f to %.2f, %d runs)", list[len(list)/2], list[0], list[len(list)-1], len(list))
}

func row(what, budget, measured string) { fmt.Printf("%-58s %-22s %s\n", what, budget, measured) }
