// Package mirrors rewrites the names of images, so that they come from a registry of the user's choice.
package mirrors

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// List has an entry for each registry, or part of one, whose images come from elsewhere. Nil rewrites nothing.
type List map[string]string

// Parse reads entries of the form PREFIX=REPLACEMENT. Both are a registry, or a registry and the beginning of a path.
func Parse(entries []string) (List, error) {
	list := List{}
	for _, entry := range entries {
		from, to, ok := strings.Cut(strings.TrimSpace(entry), "=")
		if !ok {
			return nil, fmt.Errorf("%q: write PREFIX=REPLACEMENT, such as docker.io=mirror.example/dockerhub", entry)
		}
		prefix, err := parseName(from)
		if err != nil {
			return nil, err
		}
		replacement, err := parseName(to)
		if err != nil {
			return nil, err
		}
		if _, ok := list[prefix]; ok {
			return nil, fmt.Errorf("%s is there twice: write one of them", prefix)
		}
		list[prefix] = replacement
	}
	return list, nil
}

// parseName reads the beginning of a full name. Docker Hub is docker.io, as in the names that it is compared with.
func parseName(text string) (string, error) {
	name := strings.TrimSuffix(strings.TrimSpace(text), "/")
	host, _, _ := strings.Cut(name, "/")
	_, err := reference.WithName(name + "/x")
	if err != nil || name != strings.ToLower(name) || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return "", fmt.Errorf("%q: write a registry, with the beginning of a path or without, in lower case and without "+
			"a tag: docker.io or quay.io/team", text)
	}
	if rest, ok := strings.CutPrefix(name+"/", "index.docker.io/"); ok {
		name = strings.TrimSuffix("docker.io/"+rest, "/")
	}
	return name, nil
}

// Rewrite is the name under which an image is asked for, given its full name. The longest entry counts, up to the end
// of a part of the name. What it gives is not rewritten again.
func (l List) Rewrite(ref string) string {
	prefix := ""
	for candidate := range l {
		if len(candidate) > len(prefix) && covers(candidate, ref) {
			prefix = candidate
		}
	}
	if prefix == "" {
		return ref
	}
	return l[prefix] + strings.TrimPrefix(ref, prefix)
}

// Local are the names under which an image of this machine counts as the one of a full name: the rewritten one, and
// then the name itself, as an image has that was built or loaded here.
func (l List) Local(ref string) []string {
	if name := l.Rewrite(ref); name != ref {
		return []string{name, ref}
	}
	return []string{ref}
}

// covers reports whether a name begins with prefix and a part of it ends there. Behind a registry alone, a colon
// begins the port of another one; behind a repository, a tag.
func covers(prefix, ref string) bool {
	rest, ok := strings.CutPrefix(ref, prefix)
	return ok && (strings.HasPrefix(rest, "/") ||
		strings.Contains(prefix, "/") && (strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "@")))
}
