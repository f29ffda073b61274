package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/changes"
	"github.com/galley-kitchen/galley/lifecycle/machine"
)

// CompareMachines finds in what the runners of two instances differ: in the paths that converge changed on either, and in
// what a script inside of them tells. Both must run. With noise also what is known to differ between machines that are
// alike is compared.
func (r *Run) CompareMachines(ctx context.Context, a, b config.Instance, noise bool) (machine.Report, error) {
	var both [2]*comparedMachine
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
	paths, _ := machine.Paths(both[0].Machine, both[1].Machine, ignoredBy(both[0], both[1]), noise)
	for _, m := range both {
		if err := m.readEntries(ctx, paths); err != nil {
			return machine.Report{}, err
		}
	}
	return compareMachines(both[0], both[1], noise), nil
}

// comparedMachine is a runner with what is known of it.
type comparedMachine struct {
	machine.Machine
	inst config.Instance
	// files is where its files are read.
	files changes.Options
	// notCompared says what cannot be compared.
	notCompared []string
}

// machine collects what there is to know of a runner that runs, but for the entries of its files.
func (i *instanceRun) machine(ctx context.Context, noise bool) (*comparedMachine, error) {
	info, err := i.eng.Info(ctx)
	if err != nil {
		return nil, err
	}
	id := i.container.ID
	m := &comparedMachine{inst: i.inst,
		files: changes.Options{Engine: i.eng, Container: id, LosesOwners: info.CopiesLoseOwners}}
	m.Own = []string{id, id[:min(12, len(id))], i.container.Name, i.inst.Name}
	if m.Facts, err = machine.Collect(ctx, i.eng, id); err != nil {
		return nil, err
	}
	if changed := i.state.Changed; changed != nil {
		m.Facts.Values[machine.Converge] = map[string]string{"resources": fmt.Sprint(*changed, " changed")}
	}
	return m, i.compare(ctx, noise, func(c Comparison) error {
		m.Changed = c.Changes
		for _, p := range c.Hidden {
			m.notCompared = append(m.notCompared, p+": something is mounted there")
		}
		err := i.eng.StartContainer(ctx, c.image)
		if err == nil {
			m.Base, err = machine.Collect(ctx, i.eng, c.image)
		}
		if err != nil && ctx.Err() == nil {
			m.notCompared = append(m.notCompared, fmt.Sprintf("what is as in the image of %s: %v", i.inst.Name, err))
			return nil
		}
		return err
	})
}

// readEntries reads what is at paths.
func (m *comparedMachine) readEntries(ctx context.Context, paths []string) error {
	found, err := changes.Entries(ctx, m.files, paths)
	if err != nil {
		return fmt.Errorf("read the files of %s: %w", m.inst.Name, err)
	}
	m.Entries = map[string]*changes.Entry{}
	for _, p := range paths {
		m.Entries[p] = found[p]
	}
	return nil
}

// ignoredBy are the rules of kitchen.yml for two machines.
func ignoredBy(a, b *comparedMachine) (list []machine.Rule) {
	for _, i := range slices.Concat(a.inst.Compare.Ignore, b.inst.Compare.Ignore) {
		list = append(list, machine.Ignore(i))
	}
	return list
}

// compareMachines compares machines of which all is known.
func compareMachines(a, b *comparedMachine, noise bool) machine.Report {
	ignore := ignoredBy(a, b)
	paths, left := machine.Paths(a.Machine, b.Machine, ignore, noise)
	list := slices.Concat(machine.Files(a.Machine, b.Machine, paths, ignore), machine.Values(a.Machine, b.Machine, ignore))
	not := slices.Concat(a.notCompared, b.notCompared)
	slices.Sort(not)
	return machine.NewReport(list, left, append([]string{}, slices.Compact(not)...), noise)
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
	machines map[string]*comparedMachine
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
		paths, _ := machine.Paths(m.Machine, machine.Machine{}, ignoredBy(m, m), false)
		err = m.readEntries(ctx, paths)
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
		c.machines = map[string]*comparedMachine{}
	}
	c.machines[i.inst.Name] = m
}

// of is the machine of an instance, nil when it was not collected.
func (c *comparisons) of(instance string) *comparedMachine {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machines[instance]
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
		of, with := r.comparisons.of(a.Name), r.comparisons.of(i.Name)
		if of == nil || with == nil {
			r.notice(LevelWarn, a.Name+" and "+i.Name+" are not compared: not both have converged")
			continue
		}
		report := compareMachines(of, with, false)
		r.comparisons.differences += report.Real()
		r.o.Sink.Handle(MachinesCompared{Stamp: r.stamp(""), A: a.Name, B: i.Name, Report: report})
	}
}

// Differences are how many differences between engines were found.
func (r *Run) Differences() int { return r.comparisons.differences }
