package lifecycle

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// workstation makes throw-away containers on an instance's engine.
type workstation struct{ i *instanceRun }

// Open implements provisioner.Workstation.
func (s workstation) Open(ctx context.Context, image string) (provisioner.Container, error) {
	i, d := s.i, s.i.inst.Driver
	img, err := i.eng.image(ctx, i.requester(), imageRequest{qualify(d.Registry, image), "", d.PullTool, d.CredsFile})
	if err != nil {
		return nil, err
	}
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, fmt.Errorf("name the container: %w", err)
	}
	c, err := i.eng.CreateContainer(ctx, backend.ContainerSpec{
		Name:  names.Label("galley-"+i.run.o.Project.ID+"-resolve-", hex.EncodeToString(b[:])),
		Image: img.ID, User: "0", Entrypoint: []string{"sh", "-c", pidOne}, Labels: i.labels(label.RoleHelper),
	})
	if err != nil {
		return nil, err
	}
	box := &throwaway{eng: i.eng, id: c.ID}
	if err := i.eng.StartContainer(ctx, c.ID); err != nil {
		if rmErr := box.Close(ctx); rmErr != nil {
			return nil, fmt.Errorf("%w (and it stays behind: %w)", err, rmErr)
		}
		return nil, err
	}
	return box, nil
}

// throwaway is a container that lives as long as what it is for.
type throwaway struct {
	eng *engine
	id  string
}

// Exec implements provisioner.Container.
func (t *throwaway) Exec(ctx context.Context, c runner.Command) (int, error) {
	return t.eng.Exec(ctx, t.id, backend.ExecSpec{Command: c.Argv, Env: c.Env, User: c.User, WorkDir: c.WorkDir,
		Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr})
}

// Upload implements provisioner.Container.
func (t *throwaway) Upload(ctx context.Context, dir string, files []sandbox.File) error {
	return archive.Send(ctx, t.eng, t.id, dir, files)
}

// Download implements provisioner.Container.
func (t *throwaway) Download(ctx context.Context, from, to string) error {
	return archive.Fetch(ctx, t.eng, t.id, from, to)
}

// Close implements provisioner.Container.
func (t *throwaway) Close(ctx context.Context) error {
	ctx, cancel := cleanupContext(ctx)
	defer cancel()
	return t.eng.RemoveContainer(ctx, t.id)
}
