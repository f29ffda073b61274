// Package service is how the containers beside a runner, and a runner, are seen to be ready.
package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// Container is a started container that is waited for.
type Container struct {
	Engine backend.Containers
	ID     string
	// What is how errors call it, as "the service db".
	What  string
	Ready config.Ready
	// HealthCheck is the test of its image's HEALTHCHECK.
	HealthCheck []string
	// Printed is how many lines that Ready.Log matches it had printed before it was started; see Count.
	Printed int
}

// stayTime is how long a container of which nothing is known has to go on for before it is believed to stay.
const stayTime = 500 * time.Millisecond

// noticeTime is how long an engine may take to notice the end of a container.
const noticeTime = 2 * time.Second

// logTail is how many of its last lines are shown of a container that ended or is not ready.
const logTail = 20

// endedError says that a container has ended.
type endedError struct{ code int }

func (e *endedError) Error() string { return fmt.Sprintf("ended with code %d", e.code) }

// errLate is the end of the time in which a container had to be ready.
var errLate = errors.New("it took too long")

// Await returns when the container is ready. One that ends before, or is not ready in time, is an error with its last
// lines.
func (c Container) Await(ctx context.Context) error {
	limited, cancel := context.WithTimeoutCause(ctx, c.Ready.Timeout, errLate)
	defer cancel()
	alive, end := context.WithCancelCause(limited)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		// What keeps it from being watched keeps the checks from going well, too.
		if code, err := c.Engine.WaitContainer(alive, c.ID); err == nil {
			end(&endedError{code})
		}
	}()
	last, err := c.check(alive, watched)
	if err == nil {
		err = context.Cause(alive) // it may have ended after the last check
	}
	end(nil)
	<-watched
	var ended *endedError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(context.Cause(alive), &ended):
		return fmt.Errorf("%s %w before it was ready\n%s", c.What, ended, c.lastWords(ctx))
	case errors.Is(context.Cause(alive), errLate):
		return fmt.Errorf("%s was not ready within %s: %s\n%s", c.What, c.Ready.Timeout, last, c.lastWords(ctx))
	}
	return fmt.Errorf("%s is not known to be ready: %w", c.What, err)
}

// check returns when all checks have gone well once. last is what the last one that did not had to say.
func (c Container) check(ctx context.Context, ended <-chan struct{}) (last string, err error) {
	checks, err := commands(c.Ready, c.HealthCheck)
	if err != nil {
		return "", err
	}
	if c.Ready.Log != "" {
		if err := c.awaitLog(ctx, ended); err != nil {
			return fmt.Sprintf("no line matches %q", c.Ready.Log), err
		}
	} else if len(checks) == 0 {
		return "", c.stays(ctx, ended)
	}
	for _, one := range checks {
		if last, err := c.poll(ctx, one, ended); err != nil {
			return one.what + ": " + last, err
		}
	}
	return "", nil
}

// stays returns when the container has gone on for a while. A busy engine may not have noticed its end by then: a
// command in it tells, where its image has one.
func (c Container) stays(ctx context.Context, ended <-chan struct{}) error {
	if err := runner.Pause(ctx, min(stayTime, c.Ready.Timeout/2)); err != nil {
		return err
	}
	code, err := c.Engine.Exec(ctx, c.ID, backend.ExecSpec{Command: []string{"true"}})
	switch {
	case err != nil:
		return awaitEnd(ctx, ended, err)
	case code == 0:
		return nil
	}
	return runner.Pause(ctx, min(noticeTime, c.Ready.Timeout/2))
}

// poll runs a command in the container until it exits with 0. The container itself repeats it, as far as it has a
// shell: on Podman each command that is run in a container leaves a process for minutes.
func (c Container) poll(ctx context.Context, one command, ended <-chan struct{}) (last string, err error) {
	repeated, printed := true, ""
	said := &lines.Writer{Emit: func(line string) error {
		printed = line
		return nil
	}}
	for {
		argv := one.argv
		if repeated {
			argv = script(repeat, append([]string{fmt.Sprint(c.Ready.Interval.Seconds())}, argv...)...)
		}
		code, err := c.Engine.Exec(ctx, c.ID, backend.ExecSpec{Command: argv, Stdout: said, Stderr: said})
		err = errors.Join(err, said.Flush())
		if repeated {
			last = printed
		}
		switch {
		case err != nil:
			return last, awaitEnd(ctx, ended, err)
		case code == 0:
			return "", nil
		case one.script && (code == 126 || code == 127):
			return "", awaitEnd(ctx, ended, fmt.Errorf("its image has no shell that galley could ask for %s\n"+
				"Use ready.log, or ready.exec with a program of the image", one.what))
		case one.script && code == noClient:
			return "", fmt.Errorf("its image has no program that could ask for %s\n"+
				"Use ready.port or ready.log, or an image with curl", one.what)
		case repeated:
			repeated = false
			continue
		}
		last = strings.TrimSpace(fmt.Sprintf("exit code %d %s", code, backend.PlainReason(printed)))
		if err := runner.Pause(ctx, c.Ready.Interval); err != nil {
			return last, err
		}
	}
}

// awaitEnd waits for the word that a container has ended in which nothing can be run. Should it not come, err is the
// error.
func awaitEnd(ctx context.Context, ended <-chan struct{}, err error) error {
	soon, cancel := context.WithTimeout(ctx, noticeTime)
	defer cancel()
	select {
	case <-ended:
	case <-soon.Done():
	}
	return err
}

// awaitLog follows the log until a line matches that was printed since the container was started.
func (c Container) awaitLog(ctx context.Context, ended <-chan struct{}) error {
	follow, stop := context.WithCancel(ctx)
	defer stop()
	seen, err := c.log(follow, true, func(matches int) {
		if matches > c.Printed {
			stop()
		}
	})
	switch {
	case seen > c.Printed:
		return nil
	case err != nil:
		return err
	}
	return awaitEnd(ctx, ended, errors.New("its log ended"))
}

