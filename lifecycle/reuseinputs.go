package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/checkpoint"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// The names of inputs, as people read them.
const (
	inputEngine      = "kind of engine"
	inputPlatform    = "platform image"
	inputFrom        = "what it starts from"
	inputTools       = "tool images"
	inputRunner      = "configuration of the runner"
	inputProvisioner = "provisioner and its environment"
	inputSandbox     = "files of the sandbox"
	inputUploads     = "uploads"
	inputHooks       = "hooks"
)

// coldByConfig says why no checkpoint could stand for a converge of the instance, as far as kitchen.yml tells, or "".
func coldByConfig(inst config.Instance) string {
	for _, name := range []string{"pre_converge", "post_converge", "finally_converge"} {
		if slices.ContainsFunc(inst.Hooks[name], func(h config.Hook) bool { return h.Local != "" }) {
			return "a hook of " + name + " runs on this machine"
		}
	}
	d := inst.Driver
	for _, m := range d.Mounts {
		below := func(dir string) bool {
			return strings.HasPrefix(filepath.ToSlash(filepath.Clean(m.Source))+"/", dir)
		}
		kernel := below("/sys/") || below("/proc/") || below("/dev/") && !below("/dev/shm/") // which has files
		switch {
		case m.Type == spec.MountBind && !kernel:
			return "driver.volumes mounts " + m.Source + " of the engine's host"
		case m.Type == spec.MountImage:
			return "driver.mounts mounts the image " + m.Source
		case m.Type == spec.MountVolume && m.Source != "":
			return "driver.volumes mounts the volume " + m.Source + ", which has a life of its own"
		}
	}
	switch {
	case len(inst.Steps) > 0:
		return "it has steps, with tests between them"
	case inst.Node != nil:
		return "it is one of several nodes, and was told where the others are"
	case len(inst.Services)+len(inst.Shared) > 0:
		return "it has services, whose state is no part of an image"
	case len(d.VolumesFrom) > 0:
		return "driver.volumes_from mounts what belongs to another container"
	case d.PID.Mode != "" && d.PID.Mode != spec.NamespacePrivate:
		return "driver.pid_mode shows it processes that are not its own"
	case len(inst.Provisioner.Downloads) > 0:
		return "provisioner.downloads fetches what converge leaves"
	case inst.Provisioner.Kind == config.ProvisionerAnsible && inst.Provisioner.Ansible.From == config.PlaceHost:
		return "this machine's Ansible converges it"
	case inst.Provisioner.Kind == config.ProvisionerExternal:
		return "a program of this machine converges it"
	}
	return ""
}

// collectInputs finds all that goes into the converge. With fill the sandbox is filled first. cold says why a
// checkpoint could not stand for the converge.
func (i *instanceRun) collectInputs(ctx context.Context, sb sandbox.Dir, fill bool) (cold string, err error) {
	if cold := coldByConfig(i.inst); cold != "" {
		return cold, nil
	}
	prov, err := i.provisioner()
	if err != nil {
		return "", err
	}
	r := i.reuse
	if fill {
		if err := prov.Prepare(ctx, sb); err != nil { // converge says how, should it not be able to either
			first, _, _ := strings.Cut(err.Error(), "\n")
			return "its sandbox cannot be filled: " + first, ctx.Err()
		}
		r.unused = slices.DeleteFunc(prov.Written(), func(place string) bool {
			_, err := os.Lstat(filepath.Join(sb.Local, place))
			return err == nil
		})
	}
	var in checkpoint.Inputs
	info, err := i.eng.Info(ctx)
	if err != nil {
		return "", err
	}
	in.Add(inputEngine, info.Flavor)
	if i.inst.From != nil {
		var parent *reuse
		if parent, cold, err = i.parentKey(ctx); cold != "" || err != nil {
			return cold, err
		}
		r.parent, r.platform = parent.inputs.Key(), parent.platform
		in.Add(inputFrom, r.parent)
	} else {
		img, err := i.platformImage(ctx)
		if err != nil {
			return "", err
		}
		r.platform = img.ID
		in.Add(inputPlatform, stableID(img))
	}
	tools, err := i.toolIDs(ctx)
	if err != nil {
		return "", err
	}
	in.Add(inputTools, tools...)
	for _, input := range []struct {
		name   string
		digest func() (string, error)
	}{
		{inputRunner, func() (string, error) { return i.runnerInput(len(tools)) }},
		{inputProvisioner, i.provisionerInput},
		{inputSandbox, func() (string, error) { return r.sandboxDigest(sb) }},
		{inputUploads, i.uploadsInput},
		{inputHooks, i.hooksInput},
	} {
		value, err := input.digest()
		if err != nil {
			return "its " + input.name + " cannot be read: " + err.Error(), nil //nolint:nilerr // converge may do without
		}
		in.Add(input.name, value)
	}
	r.inputs = in
	return "", nil
}

