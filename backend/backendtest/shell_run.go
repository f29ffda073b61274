package backendtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/backend"
)

// died is the cause of a process's end by a signal.
type died struct{ signal int }

func (d died) Error() string { return fmt.Sprintf("killed by signal %d", d.signal) }

// exited is how `exit` leaves the script.
type exited struct{ code int }

func (e exited) Error() string { return fmt.Sprintf("exit %d", e.code) }

// Signals that the fake itself sends.
const (
	sigKill = 9
	sigTerm = 15
)

// process is a command in a fake container.
type process struct {
	pid  int
	argv []string
	// main is PID 1, which signals without a trap do not end.
	main           bool
	box            *box
	env            map[string]string
	cwd            string
	uid, gid       int
	groups         []int
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       *terminal
	// ctx ends when the process is killed; its cause is a died.
	ctx context.Context
	end context.CancelCauseFunc

	traps      *traps
	background *sync.WaitGroup
	lastCode   int
	arguments  []string // $0, $1 …
	stopOnFail bool     // sh -e
}

// traps are the actions that a shell has set for signals.
type traps struct {
	mu      sync.Mutex
	actions map[int]string
	pending chan int
}

func newTraps() *traps { return &traps{actions: map[int]string{}, pending: make(chan int, 16)} }

// terminal is what a command with a Tty has.
type terminal struct {
	mu   sync.Mutex
	size backend.TerminalSize
}

func (t *terminal) resize(size backend.TerminalSize) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.size = size
}

func (t *terminal) get() backend.TerminalSize {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.size
}

// signal sends a signal. It returns whether the process will take notice.
func (p *process) signal(number int) bool {
	p.traps.mu.Lock()
	action, trapped := p.traps.actions[number]
	p.traps.mu.Unlock()
	switch {
	case number == sigKill || (!trapped && !p.main):
		p.end(died{number})
	case trapped && action != "":
		select {
		case p.traps.pending <- number:
		default: // as many are waiting already as anyone could tell apart
		}
	default:
		return false
	}
	return true
}

// atEnd runs something when the process is killed, and returns what calls that off.
func (p *process) atEnd(do func(cause error)) (callOff func() bool) {
	return context.AfterFunc(p.ctx, func() { do(context.Cause(p.ctx)) })
}

// run runs the process's argv to its end and returns the exit code.
func (p *process) run() int {
	code, err := p.call(p.argv)
	if action := p.traps.action(0); action != "" {
		if _, trapErr := p.script(action); errors.As(trapErr, new(exited)) {
			err = trapErr
		}
	}
	return exitCode(p.ctx, code, err)
}

// action returns what a shell does on a signal; 0 stands for its end.
func (t *traps) action(number int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.actions[number]
}

// exitCode makes an exit code of what ended a command.
func exitCode(ctx context.Context, code int, err error) int {
	var byExit exited
	var bySignal died
	switch {
	case errors.As(err, &byExit):
		return byExit.code
	case errors.As(context.Cause(ctx), &bySignal):
		return 128 + bySignal.signal
	}
	return code
}

// find returns the program that argv[0] names, or the exit code of not finding it.
func (p *process) find(name string) (program, []string, int) {
	candidates := []string{name}
	if !strings.Contains(name, "/") {
		candidates = nil
		for _, dir := range strings.Split(p.env["PATH"], ":") {
			candidates = append(candidates, path.Join("/", dir, name))
		}
	}
	for _, c := range candidates {
		f, err := p.box.files.stat(p.abs(c), true)
		if err != nil {
			continue
		}
		if f.mode.IsDir() || f.mode.Perm()&0o111 == 0 {
			return nil, nil, 126
		}
		if prog, ok := programs()[path.Base(c)]; ok && string(f.data) == appletContent {
			return prog, nil, 0
		}
		if strings.HasPrefix(string(f.data), "#!/bin/sh") {
			return runSh, []string{"sh", c}, 0
		}
		return nil, nil, 126
	}
	return nil, nil, 127
}

// call runs a command that is not a shell's own.
func (p *process) call(argv []string) (int, error) {
	prog, prefix, code := p.find(argv[0])
	if prog == nil {
		p.complain("%s: %s", argv[0], map[int]string{126: "permission denied", 127: "not found"}[code])
		return code, nil
	}
	if prefix != nil {
		argv = append(prefix, argv[1:]...)
	}
	return prog(p, argv)
}

