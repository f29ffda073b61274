package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// files watches a directory and all below it.
type files struct {
	*fsnotify.Watcher
	events chan string
}

// watchFiles watches root until ctx ends.
func watchFiles(ctx context.Context, root string) (*files, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, watchError(err)
	}
	f := &files{w, make(chan string)}
	if err := f.add(root, func(string) {}); err != nil {
		return nil, errors.Join(watchError(err), w.Close())
	}
	go f.pass(ctx)
	return f, nil
}

// add watches a directory and those below it, and tells of the files in them. What has gone since is not there.
func (f *files) add(dir string, found func(path string)) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !d.IsDir():
			found(path)
			return nil
		case path != dir && hidden(d.Name()):
			return filepath.SkipDir
		}
		if err := f.Add(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("watch %s: %w", path, err)
		}
		return nil
	})
}

// pass hands on the paths of changes. Of a new directory, all files that are in it already count as changed.
func (f *files) pass(ctx context.Context) {
	hand := func(path string) {
		select {
		case f.events <- path:
		case <-ctx.Done():
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-f.Errors:
			if !ok {
				return
			}
			hand("") // some were lost: anything may have changed
		case e, ok := <-f.Events:
			switch {
			case !ok:
				return
			case e.Op == fsnotify.Chmod || hidden(filepath.Base(e.Name)) && !configuration(filepath.Base(e.Name)):
				continue
			}
			if st, err := os.Stat(e.Name); err == nil && st.IsDir() && e.Has(fsnotify.Create) {
				if err := f.add(e.Name, hand); err != nil {
					hand("")
				}
			}
			hand(e.Name)
		}
	}
}

// hidden reports whether a file does not count by its name: what begins with a dot, and what editors leave.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasSuffix(name, "~") ||
		name == "4913" // vim tries with it whether it may write
}

// configuration reports whether a name is that of a file of Test Kitchen's or galley's own.
func configuration(name string) bool {
	return strings.HasSuffix(name, ".yml") && (strings.HasPrefix(name, ".kitchen.") || name == ".galley.yml")
}

func watchError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) {
		return fmt.Errorf("%w\nThe system watches no more files for this user: raise fs.inotify.max_user_watches and "+
			"fs.inotify.max_user_instances with sysctl", err)
	}
	return err
}
