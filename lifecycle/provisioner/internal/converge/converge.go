// Package converge holds what all provisioners share: what they are to the life cycle, the script that a converge runs,
// its repetition, and the second run that shows idempotence.
package converge

import (
	"context"
	"fmt"
	"os"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/fastboot"
	"github.com/galley-kitchen/galley/lifecycle/peers"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/resolve"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Provisioner is one way to bring an instance to its desired state.
type Provisioner interface {
	// Tool is the image whose volumes are mounted into the runner, or nil.
	Tool() *Tool
	// Prepare puts what the converge needs into the sandbox on this machine. The
	// runner does not see it yet. Errors: *sandbox.LeftoverError.
	Prepare(ctx context.Context, sb sandbox.Dir) error
	// Converge brings the runner to the desired state; where idempotence is to be
	// shown, twice. Errors: *runner.ExitError, *ChangedAgainError.
	Converge(ctx context.Context, r runner.Run) (Summary, error)
	// Written are the places at the top of the sandbox in which the tool keeps what it needs only for itself.
	Written() []string
}

// Tool is an image that brings a tool along in volumes.
type Tool struct {
	// Image is the reference of the tool's image. Without one it is built from
	// Instructions, lines of a Dockerfile that may copy from BuildContext.
	Image        string
	Instructions []string
	BuildContext string
	// Volumes are paths that are to be volumes whether the image declares them or not.
	Volumes []string
	// Remedy says what to write into kitchen.yml when the image has no volumes.
	Remedy string
	// Boot is the program of the tool whose start can be made faster, nil for none. No runner is another one for it.
	Boot *fastboot.Program `json:"-"`
}

// Summary is what the tool itself reports of a converge.
type Summary struct {
	// Text is the tool's own summary line, or empty.
	Text string `json:"text"`
	// Changed is how many things it changed, Failed at how many it failed; -1 when unknown.
	Changed int `json:"changed"`
	Failed  int `json:"failed"`
	// Changes are the names of what it changed, as far as it reports them.
	Changes []string `json:"changes,omitempty"`
}

// Unknown is the summary of a tool that reports nothing.
func Unknown() Summary { return Summary{Changed: -1, Failed: -1} }

// Options are the project, the settings of a run, and what its instances share.
type Options struct {
	project.Project
	// Version is galley's own.
	Version string
	// Debug makes tools print more, Idempotence converges twice.
	Debug, Idempotence bool
	// Resolver is shared by all instances of a run.
	Resolver *resolve.Resolver
	// Workstation makes containers for this instance; nil where there are none.
	Workstation resolve.Workstation
	// Peers are the other nodes of a suite of several machines, nil where there are none or they are not created yet.
	Peers *peers.Group
	// Notify tells the user something. It may be nil.
	Notify func(text string)
}

// Notice tells the user something.
func (o Options) Notice(format string, args ...any) {
	if o.Notify != nil {
		o.Notify(fmt.Sprintf(format, args...))
	}
}

// Base is what all provisioners have: the instance, and the options of the run.
type Base struct {
	Options
	config.Instance
}

// Tool is the image that kitchen.yml names in the provisioner's keys image, instructions,
// build_context and volume, or nil: then the tool is the runner's own.
func (b Base) Tool() *Tool {
	t := b.Provisioner.Tool
	if t.Image == "" && len(t.Instructions) == 0 {
		return nil
	}
	return &Tool{Image: t.Image, Instructions: t.Instructions, BuildContext: t.BuildContext, Volumes: t.Volumes,
		Remedy: "Name the tool's directory in provisioner.volume."}
}

// Written are none: most tools keep nothing there.
func (b Base) Written() []string { return nil }

// Env is the environment of every command of a converge.
func (b Base) Env() map[string]string {
	return runner.KitchenEnv(b.Environ, b.Provisioner.Proxy, b.Provisioner.Env)
}

// Twice reports whether a converge is to show that it is idempotent.
func (b Base) Twice() bool { return b.Provisioner.Idempotence || b.Idempotence }

// Usual is the path that a key names or, without one, the first of the usual places of
// the plugin's where there is a directory, or else a file; see project.Places. It is "" when there is none.
func (b Base) Usual(named, plugin, name string, dir bool) string {
	if named != "" {
		return named
	}
	for _, candidate := range b.Places(plugin, b.Suite, name) {
		if st, err := os.Stat(candidate); err == nil && st.IsDir() == dir {
			return candidate
		}
	}
	return ""
}
