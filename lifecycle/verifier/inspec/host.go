package inspec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/internal/userdir"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// onHost runs this machine's InSpec. It reaches the runner through Docker's API, which every engine here serves; looked
// are the places where an InSpec was looked for before. What it reads and writes besides the project is in a directory
// of its own, which no runner can reach.
func (n *InSpec) onHost(ctx context.Context, r runner.Run, looked []string) (_ []result.TestCase, err error) {
	binary, err := n.hostBinary(looked)
	if err != nil {
		return nil, err
	}
	if !hostReaches(r.Target) {
		return nil, fmt.Errorf("InSpec on this machine cannot reach the engine at %s: it knows no ssh for engines\n"+
			"Use one in the runner: a Chef image brings it, or name an image in verifier.image", r.Target.Endpoint)
	}
	dir, err := userdir.MkdirTemp("galley-inspec-") // private to this user
	if err != nil {
		return nil, fmt.Errorf("prepare InSpec: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	at, err := n.forHost(dir)
	if err != nil {
		return nil, err
	}
	reports, own := n.reporters()
	var unwritten error // a report that cannot be written keeps no test from running
	reports = slices.DeleteFunc(reports, func(report reporter) bool {
		if report.file == "" {
			return false
		}
		err := makeParent(report.file) // InSpec itself writes it
		unwritten = errors.Join(unwritten, err)
		return err != nil
	})
	results := filepath.Join(dir, "results.json")
	argv := append([]string{binary}, n.arguments(at, reports)...)
	argv = append(argv, "json:"+results, "--target", "docker://"+r.Target.ContainerID)
	tail, done := &process.Tail{}, testrun.Outcome{OnHost: true}
	done.Code, err = hostexec.Run(ctx, hostexec.Command{Argv: argv, Dir: n.Root,
		Env:    n.EnvironWith(r.Target.ClientEnv, n.Verifier.Env, n.env()),
		Stdout: io.MultiWriter(tail, r.Out.Stdout), Stderr: io.MultiWriter(tail, r.Out.Stderr)})
	if err != nil {
		return nil, err
	}
	// InSpec that fails early writes no reports; the verdict says that there are none.
	done.Results, err = testrun.ReadResults(results)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the results of the tests: %w", err)
	}
	done.Output = tail.String()
	cases, err := n.verdict(done, r, at.source)
	if len(done.Results) > 0 {
		err = errors.Join(own.deliver(done.Results, r.Out.Stdout), err)
	}
	return cases, errors.Join(unwritten, err)
}

// forHost lays what galley writes for InSpec out in a directory of this machine. The
// profiles stay where they are, unless paths between them have to be rewritten.
func (n *InSpec) forHost(dir string) (paths, error) {
	list := n.written
	if len(n.moved) > 0 {
		list = n.Files
	}
	files, err := list()
	if err == nil {
		err = sandbox.Fill(dir, files)
	}
	at := n.copied(filepath.ToSlash(dir))
	if len(n.moved) == 0 {
		at.carried = func(p string) string { return p }
	}
	return at, err
}

// hostReaches reports whether InSpec on this machine can reach the engine.
func hostReaches(t runner.Target) bool { return !strings.HasPrefix(t.Endpoint, "ssh:") }

// hostBinary finds InSpec on this machine.
func (n *InSpec) hostBinary(looked []string) (string, error) {
	for _, name := range n.binaries() {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
		looked = append(looked, name+" on this machine")
	}
	return "", &testrun.ToolMissingError{Tool: n.binaries()[0], Places: looked, Remedy: remedy}
}
