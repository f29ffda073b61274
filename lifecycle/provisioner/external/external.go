// Package external lets a program of this machine bring runners to their desired state, by the protocol for external
// providers of Test Kitchen 4.1: it is run as `COMMAND capabilities`, `COMMAND validate` and `COMMAND run`, gets JSON
// on its standard input, and answers with JSON, for run with an event on each line.
package external

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mattn/go-shellwords"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// answerTime is how long a provider may take to say what it can do, and whether the configuration is right. How long
// it may run is for the user to say.
const answerTime = time.Minute

// External runs the provider of an instance.
type External struct{ converge.Base }

// Tool is nil: the provider brings what it needs.
func (e External) Tool() *converge.Tool { return nil }

// Prepare only checks that there is a provider, and that it can be told its keys: nothing of the project is sent for
// it.
func (e External) Prepare(context.Context, sandbox.Dir) error {
	for _, p := range e.Provisioner.External.Config {
		if _, err := config.MarshalPlain(p.Value); err != nil {
			return fmt.Errorf("provisioner.%s, which the provider gets as JSON: %w\n"+
				"JSON has no .inf and no .nan: write a number or a text in their place", p.Key, err)
		}
	}
	_, err := e.argv()
	return err
}

// argv are the words of the command. A path is relative to the project.
func (e External) argv() ([]string, error) {
	argv, err := shellwords.Parse(e.Provisioner.Shell.Command)
	switch {
	case err != nil:
		return nil, fmt.Errorf("provisioner.command: %w", err)
	case len(argv) == 0:
		return nil, errors.New("the provisioner external runs a provider, and kitchen.yml names none\n" +
			"Write its command in provisioner.command")
	}
	if strings.ContainsAny(argv[0], `/\`) {
		argv[0] = e.Abs(argv[0])
	}
	return argv, nil
}

// provider is its name: that of its command, without what such commands begin with, unless kitchen.yml has one.
func (e External) provider(argv []string) string {
	if name := e.Provisioner.External.Provider; name != "" {
		return name
	}
	return strings.TrimPrefix(filepath.Base(argv[0]), "kitchen-provider-")
}

// Converge asks the provider what it can do and whether the configuration is right, and lets it run.
func (e External) Converge(ctx context.Context, r runner.Run) (converge.Summary, error) {
	argv, err := e.argv()
	if err != nil {
		return converge.Unknown(), err
	}
	_, secrets := e.passed()
	p := &program{External: e, argv: argv, name: e.provider(argv), at: r.Target, sandbox: r.Sandbox,
		secrets: mask.New(secrets...)}
	s, err := e.Run(ctx, converge.Job{What: "the provider " + p.name, Start: p.start}, r)
	if err == nil {
		s.Text = p.text
	}
	return s, p.secrets.Error(err)
}

// passed are the variables of pass_env that are set, and their values, which are secrets.
func (e External) passed() (names, values []string) {
	names = []string{}
	for _, name := range e.Provisioner.External.PassEnv {
		if v := e.Getenv(name); v != "" {
			names, values = append(names, name), append(values, v)
		}
	}
	return names, values
}

// program is the provider with the runner that it is for.
type program struct {
	External
	argv    []string
	name    string
	at      runner.Target
	sandbox sandbox.Dir
	out     runner.Output
	secrets *mask.Masker
	// text is what its last result said.
	text string
}

// start is one run of the provider, as converge.Job starts it.
func (p *program) start(ctx context.Context, _ bool, out runner.Output) (code int, err error) {
	p.out = out
	var c capabilities
	if err := p.ask(ctx, "capabilities", struct{}{}, &c); err != nil {
		return -1, err
	}
	if err := c.check(); err != nil {
		return -1, p.failed("capabilities", err)
	}
	var v validation
	if err := p.ask(ctx, "validate", p.request("validate"), &v); err != nil {
		return -1, err
	}
	for _, w := range v.Warnings {
		p.show("warn: " + w.Message)
	}
	if err := v.check(); err != nil {
		return -1, p.failed("validate", err)
	}
	return p.run(ctx)
}

// failed is an error of the provider in one of its operations.
func (p *program) failed(operation string, err error) error {
	return fmt.Errorf("the provider %s, %s: %w", p.name, operation, err)
}

func (p *program) show(text string) { fmt.Fprintln(p.out.Stdout, p.secrets.String(text)) }

// ask gets one document from the provider.
func (p *program) ask(ctx context.Context, operation string, given, answer any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTime, fmt.Errorf("it took longer than %s", answerTime))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	doc := &document{fail: fail}
	code, err := p.exec(ctx, operation, given, doc)
	if err == nil && code != 0 {
		err = &runner.ExitError{What: "it", Code: code, OnHost: true}
	}
	if err == nil {
		if err = json.Unmarshal(doc.text, answer); err != nil {
			err = fmt.Errorf("its answer is not as the protocol has it: %w", err)
		}
	}
	if err != nil {
		return p.failed(operation, err)
	}
	return nil
}

// run lets the provider do its work.
func (p *program) run(ctx context.Context) (code int, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	read := &events{show: p.show, fail: fail, debug: p.Debug}
	w := read.writer()
	code, err = p.exec(ctx, "run", p.request("run"), w)
	if err == nil {
		err = w.Flush()
	}
	switch {
	case err != nil:
		return -1, p.failed("run", err)
	case code != 0:
		return code, nil
	case read.result == nil:
		return -1, p.failed("run", errors.New("it ended without a result"))
	}
	p.text = p.secrets.String(read.result.Message)
	if read.result.Status == "failed" {
		if p.text == "" {
			p.text = "it reported a failure, and did not say which"
		}
		return -1, p.failed("run", errors.New(p.text))
	}
	if read.result.Status == "skipped" && p.text == "" {
		p.text = "skipped by the provider " + p.name
	}
	if p.text != "" {
		p.show(p.text)
	}
	return 0, p.keepState(read.result.State.Provider)
}

// exec runs an operation of the provider.
func (p *program) exec(ctx context.Context, operation string, given any, stdout io.Writer) (int, error) {
	text, err := json.Marshal(given)
	if err != nil {
		return -1, err
	}
	stderr := p.secrets.Writer(p.out.Stderr)
	code, err := hostexec.Run(ctx, hostexec.Command{Argv: append(p.argv[:len(p.argv):len(p.argv)], operation),
		Dir: p.Root, Env: p.EnvironWith(p.at.ClientEnv, p.Env()), Stdin: strings.NewReader(string(text)),
		Stdout: stdout, Stderr: stderr})
	return code, errors.Join(err, stderr.Close())
}

// request is what validate and run are given: what the provider is told of the instance. No secret is in it, but for
// what kitchen.yml itself has among the provider's keys.
func (p *program) request(operation string) any {
	type object map[string]any
	component := func(name string) object { return object{"name": name, "config": object{}, "state": object{}} }
	k, d := p.Provisioner, p.Driver
	passed, _ := p.passed()
	var user *string
	if d.User != "" {
		user = &d.User
	}
	return object{
		"protocol_version": version,
		"operation":        operation,
		"kitchen":          object{"version": p.Version, "root_path": p.Root},
		"instance":         object{"name": p.Name},
		"suite":            object{"name": p.Suite},
		"platform":         object{"name": p.Platform, "os_type": p.OSType, "shell_type": p.ShellType},
		"components": object{
			"driver":   component(d.Name),
			"verifier": component(p.Verifier.Name),
			"transport": object{"name": transport, "type": transport,
				"target": object{"kind": "container", "container_id": p.at.ContainerID, "image": d.Image, "platform": p.Platform},
				"config": object{"executable": p.at.Engine, "shell": "/bin/sh", "user": user}},
			"provisioner": object{"name": "external", "provider": p.name, "command": k.Shell.Command,
				"config": k.External.Config},
		},
		"executor": object{"model": "exec", "command": k.Shell.Command, "input": "stdin", "request_file_argument": nil,
			"event_stream": "ndjson"},
		"environment": object{"passed": passed, "user_allowed": append([]string{}, k.External.PassEnv...),
			"kitchen_reserved": []string{}},
		"state": object{"provider": p.readState()},
	}
}

// kept is what a provider wants to find again at its next run in the same runner.
type kept struct {
	Runner, Provider string
	State            json.RawMessage
}

// stateFile is beside the sandbox, where the runner does not see it; destroy removes it.
func (p *program) stateFile() string {
	return filepath.Join(filepath.Dir(p.sandbox.Local), "provider.json")
}

// readState is what the provider left in this runner, or an empty object.
func (p *program) readState() json.RawMessage {
	var k kept
	data, err := os.ReadFile(p.stateFile())
	if err != nil || json.Unmarshal(data, &k) != nil || k.Runner != p.at.ContainerID || k.Provider != p.name {
		return json.RawMessage("{}")
	}
	return k.State
}

func (p *program) keepState(state json.RawMessage) error {
	if len(state) == 0 {
		return nil
	}
	if len(state) > maxState {
		return p.failed("run", fmt.Errorf("its state has %d bytes, and at most %d are kept", len(state), maxState))
	}
	data, err := json.Marshal(kept{p.at.ContainerID, p.name, state})
	if err != nil {
		return err
	}
	return sandbox.WriteFile(p.stateFile(), data, 0o600)
}
