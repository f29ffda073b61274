package lifecycle

import (
	"context"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/machine"
)

// onSeparator is between the name of an instance and that of the engine that --on has put it on.
const onSeparator = "@"

// On is one of several engines that a run works on.
type On struct {
	// Name is what people call it, in the names of instances too.
	Name string
	// Engine and Host are as those of config.Driver.
	Engine, Host string
}

// PutOn is an instance, and those from whose states it starts, on one of several engines: an instance of its own, with a
// record of its own.
func PutOn(i config.Instance, on On) config.Instance {
	i.Name, i.On = OnName(i.Name, on.Name), on.Name
	i.Driver.Engine, i.Driver.Host = on.Engine, on.Host
	if i.Node != nil {
		n, group := *i.Node, PutOn(*i.Node.Group, on)
		n.Group = &group
		i.Node = &n
	}
	if i.From != nil {
		from := PutOn(*i.From, on)
		i.From = &from
	}
	return i
}

// OnName is the name of an instance on an engine.
func OnName(instance, engine string) string { return instance + onSeparator + engine }

// RecordedOn are the engines on which instances of a project are recorded, by the instances' names in kitchen.yml.
func (p Project) RecordedOn() (map[string][]string, error) {
	files, err := p.state().Names(".")
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	for _, name := range files {
		if !strings.Contains(name, onSeparator) || !strings.HasSuffix(name, stateExtension) {
			continue
		}
		// One that is damaged is told by the commands that use it.
		s, err := readState(p.state(), name)
		if at := strings.LastIndex(s.Instance, onSeparator); err == nil && at > 0 && s.Project == p.ID {
			instance := s.Instance[:at]
			found[instance] = append(found[instance], s.Instance[at+1:])
		}
	}
	return found, nil
}

// Recorded reports whether anything is recorded of an instance.
func (p Project) Recorded(instance string) bool {
	_, err := p.state().Stat(stateFileOf(p, instance).name())
	return err == nil
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
	m, err := i.machine(ctx, CompareOptions{})
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
		report := compareMachines(of, with, CompareOptions{})
		r.comparisons.differences += report.Real()
		r.o.Sink.Handle(MachinesCompared{Stamp: r.stamp(""), A: a.Name, B: i.Name, Report: report})
	}
}

// Differences are how many differences between engines were found.
func (r *Run) Differences() int { return r.comparisons.differences }
