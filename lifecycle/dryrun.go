package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
)

// Preview is what an action would do to an instance, as far as that can be known beforehand.
type Preview struct {
	Instance string `json:"instance"`
	// Engine is where the instance lives or would, empty when no engine could be asked.
	Engine string `json:"engine,omitempty"`
	// Steps are in the order in which they would be done.
	Steps []PreviewStep `json:"steps"`
	// Unknown says what could not be found out, and why.
	Unknown []string `json:"unknown,omitempty"`
}

// PreviewStep is something that would be done.
type PreviewStep struct {
	Phase Phase `json:"phase"`
	// Step is the step of the suite, empty without steps.
	Step string `json:"step,omitempty"`
	Do   Deed   `json:"do"`
	What string `json:"what"`
	// Why says what decides it, where that is not plain.
	Why string `json:"why,omitempty"`
}

// Deed is what would be done with something.
type Deed string

// The deeds. Keep, use and skip change nothing, and fail is the end of the action.
const (
	DeedPull    Deed = "pull"
	DeedBuild   Deed = "build"
	DeedMake    Deed = "make"
	DeedReplace Deed = "replace"
	DeedStart   Deed = "start"
	DeedRemove  Deed = "remove"
	DeedRun     Deed = "run"
	DeedCopy    Deed = "copy"
	DeedPublish Deed = "publish"
	DeedKeep    Deed = "keep"
	DeedUse     Deed = "use"
	DeedSkip    Deed = "skip"
	DeedFail    Deed = "fail"
)

// Previews say what an action would do to instances. What is done for nodes together comes before them.
func (r *Run) Previews(ctx context.Context, a Action, instances []config.Instance) ([]Preview, error) {
	list := []Preview{}
	for _, unit := range unitsOf(instances) {
		if n := unit[0].Node; n != nil {
			p, err := r.previewGroup(ctx, a, *n.Group)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", n.Group.Name, err)
			}
			list = append(list, p)
		}
		for _, i := range unit {
			p, err := r.Preview(ctx, a, i)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", i.Name, err)
			}
			list = append(list, p)
		}
	}
	return list, nil
}

// previewGroup is what an action would do for the nodes of a suite together.
func (r *Run) previewGroup(ctx context.Context, a Action, inst config.Instance) (Preview, error) {
	p := r.newPreview(a, inst)
	if err := p.locate(ctx); err != nil {
		return p.Preview, err
	}
	if a == Action(PhaseDestroy) {
		p.add(DeedRemove, "the network of the nodes, and their services", "when no node is left")
		return p.Preview, ctx.Err()
	}
	p.phase = PhaseCreate
	current := false
	if p.eng != nil && !p.fresh {
		var err error
		if current, err = (&group{instanceRun: p.instanceRun}).isCurrent(ctx); err != nil {
			return p.Preview, err
		}
	}
	if current {
		p.add(DeedKeep, "the network of the nodes, and their services", "they are as kitchen.yml wants them")
	} else {
		p.add(DeedMake, "the network of the nodes", "")
		if err := p.services(ctx, true); err != nil {
			return p.Preview, err
		}
	}
	if (a == ActionTest || a == Action(PhaseVerify)) && inst.Verifier.Kind != "" {
		p.phase = PhaseVerify
		p.verify()
		p.Steps[len(p.Steps)-1].Why = "when each node has passed"
	}
	if a == ActionTest {
		p.phase = PhaseDestroy
		p.add(DeedRemove, "the network of the nodes, and their services", "when no node is left")
	}
	return p.Preview, ctx.Err()
}

func (r *Run) newPreview(a Action, inst config.Instance) preview {
	p := preview{instanceRun: r.newInstanceRun(inst), Preview: Preview{Instance: inst.Name, Steps: []PreviewStep{}}}
	p.onlyLook, p.fresh, p.phase = true, a == ActionTest, Phase(a)
	if p.fresh {
		p.phase = PhaseDestroy
	}
	return p
}

// Preview says what an action would do to an instance. It looks at the engine, if one answers, and changes nothing
// there or in the project; no registry is asked. Errors: what kitchen.yml says cannot be done, or ctx ended.
func (r *Run) Preview(ctx context.Context, a Action, inst config.Instance) (Preview, error) {
	p := r.newPreview(a, inst)
	if err := p.find(ctx); err != nil {
		return p.Preview, err
	}
	if a != ActionTest {
		phases, err := p.phasesTo(Phase(a))
		if err != nil {
			return p.Preview, err
		}
		return p.Preview, p.do(ctx, phases)
	}
	p.destroy(nil)
	p.container, p.state = nil, State{}
	if err := p.do(ctx, transitions("", PhaseVerify)); err != nil {
		return p.Preview, err
	}
	p.phase = PhasePublish
	for _, ref := range r.o.Publish.Refs {
		p.add(DeedPublish, "an image of the runner as "+ref, "if its tests pass")
	}
	p.destroy(&r.o.Destroy)
	return p.Preview, nil
}

