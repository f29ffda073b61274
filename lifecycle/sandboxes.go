package lifecycle

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

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
		kitchen:  sandbox.Dir{Local: local("kitchen"), Remote: i.inst.Provisioner.RootPath},
		verifier: sandbox.Dir{Local: local("verifier"), Remote: i.inst.Verifier.RootPath},
	}
}

// makeSandboxes makes the instance's directories. Their name holds a random word, made
// once: an engine that sees a directory of that name sees this one, and not one of the
// same path on another host.
func (i *instanceRun) makeSandboxes() (sandboxes, error) {
	if i.state.Sandbox == "" {
		word := make([]byte, 6)
		_, _ = rand.Read(word) // never fails: see crypto/rand
		i.state.Sandbox = names.File(i.inst.Name) + "." + hex.EncodeToString(word)
		if err := i.save(); err != nil {
			return sandboxes{}, err
		}
	}
	for _, name := range []string{"kitchen", "verifier"} {
		dir := sandboxDir + "/" + i.state.Sandbox + "/" + name
		if err := i.file.dir.MkdirAll(dir, 0o777); err != nil {
			return sandboxes{}, fmt.Errorf("make the sandbox: %w", err)
		}
		// With a remapped user namespace the runner's root is an ordinary user here, and
		// must write too. The directory above is private to the user.
		if err := i.file.dir.Chmod(dir, 0o777); err != nil && !errors.Is(err, os.ErrPermission) {
			return sandboxes{}, fmt.Errorf("make the sandbox: %w", err)
		}
	}
	return i.theSandboxes(), nil
}
