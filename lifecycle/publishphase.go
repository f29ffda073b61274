package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/publish"
	"github.com/galley-kitchen/galley/lifecycle/rig"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// commitImages is what the names of the commits of runners begin with that are on their way to a registry or a file.
const commitImages = "localhost/galley-commit:"

// packageImages is what the names of packaged images begin with when the user gives none. They are the user's.
const packageImages = "localhost/galley-package/"

// publish makes an image of the runner and brings it to where it belongs. Nothing of it is recorded: the runner stays
// what it was.
func (i *instanceRun) publish(ctx context.Context, p Phase) error {
	return i.announced(p, func() (err error) {
		defer func() {
			if err != nil && ctx.Err() != nil {
				err = interrupted(err, context.Cause(ctx))
			}
		}()
		if i.container != nil { // of one that this run made not all is known
			if err := i.findRunner(ctx); err != nil {
				return err
			}
		}
		untested, err := i.untested()
		if err != nil {
			return err
		}
		image, err := i.eng.InspectImage(ctx, platformID(*i.container))
		if err != nil {
			return fmt.Errorf("find the image that the runner was made from: %w", err)
		}
		if err := i.run.publishing.register(i.inst.Name,
			v1.Platform{OS: image.OS, Architecture: image.Arch, Variant: image.Variant}); err != nil {
			return err
		}
		dir, err := i.publishDir()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		img, err := i.makeImage(ctx, image, dir, untested)
		if errors.Is(err, syscall.ENOSPC) {
			err = fmt.Errorf("%w\nSet TMPDIR to a directory that has room for the image twice", err)
		}
		if err != nil {
			return err
		}
		if p == PhasePackage {
			return i.step(StepPackage, func() error { return i.packageImage(ctx, img) })
		}
		return i.step(StepPush, func() error { return i.push(ctx, img) })
	})
}

// untested is an error unless the runner is as its last tests saw it, and they passed. With Force it only reports that.
func (i *instanceRun) untested() (bool, error) {
	if i.container == nil {
		return false, noRunner(i.inst.Name)
	}
	if i.container.State != backend.StateRunning {
		return false, fmt.Errorf("the runner of %s is %s: %w\nRun `galley verify %s` first", i.inst.Name, i.container.State,
			backend.ErrNotRunning, i.inst.Name)
	}
	changed, err := i.configChanged()
	if err != nil {
		return false, err
	}
	why := ""
	switch s := i.state; {
	case s.LastAction != PhaseVerify && s.Attempted == PhaseVerify:
		why = "its last tests did not pass"
	case s.LastAction != PhaseVerify:
		why = "it was not tested since its last " + string(cmp.Or(s.Attempted, PhaseCreate))
	case changed != "":
		why = changed + " since it was tested"
	default:
		return false, nil
	}
	if i.run.o.Publish.Force {
		i.notice(LevelWarn, "published although "+why+" (--force); a label of the image says so")
		return true, nil
	}
	return false, fmt.Errorf("%s is not published: %s\n"+
		"Run `galley verify %s` first, or publish it all the same with --force", i.inst.Name, why, i.inst.Name)
}

// publishDir makes a directory for an image, and removes those that galleys which were killed left. The instance's lock
// is held, so that none of them is in use.
func (i *instanceRun) publishDir() (string, error) {
	prefix := "galley-publish-" + names.Digest(i.run.o.Project.ID+" "+i.inst.Name) + "-"
	old, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return "", err
	}
	for _, dir := range old {
		if err := os.RemoveAll(dir); err != nil {
			i.notice(LevelWarn, fmt.Sprintf("a directory that a galley which was killed had left: %v", err))
		}
	}
	return os.MkdirTemp("", prefix)
}

// makeImage makes the image that is published.
func (i *instanceRun) makeImage(ctx context.Context, below backend.Image, dir string, untested bool) (v1.Image, error) {
	mounts, err := i.mounted(ctx, below)
	if err != nil {
		return nil, err
	}
	token := names.Random(8)
	archive, err := os.Create(filepath.Join(dir, "archive.tar"))
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	if err := i.step(StepCommit, func() error { return i.commit(ctx, below.ID, token, archive) }); err != nil {
		return nil, err
	}
	var img v1.Image
	err = i.step(StepImage, func() (err error) {
		labels, err := i.imageLabels(ctx, untested)
		if err != nil {
			return err
		}
		o := i.run.o.Publish
		conf := i.inst.Publish
		conf.Squash = conf.Squash || o.Squash
		img, err = publish.Make(ctx, publish.Source{Archive: archive, Commit: token, Mounts: mounts, Dir: dir, Config: conf,
			Labels: labels, OCI: o.Format == publish.FormatOCI, Epoch: o.Epoch})
		return err
	})
	return img, err
}