// preview collects what would be done to an instance.
type preview struct {
	*instanceRun
	Preview
	// warm is the checkpoint from which the runner would be made, nil for none.
	warm *Explanation
}

func (p *preview) add(do Deed, what, why string) {
	p.Steps = append(p.Steps, PreviewStep{p.phase, p.stepName(), do, what, why})
}

// unknown notes what cannot be known.
func (p *preview) unknown(what string, err error) {
	first, _, _ := strings.Cut(err.Error(), "\n")
	p.Unknown = append(p.Unknown, what+": "+first)
}

// locate reads the record of the instance and opens its engine, if that answers.
func (p *preview) locate(ctx context.Context) (err error) {
	if p.state, err = p.file.load(); errors.Is(err, errDamaged) {
		p.unknown("what earlier runs did", err)
	} else if err != nil {
		return err
	}
	e, moved, err := p.run.locate(ctx, p.inst.Name, p.state, p.inst.Driver)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		p.unknown("what is on the engine", err)
		return nil
	case moved != nil && p.phase == PhaseDestroy && !p.fresh:
		e = moved
	case moved != nil:
		p.add(DeedRemove, "the runner from "+hidePassword(moved.endpoint.URI), "kitchen.yml names another engine now")
		p.forgetRunner()
	}
	p.eng, p.Engine = e, describeEngine(string(e.endpoint.Kind), hidePassword(e.endpoint.URI))
	return nil
}

// find looks for the runner, as inspect does, without a lock.
func (p *preview) find(ctx context.Context) error {
	if err := p.locate(ctx); err != nil || p.eng == nil || p.run.o.Project.ID == "" { // without an ID nothing was made yet
		return err
	}
	known, err := p.eng.knownContainers(ctx)
	if err != nil {
		p.unknown("what is on the engine", err)
		p.eng = nil
		return ctx.Err()
	}
	if c, ok := known.runners[p.inst.Name]; ok {
		p.container = &c
	}
	if err := p.refuseForeign(); err != nil {
		return err
	}
	p.compareRecord()
	p.compareServices(known.all)
	return nil
}

// destroy is the destruction of the instance: always, or at the end of a test as its rule says.
func (p *preview) destroy(rule *DestroyMode) {
	p.phase = PhaseDestroy
	why := ""
	if rule != nil {
		why = "--destroy " + string(*rule)
		switch *rule {
		case DestroyNever:
			p.add(DeedKeep, "the runner", why)
			return
		case DestroyPassing:
			why += ": if all went well"
		case DestroyAlways:
			why += ": also after a failure"
		}
	}
	p.hooks("pre_destroy")
	runner := containerName(p.run.o.Project, p.inst.Name)
	switch made := rule != nil; {
	case made && len(p.inst.Services) > 0:
		p.add(DeedRemove, "the runner and its services", why)
	case made:
		p.add(DeedRemove, "the runner", why)
	case p.container != nil:
		p.add(DeedRemove, "the runner "+runner, "")
	case p.eng == nil:
		p.add(DeedRemove, "the runner", "if there is one")
	default:
		p.add(DeedSkip, "there is no runner to remove", "")
	}
	if rule == nil {
		for _, name := range p.state.Services {
			p.add(DeedRemove, "the service "+name, "")
		}
	}
	p.hooks("post_destroy")
	p.hooks("finally_destroy")
}

// do is what phases would do, from where the instance is.
func (p *preview) do(ctx context.Context, phases []Phase) error {
	if err := p.explain(ctx, phases); err != nil {
		return err
	}
	for _, part := range partsOf(phases, p.inst.Steps) {
		p.phase = part.phase
		before := len(p.Steps)
		switch p.phase {
		case PhaseDestroy:
			p.destroy(nil)
			continue
		case PhaseCreate:
			if err := p.create(ctx); err != nil {
				return err
			}
			continue
		case PhaseConverge:
			if p.warm != nil {
				p.add(DeedSkip, "converge, with its hooks", "the checkpoint of "+when(p.warm.Created)+" is of the same inputs")
				continue
			}
		}
		p.hooks("pre_" + string(p.phase))
		switch p.phase {
		case PhaseConverge:
			_ = p.inStep(part.step, func() error { p.converge(); return nil })
		case PhaseVerify:
			_ = p.inStep(part.step, func() error { p.verify(); return nil })
		}
		p.hooks("post_" + string(p.phase))
		p.hooks("finally_" + string(p.phase))
		if len(p.Steps) == before {
			p.add(DeedSkip, "there are no hooks of "+string(p.phase), "")
		}
	}
	return ctx.Err()
}

