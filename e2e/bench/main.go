//go:build !windows

// Bench measures galley against a floor: a bare program that makes the calls that a test cannot do without, in the same
// run and by turns, so that a slow or busy machine counts for both. Where `kitchen` is on PATH, it is measured beside
// them on Docker. It prints what it measures, and writes a page of it; it does not judge, since one run on a noisy
// machine decides nothing.
//
//	go run ./e2e/bench [-page FILE] HOST...
//
// HOST is an engine's address, such as unix:///run/podman/podman.sock. The image busybox has to be there; with debian
// and cincproject/cinc:15 a real Cinc converges too. Without HOST only what needs no engine is measured.
//
// The socket of an engine that belongs to another user, as that of a rootless one, is used as that user, which takes
// root. It is for systems on which engines have such sockets.
//
// GALLEY_BENCH_ROUNDS, GALLEY_BENCH_INSTANCES, GALLEY_BENCH_LOADS and GALLEY_BENCH_SCALE make a run shorter or longer.
// With GALLEY_BENCH_COLD=no nothing is pruned on the engines. GALLEY_BENCH_REGISTRY is a repository, such as
// 127.0.0.1:5000/galley-bench, that the engines can push to and pull from: with it, checkpoints are pulled too.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/lifecycle"
)

func main() {
	if len(os.Args) > 4 && (os.Args[1] == bareCommand || os.Args[1] == bareNoConverge) {
		if err := bare(context.Background(), os.Args[2], os.Args[3], os.Args[4], os.Args[1] == bareCommand); err != nil {
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
	// registry is a repository for checkpoints, or empty.
	registry         string
	rounds           int
	instances, scale []int
	loads            []load
	cold             bool
	page             *page
	// user is who uses the engine that is measured, where that is not who runs this; home is that user's directory.
	user *owner
	home string
}

func bench(file string, hosts []string) (err error) {
	b := bencher{page: &page{}}
	if b.dir, err = os.MkdirTemp("", "galley-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if err := os.Chmod(b.dir, 0o755); err != nil {
		return err
	}
	self, err := os.Executable()
	if err == nil {
		// Every user can run the copies.
		b.self, err = b.copyProgram(self, "bench")
	}
	if err != nil {
		return err
	}
	if b.galley, err = b.copyProgram("bin/galley", "galley"); err != nil {
		return fmt.Errorf("%w; run make build first", err)
	}
	b.kitchen, _ = exec.LookPath("kitchen") // it need not be there
	b.registry = os.Getenv("GALLEY_BENCH_REGISTRY")
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
		list := func() *exec.Cmd {
			cmd := b.command(dir, "", b.galley, "list")
			cmd.Env = append(cmd.Env, "PATH=") // or a Podman there would be started, to be asked
			return cmd
		}
		var times []time.Duration
		for i := range b.rounds + 1 { // the first does not count
			m, err := timed(list())
			if err != nil {
				return err
			}
			if i > 0 {
				times = append(times, m.time)
			}
		}
		var memory int64
		for range 3 {
			m, err := watched(list(), time.Millisecond)
			if err != nil {
				return err
			}
			memory = max(memory, m.memory)
		}
		t.row(c.suites*c.platforms, median(times), mebibytes(memory), c.budget)
	}
	return nil
}

// engine measures all loads on an engine, and how many instances it bears.
func (b *bencher) engine(host string) (err error) {
	name, err := engineName(host)
	if err != nil {
		return err
	}
	if b.user, err = ownerOf(host); err != nil {
		return err
	}
	defer func() { b.user = nil }()
	if b.home, err = os.MkdirTemp(b.dir, "home-"); err == nil {
		err = b.give(b.home)
	}
	if err != nil {
		return err
	}
	t := b.page.table(name, "converge", "instances", "floor", "galley", "of floor", "reused", "of floor",
		"of floor without converge", "pulled", "of galley", "kitchen", "cold galley")
	converges := b.page.table(name+", the converge alone", "converge", "instances", "bare command", "galley",
		"of bare command", "without fast_boot", "of bare command")
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
			if l.tool != "" && n > mostWithTool {
				continue
			}
			if err := b.cycles(t, converges, host, l, n); err != nil {
				return fmt.Errorf("%s, %d instances: %w", l.name, n, err)
			}
		}
	}
	s := b.page.table(name+", many instances at once, no-op converge", "instances", "time", "each", "memory",
		"descriptors", "threads")
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

