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
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/publish"
)

// commitImages is what the names of the commits of runners begin with that are on their way to a registry or a file.
const commitImages = "localhost/galley-commit:"

// packageImages is what the names of packaged images begin with when the user gives none. They are the user's.
const packageImages = "localhost/galley-package/"

// publish makes an image of the runner and brings it to where it belongs. Nothing of it is recorded: the runner stays
// what it was.
func (i *instanceRun) publish(ctx context.Context, p Phase) error {
	return i.announced(ctx, p, func(ctx context.Context) (err error) {
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
		mounts, lost, err := i.mounted(ctx, image)
		if err != nil {
			return err
		}
		if len(lost) > 0 {
			i.notice(LevelWarn, "what the runner has in these places is on volumes or in memory, and no part of the image: "+
				strings.Join(lost, ", "))
		}
		return i.withArchive(func(archive *os.File) error {
			img, err := i.makeImage(ctx, archive, image.ID, mounts, untested)
			switch {
			case errors.Is(err, syscall.ENOSPC):
				return fmt.Errorf("%w\nSet TMPDIR to a directory that has room for the image twice", err)
			case err != nil:
				return err
			case p == PhasePackage:
				return i.step(StepPackage, func() error { return i.packageImage(ctx, img) })
			}
			return i.step(StepPush, func() error { return i.pushImage(ctx, img) })
		})
	})
}

// untested is an error unless the runner is as its last tests saw it, and they passed. With Force it only reports that.
func (i *instanceRun) untested() (bool, error) {
	if i.container == nil {
		return false, notThere(i.inst, "runner")
	}
	if i.container.State == backend.StatePaused {
		return false, fmt.Errorf("the runner of %s is paused: %w\n"+
			"The engine may still make an image of it, for a galley that was interrupted: "+
			"wait a moment, and publish again", i.inst.Name, backend.ErrNotRunning)
	}
	if i.container.State != backend.StateRunning {
		return false, fmt.Errorf("the runner of %s is %s: %w\nRun `galley verify %s` first", i.inst.Name, i.container.State,
			backend.ErrNotRunning, i.inst.Name)
	}
	changed, err := i.configChanged()
	if err != nil {
		return false, err
	}
	whole, err := i.testedAsAWhole()
	if err != nil {
		return false, err
	}
	why, verify := "", i.inst.Name
	switch s := i.state; {
	case s.LastAction != PhaseVerify && s.Attempted == PhaseVerify:
		why = "its last tests did not pass"
	case s.LastAction != PhaseVerify:
		why = "it was not tested since its last " + string(cmp.Or(s.Attempted, PhaseCreate))
	case changed != "":
		why = changed + " since it was tested"
	case !whole:
		verify = i.inst.Node.Group.Name
		why = verify + " has not passed its tests as a whole since then"
	default:
		return false, nil
	}
	if i.run.o.Publish.Force {
		i.notice(LevelWarn, "published although "+why+" (--force); a label of the image says so")
		return true, nil
	}
	return false, fmt.Errorf("%s is not published: %s\n"+
		"Run `galley verify %s` first, or publish it all the same with --force", i.inst.Name, why, verify)
}

// testedAsAWhole reports whether the group of a node has passed the tests that it has, if any, with its nodes as they
// are.
func (i *instanceRun) testedAsAWhole() (bool, error) {
	if i.inst.Node == nil || i.inst.Node.Group.Verifier.Kind == "" {
		return true, nil
	}
	s, err := stateFileOf(i.run.o.Project, i.inst.Node.Group.Name).load()
	return s.LastAction == PhaseVerify, err
}

// withArchive makes a directory for an image, with a file in it for the engine's archive, and gives that to do. It
// removes the directories that galleys which were killed left.
func (s *subject) withArchive(do func(archive *os.File) error) (err error) {
	prefix, err := s.removePublishDirs()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	archive, err := os.Create(filepath.Join(dir, "archive.tar"))
	if err != nil {
		return err
	}
	defer archive.Close()
	return do(archive)
}

// removePublishDirs removes the directories that galleys which were killed left of images of the instance, and returns
// what the names of these begin with. The instance's lock is held, so that none of them is in use.
func (s *subject) removePublishDirs() (prefix string, err error) {
	prefix = "galley-publish-" + names.Digest(s.run.o.Project.ID+" "+s.inst.Name) + "-"
	old, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, dir := range old {
		if err := os.RemoveAll(dir); err != nil {
			s.notice(LevelWarn, fmt.Sprintf("a directory that a galley which was killed had left: %v", err))
		}
	}
	return prefix, err
}