// stableID names an image by what is in it, alike on all engines. Of one that galley built that is what it was built
// of: a second build of the same has other content.
func stableID(img backend.Image) string {
	for _, tag := range img.Tags {
		if strings.HasPrefix(tag, workImages) {
			return tag
		}
	}
	return img.Content
}

// parentKey is what is known of the instance that this one starts from.
func (i *instanceRun) parentKey(ctx context.Context) (known *reuse, cold string, err error) {
	parent := i.run.newInstanceRun(*i.inst.From)
	parent.eng, parent.onlyLook, parent.reuse = i.eng, i.onlyLook, &reuse{}
	if _, cold, err = parent.keyAside(ctx); cold != "" {
		cold = i.inst.From.Name + ", from which it starts, has none: " + cold
	}
	return parent.reuse, cold, err
}

// keyAside is the key of the instance, with a sandbox that is made for it and removed again.
func (i *instanceRun) keyAside(ctx context.Context) (key, cold string, err error) {
	dir, err := os.MkdirTemp("", "galley-inputs-")
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	remaps, err := i.eng.RemapsUsers(ctx)
	if err != nil {
		return "", "", err
	}
	i.openSandbox = needsOpenSandbox(i.inst.Driver, remaps)
	sb := i.sandbox(kitchenSandbox)
	sb.Local = filepath.Join(dir, kitchenSandbox)
	cold, err = i.collectInputs(ctx, sb, true)
	return i.reuse.inputs.Key(), cold, err
}

// toolIDs name the images of the tools.
func (i *instanceRun) toolIDs(ctx context.Context) ([]string, error) {
	wanted, err := i.wantedTools()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, t := range wanted {
		img, err := i.toolImage(ctx, t)
		if err != nil {
			return nil, err
		}
		ids = append(ids, stableID(img))
	}
	return ids, nil
}

// runnerInput is a digest of what kitchen.yml wants the runner to be, but for its images and for what is only the name
// of the instance or of the project.
func (i *instanceRun) runnerInput(tools int) (string, error) {
	inst, dirs := i.inst, i.sandboxes()
	inst.Name = ""
	for n := range dirs {
		dirs[n].Local = ""
	}
	access := make([]backend.Tool, tools)
	for n := range access {
		access[n].Access = inst.Driver.ToolAccess
	}
	digests, err := specDigests(runnerSpec(Project{}, inst, "", access, dirs, i.run.project().Getenv))
	return combine(digests), err
}

// provisionerInput is how the runner is converged: what kitchen.yml says of it, and the environment of the command.
func (i *instanceRun) provisionerInput() (string, error) {
	p := i.inst.Provisioner
	env := runner.KitchenEnv(i.run.o.Environ, p.Proxy, p.Env)
	text, err := json.Marshal([]any{withoutRoot(p, i.run.o.Project.Root), i.run.o.Idempotence, env})
	return string(text), err
}

