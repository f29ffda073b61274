package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// sandboxDir is the directory of all sandboxes in the state directory.
const sandboxDir = "sandbox"

// The names of the instance's sandboxes.
const (
	kitchenSandbox  = "kitchen"
	verifierSandbox = "verifier"
)

// sandbox is one of the instance's sandboxes. The name of the directory of both is recorded.
func (i *instanceRun) sandbox(name string) sandbox.Dir {
	remote := i.inst.Provisioner.RootPath
	if name == verifierSandbox {
		remote = i.inst.Verifier.RootPath
	}
	return sandbox.Dir{Local: i.file.dir.Path(sandboxDir + "/" + i.state.Sandbox + "/" + name), Remote: remote,
		Open: i.openSandbox}
}

func (i *instanceRun) sandboxes() []sandbox.Dir {
	return []sandbox.Dir{i.sandbox(kitchenSandbox), i.sandbox(verifierSandbox)}
}

// makeSandboxes makes the instance's directories, and opens them to all users where the engine's mapping wants that.
func (i *instanceRun) makeSandboxes(ctx context.Context) error {
	remaps, err := i.eng.RemapsUsers(ctx)
	if err != nil {
		return err
	}
	return i.makeSandboxesFor(remaps)
}

// makeSandboxesFor is makeSandboxes when it is known, or taken for granted, whether the engine remaps users. The
// directories' name holds a random word, made once: an engine that sees a directory of that name sees this one, and not
// one of the same path on another host.
func (i *instanceRun) makeSandboxesFor(remaps bool) error {
	if i.state.Sandbox == "" {
		i.state.Sandbox = names.File(i.inst.Name) + "." + names.Random(6)
		if err := i.save(); err != nil {
			return err
		}
	}
	i.openSandbox = needsOpenSandbox(i.inst.Driver, remaps)
	mode := sandbox.Dir{Open: i.openSandbox}.Mode()
	for _, name := range []string{kitchenSandbox, verifierSandbox} {
		dir := sandboxDir + "/" + i.state.Sandbox + "/" + name
		if err := i.file.dir.MkdirAll(dir, mode); err != nil { // the directory above is private to the user
			return fmt.Errorf("make the sandbox: %w", err)
		}
	}
	return nil
}

// needsOpenSandbox reports whether the runner's user can write in a directory of galley's user only when all users may:
// in a remapped user namespace, without root or without root's power over files.
func needsOpenSandbox(d config.Driver, remaps bool) bool {
	name, _, _ := strings.Cut(d.User, ":")
	switch {
	case name != "" && name != "root" && name != "0":
		return true
	case slices.ContainsFunc(d.CapDrop, func(c string) bool {
		c = strings.TrimPrefix(strings.ToUpper(c), "CAP_")
		return c == "ALL" || c == "DAC_OVERRIDE"
	}):
		return true
	case d.UserNS.Mode == spec.UserNSHost:
		return false
	}
	return d.UserNS.Mode != "" || remaps && !d.Privileged
}
