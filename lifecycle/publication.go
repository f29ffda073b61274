package lifecycle

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/publish"
)

// commitImages is what the names of the commits of runners begin with that are on their way to a registry or a file.
const commitImages = "localhost/galley-commit:"

// packageImages is what the names of packaged images begin with when the user gives none. They are the user's.
const packageImages = "localhost/galley-package/"

// publication is the image of a runner on its way to where others get it.
type publication struct {
	supplies
	// runner is the container's ID, and below that of the image that it was made from.
	runner, below string
	// mounts are the paths at which something is mounted in the runner.
	mounts []string
	// untested is set when the runner is not as its last tests saw it.
	untested bool
}

// publishDir makes a directory for an image, and removes those that galleys which were killed left.
func (pub publication) publishDir() (string, error) {
	prefix, err := pub.removePublishDirs()
	if err != nil {
		return "", err
	}
	return os.MkdirTemp("", prefix)
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

// makeImage makes the image that is published.
func (pub publication) makeImage(ctx context.Context, dir string) (v1.Image, error) {
	token := names.Random(8)
	archive, err := os.Create(filepath.Join(dir, "archive.tar"))
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	if err := pub.step(StepCommit, func() error { return pub.commit(ctx, token, archive) }); err != nil {
		return nil, err
	}
	var img v1.Image
	err = pub.step(StepImage, func() (err error) {
		labels, err := pub.imageLabels()
		if err != nil {
			return err
		}
		o := pub.run.o.Publish
		conf := pub.inst.Publish
		conf.Squash = conf.Squash || o.Squash
		img, err = publish.Make(ctx, publish.Source{Archive: archive, Commit: token, Mounts: pub.mounts, Dir: dir,
			Config: conf, Labels: labels, OCI: o.Format == publish.FormatOCI, Epoch: o.Epoch})
		return err
	})
	return img, err
}

// commit makes an image of the runner for a moment, and saves it and the one below it to a file.
func (pub publication) commit(ctx context.Context, token string, to *os.File) error {
	ref := commitImages + token
	defer func() { // also when it was interrupted, and the engine went on
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		if err := pub.eng.RemoveImage(ctx, ref); err != nil { // what was saved of it is none the worse
			pub.notice(LevelWarn, err.Error()+"\n`galley prune` removes it.")
		}
	}()
	labels := pub.run.labels(label.RoleHelper)
	labels[label.Commit] = token
	o := backend.CommitOptions{Ref: ref, Labels: labels}
	if _, err := pub.eng.CommitContainer(ctx, pub.runner, o); err != nil {
		return err
	}
	return pub.save(ctx, ref, to)
}

// save saves an image of the runner, and the one below it, to a file.
func (pub publication) save(ctx context.Context, ref string, to *os.File) error {
	stream, err := pub.eng.SaveImages(ctx, ref, pub.below)
	if err != nil {
		return err
	}
	defer stream.Close()
	what := "save the runner of " + pub.inst.Name
	read := &metered{tell: func(n int64) { pub.progress(Progress{What: what, Status: "Saving", Current: n}) }}
	_, err = io.Copy(to, io.TeeReader(stream, read))
	pub.progress(finished(what, read.n, err))
	return err
}

// imageLabels are those that say where a published image comes from.
func (pub publication) imageLabels() (map[string]string, error) {
	p, o := pub.run.publishing, pub.run.o.Publish
	d := pub.inst.Driver
	labels := map[string]string{
		"org.opencontainers.image.source":   p.source,
		"org.opencontainers.image.revision": p.revision,
		label.Report:                        o.ReportDigest,
	}
	base, err := backend.NormalizeRef(qualify(d.Registry, d.Image))
	if err != nil {
		return nil, err
	}
	asked, err := pub.imageName(d.Image) // a lock file names the one that the tag stands for
	if err != nil {
		return nil, err
	}
	if named, err := reference.ParseNormalizedNamed(asked); err == nil && !strings.HasPrefix(base, "sha256:") {
		labels["org.opencontainers.image.base.name"] = base
		if digested, ok := named.(reference.Digested); ok {
			labels["org.opencontainers.image.base.digest"] = digested.Digest().String()
		}
	}
	if pub.untested {
		labels[label.Verified] = "false"
	}
	maps.DeleteFunc(labels, func(_, value string) bool { return value == "" })
	return labels, nil
}

// packageImage writes the image to a file, or brings it into the engine.
func (pub publication) packageImage(ctx context.Context, img v1.Image) error {
	o, p := pub.run.o.Publish, pub.run.publishing
	tags := p.tags[pub.inst.Name]
	if len(tags) == 0 && o.To == nil {
		tag, err := publish.LocalName(packageImages + names.Label("", pub.inst.Name))
		if err != nil {
			return err
		}
		tags = []name.Tag{tag}
	}
	if err := pub.handOver(ctx, img, tags); err != nil {
		return err
	}
	for _, tag := range tags {
		p.named(tag, v1.Hash{}, pub.inst.Name)
	}
	return nil
}

// handOver brings an image to where a package goes.
func (pub publication) handOver(ctx context.Context, img v1.Image, tags []name.Tag) error {
	o := pub.run.o.Publish
	if o.To != nil {
		return o.To(func(w io.Writer) error { return o.Format.Write(w, img, tags) })
	}
	pr, pw := io.Pipe()
	defer pr.Close()
	go func() { pw.CloseWithError(publish.FormatDocker.Write(pw, img, tags)) }()
	_, err := pub.eng.LoadImage(ctx, pr)
	return err
}

// push brings the image to all registries, by its digest, and then gives it its names. A name that several instances
// share is given by the last of them.
func (pub publication) push(ctx context.Context, img v1.Image) error {
	p := pub.run.publishing
	raw, err := img.RawManifest()
	if err != nil {
		return err
	}
	desc, err := partial.Descriptor(img)
	if err != nil {
		return err
	}
	manifest := publish.Manifest{Raw: raw, Type: desc.MediaType}
	tags := p.tags[pub.inst.Name]
	registries := map[name.Repository]*publish.Registry{}
	for _, tag := range tags {
		if registries[tag.Context()] != nil {
			continue
		}
		r, err := pub.registry(ctx, tag, pub.run.o.Publish.CertDirs)
		if err != nil {
			return err
		}
		defer r.Close()
		err = pub.run.upload(ctx, r, img)
		pub.progress(finished("push "+publish.Text(tag), 0, err))
		if err != nil {
			return err
		}
		registries[tag.Context()] = r
	}
	for _, tag := range tags {
		named, members, err := p.sent(pub.inst.Name, tag, *desc, manifest)
		if err != nil || members == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if err := pub.name(ctx, registries[tag.Context()], tag, named, members); err != nil {
			return err
		}
	}
	return nil
}

// name gives a manifest its name. An index goes by its digest first, as all else did.
func (pub publication) name(ctx context.Context, r *publish.Registry, tag name.Tag, m publish.Manifest,
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
	pub.run.publishing.named(tag, digest, pub.run.publishing.groups[tag.Name()].instances...)
	pub.notice(LevelInfo, "published "+publish.Text(tag)+"@"+digest.String())
	return nil
}

// registry prepares to push to the repository of a tag.
func (s supplies) registry(ctx context.Context, tag name.Tag, certDirs []string) (*publish.Registry, error) {
	var sent atomic.Int64
	return publish.NewRegistry(tag.Context(), publish.RegistryOptions{
		Credentials: s.credentials(ctx, publish.Text(tag)), CertDirs: certDirs,
		UserAgent: "galley/" + s.run.o.Version, Notice: func(text string) { s.notice(LevelWarn, text) },
		Sent: func(bytes int) {
			if now := sent.Add(int64(bytes)); now/meterStep != (now-int64(bytes))/meterStep {
				s.progress(Progress{What: "push " + publish.Text(tag), Status: "Pushing", Current: now})
			}
		},
	})
}
