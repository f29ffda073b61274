package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Copier copies tar streams into containers and out of them. It is a part of backend.Containers.
type Copier interface {
	CopyTo(ctx context.Context, id, dir string, tar io.Reader) error
	CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error)
}

// CopyOut copies a file or directory of a container to this machine, by the rules that `docker cp` documents:
//
//	from      to is missing          to is a file   to is a directory
//	a file    becomes to, and an     takes its      goes into it
//	          error if to ends in /  place
//	DIR       becomes to             an error       goes into it
//	DIR/.     becomes to             an error       its content goes into it
//
// The directory above to must be there. A symbolic link that is named is followed, one in a directory stays a link.
// Errors: *SkippedError and nothing else, when all but what has no meaning here was copied.
func CopyOut(ctx context.Context, c Copier, id, from, to string) error {
	return fetch(ctx, c, id, from, func(dir bool) (string, error) { return copyTarget(from, to, dir) })
}

// Download copies a file or directory of a container to this machine, by the rules of kitchen.yml's `downloads`: what
// to names is made, with the directories above it. A directory's content goes into it; a file keeps its name if to is a
// directory or ends in a slash. Errors: as of CopyOut.
func Download(ctx context.Context, c Copier, id, from, to string) error {
	return fetch(ctx, c, id, from, func(dir bool) (string, error) {
		if !dir && (project.IsDir(to) || endsInSlash(to)) {
			return filepath.Join(to, path.Base(from)), nil
		}
		return to, nil
	})
}

// Fetch copies a file or directory of a container to this machine, where to takes its place. Errors: as of CopyOut.
func Fetch(ctx context.Context, c Copier, id, from, to string) error {
	return fetch(ctx, c, id, from, func(bool) (string, error) { return to, nil })
}

// maxLinks is how many links are followed to what is meant by a path.
const maxLinks = 40

// fetch extracts what is at a path of a container. Podman follows a link that is named
// there, and Docker sends the link: here, it is followed always.
func fetch(ctx context.Context, c Copier, id, from string, place func(dir bool) (string, error)) error {
	for range maxLinks {
		err := fetchOnce(ctx, c, id, from, place)
		var link *LinkError
		if !errors.As(err, &link) {
			return err
		}
		if path.IsAbs(link.Target) {
			from = link.Target
		} else {
			from = path.Join(path.Dir(path.Clean(from)), link.Target)
		}
	}
	return fmt.Errorf("%s: there are too many symbolic links", from)
}

func fetchOnce(ctx context.Context, c Copier, id, from string, place func(dir bool) (string, error)) error {
	stream, err := c.CopyFrom(ctx, id, from)
	if err != nil {
		return err
	}
	defer stream.Close()
	return extract(stream, namesContent(from), place)
}

// namesContent reports whether a path means a directory's content: DIR/. or the root.
func namesContent(p string) bool {
	p = filepath.ToSlash(p)
	return p == "." || strings.HasSuffix(p, "/.") || strings.Trim(p, "/") == ""
}

func endsInSlash(p string) bool { return strings.HasSuffix(filepath.ToSlash(p), "/") }

// copyTarget is where CopyOut puts what it copies.
func copyTarget(from, to string, dir bool) (string, error) {
	st, err := os.Stat(to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	switch there := err == nil; {
	case there && st.IsDir():
		// What the user named may be a link: it is followed here, and nowhere later.
		real, err := filepath.EvalSymlinks(to)
		if err != nil || namesContent(from) {
			return real, err
		}
		return filepath.Join(real, path.Base(from)), nil
	case there && (dir || endsInSlash(to)):
		return "", fmt.Errorf("%s is a file, not a directory", to)
	case !there && !dir && endsInSlash(to):
		return "", fmt.Errorf("there is no directory %s", to)
	case !project.IsDir(filepath.Dir(filepath.Clean(to))):
		return "", fmt.Errorf("there is no directory %s", filepath.Dir(filepath.Clean(to)))
	}
	return to, nil
}

// CopyIn copies a file or directory of this machine into a container, by the same rules as CopyOut. What belongs to it
// gets root as its owner. The repository and galley's own files, .git and .kitchen, stay here unless they are named.
func CopyIn(ctx context.Context, c Copier, id, from, to string) error {
	st, err := os.Stat(from)
	if err != nil {
		return err
	}
	exists, isDir, err := kindOf(ctx, c, id, to)
	if err != nil {
		return err
	}
	dir, name := path.Clean(to), filepath.Base(from)
	switch {
	case isDir && st.IsDir() && namesContent(from):
		name = "."
	case isDir:
		if abs, err := filepath.Abs(from); err == nil {
			name = filepath.Base(abs) // of ".." for example
		}
	case exists && (st.IsDir() || endsInSlash(to)):
		return fmt.Errorf("%s in the runner is a file, not a directory", to)
	case !exists && !st.IsDir() && endsInSlash(to):
		return fmt.Errorf("there is no directory %s in the runner", to)
	default:
		dir, name = path.Dir(dir), path.Base(dir)
	}
	files := []sandbox.File{{Path: name, Source: from}} // a link that is named is followed
	var skipped []string
	if st.IsDir() {
		if files, skipped, err = sandbox.Entries(from, name, nil); err != nil {
			return err
		}
	}
	if err := Send(ctx, c, id, dir, files); err != nil {
		return err
	}
	return Skipped(skipped)
}

// Send puts files below a directory of a container, which must be there.
func Send(ctx context.Context, c Copier, id, dir string, files []sandbox.File) error {
	pr, pw := io.Pipe()
	defer pr.Close()
	go func() { pw.CloseWithError(Write(pw, files)) }()
	return c.CopyTo(ctx, id, dir, pr)
}

// kindOf tells what is at a path of a container, without a program there: nothing at all
// can only be unpacked into a directory.
func kindOf(ctx context.Context, c Copier, id, p string) (exists, dir bool, err error) {
	err = Send(ctx, c, id, p, nil)
	switch {
	case errors.Is(err, backend.ErrNotFound):
		return false, false, nil
	case errors.Is(err, backend.ErrInvalid):
		return true, false, nil
	}
	return err == nil, err == nil, err
}
