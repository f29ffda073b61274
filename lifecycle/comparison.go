package lifecycle

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/changes"
	"github.com/galley-kitchen/galley/lifecycle/internal/helper"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// Comparison is a runner beside the image that it was made from.
type Comparison struct {
	// Image is the runner's image in words: the platform's by the name that kitchen.yml has for it, with what galley
	// made on top of it.
	Image string
	// Changes are sorted by path.
	Changes []changes.Change
	// Hidden are the places where volumes and directories are mounted: what was written there is not compared.
	Hidden []string

	engine        backend.Containers
	runner, image string
}

// Compare finds in what an instance's runner, running or not, differs from its image, and gives it to do. With noise
// the details of what converge did not mean to change are read too. The files of the image are there while do runs.
func (r *Run) Compare(ctx context.Context, inst config.Instance, noise bool, do func(Comparison) error) (err error) {
	e, c, err := r.reach(ctx, inst, "")
	switch {
	case errors.Is(err, backend.ErrNotFound):
		return fmt.Errorf("%s has no runner to compare with its image: %w\nRun `galley converge %s` first", inst.Name,
			backend.ErrNotFound, inst.Name)
	case err != nil && !errors.Is(err, backend.ErrNotRunning):
		return err
	}
	i := r.newInstanceRun(inst)
	i.eng, i.container = e, &c
	return i.compare(ctx, noise, do)
}

// compare is Compare for a runner that was found.
func (i *instanceRun) compare(ctx context.Context, noise bool, do func(Comparison) error) (err error) {
	c, d := i.container, i.inst.Driver
	if c.ImageID == "" { // it was made just now, and not asked for since
		now, err := i.eng.InspectContainer(ctx, c.ID)
		if err != nil {
			return err
		}
		c = &now
	}
	list, err := i.eng.ContainerChanges(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("ask what changed in the runner of %s: %w", i.inst.Name, err)
	}
	img, err := i.eng.InspectImage(ctx, c.ImageID)
	if errors.Is(err, backend.ErrNotFound) {
		return fmt.Errorf("the image that the runner of %s was made from is not on the engine any more: %w\n"+
			"Run `galley destroy %s` and converge again", i.inst.Name, err, i.inst.Name)
	}
	if err != nil {
		return err
	}
	mounted, err := i.mountPoints(ctx, img)
	if err != nil {
		return err
	}
	// It is mapped to the users of the engine's host as the runner is, so that owners can be compared.
	before, err := helper.Create(ctx, i.eng, backend.ContainerSpec{
		Name: names.Label("galley-"+i.run.o.Project.ID+"-image-", names.Random(6)), Image: c.ImageID, Platform: d.OCIPlatform,
		User: "0", Entrypoint: []string{"sh", "-c", pidOne}, Labels: i.labels(label.RoleHelper), UserNS: d.UserNS,
		Privileged: d.Privileged, Network: backend.NetworkAttachment{Mode: spec.NetworkNone},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, before.Close(ctx)) }()
	info, err := i.eng.Info(ctx)
	if err != nil {
		return err
	}
	if info.CopiesLoseOwners { // an image in which no shell starts leaves the owners unknown
		if err := i.eng.StartContainer(ctx, before.ID); err != nil && !errors.Is(err, backend.ErrInvalid) {
			return err
		}
	}
	found := Comparison{Image: imageInWords(d.Image, img), Hidden: mounted.others, engine: i.eng,
		runner: c.ID, image: before.ID}
	found.Changes, err = changes.Compare(ctx, changes.Options{Engine: i.eng, Container: c.ID, Image: before.ID,
		Changes: list, Mounted: slices.Concat(mounted.own, mounted.others), Noise: noise,
		LosesOwners: info.CopiesLoseOwners})
	if err != nil {
		return err
	}
	return do(found)
}

// imageInWords says what the image of a runner is.
func imageInWords(platform string, img backend.Image) string {
	switch img.Labels[label.Role] {
	case label.RoleSnapshot:
		return fmt.Sprintf("the snapshot %s of %s", img.Labels[label.Snapshot], img.Labels[label.Instance])
	case label.RoleFrom:
		return "what " + img.Labels[label.Instance] + " had converged"
	case label.RoleWork:
		return platform + " with its intermediate_instructions"
	}
	return platform
}

// maxReported is how many lines an event has of what changed in a runner.
const maxReported = 1000

// reportChanges tells once in a run what converge changed in the runner, when that was asked for: before tests change
// more. What cannot be compared is no failure of the instance.
func (i *instanceRun) reportChanges(ctx context.Context) {
	if !i.run.o.ReportChanges || i.compared || i.container == nil {
		return
	}
	i.compared = true
	err := i.compare(ctx, false, func(c Comparison) error {
		i.emit(RunnerChanged{i.stamp(), RunnerChanges{Image: c.Image, View: changes.Fold(c.Changes, false).Cut(maxReported),
			NotCompared: c.Hidden}})
		return nil
	})
	if err != nil && ctx.Err() == nil {
		i.notice(LevelWarn, "what converge changed is not in the reports: "+err.Error())
	}
}

// ErrTooLarge is a content that is larger than what is asked for.
var ErrTooLarge = errors.New("too large")

// Contents returns what the file of a change was and is: nil where there is no regular file. Errors: ErrTooLarge, when
// one has more than limit bytes.
func (c Comparison) Contents(ctx context.Context, of changes.Change, limit int64) (old, now []byte, err error) {
	if old, err = c.content(ctx, c.image, of.Path, of.Old, limit); err != nil {
		return nil, nil, err
	}
	now, err = c.content(ctx, c.runner, of.Path, of.New, limit)
	return old, now, err
}

func (c Comparison) content(ctx context.Context, id, path string, e *changes.Entry, limit int64) ([]byte, error) {
	if e == nil || e.Type != changes.File {
		return nil, nil
	}
	if e.Size > limit {
		return nil, ErrTooLarge
	}
	stream, err := c.engine.CopyFrom(ctx, id, path)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	t := tar.NewReader(stream)
	h, err := t.Next()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if h.Typeflag != tar.TypeReg {
		return nil, nil // the runner has put something else there meanwhile
	}
	text, err := io.ReadAll(io.LimitReader(t, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, err)
	case int64(len(text)) > limit:
		return nil, ErrTooLarge
	}
	return text, nil
}
