package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// script is the path of engines.sh.
type script string

// cannot is the exit status by which engines.sh says that this machine cannot do it.
const cannot = 3

// findScript looks in the checkout around the working directory, which in a test is the package's directory.
func findScript() (script, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return script(filepath.Join(dir, "e2e", "engines.sh")), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("testbed: there is no go.mod above the working directory: run the tests in the checkout")
		}
		dir = parent
	}
}

// command makes a call of engines.sh.
func (s script) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "bash", append([]string{string(s)}, args...)...)
}

// call runs engines.sh and returns what it printed. What it does cannot be left half done,
// so it is not cancelled with a test.
func (s script) call(args ...string) (string, error) {
	cmd := s.command(context.Background(), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("engines.sh %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}

// try is call for what this machine may be unable to do: then reason says why.
func (s script) try(args ...string) (reason string, err error) {
	if runtime.GOOS != "linux" {
		return "engines.sh needs Linux; this is " + runtime.GOOS, nil
	}
	_, err = s.call(args...)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == cannot {
		_, words, _ := strings.Cut(err.Error(), fmt.Sprintf("exit status %d: ", cannot))
		return strings.TrimPrefix(words, "engines.sh: "), nil
	}
	return "", err
}

var assignment = regexp.MustCompile(`([A-Z_]+)=(\S+)`)

// env returns the variables that "engines.sh env" exports.
func (s script) env(args ...string) (map[string]string, error) {
	out, err := s.call(append([]string{"env"}, args...)...)
	if err != nil {
		return nil, err
	}
	vars := map[string]string{}
	for _, line := range strings.Split(out, "\n") {
		if exports, ok := strings.CutPrefix(line, "export "); ok {
			for _, m := range assignment.FindAllStringSubmatch(exports, -1) {
				vars[m[1]] = m[2]
			}
		}
	}
	return vars, nil
}

// Command makes a command that runs where the engine runs, as the engine's user. Ports
// that containers publish, and their addresses, are only reachable from there.
func (e Engine) Command(ctx context.Context, command ...string) *exec.Cmd {
	return open().script.command(ctx, append([]string{"exec", e.Name, "--"}, command...)...)
}

// Exec runs a command where the engine runs and returns its standard output; the test fails if the command does.
func (e Engine) Exec(t testing.TB, command ...string) string {
	t.Helper()
	cmd := e.Command(t.Context(), command...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %s: %v\n%s%s", e.Name, strings.Join(command, " "), err, out, stderr.String())
	}
	return string(out)
}

// Restart stops an engine with all that runs on it, and starts it again. Only for engines that this test alone uses.
// between is called while it is down, with the directory of its images and containers.
func (e Engine) Restart(t testing.TB, between func(data string)) {
	t.Helper()
	if _, err := open().script.call("down", e.Name); err != nil {
		t.Fatal(err)
	}
	between(e.Data())
	if _, err := open().script.call("up", e.Name); err != nil {
		t.Fatal(err)
	}
}

// Data is the directory of the engine's images and containers.
func (e Engine) Data() string { return filepath.Join(enginesDir(), e.Name, "data") }
