package docker

import (
	"context"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/go-units"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// This file and its sisters (spec_security.go, spec_mounts.go, spec_network.go) say what each field of a ContainerSpec
// becomes on Docker. They are pure: what they need to know of the engine comes in as facts.

// facts is what the translation depends on besides the specification. Only what needsMeasure asks for is measured.
type facts struct {
	measured
	// engine is the engine's name and version.
	engine string
	// api is the version of the API that is spoken.
	api string
	// labels is true when the engine's host labels files for SELinux.
	labels bool
	// seccomp is the text of the seccomp profile, where the specification names its file.
	seccomp string
}

// atLeast reports whether the API that is spoken has what came with a version.
func (f facts) atLeast(version string) bool { return versions.GreaterThanOrEqualTo(f.api, version) }

// facts is what the translation of a specification depends on besides itself. It asks the engine for no more than this
// specification needs, which mostly is nothing.
func (b *Backend) facts(ctx context.Context, s backend.ContainerSpec) (facts, error) {
	f := facts{engine: b.engineName(), labels: b.onLabelledHost()}
	if needsMeasure(s) {
		m, err := b.measure(ctx)
		if err != nil {
			return facts{}, err
		}
		f.measured, f.api = m, b.client.ClientVersion()
	}
	var err error
	f.seccomp, err = readProfile(s.Security.Seccomp)
	return f, err
}

// onLabelledHost reports whether the engine runs on this very host, by its socket, and SELinux is on here. It costs no
// request; a remote engine does not see directories of this host in any case.
func (b *Backend) onLabelledHost() bool {
	if !strings.HasPrefix(b.endpoint.URI, "unix://") {
		return false
	}
	_, err := os.Stat("/sys/fs/selinux/enforce")
	return err == nil
}

// rootlessPID is the first version of the API whose rootless engines may give a container the host's processes: those
// of Docker 20.10 cannot mount /proc for it.
const rootlessPID = "1.42"

// needsMeasure reports whether the translation depends on what the engine may do.
func needsMeasure(s backend.ContainerSpec) bool {
	return s.Privileged || s.Init == backend.InitSystemd || s.UserNS.Mode == spec.UserNSPrivate || s.Resources.CPUs != 0 ||
		s.Network.MAC != "" || hasRenamedDevice(s) || s.PID.Mode == spec.NamespaceHost ||
		slices.ContainsFunc(s.Mounts, func(m spec.Mount) bool { return m.Subpath != "" || m.Type == spec.MountImage })
}

// containerConfig translates a specification into the body of the request, and tells what is weaker than it was asked
// for. Errors: backend.ErrUnsupported, backend.ErrInvalid.
func containerConfig(s backend.ContainerSpec, f facts) (container.CreateRequest, []string, error) {
	c := container.CreateRequest{
		Config: &container.Config{
			Image: s.Image, Entrypoint: s.Entrypoint, Cmd: s.Command, Env: engine.EnvList(s.Env), Labels: s.Labels,
			Hostname: engine.Hostname(s), User: s.User, WorkingDir: s.WorkDir,
			StopSignal: s.StopSignal, Tty: s.Tty,
		},
		HostConfig:       &container.HostConfig{},
		NetworkingConfig: &network.NetworkingConfig{},
	}
	warnings, err := engine.Translate(&c, s, f, applyUser, applySecurity, applyMounts, applyNetwork, applyResources,
		applyInit)
	return c, warnings, err
}

// keepGroups is Podman's word for the groups of the engine's own user.
const keepGroups = "keep-groups"

// applyUser translates GroupAdd.
func applyUser(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	if slices.Contains(s.GroupAdd, keepGroups) {
		return nil, unsupported(f, "group_add: "+keepGroups, "Only Podman has this. Name the groups.")
	}
	c.HostConfig.GroupAdd = s.GroupAdd
	return nil, nil
}

// applyInit translates Init. It is always said whether there is a reaper, since
// the daemon's own setting might put one in front of systemd.
func applyInit(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	reaper := s.Init == backend.InitReaper
	c.HostConfig.Init = &reaper
	if s.Init != backend.InitSystemd {
		return nil, nil
	}
	return applySystemd(c, s, f)
}

// The places that systemd needs, and its signal.
const (
	cgroupRoot    = "/sys/fs/cgroup"
	systemdSignal = "SIGRTMIN+3"
	// runOptions are those that systemd itself gives to /run: Docker's own would forbid to execute what is there.
	runOptions = "rw,exec,nosuid,nodev,mode=755"
)

// applySystemd prepares a container for systemd as PID 1: directories in memory, its own signal to stop, a word that
// tells it where it is, and a control group that it can write. A privileged container has that; any other gets it by a
// bind, and sees its control group then as the host does.
func applySystemd(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	if f.rootless && f.CgroupVersion < 2 {
		return nil, unsupported(f, "systemd as PID 1 on cgroup version 1 without root",
			"Boot the engine's host with cgroup version 2.")
	}
	if c.StopSignal == "" {
		c.StopSignal = systemdSignal
	}
	if _, found := s.Env["container"]; !found {
		c.Env = append(c.Env, "container=docker")
		slices.Sort(c.Env)
	}
	for _, dir := range []string{"/run", "/run/lock"} {
		if !mounts(s, dir) {
			addTmpfs(c, dir, runOptions)
		}
	}
	if s.Privileged || mounts(s, cgroupRoot) {
		return nil, nil
	}
	if s.CgroupNS.Mode == spec.NamespacePrivate {
		return nil, unsupported(f, "systemd as PID 1 in a private cgroup namespace, unprivileged",
			"Leave the namespace out, or add privileged: true.")
	}
	h := c.HostConfig
	h.CgroupnsMode = container.CgroupnsMode(spec.NamespaceHost)
	h.Binds = append(h.Binds, cgroupRoot+":"+cgroupRoot+":rw")
	if !f.remaps || h.UsernsMode.IsHost() {
		return nil, nil
	}
	if s.UserNS.Mode == spec.UserNSPrivate {
		return nil, unsupported(f, "systemd as PID 1 in a private user namespace", "Leave the user namespace out.")
	}
	h.UsernsMode = container.UsernsMode(spec.UserNSHost)
	return []string{"systemd: it cannot write its control group from a remapped user namespace, " +
		"so the container gets the host's"}, nil
}

// mounts reports whether a specification itself mounts something at a directory.
func mounts(s backend.ContainerSpec, dir string) bool {
	return slices.ContainsFunc(s.Mounts, func(m spec.Mount) bool { return m.Target == dir })
}

// unsupported is the error for what this Docker cannot do.
func unsupported(f facts, feature, remedy string) error {
	return backend.Unsupported(f.engine, feature, remedy)
}

// nanosPerCPU is the unit in which Docker counts processors.
const nanosPerCPU = 1e9

// applyResources translates Resources, Ulimits and Sysctls. Docker itself leaves out the limits for which it has no
// cgroup controller, and tells so; but such a limit of processors it refuses.
func applyResources(c *container.CreateRequest, s backend.ContainerSpec, f facts) ([]string, error) {
	h := c.HostConfig
	for _, u := range s.Ulimits {
		h.Ulimits = append(h.Ulimits, &units.Ulimit{Name: u.Name, Hard: u.Hard, Soft: u.Soft})
	}
	h.Sysctls, h.ShmSize = s.Sysctls, s.Resources.ShmSize
	r := s.Resources
	h.Memory, h.MemorySwap, h.MemoryReservation = r.Memory, r.MemorySwap, r.MemoryReservation
	h.CPUShares, h.CpusetCpus = r.CPUShares, r.CPUSet
	if r.Pids != 0 {
		h.PidsLimit = &r.Pids
	}
	if r.CPUs == 0 {
		return nil, nil
	}
	if !f.cpuLimit {
		return []string{engine.NoController("cpus", "cpu")}, nil
	}
	h.NanoCPUs = int64(math.Round(r.CPUs * nanosPerCPU))
	return nil, nil
}
