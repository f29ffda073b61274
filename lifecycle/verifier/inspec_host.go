package verifier

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/result"
)

// onHost runs this machine's InSpec. It reaches the runner through Docker's API,
// which every engine here serves; looked are the places where an InSpec was looked
// for before.
func (n *inspec) onHost(ctx context.Context, s session, looked []string) ([]result.TestCase, error) {
	binary, err := n.hostBinary(looked)
	if err != nil {
		return nil, err
	}
	if !hostReaches(s.target) {
		return nil, fmt.Errorf("InSpec on this machine cannot reach the engine at %s: it knows no ssh for engines\nUse one in the runner: a Chef image brings it, or name an image in verifier.image", s.target.Endpoint)
	}
	at := site{
		carried: func(p string) string { return p },
		written: func(p string) string { return filepath.Join(s.box.Local, inspecDir, filepath.FromSlash(p)) },
	}
	reports, own := n.reporters()
	for _, r := range reports {
		if r.file == "" {
			continue
		}
		if err := makeParent(r.file); err != nil {
			return nil, err
		}
	}
	results := filepath.Join(s.box.Local, "inspec-results.json")
	argv := append([]string{binary}, n.arguments(at, reports)...)
	argv = append(argv, "json:"+results, "--target", "docker://"+s.target.ContainerID)
	env := withEnv(n.project.Environ, s.target.ClientEnv)
	env = withEnv(withEnv(env, n.config.Env), n.env())
	said := &lastWords{}
	code, err := hostexec.Run(ctx, hostexec.Command{Argv: argv, Dir: n.project.Root, Env: env,
		Stdout: said.over(s.out.Stdout), Stderr: said.over(s.out.Stderr)})
	if err != nil {
		return nil, err
	}
	// InSpec that fails early writes no reports; settle tells that there are none.
	report, err := os.ReadFile(results)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the results of the tests: %w", err)
	}
	cases, err := n.settle(code, report, said.String(), s, func(p string) string { return p })
	if len(report) > 0 {
		err = errors.Join(own.deliver(report, s.out.Stdout), err)
	}
	return cases, err
}

// hostReaches tells whether InSpec on this machine can reach the engine.
func hostReaches(t Target) bool { return !strings.HasPrefix(t.Endpoint, "ssh:") }

// hostBinary finds InSpec on this machine.
func (n *inspec) hostBinary(looked []string) (string, error) {
	for _, name := range n.binaries() {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
		looked = append(looked, name+" on this machine")
	}
	return "", &ToolMissingError{Tool: n.binaries()[0], Places: looked, Remedy: inspecRemedy}
}