// commit makes an image of the runner for a moment, and saves it and the one below it to a file.
func (i *instanceRun) commit(ctx context.Context, below, token string, to *os.File) error {
	ref := commitImages + token
	defer func() { // also when it was interrupted, and the engine went on
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		if err := i.eng.RemoveImage(ctx, ref); err != nil { // what was saved of it is none the worse
			i.notice(LevelWarn, err.Error()+"\n`galley prune` removes it.")
		}
	}()
	labels := i.run.labels(label.RoleHelper)
	labels[label.Commit] = token
	o := backend.CommitOptions{Ref: ref, Labels: labels}
	if _, err := i.eng.CommitContainer(ctx, i.container.ID, o); err != nil {
		return err
	}
	stream, err := i.eng.SaveImages(ctx, ref, below)
	if err != nil {
		return err
	}
	defer stream.Close()
	what := "save the runner of " + i.inst.Name
	read := &metered{tell: func(n int64) { i.progress(Progress{What: what, Status: "Saving", Current: n}) }}
	_, err = io.Copy(to, io.TeeReader(stream, read))
	i.progress(finished(what, read.n, err))
	return err
}

// mounted are the paths of the runner at which something is mounted. What is lost by it is said.
func (i *instanceRun) mounted(ctx context.Context, below backend.Image) ([]string, error) {
	known, err := i.mountPoints(ctx, below)
	if err != nil {
		return nil, err
	}
	all := append(append([]string{}, known.own...), known.others...)
	seen, err := i.live().mountInfo(ctx)
	if err != nil {
		return nil, err
	}
	var lost []string
	for _, m := range seen {
		all = append(all, m.path)
		if !m.readOnly && m.path != "/" && !rig.MadeByEngine(m.path) && !rig.In(known.own, m.path) && !m.ofSystemd() {
			lost = append(lost, m.path)
		}
	}
	slices.Sort(lost)
	if lost = slices.Compact(lost); len(lost) > 0 {
		i.notice(LevelWarn, "what the runner has in these places is on volumes or in memory, and no part of the image: "+
			strings.Join(lost, ", "))
	}
	return all, nil
}

// runnerMount is something that is mounted in a runner.
type runnerMount struct {
	path, kind string
	readOnly   bool
}

// ofSystemd reports whether it is a file system in memory where systemd wants one, which an engine may have made.
func (m runnerMount) ofSystemd() bool {
	switch m.path {
	case "/run", "/run/lock", "/tmp", "/var/log/journal":
		return m.kind == "tmpfs"
	}
	return strings.HasPrefix(m.path, "/run/") && m.kind == "tmpfs"
}

// maxMountInfo bounds what a runner may tell of its mounts.
const maxMountInfo = 4 << 20

// mountInfo asks the runner what is mounted in it. It needs no more of it than a shell.
func (l *liveRunner) mountInfo(ctx context.Context) ([]runnerMount, error) {
	var list []runnerMount
	size := 0
	read := &lines.Writer{Emit: func(line string) error {
		if size += len(line); size > maxMountInfo {
			return fmt.Errorf("the runner tells of more than %d bytes of mounts", maxMountInfo)
		}
		if m, ok := parseMount(line); ok {
			list = append(list, m)
		}
		return nil
	}}
	code, err := l.Exec(ctx, runner.Command{User: "0", WorkDir: "/", Stdout: read, Argv: runner.Shell(
		`while IFS= read -r line; do printf '%s\n' "$line"; done < /proc/self/mountinfo`)})
	if err := runner.Succeeded("the shell that lists what is mounted", code, err); err != nil {
		return nil, err
	}
	return list, read.Flush()
}

// parseMount reads a line of /proc/self/mountinfo.
func parseMount(line string) (runnerMount, bool) {
	place, fs, ok := strings.Cut(line, " - ")
	fields, kind := strings.Fields(place), strings.Fields(fs)
	if !ok || len(fields) < 6 || len(kind) == 0 {
		return runnerMount{}, false
	}
	return runnerMount{path: unescape(fields[4]), kind: kind[0],
		readOnly: fields[5] == "ro" || strings.HasPrefix(fields[5], "ro,")}, true
}

// mountedIn are the paths in a directory of the runner at which something is mounted.
func (l *liveRunner) mountedIn(ctx context.Context, dir string) ([]string, error) {
	var out process.Tail
	code, err := l.Exec(ctx, runner.Command{User: "0", Stdout: &out,
		Argv: []string{"sh", "-c", `cd -- "$1" && pwd -P`, "sh", dir}}) // the kernel's list has it without links
	if err := runner.Succeeded("the shell that looks for "+dir, code, err); err != nil {
		return nil, err
	}
	place := cmp.Or(out.String(), dir)
	all, err := l.mountInfo(ctx)
	var inside []string
	for _, m := range all {
		if m.path != place && rig.In([]string{place}, m.path) && !slices.Contains(inside, m.path) {
			inside = append(inside, m.path)
		}
	}
	return inside, err
}

// unescape is a path as the kernel's lists have it: blanks and the like in octal digits.
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}