// makeImage makes the image that is published, on top of the one with the ID below. mounts are the paths of the runner
// at which something is mounted.
func (i *instanceRun) makeImage(ctx context.Context, archive *os.File, below string, mounts []string,
	untested bool) (v1.Image, error) {
	token := names.Random(8)
	if err := i.step(StepCommit, func() error { return i.commitRunner(ctx, token, below, archive) }); err != nil {
		return nil, err
	}
	var img v1.Image
	err := i.step(StepImage, func() (err error) {
		labels, err := i.imageLabels(untested)
		if err != nil {
			return err
		}
		o := i.run.o.Publish
		conf := i.inst.Publish
		conf.Squash = conf.Squash || o.Squash
		img, err = publish.Make(ctx, publish.Source{Archive: archive, Commit: token, Mounts: mounts,
			Config: conf, Labels: labels, OCI: o.Format == publish.FormatOCI, Epoch: o.Epoch})
		return err
	})
	return img, err
}

// commitRunner makes an image of the runner for a moment, and saves it and the one below it to a file.
func (i *instanceRun) commitRunner(ctx context.Context, token, below string, to *os.File) error {
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
	return i.saveImages(ctx, to, ref, below)
}

// saveImages saves images of the runner, one of them below the other, to a file.
func (s supplies) saveImages(ctx context.Context, to *os.File, images ...string) error {
	stream, err := s.eng.SaveImages(ctx, images...)
	if err != nil {
		return err
	}
	defer stream.Close()
	what := "save the runner of " + s.inst.Name
	read := &metered{tell: func(n int64) { s.progress(Progress{What: what, Status: "Saving", Current: n}) }}
	_, err = io.Copy(to, io.TeeReader(stream, read))
	s.progress(finished(what, read.n, err))
	return err
}

// imageLabels are those that say where a published image comes from.
func (i *instanceRun) imageLabels(untested bool) (map[string]string, error) {
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
func (i *instanceRun) packageImage(ctx context.Context, img v1.Image) (err error) {
	o, p := i.run.o.Publish, i.run.publishing
	tags := p.tags[i.inst.Name]
	if len(tags) == 0 && o.To == nil {
		tag, err := publish.FullName(packageImages + names.Label("", i.inst.Name))
		if err != nil {
			return err
		}
		tags = []name.Tag{tag}
	}
	if o.To != nil {
		err = o.To(func(w io.Writer) error { return o.Format.Write(w, img, tags) })
	} else {
		pr, pw := io.Pipe()
		defer pr.Close()
		go func() { pw.CloseWithError(publish.FormatDocker.Write(pw, img, tags)) }()
		_, err = i.eng.LoadImage(ctx, pr)
	}
	if err != nil {
		return err
	}
	for _, tag := range tags {
		p.named(tag, "", i.inst.Name)
	}
	return nil
}

// pushImage brings the image to all registries, by its digest, and then gives it its names. A name that several
// instances share is given by the last of them.
func (i *instanceRun) pushImage(ctx context.Context, img v1.Image) error {
	p := i.run.publishing
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
		err = i.run.upload(ctx, r, img)
		i.progress(finished("push "+publish.Text(tag), 0, err))
		if err != nil {
			return err
		}
		registries[tag.Context()] = r
	}
	for _, tag := range tags {
		if m := p.sent(i.inst.Name, tag, img); m != nil {
			if err := i.giveName(ctx, registries[tag.Context()], tag, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// giveName gives a manifest a name. An index goes by its digest first, as all else did.
func (i *instanceRun) giveName(ctx context.Context, r *publish.Registry, tag name.Tag, m publish.Manifest) error {
	digest, err := m.Digest()
	if err != nil {
		return err
	}
	if _, isIndex := m.(v1.ImageIndex); isIndex {
		if err := r.Put(ctx, tag.Context().Digest(digest.String()), m); err != nil {
			return err
		}
	}
	if err := r.Put(ctx, tag, m); err != nil {
		return err
	}
	i.run.publishing.named(tag, digest.String(), i.run.publishing.groups[tag.Name()].instances...)
	i.notice(LevelInfo, "published "+publish.Text(tag)+"@"+digest.String())
	return nil
}

// registry prepares to speak to the repository of a tag.
func (s supplies) registry(ctx context.Context, tag name.Tag) (*publish.Registry, error) {
	var sent atomic.Int64
	return publish.NewRegistry(tag.Context(), publish.RegistryOptions{
		Credentials: s.credentials(ctx, publish.Text(tag)), CertDirs: s.run.o.CertDirs,
		UserAgent: "galley/" + s.run.o.Version, Notice: func(text string) { s.notice(LevelWarn, text) },
		Sent: func(bytes int) {
			if now := sent.Add(int64(bytes)); now/meterStep != (now-int64(bytes))/meterStep {
				s.progress(Progress{What: "push " + publish.Text(tag), Status: "Pushing", Current: now})
			}
		},
	})
}

// askRegistry asks the registry of a full name what that stands for. Errors: as of publish.Registry.Digest.
func (s supplies) askRegistry(ctx context.Context, ref string) (v1.Hash, error) {
	tag, err := publish.FullName(ref)
	if err != nil {
		return v1.Hash{}, &backend.Error{Op: "image name " + ref, Kind: backend.ErrInvalid, Err: err}
	}
	r, err := s.registry(ctx, tag)
	if err != nil {
		return v1.Hash{}, err
	}
	defer r.Close()
	return r.Digest(ctx, tag)
}
