// Bench measures galley against a floor: a bare program that makes the calls that a test cannot do without, in the same
// run and by turns, so that a slow or busy machine counts for both. Where `kitchen` is on PATH, it is measured beside
// them on Docker. It prints what it measures, and writes a page of it; it does not judge, since one run on a noisy machine
// decides nothing.
//
//	go run ./e2e/bench [-page FILE] HOST...
//
// HOST is an engine's address, such as unix:///run/podman/podman.sock. The image busybox has to be there; with debian and
// cincproject/cinc:15 a real Cinc converges too. Without HOST only what needs no engine is measured.
//
// GALLEY_BENCH_ROUNDS, GALLEY_BENCH_INSTANCES, GALLEY_BENCH_LOADS and GALLEY_BENCH_SCALE make a run shorter or longer. With
// GALLEY_BENCH_COLD=no nothing is pruned on the engines.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	if len(os.Args) > 4 && os.Args[1] == bareCommand {
		if err := bare(context.Background(), os.Args[2], os.Args[3], os.Args[4]); err != nil {
			fmt.Fprintln(os.Stderr, "bare:", err)
			os.Exit(1)
		}
		return
	}
	file := flag.String("page", "", "write the results as a page")
	flag.Parse()
	if err := bench(*file, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bencher is one run of all measurements.
type bencher struct {
	galley, self, kitchen, dir string
	rounds                     int
	instances, scale           []int
	loads                      []load
	cold, reuse                bool
	page                       *page
}

func bench(file string, hosts []string) (err error) {
	b := bencher{page: &page{}}
	if b.dir, err = os.MkdirTemp("", "galley-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.galley, err = filepath.Abs("bin/galley"); err != nil {
		return err
	}
	help, err := exec.Command(b.galley, "test", "--help").Output()
	if err != nil {
		return fmt.Errorf("%w; run make build first", err)
	}
	b.reuse = strings.Contains(string(help), "--reuse")
	b.kitchen, _ = exec.LookPath("kitchen") // it need not be there
	if err := b.settings(); err != nil {
		return err
	}
	if err := b.lists(); err != nil {
		return err
	}
	if err := b.fakeScale(); err != nil {
		return err
	}
	for _, host := range hosts {
		if err := b.engine(host); err != nil {
			return fmt.Errorf("%s: %w", host, err)
		}
	}
	if file == "" {
		return nil
	}
	return b.page.write(file, b.galley, b.kitchen)
}

// settings are those of the environment.
func (b *bencher) settings() error {
	numbers := func(name, standard string) (list []int, err error) {
		text := os.Getenv(name)
		if text == "" {
			text = standard
		}
		for _, word := range strings.Fields(text) {
			n, err := strconv.Atoi(word)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("%s=%s: write numbers from 1 up", name, text)
			}
			list = append(list, n)
		}
		return list, nil
	}
	rounds, err := numbers("GALLEY_BENCH_ROUNDS", "10")
	if err != nil {
		return err
	}
	b.rounds = rounds[0]
	if b.instances, err = numbers("GALLEY_BENCH_INSTANCES", "1 4 16"); err != nil {
		return err
	}
	if b.scale, err = numbers("GALLEY_BENCH_SCALE", "16 40"); err != nil {
		return err
	}
	b.cold = os.Getenv("GALLEY_BENCH_COLD") != "no"
	wanted := strings.Fields(os.Getenv("GALLEY_BENCH_LOADS"))
	for _, l := range loads() {
		if len(wanted) == 0 || slices.Contains(wanted, l.name) {
			b.loads = append(b.loads, l)
		}
	}
	return nil
}

// lists measures galley list with few and with very many instances.
func (b *bencher) lists() error {
	t := b.page.table("`galley list`", "instances", "time", "memory", "budget")
	for _, c := range []struct {
		suites, platforms int
		budget            string
	}{{2, 5, "20 ms, 20 MiB"}, {100, 100, "200 ms, 150 MB"}} {
		dir, err := b.project(loads()[0], c.suites, c.platforms)
		if err != nil {
			return err
		}
		var times []time.Duration
		var memory int64
		for i := range b.rounds + 1 { // the first does not count
			m, err := timed(b.command(dir, "", b.galley, "list"))
			if err != nil {
				return err
			}
			if i > 0 {
				times, memory = append(times, m.time), max(memory, m.memory)
			}
		}
		t.row(c.suites*c.platforms, median(times), mebibytes(memory), c.budget)
	}
	return nil
}