// imageLabels are those that say where a published image comes from.
func (i *instanceRun) imageLabels(ctx context.Context, untested bool) (map[string]string, error) {
	p, o := i.run.publishing, i.run.o.Publish
	d := i.inst.Driver
	labels := map[string]string{
		"org.opencontainers.image.source":   p.source,
		"org.opencontainers.image.revision": p.revision,
		label.Report:                        o.ReportDigest,
	}
	base, err := backend.NormalizeRef(qualify(d.Registry, d.Image))
	if err != nil {
		return nil, err
	}
	asked, err := i.imageName(d.Image) // a lock file names the one that the tag stands for
	if err != nil {
		return nil, err
	}
	if named, err := reference.ParseNormalizedNamed(asked); err == nil && !strings.HasPrefix(base, "sha256:") {
		labels["org.opencontainers.image.base.name"] = base
		if digested, ok := named.(reference.Digested); ok {
			labels["org.opencontainers.image.base.digest"] = digested.Digest().String()
		}
	}
	if untested {
		labels[label.Verified] = "false"
	}
	maps.DeleteFunc(labels, func(_, value string) bool { return value == "" })
	return labels, nil
}

// packageImage writes the image to a file, or brings it into the engine.
func (i *instanceRun) packageImage(ctx context.Context, img v1.Image) error {
	o, p := i.run.o.Publish, i.run.publishing
	tags := p.tags[i.inst.Name]
	if len(tags) == 0 && o.To == nil {
		tag, err := publish.LocalName(packageImages + names.Label("", i.inst.Name))
		if err != nil {
			return err
		}
		tags = []name.Tag{tag}
	}
	if err := i.handOver(ctx, img, tags); err != nil {
		return err
	}
	for _, tag := range tags {
		p.named(tag, v1.Hash{}, i.inst.Name)
	}
	return nil
}

// handOver brings an image to where a package goes.
func (i *instanceRun) handOver(ctx context.Context, img v1.Image, tags []name.Tag) error {
	o := i.run.o.Publish
	if o.To != nil {
		return o.To(func(w io.Writer) error { return o.Format.Write(w, img, tags) })
	}
	pr, pw := io.Pipe()
	defer pr.Close()
	go func() { pw.CloseWithError(publish.FormatDocker.Write(pw, img, tags)) }()
	_, err := i.eng.LoadImage(ctx, pr)
	return err
}

// push brings the image to all registries, by its digest, and then gives it its names. A name that several instances
// share is given by the last of them.
func (i *instanceRun) push(ctx context.Context, img v1.Image) error {
	p := i.run.publishing
	raw, err := img.RawManifest()
	if err != nil {
		return err
	}
	desc, err := partial.Descriptor(img)
	if err != nil {
		return err
	}
	manifest := publish.Manifest{Raw: raw, Type: desc.MediaType}
	tags := p.tags[i.inst.Name]
	registries := map[name.Repository]*publish.Registry{}
	for _, tag := range tags {
		if registries[tag.Context()] != nil {
			continue
		}
		r, err := i.registry(ctx, tag)
		if err != nil {
			return err
		}
		defer r.Close()
		err = r.Upload(ctx, img)
		i.progress(finished("push "+publish.Text(tag), 0, err))
		if err != nil {
			return err
		}
		registries[tag.Context()] = r
	}
	for _, tag := range tags {
		named, members, err := p.sent(i.inst.Name, tag, *desc, manifest)
		if err != nil || members == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if err := i.name(ctx, registries[tag.Context()], tag, named, members); err != nil {
			return err
		}
	}
	return nil
}

// name gives a manifest its name. An index goes by its digest first, as all else did.
func (i *instanceRun) name(ctx context.Context, r *publish.Registry, tag name.Tag, m publish.Manifest,
	members int) error {
	digest, err := m.Digest()
	if err != nil {
		return err
	}
	if members > 1 {
		if err := r.Put(ctx, tag.Context().Digest(digest.String()), m); err != nil {
			return err
		}
	}
	if err := r.Put(ctx, tag, m); err != nil {
		return err
	}
	i.run.publishing.named(tag, digest, i.run.publishing.groups[tag.Name()].instances...)
	i.notice(LevelInfo, "published "+publish.Text(tag)+"@"+digest.String())
	return nil
}

// registry prepares to push to the repository of a tag.
func (i *instanceRun) registry(ctx context.Context, tag name.Tag) (*publish.Registry, error) {
	var sent atomic.Int64
	return publish.NewRegistry(tag.Context(), publish.RegistryOptions{
		Credentials: i.credentials(ctx, publish.Text(tag)), CertDirs: i.run.o.Publish.CertDirs,
		UserAgent: "galley/" + i.run.o.Version, Notice: func(text string) { i.notice(LevelWarn, text) },
		Sent: func(bytes int) {
			if now := sent.Add(int64(bytes)); now/meterStep != (now-int64(bytes))/meterStep {
				i.progress(Progress{What: "push " + publish.Text(tag), Status: "Pushing", Current: now})
			}
		},
	})
}
