package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"github.com/galley-kitchen/galley/backend"
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
	return compareMachines(ctx, both[0], both[1], o)
}

// comparedMachine is a runner with what is known of it.
type comparedMachine struct {
	machine.Machine
	inst        config.Instance
	engine      backend.Containers
	id          string
	losesOwners bool
	// notCompared says what cannot be compared.
	notCompared []string
}

// machine collects what there is to know of a runner that runs.
func (i *instanceRun) machine(ctx context.Context, o CompareOptions) (*comparedMachine, error) {
	info, err := i.eng.Info(ctx)
	if err != nil {
		return nil, err
	}
	m := &comparedMachine{inst: i.inst, engine: i.eng, id: i.container.ID, losesOwners: info.CopiesLoseOwners}
	m.Own = []string{i.container.ID, i.container.ID[:min(12, len(i.container.ID))], i.container.Name, i.inst.Name}
	if m.Facts, err = machine.Collect(ctx, i.eng, m.id); err != nil {
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

// maxCompared is the size of the largest text of which the lines are compared.
const maxCompared = 256 << 10

// compareMachines is CompareMachines for machines of which all is known.
func compareMachines(ctx context.Context, a, b *comparedMachine, o CompareOptions) (machine.Report, error) {
	var ignore []machine.Rule
	for _, i := range slices.Concat(a.inst.Compare.Ignore, b.inst.Compare.Ignore) {
		ignore = append(ignore, machine.Ignore(i))
	}
	paths, left := machine.Paths(a.Machine, b.Machine, ignore, o.Noise)
	var found [2]map[string]*changes.Entry
	for n, m := range []*comparedMachine{a, b} {
		var err error
		found[n], err = changes.Entries(ctx, changes.Options{Engine: m.engine, Container: m.id, LosesOwners: m.losesOwners},
			paths)
		if err != nil {
			return machine.Report{}, fmt.Errorf("read the files of %s: %w", m.inst.Name, err)
		}
	}
	content := func(path string) (textA, textB []byte) {
		for n, to := range []*[]byte{&textA, &textB} {
			m := []*comparedMachine{a, b}[n]
			// A file that cannot be read is told by its size.
			*to, _ = Comparison{engine: m.engine}.content(ctx, m.id, path, found[n][path], maxCompared)
		}
		return textA, textB
	}
	list := machine.Files(a.Machine, b.Machine, paths, found[0], found[1], ignore, content)
	list = append(list, machine.Values(a.Machine, b.Machine, ignore)...)
	not := slices.Concat(a.notCompared, b.notCompared)
	slices.Sort(not)
	return machine.NewReport(list, left, append([]string{}, slices.Compact(not)...), o.Noise), ctx.Err()
}