// engine measures all loads on an engine, and how many instances it bears.
func (b *bencher) engine(host string) error {
	name, err := engineName(host)
	if err != nil {
		return err
	}
	t := b.page.table(name, "converge", "instances", "floor", "galley", "of floor", "reused", "of floor", "kitchen", "cold galley")
	for _, l := range b.loads {
		here, err := l.here(host)
		if err != nil {
			return err
		}
		if !here {
			b.page.note(name + " has not the images for " + l.name + ".")
			continue
		}
		for _, n := range b.instances {
			if err := b.cycles(t, host, l, n); err != nil {
				return fmt.Errorf("%s, %d instances: %w", l.name, n, err)
			}
		}
	}
	s := b.page.table(name+", many instances at once, no-op converge", "instances", "time", "each", "memory", "descriptors", "threads")
	for _, n := range b.scale {
		dir, err := b.project(loads()[0], 1, n)
		if err != nil {
			return err
		}
		m, err := timed(b.command(dir, host, b.galley, "test", "-c", strconv.Itoa(n)))
		if err != nil {
			return err
		}
		s.row(n, m.time, m.time/time.Duration(n), mebibytes(m.memory), m.descriptors, m.threads)
	}
	return nil
}

// cycles measures whole tests of n instances side by side against n bare programs.
func (b *bencher) cycles(t *table, host string, l load, n int) error {
	dir, err := b.project(l, 1, n)
	if err != nil {
		return err
	}
	galley := func(more ...string) func() (time.Duration, error) {
		return func() (time.Duration, error) {
			m, err := timed(b.command(dir, host, b.galley, append([]string{"test", "-c", strconv.Itoa(n)}, more...)...))
			return m.time, err
		}
	}
	sides := []side{
		{"floor", func() (time.Duration, error) { return b.sideBySide(dir, host, l, n) }},
		{"galley", galley()},
	}
	if b.reuse {
		sides = append(sides, side{"reused", galley("--reuse=local")})
	}
	if b.kitchen != "" && strings.HasPrefix(filepath.Base(host), "docker") {
		sides = append(sides, side{"kitchen", func() (time.Duration, error) {
			c := b.command(dir, host, b.kitchen, "test", "-c", strconv.Itoa(n))
			c.Env = append(c.Env, "DOCKER_HOST="+host, "KITCHEN_LOCAL_YAML="+kitchenLocal)
			m, err := timed(c)
			return m.time, err
		}})
	}
	times := map[string][]time.Duration{}
	ratios := map[string][]float64{}
	for round := -2; round < b.rounds; round++ { // the first two make what later ones share
		took := map[string]time.Duration{}
		for _, s := range sides {
			d, err := s.run()
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			took[s.name] = d
		}
		for name, d := range took {
			if round >= 0 {
				times[name] = append(times[name], d)
				ratios[name] = append(ratios[name], d.Seconds()/took["floor"].Seconds())
			}
		}
	}
	if b.cold {
		for range (b.rounds + 2) / 3 {
			if _, err := timed(b.command(dir, host, b.galley, "prune")); err != nil {
				return err
			}
			d, err := galley()()
			if err != nil {
				return err
			}
			times["cold"] = append(times["cold"], d)
		}
	}
	t.row(l.name, n, median(times["floor"]), median(times["galley"]), ratio(ratios["galley"]),
		median(times["reused"]), ratio(ratios["reused"]), median(times["kitchen"]), median(times["cold"]))
	return nil
}

// side is one of what is measured by turns.
type side struct {
	name string
	run  func() (time.Duration, error)
}

// sideBySide runs n bare programs at once and times them all.
func (b *bencher) sideBySide(dir, host string, l load, n int) (time.Duration, error) {
	start := time.Now()
	var all errgroup.Group
	for i := range n {
		all.Go(func() error {
			_, err := timed(b.command(dir, host, b.self, bareCommand, host, fmt.Sprintf("galley-bench-%d-%d", os.Getpid(), i), l.name))
			return err
		})
	}
	err := all.Wait()
	return time.Since(start), err
}

// kitchenLocal has what Test Kitchen is given besides kitchen.yml: a PID 1 for which no engine waits. galley has its own,
// and would watch one of the user's for half a second, whether it stays.
const kitchenLocal = "for-kitchen.yml"

// project is a kitchen of a load, for galley and for Test Kitchen.
func (b *bencher) project(l load, suites, platforms int) (string, error) {
	dir, err := os.MkdirTemp(b.dir, "project-")
	if err != nil {
		return "", err
	}
	var y strings.Builder
	y.WriteString("driver: {name: dokken, chef_version: 15, pull_platform_image: false, pull_chef_image: false}\n" +
		"transport: {name: dokken}\nverifier: {name: shell, remote_exec: true, command: 'true'}\n" + l.yaml + "platforms:\n")
	for i := range platforms {
		fmt.Fprintf(&y, "  - {name: p%d, driver: {image: %s}}\n", i, l.image)
	}
	y.WriteString("suites:\n")
	for i := range suites {
		fmt.Fprintf(&y, "  - {name: s%d}\n", i)
	}
	local := "driver: {pid_one_command: 'sh -c \"" + strings.ReplaceAll(pidOne, "'", "''") + "\"'}\n"
	err = errors.Join(os.WriteFile(filepath.Join(dir, "kitchen.yml"), []byte(y.String()), 0o644),
		os.WriteFile(filepath.Join(dir, kitchenLocal), []byte(local), 0o644))
	for name, text := range l.files {
		file := filepath.Join(dir, name)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644))
	}
	return dir, err
}

func (b *bencher) command(dir, host, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GALLEY_HOST="+host)
	return cmd
}
