package lifecycle

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/hostexec"
	"github.com/galley-kitchen/galley/lifecycle/publish"
)

// The actions that make an image of a runner, and their phases. The instance stays what it was.
const (
	ActionPublish = Action(PhasePublish)
	ActionPackage = Action(PhasePackage)
)

// PublishOptions say where images of runners go, and what they are like beside what kitchen.yml says.
type PublishOptions struct {
	// Refs are templates of names; none means those of kitchen.yml.
	Refs []string
	// Squash makes one layer of all.
	Squash bool
	// Force publishes a runner that was not tested as it is.
	Force bool
	// ReportDigest is the digest of the test report, or empty.
	ReportDigest string
	// To takes a package as a file of Format; nil brings it into the engine. The whole file is written by write.
	To     func(write func(io.Writer) error) error
	Format publish.Format
	// Epoch, unless it is zero, is the time of the images.
	Epoch time.Time
}

// Published is an image under one of its names.
type Published struct {
	// Ref is the name, with its registry and its tag.
	Ref string `json:"ref"`
	// Digest is the one of its manifest, empty for one that no registry has.
	Digest string `json:"digest,omitempty"`
	// Instances are those that it was made of: several make an index.
	Instances []string `json:"instances"`
}

// String is the name by which exactly this image is found.
func (p Published) String() string {
	if p.Digest == "" {
		return p.Ref
	}
	return p.Ref + "@" + p.Digest
}

// publishing is what the instances of a run that publishes share.
type publishing struct {
	revision, source string // of the project, by git

	mu     sync.Mutex
	tags   map[string][]name.Tag // by instance
	groups map[string]*tagGroup  // by name
	done   []Published
}

// tagGroup is a name that one or more instances publish under. It is given when all of them have sent their images.
type tagGroup struct {
	tag     name.Tag
	waiting []string // the instances that are not done
	wanted  int      // how many there are
	members []mutate.IndexAddendum
	// instances are those of members.
	instances []string
}

// planPublishing finds out under which names the instances are published, before anything is done.
func (r *Run) planPublishing(ctx context.Context, a Action, instances []config.Instance) error {
	o := r.o.Publish
	if a != ActionPublish && a != ActionPackage && (a != ActionTest || len(o.Refs) == 0) {
		return nil
	}
	p := &publishing{tags: map[string][]name.Tag{}, groups: map[string]*tagGroup{}}
	p.revision = r.git(ctx, "rev-parse", "HEAD")
	p.source = withoutLogin(r.git(ctx, "config", "--get", "remote.origin.url"))
	for _, i := range instances {
		refs := o.Refs
		if len(refs) == 0 && a == ActionPublish {
			refs = i.Publish.Refs
		}
		if len(refs) == 0 && a == ActionPublish {
			return fmt.Errorf("publish %s: under which name?\nWrite it behind the instance, as in `galley publish %s "+
				"registry.example.com/team/image:1.0`, or into kitchen.yml as `publish: {refs: [...]}`", i.Name, i.Name)
		}
		tags, err := publish.Names(refs, publish.Fields{Instance: strings.ToLower(i.Name), Suite: strings.ToLower(i.Suite),
			Platform: strings.ToLower(i.Platform), GitSHA: p.revision})
		if err != nil {
			return err
		}
		for _, tag := range tags {
			g := p.groups[tag.Name()]
			if g == nil {
				g = &tagGroup{tag: tag}
				p.groups[tag.Name()] = g
			}
			if slices.Contains(g.waiting, i.Name) {
				continue // the name was written twice, perhaps once with its tag
			}
			g.waiting, g.wanted = append(g.waiting, i.Name), g.wanted+1
			p.tags[i.Name] = append(p.tags[i.Name], tag)
		}
	}
	r.publishing = p
	return nil
}

// gitTime bounds a question to git.
const gitTime = 5 * time.Second

// git asks the project's repository. The answer is empty where there is none, or no git.
func (r *Run) git(ctx context.Context, args ...string) string {
	var out bytes.Buffer
	code, err := hostexec.Run(ctx, hostexec.Command{Argv: append([]string{"git"}, args...), Dir: r.o.Project.Root,
		Env: r.o.Environ, Stdout: &out, Stderr: io.Discard, Timeout: gitTime})
	if err != nil || code != 0 {
		return ""
	}
	return strings.TrimSpace(out.String())
}

// withoutLogin is an address without the name and the password that it may have, empty when it has something like them
// that cannot be told from the rest.
func withoutLogin(address string) string {
	if !strings.Contains(address, "://") {
		return address // such as git@host:path, in which no password can be
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// register tells for which platform an instance's image will be, before it is made. Two of one name must differ in it.
func (p *publishing) register(instance string, platform v1.Platform) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, tag := range p.tags[instance] {
		g := p.groups[tag.Name()]
		for n, have := range g.members {
			if have.Platform.Equals(platform) && g.instances[n] != instance {
				return fmt.Errorf("%s and %s are both for %s, and cannot both be %s\nPut {{.Instance}} or {{.Platform}} into "+
					"the name: several instances make one name only when they are for different systems or processors",
					g.instances[n], instance, platform.String(), publish.Text(tag))
			}
		}
		g.members = append(g.members, mutate.IndexAddendum{Descriptor: v1.Descriptor{Platform: &platform}})
		g.instances = append(g.instances, instance)
	}
	return nil
}

// sent tells that an instance's image is in the repository of a tag. When those of all instances of the tag are there,
// it returns what to give the tag to: the image, or an index of all of them.
func (p *publishing) sent(instance string, tag name.Tag, img v1.Image) publish.Manifest {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.groups[tag.Name()]
	g.members[slices.Index(g.instances, instance)].Add = img
	g.waiting = slices.DeleteFunc(g.waiting, func(name string) bool { return name == instance })
	switch {
	case len(g.waiting) > 0:
		return nil
	case len(g.members) == 1:
		return img
	}
	members := slices.SortedFunc(slices.Values(g.members), func(a, b mutate.IndexAddendum) int {
		return strings.Compare(a.Platform.String(), b.Platform.String())
	})
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.DockerManifestList), members...)
}

// named records that a name was given.
func (p *publishing) named(tag name.Tag, digest string, instances ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = append(p.done, Published{Ref: publish.Text(tag), Digest: digest, Instances: instances})
}

// Published are the images that the run published, by name.
func (r *Run) Published() []Published {
	if r.publishing == nil {
		return nil
	}
	p := r.publishing
	p.mu.Lock()
	defer p.mu.Unlock()
	list := slices.Clone(p.done)
	slices.SortFunc(list, func(a, b Published) int { return strings.Compare(a.Ref, b.Ref) })
	return list
}

// unnamed tells of names that were not given, since not all of their instances were sent.
func (r *Run) unnamed() {
	if r.publishing == nil {
		return
	}
	for _, g := range r.publishing.groups {
		if len(g.waiting) > 0 && len(g.waiting) < g.wanted {
			r.notice(LevelWarn, fmt.Sprintf("%s was not given to anything, since not all of it was sent: %s is missing",
				publish.Text(g.tag), strings.Join(g.waiting, ", ")))
		}
	}
}