// explain finds whether a checkpoint would spare the converge of a runner that is made.
func (p *preview) explain(ctx context.Context, phases []Phase) error {
	p.mayReuse(phases)
	if p.reuse == nil || p.eng == nil {
		return nil
	}
	if p.container != nil {
		changed, err := p.configChanged()
		if err != nil {
			return err
		}
		if changed == "" || p.run.o.NoRecreate {
			p.reuse = nil // the runner is kept
			return nil
		}
	}
	x, err := p.run.explain(ctx, p.inst, false)
	switch {
	case err != nil:
		p.unknown("whether a checkpoint spares the converge", err)
	case x.State == Warm:
		p.warm = &x
	default:
		p.reuse.cold = "no checkpoint spares it: " + x.Why
		if repository := p.run.o.Reuse.Repository; repository != "" && x.Key != "" {
			p.Unknown = append(p.Unknown, "whether a checkpoint spares the converge: "+repository+" may have one")
		}
	}
	return ctx.Err()
}

// hooks are the hooks of a name, such as pre_converge.
func (p *preview) hooks(name string) {
	for _, h := range p.inst.Hooks[name] {
		p.hook(name, h)
	}
}

func (p *preview) hook(name string, h config.Hook) {
	switch {
	case h.Fault != nil:
		p.add(DeedRun, h.Fault.Text(), name)
	case h.Local != "":
		p.add(DeedRun, "on this machine: "+h.Local, name)
	case p.phase == PhaseCreate && p.warm != nil:
		p.add(DeedSkip, "in the runner: "+h.Remote, name+", which the checkpoint has")
	default:
		p.add(DeedRun, "in the runner: "+h.Remote, name)
	}
}

// create is the steps of create that are not recorded as done.
func (p *preview) create(ctx context.Context) error {
	if place(p.state.LastAction) >= place(PhaseCreate) {
		p.state.Steps = nil
	}
	wanted, err := p.wantedTools()
	if err != nil {
		return err
	}
	if !p.state.has(StepPreCreate) {
		p.hooks("pre_create")
	}
	img, err := p.platform(ctx)
	if err != nil {
		return err
	}
	tools, err := p.tools(ctx, wanted)
	if err != nil {
		return err
	}
	var mounted []string // without an ID for what is still to be pulled, which is another one than the runner has
	for _, m := range p.inst.Driver.Mounts {
		if m.Type == spec.MountImage {
			img, err := p.image(ctx, m.Source, p.inst.Driver.OCIPlatform, p.inst.Driver.PullPlatform)
			if err != nil {
				return err
			}
			mounted = append(mounted, img.ID)
		}
	}
	if d := p.inst.Driver; d.Network.Name == defaultNetwork && p.inst.Node == nil {
		if err := p.network(ctx, d.Network.Name); err != nil {
			return err
		}
	}
	changed, err := p.runnerChange(wanted, img, tools, mounted)
	if err != nil {
		return err
	}
	if err := p.services(ctx, changed != "" && !p.run.o.NoRecreate); err != nil {
		return err
	}
	p.runner(changed)
	if p.inst.Driver.Ready != nil {
		p.add(DeedRun, "what driver.ready asks, until the runner is ready", "")
	}
	p.hooks("post_create")
	p.hooks("finally_create")
	return nil
}

// platform is the image that the runner is made from; it has no ID when it is not there yet.
func (p *preview) platform(ctx context.Context) (backend.Image, error) {
	d := p.inst.Driver
	if p.warm != nil {
		p.add(DeedUse, "the checkpoint "+shortKey(p.warm.Key), "its inputs are those of now")
		return backend.Image{}, nil
	}
	if from := p.inst.From; from != nil {
		p.add(DeedUse, "the converged state of "+from.Name, "the suite starts from it; it is converged first unless it is")
		return backend.Image{}, nil
	}
	img, err := p.image(ctx, d.Image, d.OCIPlatform, d.PullPlatform)
	if err != nil || len(d.IntermediateInstructions) == 0 {
		return img, err
	}
	if img.ID == "" {
		p.add(DeedBuild, "the work image of the intermediate_instructions", "unless it is there for the image that is pulled")
		return img, nil
	}
	name, _, err := p.workRequest(img).name() // which has the digest of all that it is made of
	if err != nil {
		return img, err
	}
	img, err = p.eng.InspectImage(ctx, name)
	switch {
	case err == nil:
		p.add(DeedUse, "the work image "+name, "what it is made of has not changed")
	case errors.Is(err, backend.ErrNotFound):
		p.add(DeedBuild, "the work image "+name, "it is not there yet")
		return backend.Image{}, nil
	}
	return img, err
}

