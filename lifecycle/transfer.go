package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/docker/go-units"

	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// sendUploads copies what the provisioner's `uploads` name into the runner. A file keeps its name when it goes into a
// directory; a directory's content goes into the directory that is named.
func (l *liveRunner) sendUploads(ctx context.Context, uploads map[string]string) error {
	for _, from := range slices.Sorted(maps.Keys(uploads)) {
		if err := l.sendUpload(ctx, l.run.project().Abs(from), uploads[from]); err != nil {
			return fmt.Errorf("provisioner.uploads: upload %s: %w", from, err)
		}
	}
	return nil
}

func (l *liveRunner) sendUpload(ctx context.Context, from, to string) error {
	st, err := os.Stat(from)
	if err != nil {
		return err
	}
	dir, files := to, []sandbox.File(nil)
	if st.IsDir() {
		var skipped []string
		if files, skipped, err = sandbox.TreeTold(from, "", nil); err != nil {
			return err
		}
		if err := archive.Skipped(skipped); err != nil {
			l.notice(LevelWarn, "upload "+from+": "+err.Error())
		}
	} else {
		code, err := l.Exec(ctx, runner.Command{User: "0", Argv: []string{"test", "-d", to}})
		if err != nil {
			return err
		}
		name := filepath.Base(from)
		if code != 0 && !strings.HasSuffix(to, "/") {
			dir, name = path.Dir(to), path.Base(to)
		}
		files = []sandbox.File{{Path: name, Source: from}}
	}
	code, err := l.Exec(ctx, runner.Command{User: "0", Argv: []string{"mkdir", "-p", "--", dir}})
	if err := runner.Succeeded("mkdir -p "+dir+" in the runner", code, err); err != nil {
		return err
	}
	return archive.Send(ctx, l.be, l.c.ID, dir, files)
}

// download fetches what kitchen.yml's `downloads` name, also after a failure.
func (l *liveRunner) download(ctx context.Context, files map[string]string) error {
	var errs []error
	ctx, cancel := cleanupContext(ctx)
	defer cancel()
	for _, from := range slices.Sorted(maps.Keys(files)) {
		to := l.run.project().Abs(files[from])
		if strings.HasSuffix(files[from], "/") {
			to += "/"
		}
		err := l.metered("download "+from, "Downloading", func(c *metered) error {
			return archive.Download(ctx, c, l.c.ID, from, to)
		})
		if err := l.skipped(from, err); err != nil {
			errs = append(errs, fmt.Errorf("download %s: %w", from, err))
		}
	}
	return errors.Join(errs...)
}

// metered does a copy, and tells how far it is: what a runner sends may have no end.
func (l *liveRunner) metered(what, status string, do func(*metered) error) error {
	m := &metered{Copier: l.be, tell: func(n int64) {
		l.progress(Progress{What: what, Status: status, Current: n})
	}}
	err := do(m)
	if m.told > 0 {
		l.progress(finished(what, 0, err))
	}
	return err
}

// meterStep is after how many bytes of a copy progress is told again.
const meterStep = 1 << 20

// metered copies as an engine does, and tells how much has come or gone of what is longer than meterStep.
type metered struct {
	archive.Copier
	tell    func(bytes int64)
	n, told int64
}

// CopyTo is that of the engine.
func (m *metered) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	return m.Copier.CopyTo(ctx, id, dir, io.TeeReader(tar, m))
}

// CopyFrom is that of the engine.
func (m *metered) CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error) {
	stream, err := m.Copier.CopyFrom(ctx, id, path)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(stream, m), stream}, nil
}

// Write counts what is copied.
func (m *metered) Write(p []byte) (int, error) {
	if m.n += int64(len(p)); m.n-m.told >= meterStep {
		m.told = m.n
		m.tell(m.n)
	}
	return len(p), nil
}

// skipped tells what of a download was left out, which is no error.
func (l *liveRunner) skipped(from string, err error) error {
	var skipped *archive.SkippedError
	if errors.As(err, &skipped) {
		l.notice(LevelWarn, "download "+from+": "+skipped.Error())
		return nil
	}
	return err
}

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
