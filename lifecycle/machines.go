package lifecycle

import (
	"context"
	"fmt"
	"sync"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/changes"
	"github.com/galley-kitchen/galley/lifecycle/machine"
)

// CompareMachines finds in what the runners of two instances differ: in the paths that converge changed on either, and
// in what a script inside of them tells. Both must run. With noise also what is known to differ between machines that
// are alike is compared.
func (r *Run) CompareMachines(ctx context.Context, a, b config.Instance, noise bool) (machine.Report, error) {
	var both [2]*machine.Machine
	for n, inst := range []config.Instance{a, b} {
		e, c, err := r.reach(ctx, inst, "")
		if err != nil {
			return machine.Report{}, err
		}
		i := r.newInstanceRun(inst)
		if i.state, err = i.file.load(); err != nil {
			return machine.Report{}, err
		}
		i.eng, i.container = e, &c
		if both[n], err = i.machine(ctx, noise); err != nil {
			return machine.Report{}, fmt.Errorf("%s: %w", inst.Name, err)
		}
	}
	paths, _ := machine.Paths(*both[0], *both[1], noise)
	for _, m := range both {
		if err := m.ReadEntries(ctx, paths); err != nil {
			return machine.Report{}, err
		}
	}
	return machine.Compare(*both[0], *both[1], noise), nil
}

// machine collects what there is to know of a runner that runs, but for the entries of its files.
func (i *instanceRun) machine(ctx context.Context, noise bool) (*machine.Machine, error) {
	info, err := i.eng.Info(ctx)
	if err != nil {
		return nil, err
	}
	id := i.container.ID
	m := &machine.Machine{Name: i.inst.Name, Ignored: i.inst.Compare.Ignore,
		Source: changes.Options{Engine: i.eng, Container: id, LosesOwners: info.CopiesLoseOwners},
		Own:    []string{id, id[:min(12, len(id))], i.container.Name, i.inst.Name}}
	if m.Facts, err = machine.Collect(ctx, i.eng, id); err != nil {
		return nil, err
	}
	if changed := i.state.Changed; changed != nil {
		m.Facts.Values[machine.Converge] = map[string]string{"resources": fmt.Sprint(*changed, " changed")}
	}
	return m, i.compare(ctx, noise, func(c Comparison) error {
		m.Changed = c.Changes
		for _, p := range c.Hidden {
			m.NotCompared = append(m.NotCompared, p+": something is mounted there")
		}
		err := i.eng.StartContainer(ctx, c.image)
		if err == nil {
			m.Base, err = machine.Collect(ctx, i.eng, c.image)
		}
		if err != nil && ctx.Err() == nil {
			m.NotCompared = append(m.NotCompared, fmt.Sprintf("what is as in the image of %s: %v", i.inst.Name, err))
			return nil
		}
		return err
	})
}

// MachinesCompared tells in what the runners of an instance differ between two engines. It comes only when that was
// asked for.
type MachinesCompared struct {
	Stamp
	// A and B are the names of the instances.
	A string `json:"a"`
	B string `json:"b"`
	machine.Report
}

// comparisons are the machines of a run that are to be compared.
type comparisons struct {
	mu       sync.Mutex
	machines map[string]*machine.Machine
	// differences are how many were found.
	differences int
}

// keepMachine collects what there is to know of the runner, once in a run and before tests change more, when its
// instance is to be compared with itself on another engine. What cannot be compared is no failure of the instance.
func (i *instanceRun) keepMachine(ctx context.Context) {
	c := &i.run.comparisons
	if !i.run.o.CompareEngines || i.container == nil || i.kept {
		return
	}
	i.kept = true
	m, err := i.machine(ctx, false)
	if err == nil {
		paths, _ := machine.Paths(*m, machine.Machine{}, false)
		err = m.ReadEntries(ctx, paths)
	}
	if err != nil {
		if ctx.Err() == nil {
			i.notice(LevelWarn, "it cannot be compared with other engines: "+err.Error())
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.machines == nil {
		c.machines = map[string]*machine.Machine{}
	}
	c.machines[i.inst.Name] = m
}

// compareEngines compares each instance on the first engine with itself on each other one, and tells it.
func (r *Run) compareEngines(instances []config.Instance) {
	if !r.o.CompareEngines {
		return
	}
	first := map[string]config.Instance{}
	for _, i := range instances {
		a, ok := first[i.PlainName()]
		if !ok {
			first[i.PlainName()] = i
			continue
		}
		of, with := r.comparisons.machines[a.Name], r.comparisons.machines[i.Name]
		if of == nil || with == nil {
			r.notice(LevelWarn, a.Name+" and "+i.Name+" are not compared: not both have converged")
			continue
		}
		report := machine.Compare(*of, *with, false)
		r.comparisons.differences += report.Real()
		r.o.Sink.Handle(MachinesCompared{Stamp: r.stamp(""), A: a.Name, B: i.Name, Report: report})
	}
}

// Differences are how many differences between engines were found.
func (r *Run) Differences() int { return r.comparisons.differences }
