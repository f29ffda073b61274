package lifecycle

import (
	"context"
	"errors"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/internal/helper"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
)

// workstation is a provisioner.Workstation on the instance's engine. No lock file counts for it: what it makes of the
// cookbooks has a lock file of its own.
func (i *instanceRun) workstation(ctx context.Context, image string) (provisioner.Container, error) {
	if i.onlyLook {
		return nil, errors.New("its cookbooks have to be resolved in a container first")
	}
	img, err := i.unlocked().image(ctx, image, "", i.inst.Driver.PullTool)
	if err != nil {
		return nil, err
	}
	return helper.Start(ctx, i.eng, backend.ContainerSpec{
		Name:  names.Label("galley-"+i.run.o.Project.ID+"-resolve-", names.Random(6)),
		Image: img.ID, User: "0", Entrypoint: []string{"sh", "-c", pidOne}, Labels: i.labels(label.RoleHelper),
	})
}
