package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/changes"
	"github.com/galley-kitchen/galley/lifecycle/machine"
)

// CompareOptions say how machines are compared.
type CompareOptions struct {
	// Noise also compares what is known to differ between machines that are alike.
	Noise bool
}

// CompareMachines finds in what the runners of two instances differ: in the paths that converge changed on either, and in
// what a script inside of them tells. Both must run.
func (r *Run) CompareMachines(ctx context.Context, a, b config.Instance, o CompareOptions) (machine.Report, error) {
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
		if both[n], err = i.machine(ctx, o); err != nil {
			return machine.Report{}, fmt.Errorf("%s: %w", inst.Name, err)
		}
	}
	paths, _ := machine.Paths(both[0].Machine, both[1].Machine, ignoredBy(both[0], both[1]), o.Noise)
	for _, m := range both {
		if err := m.readEntries(ctx, paths); err != nil {
			return machine.Report{}, err
		}
	}
	return compareMachines(both[0], both[1], o), nil
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
func (i *instanceRun) machine(ctx context.Context, o CompareOptions) (*comparedMachine, error) {
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
	return m, i.compare(ctx, o.Noise, func(c Comparison) error {
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
func compareMachines(a, b *comparedMachine, o CompareOptions) machine.Report {
	ignore := ignoredBy(a, b)
	paths, left := machine.Paths(a.Machine, b.Machine, ignore, o.Noise)
	list := slices.Concat(machine.Files(a.Machine, b.Machine, paths, ignore), machine.Values(a.Machine, b.Machine, ignore))
	not := slices.Concat(a.notCompared, b.notCompared)
	slices.Sort(not)
	return machine.NewReport(list, left, append([]string{}, slices.Compact(not)...), o.Noise)
}
