package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// sendUploads copies what the provisioner's `uploads` name into the runner. A file
// keeps its name when it goes into a directory; a directory's content goes into
// the directory that is named.
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
		into, err := l.isRemoteDir(ctx, to)
		if err != nil {
			return err
		}
		name := filepath.Base(from)
		if !into && !strings.HasSuffix(to, "/") {
			dir, name = path.Dir(to), path.Base(to)
		}
		files = []sandbox.File{{Path: name, Source: from}}
	}
	code, err := l.be.Exec(ctx, l.c.ID, execAsRoot("mkdir", "-p", "--", dir))
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
		if err := l.skipped(from, archive.Download(ctx, l.be, l.c.ID, from, to)); err != nil {
			errs = append(errs, fmt.Errorf("download %s: %w", from, err))
		}
	}
	return errors.Join(errs...)
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

// isRemoteDir reports whether there is such a directory in the runner.
func (l *liveRunner) isRemoteDir(ctx context.Context, dir string) (bool, error) {
	code, err := l.be.Exec(ctx, l.c.ID, execAsRoot("test", "-d", dir))
	return code == 0, err
}

// execAsRoot runs a program in a runner as its root.
func execAsRoot(argv ...string) backend.ExecSpec {
	return backend.ExecSpec{User: "0", Command: argv}
}
