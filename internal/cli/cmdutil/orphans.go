package cmdutil

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/galley-kitchen/galley/lifecycle"
)

// AllInstances names all instances of the project: none where there is no kitchen.yml.
func (f *Factory) AllInstances(ctx context.Context) ([]string, error) {
	conf, err := f.Config(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []string
	for _, i := range conf.Instances {
		list = append(list, i.Name)
	}
	return list, nil
}

// OrphanText describes what is left over of an instance.
func (f *Factory) OrphanText(o lifecycle.Orphan) string {
	if o.Runner == "" {
		return f.Clean(fmt.Sprintf("the record of %s", o.Instance))
	}
	return f.Clean(fmt.Sprintf("the runner of %s: %s, %s, on %s", o.Instance, o.Runner, o.State, o.Endpoint))
}
