package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/mask"
)

// DiagnoseOptions say how Diagnose renders.
type DiagnoseOptions struct {
	// JSON renders JSON instead of YAML.
	JSON bool
	// Environ is the client's environment, as os.Environ has it: the values of
	// its secret variables are masked wherever they occur.
	Environ []string
	// Diagnostics are problems to list as well.
	Diagnostics []kitchen.Diagnostic
}

// Diagnose renders the files and the resolved configuration of the instances, which Resolve made of c: every key with
// its value or default, in order of the alphabet. Secrets are masked, by their names and by their values.
func Diagnose(c *kitchen.Config, instances []config.Instance, o DiagnoseOptions) ([]byte, error) {
	masker := c.Masker(o.Environ)
	files := make([]any, 0, len(c.Files))
	for _, f := range c.Files {
		files = append(files, map[string]any{"role": string(f.Role), "path": f.Path, "present": f.Present})
	}
	all := make(map[string]any, len(instances))
	for _, i := range instances {
		if i.Index < 0 || i.Index >= len(c.Instances) {
			return nil, fmt.Errorf("instance %q is not of this configuration", i.Name)
		}
		all[i.Name] = masker.Value("", settings(i, c.Instances[i.Index]))
	}
	doc := map[string]any{
		"root":      c.Root,
		"files":     files,
		"instances": all,
	}
	if len(c.Notices) > 0 {
		doc["notices"] = masker.Value("", plain(c.Notices))
	}
	if len(o.Diagnostics) > 0 {
		list := make([]any, len(o.Diagnostics))
		for i, d := range o.Diagnostics {
			d.Excerpt = ""
			list[i] = masker.String(d.String())
		}
		doc["diagnostics"] = list
	}
	return render(doc, o.JSON)
}

// render encodes a document; both encoders sort keys.
func render(doc any, asJSON bool) ([]byte, error) {
	if asJSON {
		out, err := json.MarshalIndent(doc, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("encode configuration as JSON: %w", err)
		}
		return append(out, '\n'), nil
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(doc), enc.Close()); err != nil {
		return nil, fmt.Errorf("encode configuration as YAML: %w", err)
	}
	return out.Bytes(), nil
}

// settings are all keys of an instance with their values.
func settings(i config.Instance, raw kitchen.RawInstance) map[string]any {
	out := map[string]any{
		"suite":    i.Suite,
		"platform": map[string]any{"name": i.Platform, "os_type": i.OSType, "shell_type": i.ShellType},
	}
	if n := i.Node; n != nil {
		services := slices.Concat(n.Group.Shared, n.Group.Services)
		group := map[string]any{"name": n.Group.Name, "services": servicesShown(services)}
		if v := raw.Group.Verifier; v != nil {
			group["verifier"] = section(*n.Group, SectionVerifier, string(n.Group.Verifier.Kind), v)
		}
		if len(n.Group.Networks) > 0 {
			group["networks"], out["networks"] = plain(n.Group.Networks), plain(n.Networks)
		}
		out["node"], out["after"], out["group"] = n.Name, plain(n.After), group
	}
	if i.From != nil {
		out["from"] = i.From.Name
	}
	for _, b := range []struct {
		in    Section
		kind  string
		block *yaml11.Value
	}{
		{SectionDriver, i.Driver.Name, raw.Driver},
		{SectionProvisioner, string(i.Provisioner.Kind), raw.Provisioner},
		{SectionVerifier, string(i.Verifier.Kind), raw.Verifier},
		{SectionTransport, i.Transport.Name, raw.Transport},
		{SectionPublish, "", raw.Publish},
		{SectionCompare, "", raw.Compare},
	} {
		if (b.in == SectionPublish || b.in == SectionCompare) && b.block == nil {
			continue
		}
		out[string(b.in)] = section(i, b.in, b.kind, b.block)
	}
	if all := slices.Concat(i.Shared, i.Services); len(all) > 0 {
		out["services"] = servicesShown(all)
	}
	if len(i.Networks) > 0 {
		out["networks"] = plain(i.Networks)
	}
	if len(i.Steps) > 0 {
		steps := make([]any, len(i.Steps))
		for n, s := range i.Steps {
			in := config.Instance{Driver: i.Driver, Provisioner: s.Provisioner, Verifier: s.Verifier}
			step := plain(s).(map[string]any)
			step["provisioner"] = section(in, SectionProvisioner, string(s.Provisioner.Kind), raw.Steps[n].Provisioner)
			step["verifier"] = section(in, SectionVerifier, string(s.Verifier.Kind), raw.Steps[n].Verifier)
			steps[n] = step
		}
		out["steps"] = steps
	}
	if len(i.Hooks) > 0 {
		hooks := map[string]any{}
		for name, list := range i.Hooks {
			hooks[name] = plain(list)
		}
		out[string(SectionLifecycle)] = hooks
	}
	return out
}

func servicesShown(list []config.Service) map[string]any {
	shown := map[string]any{}
	for _, s := range list {
		shown[s.Name] = plain(s)
	}
	return shown
}

// section is what the block of one plugin came to: the keys that galley knows as
// they were resolved, and others as they are in the file.
func section(i config.Instance, in Section, kind string, block *yaml11.Value) map[string]any {
	out := map[string]any{}
	s := theSchema()
	for _, e := range entries(block) {
		if k := s.find(in, e.Key); k == nil || k.read == nil || i.Driver.Kind == config.DriverUnserved {
			out[e.Key] = e.Value.Any()
		}
	}
	if i.Driver.Kind == config.DriverUnserved {
		return out
	}
	for _, k := range s.keys {
		if k.Section != in || k.show == nil || !k.forKind(kind) {
			continue
		}
		v := plain(k.show(&i))
		if k.Secret && v != nil {
			v = mask.Hidden
		}
		out[k.Name] = v
	}
	return out
}
