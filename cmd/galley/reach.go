package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
)

// reached is a running runner, for commands that go inside.
type reached struct {
	instance config.Instance
	engine   backend.ContainerBackend
	runner   backend.Container
}

// reach finds the runners of the chosen instances and gives them to do.
func (a *app) reach(cmd *cobra.Command, args []string, one bool, do func([]reached) error) (err error) {
	ctx := cmd.Context()
	o, err := a.runOptions(cmd)
	if err != nil {
		return err
	}
	instances, err := a.load(ctx, args)
	if err != nil {
		return err
	}
	if one && len(instances) != 1 {
		return fmt.Errorf("%s works on one instance, and %d match:%s", cmd.CommandPath(), len(instances), names(instances, instanceName))
	}
	o.Sink = report.NewMulti()
	r, err := lifecycle.New(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var list []reached
	for _, i := range instances {
		engine, c, err := r.Reach(ctx, i)
		if err != nil {
			return err
		}
		list = append(list, reached{i, engine, c})
	}
	return do(list)
}
