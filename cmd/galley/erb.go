package main

import (
	"os"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/erb"
)

// renderer evaluates the templates in kitchen.yml as the settings allow.
func (a *app) renderer() (config.Renderer, error) {
	mode, err := erb.ParseMode(a.set.v.GetString("erb"))
	if err != nil {
		return nil, err
	}
	o := erb.Options{Dir: a.dir, Mode: mode, Args: os.Args[1:], Stdout: a.err, Stderr: a.err}
	if a.set.v.GetBool("erb-commands") {
		o.Commands = erb.RunCommand
	}
	return erb.NewSession(o), nil
}
