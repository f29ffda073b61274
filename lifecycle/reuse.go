package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/lifecycle/checkpoint"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// ReuseOptions say whether converged runners are kept as checkpoints, and new ones made from those.
type ReuseOptions struct {
	On bool
	// MaxAge is how old a checkpoint may be that is used; 0 is any age.
	MaxAge time.Duration
	// Repository has more checkpoints, with their keys as tags; it is a full name without a tag, or empty.
	Repository string
	// Push brings a checkpoint there once its tests have passed. That this fails is a warning, with StrictPush a
	// failure of the instance.
	Push, StrictPush bool
}

// checkpointImages is what the names of checkpoints begin with on their engine; the key follows.
const checkpointImages = "localhost/galley-checkpoint:"

// isCheckpoint reports whether an image is a checkpoint: it has the labels, and no name but that of its key.
func isCheckpoint(i backend.Image) bool {
	key := i.Labels[label.Checkpoint]
	return i.Labels[label.Role] == label.RoleCheckpoint && key != "" &&
		!slices.ContainsFunc(i.Tags, func(tag string) bool { return !strings.HasSuffix(tag, ":"+key) })
}

// reuse is what is known of an instance that is created and converged in one go, so that a checkpoint may take the
// place of the converge, or be made of it.
type reuse struct {
	inputs checkpoint.Inputs
	// parent is the key of the instance that this one starts from, if it does.
	parent string
	// cold says why no checkpoint is used, and none made. It is empty while one may be.
	cold string
	// platform is the ID of the platform's image, or of that of the instance that this one starts from.
	platform string
	// hit is the checkpoint that the runner is made from, nil when it is converged.
	hit *backend.Image
	// refused is set when the repository has an image under the key that is not used.
	refused bool
	// unused are the places of the sandbox in which the tool itself keeps what it likes.
	unused []string
	// processes ran in the runner before anything was done in it.
	processes []string
	// told is the last that was said of it: where something is missing that was taken for granted, create looks twice.
	told string
}

// mayReuse begins anew for phases that make a runner and converge it.
func (i *instanceRun) mayReuse(phases []Phase) {
	i.reuse = nil
	if i.run.o.Reuse.On && i.member == nil && i.snapshot == nil && slices.Contains(phases, PhaseCreate) &&
		slices.Contains(phases, PhaseConverge) {
		i.reuse = &reuse{}
	}
}

// isReused reports whether the runner is made from a checkpoint.
func (i *instanceRun) isReused() bool { return i.reuse != nil && i.reuse.hit != nil }

// isKept reports whether a checkpoint will be made of the runner, as far as is known.
func (i *instanceRun) isKept() bool {
	return i.reuse != nil && i.reuse.hit == nil && i.reuse.cold == ""
}

// stayCold says why the converge is neither spared nor kept.
func (i *instanceRun) stayCold(why string) {
	if i.reuse.cold == "" {
		i.reuse.cold = why
		i.reuse.tell(i.subject, "no checkpoint: "+why)
	}
}

func (r *reuse) tell(s *subject, text string) {
	if r.told != text {
		r.told = text
		s.notice(LevelInfo, text)
	}
}

// findCheckpoint finds the checkpoint of all that goes into the converge now. It fills the sandbox, which is a part of
// it.
func (i *instanceRun) findCheckpoint(ctx context.Context) error {
	r := &reuse{told: i.reuse.told}
	i.reuse = r
	sb := i.sandbox(kitchenSandbox)
	why, err := i.collectInputs(ctx, sb, true)
	if err != nil {
		return err
	}
	if why != "" {
		i.stayCold(why)
		return nil
	}
	key := r.inputs.Key()
	if r.hit, why, err = i.checkpointOf(ctx, checkpointImages, key); err != nil || r.hit != nil {
		return err
	}
	if i.run.o.Reuse.Repository != "" {
		var other string
		if r.hit, other, err = i.checkpointFromRegistry(ctx, key); err != nil || r.hit != nil {
			return err
		}
		why = cmp.Or(other, why)
	}
	if why == "" {
		changed, made, err := i.sinceCheckpoint(ctx)
		if err != nil {
			return err
		}
		why = missReason(changed, made)
	}
	r.tell(i.subject, "converging: "+why)
	return nil
}

// checkpointOf is the checkpoint of a key that the engine has under a prefix and the key, nil when there is none. why
// says what is wrong with one that is not used.
func (i *instanceRun) checkpointOf(ctx context.Context, prefix, key string) (found *backend.Image, why string,
	err error) {
	img, err := i.eng.InspectImage(ctx, prefix+key)
	if errors.Is(err, backend.ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("look for the checkpoint: %w", err)
	}
	if inputs, err := checkpoint.Parse(img.Labels[label.Inputs]); !isCheckpoint(img) || err != nil || inputs.Key() != key {
		return nil, "the image " + prefix + key + " is no checkpoint of these inputs", nil //nolint:nilerr // that is told
	}
	if most := i.run.o.Reuse.MaxAge; most > 0 && i.run.o.Now().Sub(created(img)) > most {
		return nil, "the checkpoint is older than reuse_max_age, " + most.String(), nil
	}
	return &img, "", nil
}