// image is an image by the name that kitchen.yml has for it; it has no ID when it is to be pulled.
func (p *preview) image(ctx context.Context, ref, platform string, policy config.PullPolicy) (backend.Image, error) {
	name, err := p.imageName(ref)
	if err != nil {
		return backend.Image{}, err
	}
	policy = p.pullPolicy(policy)
	if p.eng == nil {
		why := "if the engine does not have it"
		if policy != config.PullMissing {
			why = "the pull policy is " + string(policy)
		}
		p.add(map[bool]Deed{true: DeedUse, false: DeedPull}[policy == config.PullNever], name, why)
		return backend.Image{}, nil
	}
	img, err := p.localImage(ctx, ref, name)
	switch missing := errors.Is(err, backend.ErrNotFound); {
	case err != nil && !missing:
		return img, err
	case policy == config.PullAlways || policy == config.PullNewer:
		p.add(DeedPull, name, "the pull policy is "+string(policy))
	case err == nil && backend.PlatformMatches(platform, img):
		p.add(DeedUse, name, "the engine has it")
		return img, nil
	case policy == config.PullNever:
		p.add(DeedFail, name, "the engine does not have it, and the pull policy is never")
	case missing:
		p.add(DeedPull, name, "the engine does not have it")
	default:
		p.add(DeedPull, name, fmt.Sprintf("the engine has it for %s, and %s is wanted", img.Platform(), platform))
	}
	return backend.Image{}, nil
}

// tools are the IDs of the images of the tools that are there already.
func (p *preview) tools(ctx context.Context, wanted []*provisioner.Tool) (ids []string, err error) {
	for _, t := range wanted {
		if t.Image != "" && len(t.Instructions) == 0 {
			img, err := p.image(ctx, t.Image, p.inst.Driver.OCIPlatform, p.inst.Driver.PullTool)
			if err != nil {
				return nil, err
			}
			if img.ID == "" {
				continue
			}
		} else if p.eng == nil {
			p.add(DeedBuild, "the tool's image", "if it is not there for its instructions")
			continue
		}
		img, err := p.toolImage(ctx, t) // which is built on top of the one that was found, or of instructions
		if errors.Is(err, backend.ErrNotFound) {
			p.add(DeedBuild, "the image of the tool", "it is not there yet")
			continue
		} else if err != nil {
			return nil, err
		}
		ids = append(ids, img.ID)
		if p.container == nil { // else the runner has it
			if err := p.carrier(ctx, img); err != nil {
				return nil, err
			}
		}
	}
	return ids, nil
}

// carrier is the container that carries a tool, where the engine needs one.
func (p *preview) carrier(ctx context.Context, img backend.Image) error {
	list, err := p.eng.ListContainers(ctx, backend.Labels{label.Role: label.RoleTool})
	if err != nil {
		return err
	}
	if n := slices.IndexFunc(list, func(c backend.Container) bool { return c.ImageID == img.ID }); n >= 0 {
		p.add(DeedUse, "the tool container "+list[n].Name, "it is of the same image")
		return nil
	}
	p.add(DeedMake, "the tool container", "there is none of this image; an engine that mounts images needs none")
	return nil
}

// network is the network that runners share.
func (p *preview) network(ctx context.Context, name string) error {
	if p.eng == nil {
		p.add(DeedMake, "the network "+name, "if there is none")
		return nil
	}
	list, err := p.eng.ListNetworks(ctx, nil)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(n backend.Network) bool { return n.Name == name }) {
		p.add(DeedUse, "the network "+name, "it is there")
	} else {
		p.add(DeedMake, "the network "+name, "there is none")
	}
	return nil
}

