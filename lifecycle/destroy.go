package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// destroy removes the runner and its sandboxes. Where there is nothing, that is
// success too.
func (w *worker) destroy(ctx context.Context) error {
	imageID := ""
	if w.container != nil {
		imageID = w.container.ImageID
		if err := w.eng.RemoveContainer(ctx, w.container.ID); err != nil {
			return err
		}
		w.container = nil
	}
	if w.state.Sandbox == "" {
		return nil
	}
	dir := filepath.Join(w.run.o.Project.StateDir(), "sandbox", w.state.Sandbox)
	err := os.RemoveAll(dir)
	if errors.Is(err, os.ErrPermission) && !w.state.Upload {
		if imageID == "" { // the runner is gone, its files are not
			img, err := w.platformImage(ctx)
			if err != nil {
				return fmt.Errorf("clean the sandbox: %w", err)
			}
			imageID = img.ID
		}
		if err := w.clean(ctx, dir, imageID); err != nil {
			return err
		}
		err = os.RemoveAll(dir)
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
func (w *worker) clean(ctx context.Context, dir, imageID string) error {
	labels := w.run.labels(backend.RoleHelper)
	labels[backend.LabelProject], labels[backend.LabelProjectDir] = w.run.o.Project.ID, w.run.o.Project.Root
	labels[backend.LabelInstance] = w.inst.Name
	spec := backend.ContainerSpec{
		Name: safeName("galley-clean-" + w.run.o.Project.ID + "-" + w.inst.Name), Image: imageID, User: "0",
		Entrypoint: []string{"sh", "-c", "rm -rf " + cleanAt + "/*/* " + cleanAt + "/*/.[!.]*"},
		Labels:     labels,
		// However the runner's users were mapped, the engine's own root is above them.
		UserNS:  backend.UserNSHost,
		Network: backend.NetworkAttachment{Mode: backend.NetworkNone},
		Mounts:  []backend.Mount{{Type: backend.MountBind, Source: dir, Target: cleanAt, Own: true}},
	}
	c, err := w.eng.CreateContainer(ctx, spec)
	if errors.Is(err, backend.ErrConflict) { // a galley was killed in the middle of this
		if err = w.evict(ctx, spec.Name, err); err == nil {
			c, err = w.eng.CreateContainer(ctx, spec)
		}
	}
	if err == nil {
		err = w.runToEnd(ctx, c.ID)
	}
	if err != nil {
		return fmt.Errorf("clean the sandbox: %w\nIf it fails again, remove %s as root", err, dir)
	}
	return nil
}

// runToEnd starts a container that does one thing, waits for its end, and removes
// it in any case.
func (w *worker) runToEnd(ctx context.Context, id string) error {
	err := w.eng.StartContainer(ctx, id)
	if err == nil {
		var code int
		if code, err = w.eng.WaitContainer(ctx, id); err == nil && code != 0 {
			err = fmt.Errorf("rm exited with code %d", code)
		}
	}
	ctx, cancel := cleanupContext(ctx)
	defer cancel()
	return errors.Join(err, w.eng.RemoveContainer(ctx, id))
}