// created is when a checkpoint was made, by its label; the zero time for one that does not say.
func created(img backend.Image) time.Time {
	t, _ := time.Parse(time.RFC3339, img.Labels[label.Created])
	return t
}

// convergeFromCheckpoint is the converge of a runner that was made from a checkpoint: there is nothing to do in it.
func (i *instanceRun) convergeFromCheckpoint(ctx context.Context) error {
	img := i.reuse.hit
	i.emit(ConvergeReused{Stamp: i.stamp(), Key: img.Labels[label.Checkpoint], Created: created(*img)})
	return i.access(i.sandbox(kitchenSandbox)).Sync(ctx) // tests may look at what converge was given
}

// watchInputs sees to it that what converge is given is what the key is of.
func (i *instanceRun) watchInputs(ctx context.Context, sb sandbox.Dir) error {
	if !i.isKept() {
		return nil
	}
	was := i.reuse.inputs
	why, err := i.collectInputs(ctx, sb, false)
	if changed := i.reuse.inputs.Changed(was); why == "" && len(changed) > 0 {
		why = strings.Join(changed, ", ") + " changed after the runner was created"
	}
	if why != "" {
		i.stayCold(why)
	}
	return err
}

// watchProcesses notes what runs in a new runner, of which nothing is asked yet.
func (i *instanceRun) watchProcesses(ctx context.Context) error {
	if !i.isKept() || initKind(i.inst.Driver) == backend.InitSystemd { // which starts its services again
		return nil
	}
	var err error
	i.reuse.processes, err = i.live().processes(ctx)
	return err
}

// keepCheckpoint makes a checkpoint of the runner, which was just converged. That there is none is never a failure.
func (i *instanceRun) keepCheckpoint(ctx context.Context) {
	if !i.isKept() {
		return
	}
	why, err := i.notHeld(ctx)
	if err == nil && why == "" {
		if err = i.commitCheckpoint(ctx); err == nil {
			return
		}
	}
	switch {
	case why != "":
		i.stayCold(why)
	case ctx.Err() != nil: // the next phase tells
		i.reuse.cold = "interrupted"
	default:
		i.reuse.cold = err.Error()
		i.notice(LevelWarn, fmt.Sprintf("no checkpoint was made: %v", err))
	}
}