// complain prints to standard error. That its reader is gone changes nothing.
func (p *process) complain(format string, args ...any) int {
	fmt.Fprintf(p.stderr, format+"\n", args...)
	return 1
}

func (p *process) abs(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(p.cwd, name)
}

// child returns a copy that can be changed without changing p.
func (p *process) child() *process {
	c := *p
	c.env = maps.Clone(p.env)
	return &c
}

// script runs a shell script in this process.
func (p *process) script(text string) (int, error) {
	list, err := parseShell(text)
	if err != nil {
		p.complain("sh: %v", err)
		return 2, nil
	}
	return p.list(list)
}

func (p *process) list(list shList) (code int, err error) {
	before := ";"
	for _, item := range list {
		skip := (before == "&&" && p.lastCode != 0) || (before == "||" && p.lastCode == 0)
		before = item.after
		if skip {
			continue
		}
		if item.after == "&" {
			p.start(item.command)
			continue
		}
		if p.lastCode, err = p.command(item.command); err != nil {
			return p.lastCode, err
		}
		if err := p.handleSignals(); err != nil {
			return p.lastCode, err
		}
		if p.stopOnFail && p.lastCode != 0 && item.after == ";" {
			return p.lastCode, exited{p.lastCode}
		}
	}
	return p.lastCode, nil
}

// start runs a command in the background.
func (p *process) start(c shCommand) {
	child := p.child()
	child.background = &sync.WaitGroup{}
	child.traps = newTraps()
	p.background.Add(1)
	go func() {
		defer p.background.Done()
		// Its exit code is nobody's, as in a shell whose `wait` has no argument.
		_, _ = child.command(c)
	}()
	p.lastCode = 0
}

// handleSignals ends a killed process, and runs the traps of pending signals.
func (p *process) handleSignals() error {
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	select {
	case number := <-p.traps.pending:
		return p.trapped(number)
	default:
		return nil
	}
}

func (p *process) trapped(number int) error {
	_, err := p.script(p.traps.action(number))
	return err
}

// pause blocks until finished is closed, or a signal comes. It is all the time that
// there is: nothing in the fake waits for a clock.
func (p *process) pause(finished <-chan struct{}) (int, error) {
	select {
	case <-finished:
		return 0, nil
	case <-p.ctx.Done():
		return 0, context.Cause(p.ctx)
	case number := <-p.traps.pending:
		return 128 + number, p.trapped(number)
	}
}

func (p *process) command(c shCommand) (code int, err error) {
	child, closeAll, err := p.redirected(c.redirs)
	if err != nil {
		return p.fail("sh: %v", err)
	}
	switch c.loop {
	case "":
		code, err = child.simple(c.words)
	case "if":
		code, err = child.condition(c.condition)
		switch {
		case err != nil:
		case code == 0:
			code, err = child.list(c.body)
		case c.otherwise != nil:
			code, err = child.list(c.otherwise)
		default:
			code = 0
		}
	default:
		for err == nil {
			var met int
			if met, err = child.condition(c.condition); err != nil || (met == 0) != (c.loop == "while") {
				break
			}
			code, err = child.list(c.body)
		}
	}
	p.cwd, p.env = child.cwd, child.env
	if closeErr := closeAll(); err == nil && closeErr != nil {
		return p.fail("sh: %v", closeErr)
	}
	if c.not {
		code = map[bool]int{true: 1, false: 0}[code == 0]
	}
	return code, err
}

// condition runs a list whose failure does not end the script.
func (p *process) condition(list shList) (int, error) {
	stop := p.stopOnFail
	p.stopOnFail = false
	defer func() { p.stopOnFail = stop }()
	return p.list(list)
}