// A real converge of a tool is measured with no more instances than mostWithTool, since it keeps a processor busy;
// runners from checkpoints with no more than mostReused.
const (
	mostWithTool = 1
	mostReused   = 4
)

// side is one of what is measured by turns.
type side struct {
	name string
	// prepare is done before, and takes no time of it; nil does nothing.
	prepare func() error
	run     func() (measured, error)
}

// The sides. All but those of galley, reused and noFastBoot are there only where they can be.
const (
	floorSide     = "floor"
	galleySide    = "galley"
	noFastBoot    = "galley without fast_boot"
	noConverge    = "floor without converge"
	reusedSide    = "reused"
	pulledSide    = "pulled"
	kitchenSide   = "kitchen"
	coldSide      = "cold"
	convergeAlone = ", converge alone"
)

// cycles measures whole tests of n instances side by side against n bare programs.
func (b *bencher) cycles(t, converges *table, host string, l load, n int) error {
	dir, err := b.project(l, 1, n)
	if err != nil {
		return err
	}
	sides, err := b.sides(dir, host, l, n)
	if err != nil {
		return err
	}
	times := map[string][]time.Duration{}
	ratios := map[string][]float64{} // named "reused of floor"
	warmUp := 1                      // makes what later rounds share
	if l.tool != "" {
		warmUp = 2 // what makes a tool start fast is made for the second runner
	}
	for round := -warmUp; round < b.rounds; round++ {
		took := map[string]time.Duration{}
		for _, s := range sides {
			if s.prepare != nil {
				if err := s.prepare(); err != nil {
					return fmt.Errorf("before %s: %w", s.name, err)
				}
			}
			m, err := s.run()
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			took[s.name] = m.time
			if d := longestConverge(m.output); d > 0 {
				took[s.name+convergeAlone] = d
			}
		}
		if round < 0 {
			continue
		}
		for name, d := range took {
			times[name] = append(times[name], d)
			for other, of := range took {
				ratios[name+" of "+other] = append(ratios[name+" of "+other], d.Seconds()/of.Seconds())
			}
		}
	}
	if b.cold {
		for range (b.rounds + 2) / 3 {
			if _, err := timed(b.command(dir, host, b.galley, "prune")); err != nil {
				return err
			}
			m, err := timed(b.test(dir, host, n))
			if err != nil {
				return err
			}
			times[coldSide] = append(times[coldSide], m.time)
		}
	}
	of := func(name, other string) string { return ratio(ratios[name+" of "+other]) }
	t.row(l.name, n, median(times[floorSide]), median(times[galleySide]), of(galleySide, floorSide),
		median(times[reusedSide]), of(reusedSide, floorSide), of(reusedSide, noConverge),
		median(times[pulledSide]), of(pulledSide, galleySide), median(times[kitchenSide]), median(times[coldSide]))
	if l.tool != "" {
		bareAlone := floorSide + convergeAlone
		converges.row(l.name, n, median(times[bareAlone]), median(times[galleySide+convergeAlone]),
			of(galleySide+convergeAlone, bareAlone), median(times[noFastBoot+convergeAlone]),
			of(noFastBoot+convergeAlone, bareAlone))
	}
	return nil
}

// sides are what is measured by turns for a load.
func (b *bencher) sides(dir, host string, l load, n int) ([]side, error) {
	test := func(name string, more ...string) side {
		return side{name: name, run: func() (measured, error) { return timed(b.test(dir, host, n, more...)) }}
	}
	sides := []side{
		{name: floorSide, run: func() (measured, error) { return b.sideBySide(dir, host, bareCommand, l, n) }},
		test(galleySide),
	}
	if l.tool != "" {
		sides = append(sides, side{name: noFastBoot, run: func() (measured, error) {
			c := b.test(dir, host, n)
			c.Env = append(c.Env, "KITCHEN_LOCAL_YAML="+noFastBootLocal)
			return timed(c)
		}})
	}
	if l.slow && n <= mostReused {
		sides = append(sides, test(reusedSide, "--reuse=local"),
			side{name: noConverge, run: func() (measured, error) { return b.sideBySide(dir, host, bareNoConverge, l, n) }})
		if b.registry != "" {
			pulled, err := b.pulled(host, l, n)
			if err != nil {
				return nil, err
			}
			sides = append(sides, pulled)
		}
	}
	if b.kitchen != "" && strings.HasPrefix(filepath.Base(host), "docker") {
		sides = append(sides, side{name: kitchenSide, run: func() (measured, error) {
			c := b.command(dir, host, b.kitchen, "test", "-c", strconv.Itoa(n))
			c.Env = append(c.Env, "DOCKER_HOST="+host, "KITCHEN_LOCAL_YAML="+kitchenLocal)
			return timed(c)
		}})
	}
	return sides, nil
}

