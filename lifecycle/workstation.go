package lifecycle

import (
	"context"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/internal/helper"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
)

// workstation makes throw-away containers on an instance's engine.
type workstation struct{ i *instanceRun }

// Open implements provisioner.Workstation.
func (s workstation) Open(ctx context.Context, image string) (provisioner.Container, error) {
	i := s.i
	img, err := i.image(ctx, image, "", i.inst.Driver.PullTool)
	if err != nil {
		return nil, err
	}
	return helper.Start(ctx, i.eng, backend.ContainerSpec{
		Name:  names.Label("galley-"+i.run.o.Project.ID+"-resolve-", names.Random(6)),
		Image: img.ID, User: "0", Entrypoint: []string{"sh", "-c", pidOne}, Labels: i.labels(label.RoleHelper),
	})
}