// redirected returns the process as a command with redirections sees it, and what
// writes the files when the command has ended.
func (p *process) redirected(redirs []shRedir) (*process, func() error, error) {
	if len(redirs) == 0 {
		return p, func() error { return nil }, nil
	}
	c := *p
	var writers []*fileWriter
	for _, r := range redirs {
		target, _ := p.expand(r.target)
		name := p.abs(target)
		streams := map[int]*io.Writer{1: &c.stdout, 2: &c.stderr}
		switch r.op {
		case "<":
			data, err := p.box.files.read(name)
			if err != nil {
				return nil, nil, err
			}
			c.stdin = strings.NewReader(string(data))
		case ">&":
			from := map[string]io.Writer{"1": c.stdout, "2": c.stderr}[target]
			if from == nil || streams[r.fd] == nil {
				return nil, nil, fmt.Errorf("the fake's shell has no %d>&%s", r.fd, target)
			}
			*streams[r.fd] = from
		default:
			if streams[r.fd] == nil {
				return nil, nil, fmt.Errorf("the fake's shell has no descriptor %d", r.fd)
			}
			w := &fileWriter{p: p, name: name}
			if err := w.open(r.op == ">>"); err != nil {
				return nil, nil, err
			}
			writers = append(writers, w)
			*streams[r.fd] = w
		}
	}
	return &c, func() error {
		for _, w := range writers {
			if err := w.flush(); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// fileWriter collects what a command prints into a file.
type fileWriter struct {
	p    *process
	name string
	buf  strings.Builder
}

func (w *fileWriter) open(add bool) error {
	return w.p.box.files.write(w.name, nil, add, w.p.newFile(""))
}

func (w *fileWriter) Write(b []byte) (int, error) { return w.buf.Write(b) }

func (w *fileWriter) flush() error {
	if w.buf.Len() == 0 {
		return nil
	}
	return w.p.box.files.write(w.name, []byte(w.buf.String()), true, w.p.newFile(""))
}

// newFile returns a file that belongs to the process's user.
func (p *process) newFile(content string) file {
	f := regular(content)
	f.uid, f.gid = p.uid, p.gid
	return f
}

// simple runs a command of words: assignments, then a builtin or a program.
func (p *process) simple(words []shWord) (int, error) {
	var argv []string
	assigned := map[string]string{}
	for _, w := range words {
		text, keep := p.expand(w)
		if name, value, ok := strings.Cut(text, "="); ok && len(argv) == 0 && isShellName(name) {
			assigned[name] = value
		} else if keep {
			argv = append(argv, text)
		}
	}
	if len(argv) == 0 {
		maps.Copy(p.env, assigned)
		return 0, nil
	}
	if builtin, ok := builtins()[argv[0]]; ok {
		return builtin(p, argv)
	}
	c := p.child()
	maps.Copy(c.env, assigned)
	code, err := c.call(argv)
	var byExit exited
	if errors.As(err, &byExit) {
		return byExit.code, nil
	}
	return code, err
}

// expand returns a word's text, and whether it stays when it is empty.
func (p *process) expand(w shWord) (text string, keep bool) {
	for _, part := range w {
		keep = keep || part.quoted
		if part.variable == "" {
			text += part.text
			continue
		}
		value, ok := p.variable(part.variable)
		if !ok || (value == "" && part.whenEmpty) {
			value = part.fallback
		}
		text += value
	}
	return text, keep || text != ""
}

func (p *process) variable(name string) (string, bool) {
	switch name {
	case "$":
		return strconv.Itoa(p.pid), true
	case "?":
		return strconv.Itoa(p.lastCode), true
	case "#":
		return strconv.Itoa(max(0, len(p.arguments)-1)), true
	case "@":
		return strings.Join(p.arguments[min(1, len(p.arguments)):], " "), true
	}
	if n, err := strconv.Atoi(name); err == nil {
		if n < len(p.arguments) {
			return p.arguments[n], true
		}
		return "", false
	}
	value, ok := p.env[name]
	return value, ok
}

// runSh is the program sh: with -c, with a file, or with a script on its input.
func runSh(p *process, argv []string) (int, error) {
	args := argv[1:]
	inline := false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		inline = inline || strings.Contains(args[0], "c")
		p.stopOnFail = p.stopOnFail || strings.Contains(args[0], "e")
		args = args[1:]
	}
	switch {
	case inline && len(args) > 0:
		p.arguments = args[1:]
		return p.script(args[0])
	case len(args) > 0:
		text, err := p.box.files.read(p.abs(args[0]))
		if err != nil {
			p.complain("sh: %v", err)
			return 127, nil
		}
		p.arguments = args
		return p.script(string(text))
	}
	lines := bufio.NewScanner(p.stdin)
	code := 0
	for lines.Scan() {
		var err error
		if code, err = p.script(lines.Text()); err != nil {
			return code, err
		}
	}
	return code, p.handleSignals()
}
