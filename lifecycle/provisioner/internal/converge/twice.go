package converge

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Run syncs the sandbox and runs a job with the keys and the environment of the instance; where idempotence is to be
// shown, a second time, in which nothing may change. For a tool that does not report what it changed, the files of the
// runner are compared. Errors: *runner.ExitError, *ChangedAgainError.
func (b Base) Run(ctx context.Context, j Job, r runner.Run) (Summary, error) {
	if err := r.Sync(ctx); err != nil {
		return Unknown(), err
	}
	j.Keys, j.Env = b.Provisioner, b.Env()
	first, err := j.Run(ctx, r)
	if err != nil || !b.Twice() {
		return first, err
	}
	files := fileTimes{r}
	if first.Changed < 0 {
		if err := files.start(ctx); err != nil {
			return first, err
		}
	}
	j.second = true
	second, err := j.Run(ctx, r)
	if err != nil {
		return first, fmt.Errorf("the second run, which shows idempotence: %w", err)
	}
	if first.Changed < 0 {
		j.Thing = "file"
		if second.Changes, err = files.changed(ctx); err != nil {
			return first, err
		}
		second.Changed = len(second.Changes)
	}
	if second.Changed < 0 {
		return first, fmt.Errorf("whether %s is idempotent is not known: its second run did not report what it changed",
			j.What)
	}
	if second.Changed > 0 {
		return first, &ChangedAgainError{What: j.What, Thing: j.Thing, Count: second.Changed, Changes: second.Changes}
	}
	return first, nil
}

// fileTimes finds the files of a runner that changed after start, by a file whose age they are compared with.
type fileTimes struct{ runner.Run }

func (f fileTimes) reference() string { return path.Join(f.Sandbox.Remote, ".galley-second-run") }

func (f fileTimes) start(ctx context.Context) error {
	// Small images compare ages by the second: what changes in the reference's own second would not count.
	const line = `touch "$0" && now=$(date +%s) && while [ "$(date +%s)" = "$now" ]; do sleep 0.1 2> /dev/null || ` +
		`sleep 1; done`
	code, err := f.Exec(ctx, runner.Command{Argv: append(runner.Shell(line), f.reference())})
	return runner.Succeeded("marking the time in the runner", code, err)
}

// changed lists what is younger than the reference, and removes that.
func (f fileTimes) changed(ctx context.Context) ([]string, error) {
	// What changes on its own, or does not matter.
	unstable := []string{"/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/var/log", "/var/cache", "/var/run",
		"/var/lib/systemd", "/root/.cache", "/root/.ansible"}
	find := []string{"find", "/", "-xdev", "(", "-path", f.Sandbox.Remote}
	for _, dir := range unstable {
		find = append(find, "-o", "-path", dir)
	}
	find = append(find, ")", "-prune", "-o", "-newer", f.reference(), "-print")
	var out, errs bytes.Buffer
	code, err := f.Exec(ctx, runner.Command{Argv: find, Stdout: &out, Stderr: &errs})
	if err != nil {
		return nil, err
	}
	if err := runner.Succeeded("find in the runner", code, nil); err != nil {
		return nil, fmt.Errorf("see what the second run changed: %w: %s", err, strings.TrimSpace(errs.String()))
	}
	if _, err := f.Exec(ctx, runner.Command{Argv: []string{"rm", "-f", f.reference()}}); err != nil {
		return nil, err
	}
	files := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	return slices.DeleteFunc(files, func(name string) bool { return name == "" || name == "/" }), nil
}

// ChangedAgainError says that a second converge changed something, and what.
type ChangedAgainError struct {
	// What is the tool in words; Thing is what it changes: "resource", "task".
	What, Thing string
	// Count is how many it changed, Changes their names as far as they are known.
	Count   int
	Changes []string
	Remedy  string
}

// namedChanges is how many changes an error names.
const namedChanges = 20

// Error names the changes.
func (e *ChangedAgainError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "not idempotent: the second run of %s changed %d %s", e.What, e.Count, e.Thing)
	if e.Count != 1 {
		b.WriteByte('s')
	}
	for i, c := range e.Changes {
		if i == namedChanges {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Changes)-i)
			break
		}
		b.WriteString("\n  " + c)
	}
	if e.Remedy != "" {
		b.WriteString("\n" + e.Remedy)
	}
	return b.String()
}