// Count counts the lines of a container's log that Ready.Log matches.
func (c Container) Count(ctx context.Context) (int, error) {
	if c.Ready.Log == "" {
		return 0, nil
	}
	return c.log(ctx, false, func(int) {})
}

// log reads a container's log and returns how many lines matched; it tells of each.
func (c Container) log(ctx context.Context, follow bool, tell func(matches int)) (int, error) {
	line, err := regexp.Compile(c.Ready.Log)
	if err != nil {
		return 0, err
	}
	var seen atomic.Int64
	emit := func(text string) error {
		if line.MatchString(text) {
			tell(int(seen.Add(1)))
		}
		return nil
	}
	out, errOut := &lines.Writer{Emit: emit}, &lines.Writer{Emit: emit}
	err = c.Engine.ContainerLogs(ctx, c.ID, backend.LogOptions{Stdout: out, Stderr: errOut, Follow: follow})
	err = errors.Join(err, out.Flush(), errOut.Flush())
	return int(seen.Load()), err
}

// lastWords are what the container printed last.
func (c Container) lastWords(ctx context.Context) string {
	var log bytes.Buffer
	err := c.Engine.ContainerLogs(ctx, c.ID, backend.LogOptions{Stdout: &log, Stderr: &log, Tail: logTail})
	words := strings.TrimSpace(log.String())
	switch {
	case err != nil:
		return fmt.Sprintf("What it printed cannot be read: %v", err)
	case words == "":
		return "It printed nothing"
	}
	return "It printed:\n" + backend.PlainReason(words)
}

// command is what has to exit with 0 in a container.
type command struct {
	what string
	argv []string
	// script marks galley's own, which need a shell.
	script bool
}

// commands are the checks that a command in the container makes, those that are settled first before others.
func commands(r config.Ready, healthCheck []string) ([]command, error) {
	var list []command
	if r.File != "" {
		list = append(list, command{"the file " + r.File, script(`test -e "$1"`, r.File), true})
	}
	if r.Port != 0 {
		list = append(list, command{fmt.Sprintf("port %d", r.Port), script(askPort, fmt.Sprintf(":%04X", r.Port)), true})
	}
	if r.HTTP != "" {
		u, err := url.Parse(r.HTTP)
		if err != nil {
			return nil, err
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		list = append(list, command{r.HTTP, script(askHTTP, r.HTTP, u.Hostname(), port, u.RequestURI(), u.Scheme), true})
	}
	if len(r.Exec) > 0 {
		list = append(list, command{what: "ready.exec", argv: r.Exec})
	}
	test := healthTest(healthCheck)
	switch {
	case r.HealthCheck == nil && r.HasCheck(), r.HealthCheck != nil && !*r.HealthCheck:
	case len(test) > 0:
		list = append(list, command{what: "the HEALTHCHECK of its image", argv: test})
	case r.HealthCheck != nil:
		return nil, errors.New("its image has no HEALTHCHECK, and ready.healthcheck asks for it\n" +
			"Leave that out, and use another check such as ready.port")
	}
	return list, nil
}

// healthTest is the argv of an image's test, nil for none.
func healthTest(test []string) []string {
	switch {
	case len(test) < 2:
		return nil
	case test[0] == "CMD":
		return test[1:]
	case test[0] == "CMD-SHELL":
		return []string{"/bin/sh", "-c", test[1]}
	}
	return nil
}

// script is a command that runs shell lines with arguments.
func script(text string, args ...string) []string {
	return append([]string{"sh", "-c", text, "galley"}, args...)
}

// repeat runs a command until it exits with 0, with a time in seconds between. It gives up where it cannot go on:
// without sleep(1), or when askHTTP does.
const repeat = `i=$1; shift
until said=$("$@" 2>&1); do
  code=$?
  [ $code != 125 ] || exit 125
  echo "exit code $code $said"
  sleep "$i" 2>/dev/null || sleep 1 || exit 1
done`

// askPort exits with 0 when something listens on a port, in the form of /proc/net/tcp, on more than localhost. It needs
// nothing but a shell.
const askPort = `for f in /proc/net/tcp /proc/net/tcp6; do
  [ -r $f ] || continue
  while read -r _ at _ state _; do
    case "$state $at" in
    "0A "??????7F"$1"|"0A 00000000000000000000000001000000$1") ;;
    "0A "*"$1") exit 0;;
    esac
  done <$f
done
echo nothing listens there
exit 1`

// noClient is the exit code of askHTTP where there is nothing that could ask.
const noClient = 125

// askHTTP exits with 0 when a URL answers with a status from 200 to 399. Its arguments are the URL, and of that the
// host, the port, the path and the scheme.
const askHTTP = `has() { command -v $1 >/dev/null 2>&1; }
status() { echo "status ${1:-unknown: no answer}"; case $1 in 2??|3??) exit 0;; esac; exit 1; }
request() { printf 'GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n' "$1" "$2"; }
if has curl; then
  status "$(curl -gsk -o /dev/null -m 5 -w '%{http_code}' "$1")"
elif has bash && [ $5 = http ]; then
  status "$(request "$4" "$2" |
    bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat >&3 && read -r -t 5 _ code _ <&3 && echo "$code"' "$2" "$3" 2>/dev/null)"
elif has nc && [ $5 = http ]; then
  status "$(request "$4" "$2" | nc -w 5 "$2" "$3" 2>/dev/null | { read -r _ code _; echo "$code"; })"
elif has wget; then
  wget -q -O /dev/null -T 5 --no-check-certificate "$1" && exit 0
  exit 1
fi
exit 125`