// services are the containers beside the runner. With anew they are made again, as the runner is.
func (p *preview) services(ctx context.Context, anew bool) error {
	var have map[string]backend.Container
	if p.container != nil && p.inst.Node == nil { // those of a node are its group's
		var err error
		if have, err = p.instanceRun.services(ctx); err != nil {
			return err
		}
	}
	for _, s := range p.inst.Services {
		img, err := p.image(ctx, s.Image, "", p.inst.Driver.PullPlatform)
		if err != nil {
			return err
		}
		c, there := have[s.Name]
		switch what := "the service " + s.Name; {
		case !there:
			p.add(DeedMake, what, "")
		case anew:
			p.add(DeedReplace, what, "the runner is replaced")
		case p.run.o.NoRecreate || img.ID == "" || img.ID == c.ImageID:
			p.keep(what, c)
		default:
			p.add(DeedReplace, what, "its image is another one now")
		}
		delete(have, s.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		p.add(DeedRemove, "the service "+name, "kitchen.yml has it no more")
	}
	return nil
}

// keep is a container that stays.
func (p *preview) keep(what string, c backend.Container) {
	if c.State == backend.StateRunning {
		p.add(DeedKeep, what, "it runs, and nothing changed in its configuration")
		return
	}
	p.add(DeedStart, what, "it is "+string(c.State))
}

// runnerChange says in what the runner that is there differs from what kitchen.yml wants now, "" when in nothing.
func (p *preview) runnerChange(wanted []*provisioner.Tool, img backend.Image, tools, mounted []string) (string, error) {
	if p.container == nil {
		return "", nil
	}
	changed, err := p.configChanged()
	if err != nil || changed != "" || img.ID == "" || len(tools) < len(wanted) {
		return changed, err
	}
	digests, err := p.digests(wanted)
	if err != nil {
		return "", err
	}
	digests[toolIDs] = textDigest(tools...)
	if len(mounted) > 0 {
		digests[mountedIDs] = textDigest(mounted...)
	}
	return p.specChanges(digests, img), nil
}

// runner is the container that is tested, which may have changed in something.
func (p *preview) runner(changed string) {
	what := "the runner " + containerName(p.run.o.Project, p.inst.Name)
	if p.run.o.Project.ID == "" {
		what = "the runner"
	}
	switch {
	case p.container == nil && p.eng == nil && !p.fresh:
		p.add(DeedMake, what, "unless there is one as kitchen.yml wants it")
	case p.container == nil:
		p.add(DeedMake, what, "")
	case changed == "":
		p.keep(what, *p.container)
	case p.run.o.NoRecreate:
		p.add(DeedKeep, what, "although "+changed+" (--no-recreate)")
	default:
		p.add(DeedReplace, what, changed)
	}
}

// converge is what brings the runner to its desired state.
func (p *preview) converge() {
	if s := p.current; s != nil {
		if s.Reboot {
			p.add(DeedStart, "the runner again", "the step reboots it")
		}
		for _, h := range s.Commands {
			p.hook("a command of the step", h)
		}
		if !s.Converge {
			return
		}
	}
	k := p.inst.Provisioner
	for _, from := range slices.Sorted(maps.Keys(k.Uploads)) {
		p.add(DeedCopy, from+" to "+k.Uploads[from]+" in the runner", "")
	}
	what := "the provisioner " + k.Name
	if detail := cmp.Or(k.Shell.Command, k.Shell.Script, strings.Join(k.Chef.RunList, ", ")); detail != "" {
		what += ": " + detail
	}
	why := ""
	if n := p.inst.Node; n != nil && len(n.After) > 0 {
		why = "after " + strings.Join(n.After, ", ")
	}
	if p.reuse != nil {
		why = cmp.Or(p.reuse.cold, "whether a checkpoint spares it is not known")
	}
	p.add(DeedRun, what, why)
	if k.Idempotence || p.run.o.Idempotence {
		p.add(DeedRun, "the provisioner once more", "it must change nothing the second time")
	}
	for _, from := range slices.Sorted(maps.Keys(k.Downloads)) {
		p.add(DeedCopy, from+" of the runner to "+k.Downloads[from], "")
	}
}

// verify is what tests the runner.
func (p *preview) verify() {
	v, why := p.inst.Verifier, ""
	if p.current != nil && !p.current.Verify {
		p.add(DeedSkip, "tests", "the step has none")
		return
	}
	if n := p.run.o.Retry; n > 0 {
		why = fmt.Sprintf("up to %d times more when tests fail (--retry)", n)
	}
	what := "the verifier " + v.Name
	if v.Kind == config.VerifierShell && v.Shell.Command != "" {
		what += map[bool]string{true: ", in the runner: ", false: ", on this machine: "}[v.Shell.Remote] + v.Shell.Command
	}
	p.add(DeedRun, what, why)
	for _, from := range slices.Sorted(maps.Keys(v.Downloads)) {
		p.add(DeedCopy, from+" of the runner to "+v.Downloads[from], "")
	}
}
