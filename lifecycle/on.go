package lifecycle

import (
	"strings"

	"github.com/galley-kitchen/galley/config"
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

// PutOn is an instance, and those from whose states it starts, on one of several engines: an instance of its own, with
// a record of its own.
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
