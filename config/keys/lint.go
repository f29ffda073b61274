package keys

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// LintOptions say how Lint looks.
type LintOptions struct {
	// Strict makes every warning an error.
	Strict bool
	// Home and Env are as in ResolveOptions.
	Home string
	Env  func(string) (string, bool)
	// Exists reports whether a path of the client exists; nil asks the file system.
	Exists func(path string) bool
}

// Lint returns everything that is wrong with the configuration, or that galley does nothing with, sorted by place: what
// loading and Resolve say, keys without effect, old forms, filters that match nothing, files that are missing, and host
// ports that several instances want.
func Lint(c *kitchen.Config, o LintOptions) []kitchen.Diagnostic {
	if o.Exists == nil {
		o.Exists = func(p string) bool {
			_, err := os.Stat(p)
			return err == nil
		}
	}
	instances, found := Resolve(c, ResolveOptions{Home: o.Home, Env: o.Env, lint: true})
	var ds kitchen.Diagnostics
	for _, d := range slices.Concat(c.Diagnostics, found) {
		ds.Add(d)
	}
	for _, i := range instances {
		lintFiles(c, &ds, i, o.Exists)
	}
	lintPorts(c, &ds, instances)
	out := ds.List
	for i := range out {
		out[i] = c.Annotate(out[i])
		if o.Strict {
			out[i].Severity = kitchen.SeverityError
		}
	}
	slices.SortStableFunc(out, func(a, b kitchen.Diagnostic) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), a.Pos.Line-b.Pos.Line, a.Pos.Col-b.Pos.Col)
	})
	return out
}

// lintFiles reports files that kitchen.yml names and that do not exist.
func lintFiles(c *kitchen.Config, ds *kitchen.Diagnostics, i config.Instance, exists func(string) bool) {
	raw := c.Instances[i.Index]
	report := func(in Section, block *yaml11.Value, name, path string) {
		if path == "" || exists(path) {
			return
		}
		key := string(in) + "." + name
		v := either(block, theSchema().find(in, name).spellings()...)
		ds.WarnAt(v.Pos, key, fmt.Sprintf("%s: there is no %s", key, path), "paths are relative to the project, "+c.Root)
	}
	chef := i.Provisioner.Chef
	report(SectionProvisioner, raw.Provisioner, "policyfile", chef.Policyfile)
	report(SectionProvisioner, raw.Provisioner, "berksfile_path", chef.Berksfile)
	report(SectionProvisioner, raw.Provisioner, "script", i.Provisioner.Shell.Script)
	for _, p := range sandboxPaths() {
		report(SectionProvisioner, raw.Provisioner, p.key, chef.Paths[p.dir])
	}
	report(SectionDriver, raw.Driver, "creds_file", i.Driver.CredsFile)
	report(SectionDriver, raw.Driver, "build_context", i.Driver.BuildContext)
	for _, f := range i.Verifier.Inspec.InputFiles {
		report(SectionVerifier, raw.Verifier, "input_files", f)
	}
	for _, f := range i.Verifier.Inspec.WaiverFiles {
		report(SectionVerifier, raw.Verifier, "waiver_files", f)
	}
}

// lintPorts reports fixed host ports that several instances publish.
func lintPorts(c *kitchen.Config, ds *kitchen.Diagnostics, instances []config.Instance) {
	type use struct {
		key   string
		pos   yaml11.Pos
		names []string
	}
	uses := map[spec.PortMapping]*use{}
	var order []spec.PortMapping
	add := func(i config.Instance, ports []spec.PortMapping, key string, block *yaml11.Value, spellings ...string) {
		for _, p := range ports {
			if p.HostPort == 0 {
				continue
			}
			e := hostEnd(p)
			if uses[e] == nil {
				uses[e] = &use{key: key, pos: either(block, spellings...).Pos}
				order = append(order, e)
			}
			uses[e].names = append(uses[e].names, i.Name)
		}
	}
	for _, i := range instances {
		if i.On != "" {
			continue
		}
		raw := c.Instances[i.Index]
		add(i, i.Driver.Ports, "driver.ports", raw.Driver, theSchema().find(SectionDriver, "ports").spellings()...)
		of, block := i, raw.Services
		if g := raw.Group; g != nil && raw.Node == g.Nodes[0] {
			of, block = *i.Node.Group, g.Services
		}
		for _, s := range of.Services {
			add(of, s.Ports, "services."+s.Name+".ports", either(block, s.Name), "ports")
		}
	}
	for _, e := range order {
		u := uses[e]
		if len(u.names) < 2 {
			continue
		}
		shown := u.names
		if len(shown) > 3 {
			shown = append(shown[:3:3], fmt.Sprintf("%d more", len(shown)-3))
		}
		ds.WarnAt(u.pos, u.key, fmt.Sprintf("%s: the instances %s all want port %d of the host, so only "+
			"one of them can exist at a time", u.key, strings.Join(shown, ", "), e.HostPort),
			"leave out the host port to get a free one, or give each its own")
	}
}
