package doctor

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

const (
	// clearTime bounds what is removed after an interrupt.
	clearTime = 30 * time.Second
	// bootTime is how long systemd may take.
	bootTime = time.Minute
	// pause is between two looks at what comes by itself.
	pause = 300 * time.Millisecond
)

const bootRemedy = "Use an image of systemd that is made for containers; " +
	"on cgroup v1 give it /sys/fs/cgroup with driver.volumes"

// examination is one run of doctor on an engine.
type examination struct {
	engine backend.ContainerBackend
	o      *Options
	host   host
	id     string
	labels backend.Labels
	image  backend.Image
	// first is the container that others read the volume of.
	first backend.Container
	// make brings the image to the engine.
	make func(context.Context) (backend.Image, error)
}

func newExamination(engine backend.ContainerBackend, o *Options, h host) *examination {
	x := &examination{engine: engine, o: o, host: h, id: "doctor-" + names.Random(8)}
	x.labels = backend.Labels{label.Role: label.RoleHelper, label.Run: x.id, label.Version: o.Version}
	x.make = func(ctx context.Context) (backend.Image, error) { return x.loadImage(ctx, o.Program) }
	return x
}

// check is one thing to try. What it returns first is what was measured, or why it is not tried.
type check struct {
	name string
	// without is the verdict when it fails.
	without Verdict
	do      func(context.Context) (string, error)
	remedy  func() string
}

// errSkip says that a check is not tried.
var errSkip = errors.New("not tried")

// all does the checks, one after the other. Without a container there is nothing more to try.
func (x *examination) all(ctx context.Context, tell func(Finding)) error {
	for _, c := range []check{
		{"image", Failed, x.load, func() string { return "" }},
		{"container", Failed, x.run, x.host.container},
		{"build", Limited, x.build, x.host.container},
		{"volumes-from", Limited, x.volumesFrom,
			func() string { return "driver.volumes_from and volumes of tool images need it" }},
		{"bind mount", Limited, x.bind, x.host.bind},
		{"names", Limited, x.resolve, x.host.names},
		{"port", Limited, x.port, x.host.port},
		{"systemd", Limited, x.systemd, func() string { return bootRemedy }},
		{"netem", Limited, x.netem, x.host.netem},
	} {
		start := time.Now()
		detail, err := c.do(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errSkip):
			tell(Finding{Check: c.name, Verdict: Skipped, Detail: detail})
		case err != nil:
			tell(failed(c.name, start, c.without, err, c.remedy()))
			if c.without == Failed {
				return nil
			}
		default:
			tell(Finding{c.name, OK, time.Since(start), detail, ""})
		}
	}
	for _, f := range x.host.settings() {
		tell(f)
	}
	return nil
}

// clear removes all that was made, also after an interrupt. A build that was interrupted may use its image for a
// moment.
func (x *examination) clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearTime)
	defer cancel()
	again := time.NewTicker(pause)
	defer again.Stop()
	for {
		err := x.remove(ctx)
		if !errors.Is(err, backend.ErrConflict) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}

func (x *examination) remove(ctx context.Context) error {
	mine := backend.Labels{label.Run: x.id}
	containers, err := x.engine.ListContainers(ctx, mine)
	errs := []error{err}
	for _, c := range containers {
		errs = append(errs, x.engine.RemoveContainer(ctx, c.ID))
	}
	networks, err := x.engine.ListNetworks(ctx, mine)
	errs = append(errs, err)
	for _, n := range networks {
		errs = append(errs, x.engine.RemoveNetwork(ctx, n.Name))
	}
	images, err := x.engine.ListImages(ctx, mine)
	errs = append(errs, err)
	for _, i := range images {
		errs = append(errs, x.engine.RemoveImage(ctx, i.ID))
	}
	return errors.Join(errs...)
}

// start makes a container of galley and starts it.
func (x *examination) start(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	s.Name, s.Labels = "galley-"+x.id+"-"+s.Name, x.labels
	if s.Image == "" {
		s.Image = x.image.ID
	}
	c, err := x.engine.CreateContainer(ctx, s)
	if err != nil {
		return c, err
	}
	return c, x.engine.StartContainer(ctx, c.ID)
}

// finds starts a container and fails unless its galley prints the mark.
func (x *examination) finds(ctx context.Context, s backend.ContainerSpec, args ...string) (backend.Container, error) {
	c, err := x.start(ctx, s)
	if err != nil {
		return c, err
	}
	return c, x.expect(ctx, c.ID, args...)
}

// exec runs galley in a container and returns what it printed.
func (x *examination) exec(ctx context.Context, id string, args ...string) (string, error) {
	return x.command(ctx, id, append([]string{program, agentName}, args...))
}

func (x *examination) command(ctx context.Context, id string, argv []string) (string, error) {
	var out, errOut bytes.Buffer
	code, err := x.engine.Exec(ctx, id, backend.ExecSpec{Command: argv, Stdout: &out, Stderr: &errOut})
	if err == nil && code != 0 {
		err = fmt.Errorf("%s exited with code %d: %s", argv[0], code,
			strings.TrimPrefix(strings.TrimSpace(errOut.String()), ">>>>>> "))
	}
	return strings.TrimSpace(out.String()), err
}

// expect fails unless a container's galley printed the mark.
func (x *examination) expect(ctx context.Context, id string, args ...string) error {
	got, err := x.exec(ctx, id, args...)
	if err == nil && got != mark {
		err = fmt.Errorf("%s printed %q", strings.Join(args, " "), got)
	}
	return err
}

func (x *examination) load(ctx context.Context) (_ string, err error) {
	x.image, err = x.make(ctx)
	return "made of galley itself, without a registry", err
}

