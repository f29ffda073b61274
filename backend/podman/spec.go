package podman

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/internal/engine"
	"github.com/galley-kitchen/galley/backend/spec"
)

// This file and its sisters (spec_security.go, spec_mounts.go, spec_network.go, spec_resources.go) say what each field
// of a ContainerSpec becomes on Podman. They are pure: what they need to know of the engine comes in as facts.

// facts is what the translation depends on besides the specification. Only what the needs functions ask for is filled.
type facts struct {
	measured
	// version stands apart from measured, since an endpoint often tells it.
	version version
	// imageUser is the user that the image names.
	imageUser string
	// linked are the addresses of the containers that links name, which may be empty.
	linked map[string]string
}

// needsMeasure reports whether the translation depends on what the engine may do.
func needsMeasure(s backend.ContainerSpec) bool {
	return s.Privileged || isLimited(s.Resources) || isOwnUserNS(s.UserNS) || hasIPv6Port(s)
}

// needsVersion reports whether the translation depends on the server's version.
func needsVersion(s backend.ContainerSpec) bool {
	return isOwnUserNS(s.UserNS) || slices.ContainsFunc(s.Mounts, func(m spec.Mount) bool { return m.Subpath != "" }) ||
		slices.ContainsFunc(s.ExtraHosts, func(h spec.HostEntry) bool { return h.Gateway })
}

// needsImageUser reports whether the user has to be named though the specification
// does not: these modes put the engine's own user into the image's place.
func needsImageUser(s backend.ContainerSpec) bool {
	return s.User == "" && isOwnUserNS(s.UserNS)
}

// createConfig is the body of POST /libpod/containers/create: the part of Podman's SpecGenerator that galley uses.
type createConfig struct {
	Name             string            `json:"name,omitempty"`
	Image            string            `json:"image"`
	ImageOS          string            `json:"image_os,omitempty"`
	ImageArch        string            `json:"image_arch,omitempty"`
	ImageVariant     string            `json:"image_variant,omitempty"`
	Entrypoint       []string          `json:"entrypoint,omitzero"`
	Command          []string          `json:"command,omitzero"`
	Env              map[string]string `json:"env,omitempty"`
	HTTPProxy        bool              `json:"httpproxy,omitempty"`
	Labels           map[string]string `json:"labels,omitempty"`
	Annotations      map[string]string `json:"annotations,omitempty"`
	Hostname         string            `json:"hostname,omitempty"`
	User             string            `json:"user,omitempty"`
	Groups           []string          `json:"groups,omitempty"`
	WorkDir          string            `json:"work_dir,omitempty"`
	CreateWorkingDir bool              `json:"create_working_dir,omitempty"`
	StopSignal       int               `json:"stop_signal,omitempty"`
	Terminal         bool              `json:"terminal,omitempty"`
	Init             bool              `json:"init,omitempty"`
	Systemd          string            `json:"systemd,omitempty"`
	Log              logConfig         `json:"log_configuration"`

	securityConfig
	mountConfig
	networkingConfig
	resourceConfig
}

// logConfig chooses where the log is kept.
type logConfig struct {
	Driver string `json:"driver"`
}

// namespace is a namespace's mode and what it needs.
type namespace struct {
	Mode  string `json:"nsmode"`
	Value string `json:"value,omitempty"`
}

// namespaceFrom translates a namespace; nil is the engine's default.
func namespaceFrom(n spec.Namespace) *namespace {
	if n.Mode == "" {
		return nil
	}
	return &namespace{Mode: string(n.Mode), Value: n.Container}
}

// containerConfig translates a specification into the body of the request, and tells what is weaker than it was asked
// for. Errors: backend.ErrUnsupported, backend.ErrInvalid.
func containerConfig(s backend.ContainerSpec, f facts) (createConfig, []string, error) {
	c := createConfig{
		Name: s.Name, Image: s.Image,
		Entrypoint: s.Entrypoint, Command: s.Command, Env: s.Env, HTTPProxy: s.ClientProxies, Labels: s.Labels,
		Hostname: engine.Hostname(s), WorkDir: s.WorkDir, CreateWorkingDir: s.WorkDir != "", Terminal: s.Tty,
		// A file, and not the journal, which an ordinary user may be unable to read and which lags behind.
		Log: logConfig{Driver: "k8s-file"},
	}
	warnings, err := engine.Translate(&c, s, f, applyPlatform, applyInit, applyUser, applySecurity, applyMounts,
		applyNetwork, applyResources)
	return c, warnings, err
}

// applyPlatform translates Platform.
func applyPlatform(c *createConfig, s backend.ContainerSpec, _ facts) ([]string, error) {
	p, err := engine.ParsePlatform(s.Platform)
	if p != nil {
		c.ImageOS, c.ImageArch, c.ImageVariant = p.OS, p.Architecture, p.Variant
	}
	return nil, err
}

// applyInit translates Init and StopSignal. Podman has a mode for systemd, which
// sets its stop signal, too, and asks for no privileges.
func applyInit(c *createConfig, s backend.ContainerSpec, _ facts) ([]string, error) {
	switch s.Init {
	case backend.InitSystemd:
		c.Systemd = "always"
	case backend.InitReaper:
		// The reaper is mounted below /run, which systemd's mode covers.
		c.Init, c.Systemd = true, "false"
	case backend.InitNone:
		// Left to itself, Podman would tell an init by the command's name.
		c.Systemd = "false"
	}
	if s.StopSignal == "" {
		return nil, nil
	}
	var err error
	c.StopSignal, err = engine.SignalNumber(s.StopSignal)
	return nil, err
}

// keepGroups is the word for the groups of the engine's own user.
const keepGroups = "keep-groups"

// applyUser translates User and GroupAdd.
func applyUser(c *createConfig, s backend.ContainerSpec, f facts) ([]string, error) {
	c.User = s.User
	if needsImageUser(s) {
		c.User = f.imageUser
		if c.User == "" {
			c.User = "0"
		}
	}
	c.Groups = s.GroupAdd
	if !slices.Contains(s.GroupAdd, keepGroups) {
		return nil, nil
	}
	if len(s.GroupAdd) > 1 {
		return nil, &backend.Error{Op: "group_add " + strings.Join(s.GroupAdd, ", "), Kind: backend.ErrInvalid,
			Detail: keepGroups + " goes with no other group"}
	}
	// The server takes it for a group's name; crun takes it by this annotation.
	c.Groups = nil
	c.Annotations = map[string]string{"run.oci.keep_original_groups": "1"}
	return nil, nil
}

// unsupported is the error for what this Podman cannot do.
func unsupported(f facts, feature, remedy string) error {
	return backend.Unsupported(engineName(f), feature, remedy)
}

func engineName(f facts) string {
	name := "Podman"
	if f.rootless {
		name = "rootless Podman"
	}
	if f.version == (version{}) {
		return name
	}
	return fmt.Sprintf("%s %d.%d", name, f.version.major, f.version.minor)
}
