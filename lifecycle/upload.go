package lifecycle

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/docker/go-units"

	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// removeBatch is how many deleted files are removed by one command.
const removeBatch = 500

// upload brings a runner's copy of a sandbox in line with the one here, for an engine that does not see this machine's
// files. Only what changed is sent, as a stream, and what is gone here is removed there. What the runner itself
// changed, moved or removed is put back, as on an engine that sees the files.
func (l *liveRunner) upload(ctx context.Context) error {
	file := l.sb.Local + ".sent.json"
	old, err := loadManifest(file, l.c.ID)
	if err != nil {
		return err
	}
	seen := listing{}
	if len(old.Files) > 0 {
		if seen, err = l.list(ctx, old); err != nil {
			return err
		}
	}
	c, err := compare(l.sb.Local, old, seen)
	if err != nil {
		return fmt.Errorf("upload the sandbox: %w", err)
	}
	if len(c.send)+len(c.remove) == 0 {
		if maps.Equal(c.now.Files, old.Files) {
			return nil
		}
		return c.now.save(file)
	}
	if err := c.unsure(old).save(file); err != nil {
		return err
	}
	if err := l.removeThere(ctx, c.remove); err != nil {
		return err
	}
	if len(c.send) > 0 {
		if err := l.send(ctx, c.send); err != nil {
			return err
		}
	}
	if seen, err = l.list(ctx, c.now); err != nil {
		return err
	}
	for p, f := range c.now.Files {
		f.Seen = seen[p].mark
		c.now.Files[p] = f
	}
	return c.now.save(file)
}

// list asks the runner what it has of a sandbox. One that has no find or no stat tells
// nothing, so all is sent each time.
func (l *liveRunner) list(ctx context.Context, m manifest) (listing, error) {
	wanted := map[string]bool{}
	for p := range m.Files {
		for d := p; !wanted[d]; d = path.Dir(d) {
			wanted[d] = true
		}
	}
	found := &listingReader{wanted: func(p string) bool { return wanted[p] && p != "." }, list: listing{}}
	out := &lines.Writer{Emit: found.line}
	_, err := l.Exec(ctx, runner.Command{User: "0", WorkDir: l.sb.Remote, Argv: listCommand(), Stdout: out})
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("see what the runner has of the sandbox: %w", err)
	}
	found.keep()
	return found.list, nil
}

// removeThere deletes things in the runner's sandbox. Names that are no text reach the
// runner as a script: in a command of the engine's API they would become others.
func (l *liveRunner) removeThere(ctx context.Context, gone []string) error {
	for batch := range slices.Chunk(gone, removeBatch) {
		argv := []string{"rm", "-rf", "--"}
		for _, p := range batch {
			argv = append(argv, path.Join(l.sb.Remote, p))
		}
		c := runner.Command{User: "0", Argv: argv}
		if line := runner.QuoteAll(argv); !utf8.ValidString(line) {
			c.Argv, c.Stdin = []string{"sh"}, strings.NewReader(line+"\n")
		}
		code, err := l.Exec(ctx, c)
		if err := runner.Succeeded("rm", code, err); err != nil {
			return fmt.Errorf("remove old files of the sandbox in the runner: %w", err)
		}
	}
	return nil
}

// send streams files to the runner, telling how far it is.
func (l *liveRunner) send(ctx context.Context, files []sandbox.File) error {
	var total int64
	for _, f := range files {
		total += f.Size()
	}
	noun := "files"
	if len(files) == 1 {
		noun = "file"
	}
	what := fmt.Sprintf("upload %d %s (%s) to %s", len(files), noun, units.HumanSize(float64(total)), l.sb.Remote)
	root := sandbox.File{Path: ".", Dir: true, Mode: l.sb.Mode()}
	to := &metered{Copier: l.be, tell: func(n int64) {
		l.progress(Progress{What: what, Status: "Uploading", Current: min(n, total), Total: total})
	}}
	err := archive.Send(ctx, to, l.c.ID, l.sb.Remote, append([]sandbox.File{root}, files...))
	if err != nil {
		err = fmt.Errorf("upload the sandbox: %w", err)
	}
	l.progress(finished(what, total, err))
	return err
}
