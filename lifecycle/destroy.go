package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// destroy removes the runner with its services, and its sandboxes. Where there is nothing, that is success too.
func (i *instanceRun) destroy(ctx context.Context) error {
	if _, err := i.removePublishDirs(); err != nil {
		return err
	}
	imageID, uploaded := "", false
	c := i.container
	if c != nil || i.eng != nil && i.mayHaveServices() {
		if err := i.step(StepRemove, func() error { return i.removeContainers(ctx) }); err != nil {
			return err
		}
	}
	if c != nil {
		imageID, uploaded = c.ImageID, isUploaded(*c)
		i.forgetRunner()
		for p := i.inst.From; p != nil; p = p.From {
			if err := i.eng.removeStartImages(ctx, p.Name); err != nil {
				return err
			}
		}
	}
	if i.state.Sandbox == "" {
		return nil
	}
	return i.step(StepClean, func() error { return i.removeSandboxes(ctx, imageID, uploaded) })
}

// removeSandboxes removes the instance's sandboxes. Where the runner's root left files
// that this user may not remove, a container from the runner's image does it.
func (i *instanceRun) removeSandboxes(ctx context.Context, imageID string, uploaded bool) error {
	name := sandboxDir + "/" + i.state.Sandbox
	dir := i.file.dir.Path(name)
	err := i.file.dir.RemoveAll(name)
	if errors.Is(err, os.ErrPermission) && !uploaded && i.eng != nil {
		if imageID == "" { // the runner is gone, its files are not
			img, err := i.platformImage(ctx)
			if err != nil {
				return fmt.Errorf("clean the sandbox: %w", err)
			}
			imageID = img.ID
		}
		if err := i.clean(ctx, dir, imageID); err != nil {
			return err
		}
		err = i.file.dir.RemoveAll(name)
	}
	if err != nil {
		return &sandbox.LeftoverError{Dir: dir, Paths: []string{"."}, Err: err}
	}
	return nil
}

// cleanAt is where the container that cleans sees the directory.
const cleanAt = "/galley"

// clean empties a directory in which containers left files that only their root
// may remove, through a container from the same image.
func (i *instanceRun) clean(ctx context.Context, dir, imageID string) error {
	cs := backend.ContainerSpec{
		Name: names.Label("galley-clean-"+i.run.o.Project.ID+"-", i.inst.Name), Image: imageID, User: "0",
		Entrypoint: []string{"sh", "-c", "rm -rf " + cleanAt + "/*/* " + cleanAt + "/*/.[!.]*"},
		Labels:     i.labels(label.RoleHelper),
		// However the runner's users were mapped, the engine's own root is above them.
		UserNS:  spec.UserNS{Mode: spec.UserNSHost},
		Network: backend.NetworkAttachment{Mode: spec.NetworkNone},
		Mounts:  []spec.Mount{{Type: spec.MountBind, Source: dir, Target: cleanAt, Own: true}},
	}
	c, err := i.createInPlace(ctx, cs)
	if err == nil {
		if err = i.eng.StartContainer(ctx, c.ID); err == nil {
			var code int
			if code, err = i.eng.WaitContainer(ctx, c.ID); err == nil && code != 0 {
				err = fmt.Errorf("rm exited with code %d", code)
			}
		}
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		err = errors.Join(err, i.eng.RemoveContainer(ctx, c.ID))
	}
	if err != nil {
		return fmt.Errorf("clean the sandbox: %w\nIf it fails again, remove %s as root", err, dir)
	}
	return nil
}
