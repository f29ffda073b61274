package backendtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/backend"
)

// box is a container of the fake.
type box struct {
	fake      *Fake
	id, name  string
	imageID   string
	imageUser string
	spec      backend.ContainerSpec
	argv      []string
	env       map[string]string
	workDir   string
	stop      int // the stop signal's number
	ports     []backend.PortMapping
	address   string
	files     view
	log       *boxLog

	// mu guards what follows.
	mu       sync.Mutex
	state    backend.State
	exitCode int
	lastPID  int
	running  map[int]*process
	// over is closed when PID 1 has ended; a new one is made by each start.
	over chan struct{}
}

// describe returns what InspectContainer tells.
func (c *box) describe() backend.Container {
	c.mu.Lock()
	defer c.mu.Unlock()
	got := backend.Container{
		ID: c.id, Name: c.name, ImageID: c.imageID, State: c.state,
		Labels: maps.Clone(c.spec.Labels), Ports: slices.Clone(c.ports), IPAddress: c.address, Volumes: c.volumeNames(),
	}
	if c.state == backend.StateExited {
		got.ExitCode = c.exitCode
	}
	if c.state != backend.StateRunning {
		got.Ports, got.IPAddress = nil, ""
	}
	return got
}

func (c *box) volumeNames() []string {
	var names []string
	for _, m := range c.files.mounts {
		if m.volume != "" {
			names = append(names, m.volume)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *box) hostname() string {
	if c.spec.Hostname != "" {
		return c.spec.Hostname
	}
	return c.id[:min(12, len(c.id))]
}

// mountSystem mounts /proc, /sys and /dev, as far as the fake has something there.
func (c *box) mountSystem() {
	proc, sys, dev := newMemFS(), newMemFS(), newMemFS()
	c.files.mount(mountPoint{target: "/proc", source: proc, kind: "proc"})
	c.files.mount(mountPoint{target: "/sys", source: sys, kind: "sysfs"})
	c.files.mount(mountPoint{target: "/dev", source: dev, kind: "tmpfs"})
	dev.add("/null", device(func() []byte { return nil }, func([]byte) {}))
	proc.add("/sys/kernel/random/uuid", device(func() []byte { return []byte(rand.Text() + "\n") }, nil))
	proc.add("/sys/kernel/domainname", regular(c.spec.Domainname+"\n"))
	proc.add("/self/uid_map", regular("0 0 4294967295\n"))
	proc.add("/mounts", device(func() []byte { return []byte(c.mountTable()) }, nil))
	init := "sh"
	if len(c.argv) > 0 {
		init = path.Base(c.argv[0])
	}
	if c.spec.Init == backend.InitReaper {
		init = "fake-init"
	}
	proc.add("/1/comm", regular(init+"\n"))
	if c.log != nil {
		proc.add("/1/fd/1", device(nil, func(b []byte) { c.log.add(1, b) }))
		proc.add("/1/fd/2", device(nil, func(b []byte) { c.log.add(2, b) }))
	}
	input := "/dev/null"
	if c.spec.Tty {
		input = "/dev/pts/0"
	}
	proc.add("/1/fd/0", symlink(input))
	sys.add("/class/net/lo", directory())
	if c.spec.Network.Mode != backend.NetworkNone {
		sys.add("/class/net/eth0", directory())
	}
}

func (c *box) mountTable() string {
	var table strings.Builder
	for _, m := range c.files.mounts {
		kind, access := m.kind, "rw"
		if kind == "" {
			kind = "overlay"
		}
		if m.readOnly {
			access = "ro"
		}
		fmt.Fprintf(&table, "%s %s %s %s%s 0 0\n", kind, m.target, kind, access, m.options)
	}
	return table.String()
}

// processTable is what ps prints.
func (c *box) processTable() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := []string{"PID   USER     COMMAND"}
	for _, pid := range slices.Sorted(maps.Keys(c.running)) {
		p := c.running[pid]
		lines = append(lines, fmt.Sprintf("%5d %-8d %s", pid, p.uid, strings.Join(p.argv, " ")))
	}
	return strings.Join(lines, "\n")
}

// signal sends a signal to a process of the container.
func (c *box) signal(pid, number int) bool {
	c.mu.Lock()
	p, ok := c.running[pid]
	c.mu.Unlock()
	if ok {
		p.signal(number)
	}
	return ok
}

// process prepares a command, which is not yet among those that run.
func (c *box) process(argv []string, e backend.ExecSpec) (*process, error) {
	p := &process{
		argv: argv, box: c, cwd: "/", stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard,
		traps: newTraps(), background: &sync.WaitGroup{},
	}
	p.ctx, p.end = context.WithCancelCause(context.Background())
	for _, dir := range []string{c.workDir, c.spec.WorkDir, e.WorkDir} {
		if dir != "" {
			p.cwd = dir
		}
	}
	if err := p.become(e.User); err != nil {
		return nil, err
	}
	p.env = map[string]string{"HOME": "/", "HOSTNAME": ""}
	if p.uid == 0 {
		p.env["HOME"] = "/root"
	}
	if c.id != "" {
		p.env["HOSTNAME"] = c.hostname()
	}
	maps.Copy(p.env, c.env)
	maps.Copy(p.env, e.Env)
	return p, nil
}

// become sets the ids of a user: of the command, the container or the image.
func (p *process) become(user string) error {
	for _, other := range []string{p.box.spec.User, p.box.imageUser} {
		if user == "" {
			user = other
		}
	}
	for _, group := range p.box.spec.GroupAdd {
		if gid, err := strconv.Atoi(group); err == nil {
			p.groups = append(p.groups, gid)
		}
	}
	if user == "" {
		return nil
	}
	user, group, hasGroup := strings.Cut(user, ":")
	uid, gid, err := p.box.lookUp("/etc/passwd", user)
	if err != nil {
		return err
	}
	if hasGroup {
		if gid, _, err = p.box.lookUp("/etc/group", group); err != nil {
			return err
		}
	}
	p.uid, p.gid = uid, gid
	return nil
}

// lookUp finds a name or number in a file such as /etc/passwd, and returns the two
// numbers of its line. A number need not be there.
func (c *box) lookUp(table, name string) (id, group int, err error) {
	number, notNumber := strconv.Atoi(name)
	text, err := c.files.read(table)
	if err != nil && notNumber != nil {
		return 0, 0, invalid("user "+name, "there is no "+table)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 3 || (fields[0] != name && fields[2] != name) {
			continue
		}
		if id, err = strconv.Atoi(fields[2]); err != nil {
			return 0, 0, invalid("user "+name, table+" has no number for it")
		}
		if len(fields) > 3 && fields[3] != "" {
			if group, err = strconv.Atoi(fields[3]); err != nil {
				return 0, 0, invalid("user "+name, table+" has no group for it")
			}
		}
		return id, group, nil
	}
	if notNumber != nil {
		return 0, 0, invalid("user "+name, "no such user in "+table)
	}
	return number, 0, nil
}

// launch runs a prepared command and returns a channel that is closed at its end.
// The caller holds c.mu.
func (c *box) launch(p *process, ended func(code int)) {
	c.lastPID++
	p.pid = c.lastPID
	p.main = p.pid == 1
	c.running[p.pid] = p
	go func() {
		code := p.run()
		// What runs in the background goes with the process that started it.
		p.end(died{sigKill})
		p.background.Wait()
		c.mu.Lock()
		delete(c.running, p.pid)
		c.mu.Unlock()
		ended(code)
	}()
}

// start runs PID 1.
func (c *box) start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == backend.StateRunning {
		return nil
	}
	op := "start container " + c.name
	p, err := c.process(c.argv, backend.ExecSpec{})
	if err != nil {
		return err
	}
	if len(c.argv) == 0 {
		return invalid(op, "there is no command")
	}
	if prog, _, _ := p.find(c.argv[0]); prog == nil {
		return invalid(op, c.argv[0]+": not found, or not executable")
	}
	p.stdout, p.stderr = logWriter{c.log, 1}, logWriter{c.log, 2}
	if c.spec.Tty {
		p.terminal = &terminal{}
		p.stdout, p.stderr = crlf{p.stdout}, crlf{p.stdout}
	}
	c.state, c.lastPID, c.running, c.over = backend.StateRunning, 0, map[int]*process{}, make(chan struct{})
	c.log.open()
	over := c.over
	c.launch(p, func(code int) { c.finish(code, over) })
	return nil
}

// finish ends a container whose PID 1 has ended, and all other commands in it.
func (c *box) finish(code int, over chan struct{}) {
	c.mu.Lock()
	c.state, c.exitCode = backend.StateExited, code
	for _, p := range c.running {
		p.end(died{sigKill})
	}
	c.mu.Unlock()
	c.log.close()
	close(over)
}

// kill ends PID 1 and waits for its end.
func (c *box) kill() {
	c.mu.Lock()
	p, over, running := c.running[1], c.over, c.state == backend.StateRunning
	c.mu.Unlock()
	if p != nil {
		p.signal(sigKill)
	}
	if running {
		<-over
	}
}