func (x *examination) run(ctx context.Context) (_ string, err error) {
	x.first, err = x.finds(ctx, backend.ContainerSpec{Name: "first"}, "cat", volume+"/mark")
	return "made, started, and a command run in it", err
}

func (x *examination) build(ctx context.Context) (string, error) {
	dockerfile := fmt.Sprintf("FROM localhost/galley-doctor:%s\n"+
		"RUN [%q, %q, \"write\", \"/tmp/built\"]\n", x.id, program, agentName)
	var archive bytes.Buffer
	t := tar.NewWriter(&archive)
	err := errors.Join(entry(t, tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(dockerfile)),
		Typeflag: tar.TypeReg}, strings.NewReader(dockerfile)), t.Close())
	if err != nil {
		return "", err
	}
	image, err := x.engine.BuildImage(ctx, backend.BuildOptions{Context: &archive,
		Tag: "localhost/galley-doctor-build:" + x.id, Labels: x.labels, Output: io.Discard})
	if err != nil {
		return "", err
	}
	c, err := x.start(ctx, backend.ContainerSpec{Name: "built", Image: image.ID})
	if err != nil {
		return "", err
	}
	err = x.expect(ctx, c.ID, "cat", "/tmp/built")
	return "a command of a Dockerfile was run", errors.Join(err, x.engine.RemoveContainer(ctx, c.ID))
}

func (x *examination) volumesFrom(ctx context.Context) (string, error) {
	if _, err := x.exec(ctx, x.first.ID, "write", volume+"/shared"); err != nil {
		return "", err
	}
	_, err := x.finds(ctx, backend.ContainerSpec{Name: "second",
		VolumesFrom: []spec.VolumesFrom{{Container: x.first.Name}}}, "cat", volume+"/shared")
	return "one container reads what another wrote", err
}

func (x *examination) bind(ctx context.Context) (_ string, err error) {
	dir, err := os.MkdirTemp("", "galley-doctor-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "mark")
	err = errors.Join(os.WriteFile(file, []byte(mark), 0o600),
		os.Chmod(dir, 0o755), os.Chmod(file, 0o666)) //nolint:gosec // for an engine of other users
	if err != nil {
		return "", err
	}
	c, err := x.start(ctx, backend.ContainerSpec{Name: "bind", Mounts: []spec.Mount{
		{Type: spec.MountBind, Source: dir, Target: "/mnt", Own: true}}})
	if err != nil {
		return "", err
	}
	err = x.expect(ctx, c.ID, "cat", "/mnt/mark")
	if err == nil {
		if _, err = x.exec(ctx, c.ID, "write", "/mnt/mark"); err != nil {
			err = fmt.Errorf("the directory can be read and not be written: %w", err)
		}
	}
	return "a directory of this machine is read and written", errors.Join(err, x.engine.RemoveContainer(ctx, c.ID))
}

func (x *examination) resolve(ctx context.Context) (string, error) {
	n, err := x.engine.EnsureNetwork(ctx, backend.NetworkSpec{Name: "galley-" + x.id, Labels: x.labels})
	if err != nil {
		return "", err
	}
	attached := func(alias string) backend.NetworkAttachment {
		return backend.NetworkAttachment{Mode: spec.NetworkNamed, Name: n.Name, Aliases: []string{alias}}
	}
	if _, err := x.start(ctx, backend.ContainerSpec{Name: "server", Network: attached("galley-server"),
		Entrypoint: []string{program, agentName, "serve"}}); err != nil {
		return "", err
	}
	_, err = x.finds(ctx, backend.ContainerSpec{Name: "client", Network: attached("galley-client")},
		"dial", "galley-server")
	return "one container finds another by its name", err
}

func (x *examination) port(ctx context.Context) (string, error) {
	if !x.host.here {
		return "the engine is on another machine", errSkip
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil {
		return "", err
	}
	if _, err := x.start(ctx, backend.ContainerSpec{Name: "port", Entrypoint: []string{program, agentName, "serve"},
		Ports: []spec.PortMapping{{HostIP: "127.0.0.1", HostPort: address.Port, ContainerPort: 8080,
			Protocol: "tcp"}}}); err != nil {
		return "", err
	}
	return "a port of a container answers on 127.0.0.1", greet(ctx, io.Discard, address.String())
}

func (x *examination) systemd(ctx context.Context) (string, error) {
	if x.o.Systemd == "" {
		return "name an image that the engine has with --systemd", errSkip
	}
	image, err := x.engine.InspectImage(ctx, x.o.Systemd)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, bootTime, fmt.Errorf("systemd did not boot in %s", bootTime))
	defer cancel()
	s := backend.ContainerSpec{Name: "systemd", Image: image.ID, Init: backend.InitSystemd}
	if len(image.Entrypoint) == 0 {
		s.Entrypoint = []string{"/lib/systemd/systemd"}
	}
	c, err := x.start(ctx, s)
	if err != nil {
		return "", err
	}
	again := time.NewTicker(pause)
	defer again.Stop()
	for {
		state, err := x.command(ctx, c.ID, []string{"systemctl", "is-system-running"})
		switch { // in most images a unit fails, and PID 1 has booted all the same
		case state == "running" || state == "degraded":
			return "it booted: " + state, x.engine.RemoveContainer(ctx, c.ID)
		case errors.Is(err, backend.ErrNotRunning):
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", errors.Join(context.Cause(ctx), err)
		case <-again.C:
		}
	}
}

func (x *examination) netem(ctx context.Context) (string, error) {
	c, err := x.start(ctx, backend.ContainerSpec{Name: "netem", CapAdd: []string{"NET_ADMIN"}})
	if err != nil {
		return "", err
	}
	_, err = x.exec(ctx, c.ID, "netem")
	return "sch_netem makes a network slow", err
}
