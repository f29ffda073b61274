package publish

import (
	"fmt"
	"net"
	"strings"
	"text/template"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/galley-kitchen/galley/backend"
)

// Fields are what the names of images may be made of.
type Fields struct {
	Instance, Suite, Platform string
	// GitSHA is the commit of the project, empty where it has none.
	GitSHA string
}

// Names are the names that templates of references come to. A name says its registry, as it is pushed there and nowhere
// else. Errors: backend.ErrInvalid.
func Names(refs []string, f Fields) ([]name.Tag, error) {
	var tags []name.Tag
	for _, ref := range refs {
		tag, err := parse(ref, f)
		if err != nil {
			return nil, err
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

func parse(ref string, f Fields) (name.Tag, error) {
	invalid := func(detail, remedy string) error {
		return &backend.Error{Op: fmt.Sprintf("publish as %q", ref), Kind: backend.ErrInvalid, Detail: detail, Remedy: remedy}
	}
	var filled strings.Builder
	form, err := template.New("name").Parse(ref)
	if err == nil {
		err = form.Execute(&filled, f)
	}
	if err != nil {
		return name.Tag{}, invalid(err.Error(),
			"A name may have {{.Instance}}, {{.Suite}}, {{.Platform}} and {{.GitSHA}}.")
	}
	if strings.Contains(ref, ".GitSHA") && f.GitSHA == "" {
		return name.Tag{}, invalid("the project has no commit of git, and the name asks for one",
			"Run it in a git repository with the git program at hand, or leave {{.GitSHA}} out.")
	}
	text := filled.String()
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return name.Tag{}, invalid(err.Error(), "Write it as registry/name[:tag], in lower case.")
	}
	if host, _, slash := strings.Cut(text, "/"); !slash || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return name.Tag{}, invalid("it names no registry",
			"Write it whole: "+named.String()+" for Docker Hub, or with the address of another registry in front.")
	}
	if _, digested := named.(reference.Digested); digested {
		return name.Tag{}, invalid("a digest is what comes out, and cannot be asked for",
			"Name a tag, or nothing behind the name.")
	}
	tag, err := tagOf(named)
	if err != nil {
		return name.Tag{}, invalid(err.Error(), "Write it as registry/name[:tag], in lower case.")
	}
	return tag, nil
}

// FullName reads a name such as "localhost/galley-package/web:latest". The caller makes sure that it is whole: without
// a registry it would be one on Docker Hub.
func FullName(ref string) (name.Tag, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return name.Tag{}, err
	}
	return tagOf(named)
}

// tagOf is a name in the words of the library that speaks to registries. It would read "localhost/a/b" itself as a name
// on Docker Hub.
func tagOf(named reference.Named) (name.Tag, error) {
	address := reference.Domain(named)
	var options []name.Option
	if isLoopback(address) { // plain HTTP is for one on this machine
		options = append(options, name.Insecure)
	}
	registry, err := name.NewRegistry(address, options...)
	if err != nil {
		return name.Tag{}, err
	}
	tagged, ok := reference.TagNameOnly(named).(reference.Tagged)
	if !ok {
		return name.Tag{}, fmt.Errorf("%s has no tag", named)
	}
	return registry.Repo(reference.Path(named)).Tag(tagged.Tag()), nil
}

// Text is a name as people write it, with its registry and its tag.
func Text(tag name.Tag) string {
	if tag.RegistryStr() == name.DefaultRegistry {
		return "docker.io/" + tag.RepositoryStr() + ":" + tag.TagStr()
	}
	return tag.Name()
}

// isLoopback reports whether a host, with or without a port, is this machine.
func isLoopback(address string) bool {
	host := address
	if h, _, err := net.SplitHostPort(address); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
