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

	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// sendUploads copies what the provisioner's `uploads` name into the runner. A file keeps its name when it goes into a
// directory; a directory's content goes into the directory that is named.
func (l *liveRunner) sendUploads(ctx context.Context, uploads map[string]string) error {
	for _, from := range slices.Sorted(maps.Keys(uploads)) {
		if err := l.sendUpload(ctx, l.abs(from), uploads[from]); err != nil {
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
		to := l.abs(files[from])
		if strings.HasSuffix(files[from], "/") {
			to += "/"
		}
		if err := l.skipped(from, l.downloadOne(ctx, from, to)); err != nil {
			errs = append(errs, fmt.Errorf("download %s: %w", from, err))
		}
	}
	return errors.Join(errs...)
}

// downloadOne fetches a file or directory.
func (l *liveRunner) downloadOne(ctx context.Context, from, to string) error {
	return l.metered("download "+from, "Downloading", func(c *metered) error {
		return archive.Download(ctx, c, l.c.ID, from, to)
	})
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