// withoutRoot is a provisioner whose sources in the project are named as seen from there: a checkout is somewhere else
// on each machine. What is in them is in the sandbox.
func withoutRoot(p config.Provisioner, root string) config.Provisioner {
	rel := func(name string) string {
		if in, err := filepath.Rel(root, name); err == nil && filepath.IsLocal(in) {
			return filepath.ToSlash(in)
		}
		return name
	}
	c, pu, a := &p.Chef, &p.Puppet, &p.Ansible
	for _, name := range []*string{&p.Shell.Script, &p.Shell.DataPath, &p.Tool.BuildContext, &c.Policyfile, &c.Berksfile,
		&pu.ManifestsPath, &pu.FilesPath, &pu.HieraConfig, &pu.HieraData, &pu.FacterLib, &pu.PuppetConfig,
		&a.Playbook, &a.Inventory, &a.RolesPath, &a.GroupVars, &a.HostVars, &a.LibraryPath, &a.FilterPlugins,
		&a.CallbackPlugins, &a.LookupPlugins, &a.ConfigFile, &a.Requirements, &a.CollectionRequirements} {
		*name = rel(*name)
	}
	for _, list := range []*[]string{&pu.ModulesPaths, &a.MoreRoles, &a.ModulesPaths, &a.ExtraVarsFiles,
		&a.VaultPasswordFiles, &a.Copy} {
		*list = slices.Clone(*list)
		for n, name := range *list {
			(*list)[n] = rel(name)
		}
	}
	c.Paths = maps.Clone(c.Paths)
	for name, source := range c.Paths {
		c.Paths[name] = rel(source)
	}
	files := map[string]string{}
	for source, name := range p.Tool.Files {
		files[rel(source)] = name
	}
	p.Tool.Files = files
	return p
}

// sandboxDigest is a digest of the names, contents and permissions in a sandbox, also of empty directories, without the
// places that are the tool's own.
func (r *reuse) sandboxDigest(sb sandbox.Dir) (string, error) {
	files, err := sandbox.Tree(sb.Local, "", func(rel string, _ bool) bool {
		return rel == provisioner.RandomFile || slices.Contains(r.unused, rel)
	})
	if err != nil {
		return "", err
	}
	return archive.Digest(nil, files)
}

// uploadsInput is a digest of the files that are uploaded, and of where they go.
func (i *instanceRun) uploadsInput() (string, error) {
	uploads := i.inst.Provisioner.Uploads
	var digests []string
	for _, from := range slices.Sorted(maps.Keys(uploads)) {
		digest, err := pathDigest(i.run.project().Abs(from))
		if err != nil {
			return "", err
		}
		digests = append(digests, from, uploads[from], digest)
	}
	return fmt.Sprintf("%q", digests), nil
}

// pathDigest is a digest of a file, or of all in a directory.
func pathDigest(name string) (string, error) {
	st, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	files := []sandbox.File{{Path: filepath.Base(name), Source: name}}
	if st.IsDir() {
		if files, err = sandbox.Tree(name, "", nil); err != nil {
			return "", err
		}
	}
	return archive.Digest(nil, files)
}

// hooksInput are the hooks of create and converge, with the scripts of the project that local ones name.
func (i *instanceRun) hooksInput() (string, error) {
	var all []any
	for _, phase := range []Phase{PhaseCreate, PhaseConverge} {
		for _, when := range []string{"pre_", "post_", "finally_"} {
			name := when + string(phase)
			all = append(all, name, i.inst.Hooks[name])
			for _, h := range i.inst.Hooks[name] {
				scripts, err := i.scriptsOf(h)
				if err != nil {
					return "", err
				}
				all = append(all, scripts)
			}
		}
	}
	text, err := json.Marshal(all)
	return string(text), err
}

// scriptsOf are digests of the files of the project that the line of a local hook names.
func (i *instanceRun) scriptsOf(h config.Hook) ([]string, error) {
	var digests []string
	p := i.run.project()
	for _, word := range strings.Fields(h.Local) {
		name := strings.Trim(word, "'\";&|()")
		if !filepath.IsAbs(name) {
			name = filepath.Join(p.Abs(h.Cwd), name)
		}
		rel, err := filepath.Rel(p.Root, name)
		if err != nil || !filepath.IsLocal(rel) {
			continue // no file of the project
		}
		if st, err := os.Stat(name); err != nil || !st.Mode().IsRegular() {
			continue // an argument of another kind
		}
		digest, err := pathDigest(name)
		if err != nil {
			return nil, err
		}
		digests = append(digests, filepath.ToSlash(rel), digest)
	}
	return digests, nil
}