// test is `galley test` of a project with n instances.
func (b *bencher) test(dir, host string, n int, more ...string) *exec.Cmd {
	return b.command(dir, host, b.galley, append([]string{"test", "-c", strconv.Itoa(n)}, more...)...)
}

// pulled is what a CI machine does that has the images but not the checkpoint, which is in the registry: it is removed
// from the engine before each turn. It has a project of its own, whose checkpoints have keys of their own.
func (b *bencher) pulled(host string, l load, n int) (side, error) {
	l.env = "PULLED=" + strconv.Itoa(n)
	dir, err := b.project(l, 1, n)
	if err != nil {
		return side{}, err
	}
	if _, err := timed(b.test(dir, host, n, "--reuse="+b.registry, "--reuse-push=strict")); err != nil {
		return side{}, err
	}
	project, err := lifecycle.NewProject(dir)
	if err != nil {
		return side{}, err
	}
	return side{name: pulledSide, prepare: func() error { return removeCheckpoints(host, project.ID, b.registry) },
		run: func() (measured, error) {
			m, err := timed(b.test(dir, host, n, "--reuse="+b.registry))
			if err == nil && longestConverge(m.output) > time.Second {
				err = fmt.Errorf("it has used no checkpoint:\n%s", m.output)
			}
			return m, err
		}}, nil
}

// sideBySide runs n bare programs at once and times them all.
func (b *bencher) sideBySide(dir, host, command string, l load, n int) (measured, error) {
	start := time.Now()
	var all errgroup.Group
	outputs := make([][]byte, n)
	for i := range n {
		all.Go(func() error {
			m, err := timed(b.command(dir, host, b.self, command, host,
				fmt.Sprintf("galley-bench-%d-%d", os.Getpid(), i), l.name))
			outputs[i] = m.output
			return err
		})
	}
	err := all.Wait()
	return measured{time: time.Since(start), output: bytes.Join(outputs, nil)}, err
}

// noFastBootLocal turns fast_boot off.
const noFastBootLocal = "no-fast-boot.yml"

// kitchenLocal has what Test Kitchen is given besides kitchen.yml: a PID 1 for which no engine waits. galley has its
// own, and would watch one of the user's for half a second, whether it stays.
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
		fmt.Fprintf(&y, "  - {name: p%d, driver: {image: %s, env: [%s]}}\n", i, l.image, l.env)
	}
	y.WriteString("suites:\n")
	for i := range suites {
		fmt.Fprintf(&y, "  - {name: s%d}\n", i)
	}
	local := "driver: {pid_one_command: 'sh -c \"" + strings.ReplaceAll(pidOne, "'", "''") + "\"'}\n"
	err = writeFiles(dir, map[string]string{"kitchen.yml": y.String(), kitchenLocal: local,
		noFastBootLocal: "provisioner: {fast_boot: false}\n"})
	return dir, errors.Join(err, writeFiles(dir, l.files), b.give(dir))
}

// command is a program that uses an engine, as who uses that.
func (b *bencher) command(dir, host, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GALLEY_HOST="+host)
	if b.user != nil {
		cmd.Env = append(cmd.Env, "HOME="+b.home, "XDG_RUNTIME_DIR="+b.home)
		b.user.runs(cmd)
	}
	return cmd
}

// give makes a directory, and what is in it, that of who uses the engine.
func (b *bencher) give(dir string) error {
	if b.user == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return cmp.Or(err, os.Lchown(path, b.user.uid, b.user.gid))
	})
}

// copyProgram copies a program to where every user can run it.
func (b *bencher) copyProgram(from, name string) (to string, err error) {
	to = filepath.Join(b.dir, name)
	program, err := os.ReadFile(from)
	if err != nil {
		return "", err
	}
	return to, os.WriteFile(to, program, 0o755)
}
