package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// sandboxDir is the directory of all sandboxes in the state directory.
const sandboxDir = "sandbox"

// sandboxes are the two sandboxes of an instance.
type sandboxes struct {
	kitchen, verifier sandbox.Dir
}

func (s sandboxes) ofKitchen() sandbox.Dir  { return s.kitchen }
func (s sandboxes) ofVerifier() sandbox.Dir { return s.verifier }

func (s sandboxes) all() []sandbox.Dir { return []sandbox.Dir{s.kitchen, s.verifier} }

// theSandboxes are the instance's sandboxes, whose name is recorded.
func (i *instanceRun) theSandboxes() sandboxes {
	local := func(name string) string { return i.file.dir.Path(sandboxDir + "/" + i.state.Sandbox + "/" + name) }
	return sandboxes{
		kitchen:  sandbox.Dir{Local: local("kitchen"), Remote: i.inst.Provisioner.RootPath, Open: i.openSandbox},
		verifier: sandbox.Dir{Local: local("verifier"), Remote: i.inst.Verifier.RootPath, Open: i.openSandbox},
	}
}

// makeSandboxes makes the instance's directories. Their name holds a random word, made once: an engine that sees a
// directory of that name sees this one, and not one of the same path on another host.
func (i *instanceRun) makeSandboxes(ctx context.Context) (sandboxes, error) {
	if i.state.Sandbox == "" {
		i.state.Sandbox = names.File(i.inst.Name) + "." + names.Random(6)
		if err := i.save(); err != nil {
			return sandboxes{}, err
		}
	}
	remaps, err := i.eng.RemapsUsers(ctx)
	if err != nil {
		return sandboxes{}, err
	}
	i.openSandbox = needsOpenSandbox(i.inst.Driver, remaps)
	mode := sandbox.Dir{Open: i.openSandbox}.Mode()
	for _, name := range []string{"kitchen", "verifier"} {
		dir := sandboxDir + "/" + i.state.Sandbox + "/" + name
		if err := i.file.dir.MkdirAll(dir, mode); err != nil {
			return sandboxes{}, fmt.Errorf("make the sandbox: %w", err)
		}
		// The directory above is private to the user.
		if err := i.file.dir.Chmod(dir, mode); err != nil && !errors.Is(err, os.ErrPermission) {
			return sandboxes{}, fmt.Errorf("make the sandbox: %w", err)
		}
	}
	return i.theSandboxes(), nil
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
