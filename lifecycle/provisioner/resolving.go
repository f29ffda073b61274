package provisioner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// source is a Policyfile or a Berksfile: what the ways to resolve the two differ in.
type source struct {
	// file is the Policyfile or Berksfile, lock its lock file.
	file, lock string
	// commands are names of the tool that resolves it, the best one first.
	commands []string
	// update and install bring the lock file up to date, with and without newer
	// versions; an empty one is left out. export puts the cookbooks into a directory.
	update, install []string
	export          func(file, to string) []string
	// inputs are the directories of cookbooks that the lock does not pin.
	inputs func() ([]string, error)
	// salt is what else the result depends on.
	salt string
}

// resolve brings the lock file up to date as always_update_cookbooks says, and
// returns the directory of what was exported for it. What was exported before for
// the same lock file and the same local cookbooks is taken as it is.
func (c *chef) resolve(ctx context.Context, s source) (dir string, err error) {
	st := c.store()
	unlock, err := st.lock(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	locked, err := exists(s.lock)
	if err != nil {
		return "", err
	}
	update := c.instance.Provisioner.Chef.AlwaysUpdate
	if locked && !update {
		if dir, ok, err := c.stored(st, s); ok || err != nil {
			return dir, err
		}
	}
	b, err := c.bench(ctx, s)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, b.close(ctx)) }()
	first := s.install
	if locked && update {
		first = s.update
	}
	if len(first) > 0 {
		if err := c.tool(ctx, b, s, append(first, b.there(s.file))); err != nil {
			return "", err
		}
		if err := b.fetch(ctx, s.lock); err != nil {
			return "", err
		}
		if dir, ok, err := c.stored(st, s); ok || err != nil {
			return dir, err
		}
	}
	scratch, err := st.scratch()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	out := filepath.Join(scratch, "out")
	if err := c.tool(ctx, b, s, s.export(b.there(s.file), b.out(out))); err != nil {
		return "", err
	}
	if err := errors.Join(b.take(ctx, out), b.fetch(ctx, s.lock)); err != nil {
		return "", err
	}
	digest, err := c.digest(s)
	if err != nil {
		return "", err
	}
	return st.put(digest, out)
}

// stored finds the result for the lock file and the cookbooks as they are now.
func (c *chef) stored(st store, s source) (dir string, ok bool, err error) {
	digest, err := c.digest(s)
	if err != nil {
		return "", false, err
	}
	dir, ok = st.get(digest)
	return dir, ok, nil
}

// tool runs the resolving tool.
func (c *chef) tool(ctx context.Context, b bench, s source, args []string) error {
	output, code, err := b.run(ctx, args)
	if err == nil && code == 0 {
		return nil
	}
	e := &ResolveError{File: s.file, Where: b.where(), Command: append([]string{b.tool()}, args...), Code: code, Output: output, Err: err}
	if err == nil {
		e.Remedy = "Run the command yourself to look closer."
		if b.host() {
			e.Remedy += " provisioner.resolver: container runs it in an image instead."
		}
	}
	return e
}

// digest is made of all that the resolved cookbooks depend on.
func (c *chef) digest(s source) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n", s.salt)
	for _, file := range []string{s.file, s.lock} {
		if err := addFile(sum, filepath.Base(file), file); err != nil {
			return "", err
		}
	}
	dirs, err := s.inputs()
	if err != nil {
		return "", err
	}
	filter := newCookbookFilter(c.instance.Provisioner.Chef.CookbookGlobs)
	for _, dir := range dirs {
		files, err := sandbox.Tree(dir, "", filter.skip)
		if err != nil {
			return "", fmt.Errorf("read the cookbook that %s names: %w", filepath.Base(s.file), err)
		}
		fmt.Fprintf(sum, "%q %d\n", dir, len(files))
		for _, f := range files {
			if f.Dir {
				continue // a cookbook is what its files are
			}
			if err := addFile(sum, f.Path, f.Source); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:32], nil
}

// addFile adds a file's name, size and content to a digest.
func addFile(sum hash.Hash, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	one := sha256.New()
	if _, err := io.Copy(one, f); err != nil {
		return err
	}
	fmt.Fprintf(sum, "%q %x\n", name, one.Sum(nil))
	return nil
}

// ResolveError says that cookbooks could not be resolved.
type ResolveError struct {
	// File is the Policyfile or Berksfile, Where the machine or image in words.
	File, Where string
	// Command is what was run, Code its exit code and Output what it printed.
	Command []string
	Code    int
	Output  string
	Err     error
	Remedy  string
}

// resolveTail is how many of a tool's last lines an error shows.
const resolveTail = 40

// Error shows the tool's own words and the remedy.
func (e *ResolveError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "resolve the cookbooks of %s", filepath.Base(e.File))
	if len(e.Command) > 0 {
		fmt.Fprintf(&b, " %s: `%s`", e.Where, strings.Join(e.Command, " "))
		if e.Err == nil {
			fmt.Fprintf(&b, " exited with code %d", e.Code)
		}
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if text := strings.TrimSpace(e.Output); text != "" {
		lines := strings.Split(text, "\n")
		b.WriteString("\n" + strings.Join(lines[max(0, len(lines)-resolveTail):], "\n"))
	}
	if e.Remedy != "" {
		b.WriteString("\n" + e.Remedy)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *ResolveError) Unwrap() error { return e.Err }
