// Package runner is an instance's container as provisioners and verifiers see it.
package runner

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Runner runs commands in one instance's container, in the same way on a local and on a remote engine.
type Runner interface {
	// Exec runs a command and returns its exit code once all of its output has
	// been delivered. A command that cannot be started has code 126 or 127.
	Exec(ctx context.Context, c Command) (exitCode int, err error)
	// Sync makes what the sandbox holds on this machine visible in the container. It
	// must be called after the sandbox changed and before Exec uses it.
	Sync(ctx context.Context) error
	// Download copies a file or directory of the container to this machine.
	Download(ctx context.Context, from, to string) error
	// Reboots returns what stops the runner, starts it again and waits until it has booted, nil where there is no init
	// that would start its services again.
	Reboots() func(context.Context) error
}

// Command is what to run.
type Command struct {
	// Argv is the program and its arguments; no shell is involved.
	Argv []string
	Env  map[string]string
	User string
	// WorkDir is a directory in the container, or empty for its own.
	WorkDir        string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Shell is the argv that runs a line in the container's shell.
func Shell(line string) []string { return []string{"sh", "-c", line} }

// Output is where a provisioner's or verifier's commands print to.
type Output struct {
	Stdout, Stderr io.Writer
	// Case takes the test cases that a verifier knows of before all have ended. It is nil where no caller wants them.
	Case func(result.TestCase)
}

// Target is what a program of this machine needs to know of a runner and its engine.
type Target struct {
	ContainerID, ContainerName, Hostname string
	// Image is the ID of the image that the runner was made from.
	Image string
	// Engine is the kind of its engine, which is the name of its client, and Endpoint the engine's address.
	Engine, Endpoint string
	// ClientEnv are the variables by which other programs reach that engine.
	ClientEnv map[string]string
}

// Run is one run of a provisioner or a verifier: a runner with its sandbox.
type Run struct {
	Runner
	Target  Target
	Sandbox sandbox.Dir
	Out     Output
}

// ExitError says that a command in a runner ended with another code than 0.
type ExitError struct {
	// What is the command in words: "chef-client", "the verifier's command".
	What string
	Code int
	// Hint explains the code, or is empty.
	Hint string
	// OnHost is set when it ran on this machine and not in the runner.
	OnHost bool
}

// Within ends a context when a line of kitchen.yml has run in the runner for longer than a limit, and its cause says
// so. A limit of 0 is none.
func Within(ctx context.Context, limit time.Duration, line string) (context.Context, context.CancelFunc) {
	if limit == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("run %q in the runner: it took longer than %s", line, limit))
}

// Pause waits, unless ctx ends first.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Succeeded is the error of a command in a runner, what in words: err, or an *ExitError when its code is not 0.
func Succeeded(what string, code int, err error) error {
	if err == nil && code != 0 {
		return &ExitError{What: what, Code: code}
	}
	return err
}

// Error says what ended with which code, and what that means.
func (e *ExitError) Error() string {
	msg := fmt.Sprintf("%s exited with code %d", e.What, e.Code)
	where := "in the runner"
	if e.OnHost {
		where = "on this machine"
	}
	switch {
	case e.Hint != "":
		msg += ": " + e.Hint
	case e.Code == 126:
		msg += ": it, its interpreter, or a command in it cannot be executed " + where
	case e.Code == 127:
		msg += ": it, its interpreter, or a command in it was not found " + where
	case e.Code > 128 && e.Code < 160:
		msg += fmt.Sprintf(": killed by signal %d", e.Code-128)
	}
	return msg
}

// Words are those of a command line that is being put together.
type Words []string

// Add adds words.
func (w *Words) Add(words ...string) { *w = append(*w, words...) }

// If adds words where something is set.
func (w *Words) If(set bool, words ...string) {
	if set {
		w.Add(words...)
	}
}

// Quote makes one word of a POSIX shell's line of any text.
func Quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// QuoteAll makes words of texts, with blanks between.
func QuoteAll(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}

// QuotePattern quotes a path for a shell but leaves its stars to it.
func QuotePattern(pattern string) string {
	pieces := strings.Split(pattern, "*")
	for i, p := range pieces {
		if p != "" {
			pieces[i] = Quote(p)
		}
	}
	return strings.Join(pieces, "*")
}

// tkEnvPrefix marks variables of galley's environment that are handed on to commands in runners, without the prefix.
const tkEnvPrefix = "TKENV_"

// KitchenEnv is what every command in a runner finds in its environment, as Test Kitchen has it: TEST_KITCHEN, CI,
// CHEF_LICENSE, the proxies in both cases, and the TKENV_ variables. environ are the variables of galley's own
// environment as KEY=VALUE pairs; a proxy that is not set is taken from there. more comes over all.
func KitchenEnv(environ []string, proxy config.Proxy, more map[string]string) map[string]string {
	own := make(map[string]string, len(environ))
	env := map[string]string{"TEST_KITCHEN": "1"}
	for _, kv := range environ {
		k, v, _ := strings.Cut(kv, "=")
		own[k] = v
		if name, ok := strings.CutPrefix(k, tkEnvPrefix); ok && name != "" {
			env[name] = v
		}
	}
	for _, name := range []string{"CI", "CHEF_LICENSE"} {
		if v := own[name]; v != "" {
			env[name] = v
		}
	}
	for name, value := range map[string]string{
		"http_proxy": proxy.HTTP, "https_proxy": proxy.HTTPS, "ftp_proxy": proxy.FTP, "no_proxy": proxy.No,
	} {
		upper := strings.ToUpper(name)
		if value = cmp.Or(value, own[upper], own[name]); value != "" {
			env[name], env[upper] = value, value
		}
	}
	maps.Copy(env, more)
	return env
}
