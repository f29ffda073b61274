package converge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Parser reads what a tool prints in one run, line by line.
type Parser interface {
	Line(text string)
	// Summary is what was read; code is the tool's exit code.
	Summary(code int) Summary
}

// silent is the parser of tools that do not report what they did.
type silent struct{}

func (silent) Line(string)         {}
func (silent) Summary(int) Summary { return Unknown() }

// Job is the run of a sandbox's RunCommand, and what its exit codes mean.
type Job struct {
	// What is the tool in words, Thing what it changes, such as "task".
	What, Thing string
	// Parser makes what reads the output of a run, with all its tries; nil for a tool that does not report what it did.
	Parser func() Parser
	// OK are the codes that are a success, 0 without any.
	OK []int
	// Hints explain codes.
	Hints map[int]string
	// Reboots are codes by which the tool asks for a reboot.
	Reboots []int
	// Keys are the provisioner's: those that repeat a run, and command_prefix.
	Keys config.Provisioner
	// Env is the command's environment.
	Env map[string]string
	// Start runs the tool elsewhere than in the runner; nil means the script there. second is true for the run that
	// shows idempotence.
	Start func(ctx context.Context, second bool, out runner.Output) (exitCode int, err error)
	// SecondVariable is set in the script's environment for the second run, which shows idempotence; empty for none.
	SecondVariable string

	// second marks the second run.
	second bool
}

// Run executes the script in the runner, again for the exit codes that kitchen.yml names in retry_on_exit_code, and for
// those of Reboots after a reboot, where the runner has an init. An exec
// that fails for another reason than its exit code is never repeated: the first may still be running.
func (j Job) Run(ctx context.Context, r runner.Run) (Summary, error) {
	read := Parser(silent{})
	if j.Parser != nil {
		read = j.Parser()
	}
	for try := 1; ; try++ {
		code, err := j.exec(ctx, r, read, try)
		if err != nil {
			return read.Summary(code), err
		}
		if slices.Contains(j.OK, code) || len(j.OK) == 0 && code == 0 {
			return read.Summary(code), nil
		}
		exit := &runner.ExitError{What: j.What, Code: code, Hint: j.Hints[code]}
		next := "trying"
		var reboot func(context.Context) error
		if slices.Contains(j.Reboots, code) {
			reboot = r.Reboots()
		}
		if reboot != nil {
			exit.Hint, next = "it asks for a reboot", "rebooting the runner and trying"
		}
		if try > j.Keys.MaxRetries || reboot == nil && !slices.Contains(j.Keys.RetryOnExitCode, code) {
			return read.Summary(code), exit
		}
		what, remedy, _ := strings.Cut(exit.Error(), "\n")
		fmt.Fprintf(r.Out.Stderr, "%s; %s again in %s (%d of %d)\n", what, next, j.Keys.WaitForRetry, try, j.Keys.MaxRetries)
		if remedy != "" {
			fmt.Fprintln(r.Out.Stderr, remedy)
		}
		if err := runner.Pause(ctx, j.Keys.WaitForRetry); err != nil {
			return read.Summary(code), errors.Join(exit, err)
		}
		if reboot != nil {
			if err := reboot(ctx); err != nil {
				return read.Summary(code), errors.Join(exit, err)
			}
		}
	}
}

// TryVariable tells the script which try it is, from the second one on.
const TryVariable = "GALLEY_TRY"

// exec runs the script once.
func (j Job) exec(ctx context.Context, r runner.Run, read Parser, try int) (int, error) {
	var mu sync.Mutex
	stdout, stderr := lineReader(r.Out.Stdout, &mu, read.Line), lineReader(r.Out.Stderr, &mu, read.Line)
	out := runner.Output{Stdout: stdout, Stderr: stderr}
	var code int
	var err error
	if j.Start != nil {
		code, err = j.Start(ctx, j.second, out)
	} else {
		env := maps.Clone(j.Env)
		if try > 1 {
			env[TryVariable] = strconv.Itoa(try)
		}
		if j.second && j.SecondVariable != "" {
			env[j.SecondVariable] = "1"
		}
		c := command(j.Keys, r.Sandbox, env)
		c.Stdout, c.Stderr = out.Stdout, out.Stderr
		code, err = r.Exec(ctx, c)
	}
	_, _ = stdout.Flush(), stderr.Flush() // what is shown, not what is decided
	return code, err
}

// Marker begins a line that a plugin of galley's in a tool prints for galley alone.
const Marker = "\x1egalley: "

// lineReader passes a stream on by lines, but for lines that begin with Marker, and calls each with every line of it,
// of a very long one with its beginning. Several may share one function or one writer: then they share mu too.
func lineReader(to io.Writer, mu *sync.Mutex, each func(line string)) *lines.Writer {
	var long, hidden bool // whether a line goes on, and is not shown
	pass := func(text, end string) error {
		mu.Lock() // for the writer too: two streams may go to one
		defer mu.Unlock()
		if !long {
			hidden = strings.HasPrefix(text, Marker)
			each(uncolored().ReplaceAllString(text, ""))
		}
		if long = end == ""; hidden {
			return nil
		}
		_, err := io.WriteString(to, text+end)
		return err
	}
	return &lines.Writer{Emit: func(text string) error { return pass(text, "\n") },
		Piece: func(text string) error { return pass(text, "") }}
}

// uncolored matches the colours of a terminal.
var uncolored = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]") })

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
