package lifecycle

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/fault"
	"github.com/galley-kitchen/galley/lifecycle/internal/helper"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// stopTime is how long a service that is restarted may take to end.
const stopTime = 10 * time.Second

// makeFault makes a fault, or ends those that there are. The record knows before of one of the network.
func (i *instanceRun) makeFault(ctx context.Context, f config.Fault) error {
	if f.Heal {
		return i.heal(ctx)
	}
	if f.Network != nil {
		if err := i.recordFaults(true); err != nil {
			return err
		}
		return i.networkFault(ctx, *f.Network)
	}
	if i.member != nil { // nodes have the same services, and one may wait for what another stops
		i.member.group.faults.Lock()
		defer i.member.group.faults.Unlock()
	}
	have, err := i.services(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Concat(f.Pause, f.Kill, f.Restart) {
		c, ok := have[name]
		if !ok {
			return fmt.Errorf("%s has no service %s: %w", served(i.inst).Name, name, backend.ErrNotFound)
		}
		switch {
		case f.Pause != nil && c.State == backend.StatePaused:
		case f.Pause != nil:
			err = i.eng.PauseContainer(ctx, c.ID)
		default:
			err = i.endService(ctx, c, f.Restart != nil)
		}
		if err != nil {
			return fmt.Errorf("the service %s: %w", name, err)
		}
	}
	return nil
}

// endService kills a service, or stops it and starts it again.
func (i *instanceRun) endService(ctx context.Context, c backend.Container, again bool) error {
	if err := i.eng.UnpauseContainer(ctx, c.ID); err != nil {
		return err
	}
	if !again {
		return i.eng.StopContainer(ctx, c.ID, 0)
	}
	if err := i.eng.StopContainer(ctx, c.ID, stopTime); err != nil {
		return err
	}
	c.State = backend.StateExited
	services := served(i.inst).Services
	s := services[slices.IndexFunc(services, func(s config.Service) bool { return s.Name == c.Labels[label.Service] })]
	img, err := i.image(ctx, s.Image, "", i.inst.Driver.PullPlatform)
	if err != nil {
		return err
	}
	return i.startService(ctx, servicePlan{Service: s, image: img, container: &c})
}

// networkFault makes the runner's network a bad one, by a helper that shares it. The helper stays where the network is
// to heal by itself.
func (i *instanceRun) networkFault(ctx context.Context, f config.NetworkFault) error {
	var addresses []string
	p, has := i.run.o.Project, served(i.inst)
	for _, name := range f.Cut { // a service, or another node
		container := serviceName(p, has.Name, name)
		if slices.Contains(has.Nodes, name) {
			container = containerName(p, nodeOf(has, name))
		}
		c, err := i.eng.InspectContainer(ctx, container)
		if err != nil {
			return fmt.Errorf("cut off %s: %w", name, err)
		}
		before := len(addresses)
		for _, address := range c.Addresses {
			if address != "" {
				addresses = append(addresses, address)
			}
		}
		if len(addresses) == before {
			return fmt.Errorf("cut off %s: it has no address, since it does not run: %w", name, backend.ErrNotRunning)
		}
	}
	return i.inNetwork(ctx, fault.Make(f, addresses), f.For)
}

// faultHelper is the name of the helper that shares the network of an instance's runner.
func faultHelper(p Project, instance string) string {
	return names.Label("galley-fault-"+p.ID+"-", instance)
}

// inNetwork runs a command of package fault in the runner's network. With a time the helper ends the faults after it.
func (i *instanceRun) inNetwork(ctx context.Context, argv []string, after time.Duration) error {
	d := i.inst.Driver
	if m := d.Network.Mode; m != spec.NetworkNamed && m != spec.NetworkBridge && m != "" {
		return fmt.Errorf("the runner has no network of its own that could be made a bad one (network_mode %s)\n"+
			"Leave network_mode out", d.Network)
	}
	if i.container == nil {
		return errors.New("the network of a runner cannot be made a bad one before there is a runner\nUse a later hook")
	}
	c, err := i.eng.InspectContainer(ctx, i.container.ID)
	if err != nil {
		return err
	}
	image := c.ImageID
	if d.FaultImage != "" {
		img, err := i.image(ctx, d.FaultImage, "", d.PullPlatform)
		if err != nil {
			return err
		}
		image = img.ID
	}
	name := faultHelper(i.run.o.Project, i.inst.Name)
	if err := i.eng.RemoveContainer(ctx, name); err != nil {
		return err
	}
	helper, err := helper.Start(ctx, i.eng, backend.ContainerSpec{Name: name, Image: image, User: "0",
		Entrypoint: fault.HealAfter(after), Labels: i.labels(label.RoleHelper), CapAdd: []string{"NET_ADMIN"},
		UserNS: d.UserNS, Network: backend.NetworkAttachment{Mode: spec.NetworkContainer, Name: i.container.ID}})
	if err != nil {
		return err
	}
	var printed bytes.Buffer
	code, err := helper.Exec(ctx, runner.Command{Argv: argv, User: "0", Stderr: &printed})
	if err == nil && code != 0 {
		err = fault.Explain(code, cmp.Or(d.FaultImage, "of the runner"), strings.TrimSpace(printed.String()))
	}
	if err != nil || after == 0 {
		err = errors.Join(err, helper.Close(ctx))
	}
	return err
}

// heal ends the faults of the network and lets paused services go on.
func (i *instanceRun) heal(ctx context.Context) error {
	have, err := i.services(ctx)
	if err != nil {
		return err
	}
	for _, c := range have {
		if c.State == backend.StatePaused {
			if err := i.eng.UnpauseContainer(ctx, c.ID); err != nil {
				return err
			}
		}
	}
	if i.container != nil && i.state.Faults {
		if err := i.inNetwork(ctx, fault.Heal(), 0); err != nil {
			return err
		}
	}
	return i.recordFaults(false)
}

// removeFaultHelper removes the helper that shares the network of the runner, which is about to end or to go.
func (i *instanceRun) removeFaultHelper(ctx context.Context) error {
	if !i.state.Faults {
		return nil
	}
	return i.eng.RemoveContainer(ctx, faultHelper(i.run.o.Project, i.inst.Name))
}

// recordFaults records whether there may be faults of the network.
func (i *instanceRun) recordFaults(there bool) error {
	if i.state.Faults == there {
		return nil
	}
	i.state.Faults = there
	return i.save()
}