// commitCheckpoint makes the image of the checkpoint in one call, so that one that is there is whole, and removes the
// instance's older ones. Another instance with the same key may have made it already.
func (i *instanceRun) commitCheckpoint(ctx context.Context) (err error) {
	key := i.reuse.inputs.Key()
	ref := checkpointImages + key
	lock, err := i.run.machineLock(ctx, ref, func(holder string) { i.notice(LevelDebug, "waiting for "+holder) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if have, _, err := i.checkpointOf(ctx, checkpointImages, key); have != nil || err != nil {
		return err
	}
	labels := i.labels(label.RoleCheckpoint)
	labels[label.Checkpoint], labels[label.Inputs] = key, i.reuse.inputs.Text()
	labels[label.Image], labels[label.Created] = platformID(*i.container), i.run.o.Now().UTC().Format(time.RFC3339)
	labels[label.Commit] = key
	img, err := i.eng.CommitContainer(ctx, i.container.ID, backend.CommitOptions{Ref: ref, Labels: labels})
	if err != nil {
		return err
	}
	i.notice(LevelInfo, "kept the converged runner as the checkpoint "+shortKey(key))
	return i.removeCheckpoints(ctx, img.ID)
}

// removeCheckpoints removes the instance's checkpoints but one. Those that runners use stay until the next time.
func (i *instanceRun) removeCheckpoints(ctx context.Context, but string) error {
	images, err := i.checkpoints(ctx)
	if err != nil {
		return err
	}
	return removeUnused(ctx, i.eng, slices.DeleteFunc(images, func(img backend.Image) bool { return img.ID == but }))
}

// checkpoints are those that were made of the instance here, and those of its name that came from the repository.
func (i *instanceRun) checkpoints(ctx context.Context) ([]backend.Image, error) {
	images, err := i.eng.ListImages(ctx, backend.Labels{label.Role: label.RoleCheckpoint, label.Instance: i.inst.Name})
	from, project := i.run.o.Reuse.Repository+":", i.run.o.Project.ID // which is empty before its first run
	return slices.DeleteFunc(images, func(img backend.Image) bool {
		pulled := slices.ContainsFunc(img.Tags, func(tag string) bool { return strings.HasPrefix(tag, from) })
		return !isCheckpoint(img) || !pulled && (project == "" || img.Labels[label.Project] != project)
	}), err
}

// inputsKey is the key of all that the runner is made of, empty when that is not known.
func (i *instanceRun) inputsKey() string {
	if i.reuse == nil || i.reuse.cold != "" {
		return ""
	}
	return i.reuse.inputs.Key()
}

// parentImage is the image of the instance from which this one starts, where no checkpoint spares that.
func (i *instanceRun) parentImage(ctx context.Context) (backend.Image, error) {
	img, err := i.startImage(ctx)
	if made, _ := i.run.lineage.image(i.inst.From.Name); err == nil && i.isKept() && made.key != i.reuse.parent {
		i.stayCold("it starts from " + i.inst.From.Name + " as an earlier run converged that")
	}
	return img, err
}

// shortKey is as much of a key as people need.
func shortKey(key string) string { return key[:min(len(key), 12)] }

// notHeld says what of the converged runner an image of it would not have, "" for nothing.
func (i *instanceRun) notHeld(ctx context.Context) (string, error) {
	if err := i.requireRunner(ctx); err != nil {
		return "", err
	}
	l := i.live()
	systemd := initKind(i.inst.Driver) == backend.InitSystemd
	if !systemd {
		now, err := l.processes(ctx)
		if err != nil {
			return "", err
		}
		for _, name := range i.reuse.processes {
			if n := slices.Index(now, name); n >= 0 {
				now = slices.Delete(now, n, n+1)
			}
		}
		if len(now) > 0 {
			slices.Sort(now)
			return "it left running " + strings.Join(slices.Compact(now), ", ") + ", which an image does not", nil
		}
	}
	image, err := i.eng.InspectImage(ctx, i.container.ImageID)
	if err != nil {
		return "", err
	}
	_, lost, err := i.mounted(ctx, image)
	if err != nil {
		return "", err
	}
	if filled, err := l.filled(ctx, lost); err != nil || len(filled) > 0 {
		return "what is on volumes or in memory is no part of an image: " + strings.Join(filled, ", "), err
	}
	return i.leftInSandbox(ctx)
}

// leftInSandbox says what a converge left in its sandbox besides what its tool always keeps there, "" for nothing.
func (i *instanceRun) leftInSandbox(ctx context.Context) (string, error) {
	sb, why := i.sandbox(kitchenSandbox),
		"it changed the files in "+i.inst.Provisioner.RootPath+", which are no part of an image"
	if isUploaded(*i.container) {
		names, err := i.live().ask(ctx, "ls", "ls", "-A", "--", sb.Remote)
		if err != nil {
			return "", err
		}
		names = slices.DeleteFunc(names, func(name string) bool {
			_, err := os.Lstat(filepath.Join(sb.Local, name))
			return err == nil || slices.Contains(i.reuse.unused, name)
		})
		if len(names) > 0 {
			return why + ": " + strings.Join(names, ", "), nil
		}
		return "", nil
	}
	digest, err := i.reuse.sandboxDigest(sb)
	if err != nil {
		return why, nil //nolint:nilerr // of a file that galley may not read
	}
	var now checkpoint.Inputs
	if now.Add(inputSandbox, digest); !slices.Contains(i.reuse.inputs, now[0]) {
		return why, nil
	}
	return "", nil
}

// listProcesses prints the names of all processes but its own, and of those that have ended. It starts none.
const listProcesses = `for p in /proc/[0-9]*; do
[ "$p" != "/proc/$$" ] || continue
line=; { read -r line < "$p/cmdline"; } 2> /dev/null
[ -n "$line" ] || continue
name=; { read -r name < "$p/comm"; } 2> /dev/null && printf '%s\n' "$name"
done; true`

// processes are the names of what runs in the runner.
func (l *liveRunner) processes(ctx context.Context) ([]string, error) {
	return l.ask(ctx, "sh", runner.Shell(listProcesses)...)
}

// listFilled prints those of its arguments that are not empty directories.
const listFilled = `for d; do [ -d "$d" ] && [ -z "$(ls -A -- "$d")" ] || printf '%s\n' "$d"; done`

// filled are those of some places of the runner in which something is.
func (l *liveRunner) filled(ctx context.Context, places []string) ([]string, error) {
	if len(places) == 0 {
		return nil, nil
	}
	return l.ask(ctx, "sh", append([]string{"sh", "-c", listFilled, "sh"}, places...)...)
}

// maxLooked bounds what a runner may answer to galley's own questions.
const maxLooked = 4 << 20

// ask runs a command of galley's own as root, what in words, and returns the lines that it printed.
func (l *liveRunner) ask(ctx context.Context, what string, argv ...string) ([]string, error) {
	var list []string
	size := 0
	read := &lines.Writer{Emit: func(line string) error {
		if size += len(line); size > maxLooked {
			return fmt.Errorf("the runner answers with more than %d bytes", maxLooked)
		}
		list = append(list, line)
		return nil
	}}
	code, err := l.Exec(ctx, runner.Command{User: "0", WorkDir: "/", Stdout: read, Argv: argv})
	if err := runner.Succeeded(what, code, err); err != nil {
		return nil, fmt.Errorf("look into the runner: %w", err)
	}
	return list, read.Flush()
}
