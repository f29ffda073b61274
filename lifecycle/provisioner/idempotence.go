package provisioner

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// converge publishes the sandbox and does the job; where idempotence is to be
// shown, once more, and then nothing may change. again makes the second job: it
// reads the output anew. What a tool does not tell, the runner's files do.
func converge(ctx context.Context, again func() job, twice bool, thing string, r runner.Runner, box sandbox.Dir, out runner.Output) (Summary, error) {
	if err := r.Publish(ctx); err != nil {
		return unknown(), err
	}
	first, err := again().run(ctx, r, box, out)
	if err != nil || !twice {
		return first, err
	}
	mark := mark{r: r, box: box}
	if first.Changed < 0 {
		if err := mark.set(ctx); err != nil {
			return first, err
		}
	}
	j := again()
	second, err := j.run(ctx, r, box, out)
	if err != nil {
		return first, fmt.Errorf("the second run, which shows idempotence: %w", err)
	}
	if first.Changed < 0 {
		thing = "file"
		if second.Changes, err = mark.changes(ctx); err != nil {
			return first, err
		}
		second.Changed = len(second.Changes)
	}
	if second.Changed > 0 {
		return first, &ChangedAgainError{What: j.what, Thing: thing, Count: second.Changed, Changes: second.Changes}
	}
	return first, nil
}

// restless are the places that change on their own, or do not matter.
func restless() []string {
	return []string{"/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/var/log", "/var/cache", "/var/run", "/var/lib/systemd",
		"/root/.cache", "/root/.ansible"}
}

// mark is a file in the runner whose age tells which others are younger.
type mark struct {
	r   runner.Runner
	box sandbox.Dir
}

func (m mark) path() string { return path.Join(m.box.Remote, ".galley-second-run") }

func (m mark) set(ctx context.Context) error {
	// Small images compare ages by the second: what changes in the mark's own
	// second would not count.
	const line = `touch "$0" && now=$(date +%s) && while [ "$(date +%s)" = "$now" ]; do sleep 0.1 2> /dev/null || sleep 1; done`
	code, err := m.r.Exec(ctx, runner.Command{Argv: append(runner.Shell(line), m.path())})
	if err == nil && code != 0 {
		err = &runner.ExitError{What: "marking the time in the runner", Code: code}
	}
	return err
}

// changes lists what is younger than the mark, and removes the mark.
func (m mark) changes(ctx context.Context) ([]string, error) {
	find := []string{"find", "/", "-xdev"}
	for i, dir := range append(restless(), m.box.Remote) {
		if i > 0 {
			find = append(find, "-o")
		} else {
			find = append(find, "(")
		}
		find = append(find, "-path", dir)
	}
	find = append(find, ")", "-prune", "-o", "-newer", m.path(), "-print")
	var out, errs bytes.Buffer
	code, err := m.r.Exec(ctx, runner.Command{Argv: find, Stdout: &out, Stderr: &errs})
	if err != nil {
		return nil, err
	}
	if code != 0 {
		return nil, fmt.Errorf("see what the second run changed: %w: %s", &runner.ExitError{What: "find in the runner", Code: code}, strings.TrimSpace(errs.String()))
	}
	if _, err := m.r.Exec(ctx, runner.Command{Argv: []string{"rm", "-f", m.path()}}); err != nil {
		return nil, err
	}
	files := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	return slices.DeleteFunc(files, func(f string) bool { return f == "" || f == "/" }), nil
}
