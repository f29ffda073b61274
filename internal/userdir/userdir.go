// Package userdir finds and makes directories that are this user's alone, for sockets and locks.
//
// XDG_RUNTIME_DIR and TMPDIR may name anything: a relative path, another user's directory (after sudo or su), a
// directory in which everybody may write. Another user who can prepare or exchange a directory there could be sent
// logins, or have files written through symbolic links.
package userdir

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrUnsafe marks a directory that others may have prepared or may change.
var ErrUnsafe = errors.New("not safe")

// Runtime returns $XDG_RUNTIME_DIR where it may be used as the specification says: an absolute path of a directory of
// this user's, in which no other user may write. Else it is empty.
func Runtime(getenv func(string) string) string {
	dir := getenv("XDG_RUNTIME_DIR")
	if dir == "" || check(dir, 0o022) != nil {
		return ""
	}
	return dir
}

// In is a path below a directory, or "" without one: a relative path would be one of the project's.
func In(dir string, elem ...string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, filepath.Join(elem...))
}

// DockerConfig is where Docker's client keeps its configuration: $DOCKER_CONFIG or ~/.docker, or "" without a home.
func DockerConfig(getenv func(string) string, home string) string {
	return cmp.Or(getenv("DOCKER_CONFIG"), In(home, ".docker"))
}

// Absent reports whether a file of the user's is not there, by the error of opening it. There is none either where HOME
// is not a directory: HOME=/dev/null is how services run.
func Absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// Make makes the directories elem below base, each private to this user (0700), and returns the path of the last one.
// The base must be a directory of this user's in which only the user and the user's group can write.
//
// Errors: ErrUnsafe for a directory that is a symbolic link, belongs to another user, or that others may enter.
func Make(base string, elem ...string) (string, error) { return below(base, elem, os.Mkdir) }

// Find is [Make] for who only reads: it makes no directory, and one that is missing is an error.
func Find(base string, elem ...string) (string, error) {
	return below(base, elem, func(string, fs.FileMode) error { return nil })
}

// below checks the directories elem below base, each after it was made.
func below(base string, elem []string, mkdir func(string, fs.FileMode) error) (string, error) {
	if err := check(base, 0o002); err != nil {
		return "", err
	}
	dir := base
	for _, name := range elem {
		dir = filepath.Join(dir, name)
		if err := mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		if err := check(dir, 0o077); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// Cache is [Make] below this user's directory for caches, which it makes where it is missing.
func Cache(elem ...string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", err
	}
	return Make(base, elem...)
}

// MkdirTemp makes a directory for a moment that is this user's alone, see [os.MkdirTemp]. It refuses a
// place where another user could exchange it.
func MkdirTemp(prefix string) (string, error) {
	const remedy = "set TMPDIR to a directory of your own"
	parent, err := filepath.Abs(os.TempDir())
	if err != nil {
		return "", fmt.Errorf("find the directory for temporary files: %w", err)
	}
	if err := Temporary(parent); errors.Is(err, ErrUnsafe) {
		return "", fmt.Errorf("%w\nTo go on, %s", err, remedy)
	}
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return "", fmt.Errorf("make a directory in %s: %w\nMake that directory, or %s", parent, err, remedy)
	}
	return dir, nil
}

// Temporary reports whether a new directory in dir (see [os.MkdirTemp]) is safe: dir belongs to this user or to root,
// and others either cannot write there or cannot remove what is not theirs (the sticky bit). Errors: ErrUnsafe.
func Temporary(dir string) error {
	st, err := os.Stat(dir) // /tmp is a link on macOS
	if err == nil && st.Mode()&fs.ModeSticky != 0 {
		return refuse(dir, st, nil, 0, 0)
	}
	return refuse(dir, st, err, 0, 0o022)
}

// Owned reports whether path is a directory (not a link to one) that belongs to this user and that no other user may
// enter. Errors: ErrUnsafe.
func Owned(path string) error { return check(path, 0o077) }

// OwnFile reports whether an open file belongs to this user or to root: what another user wrote under the name of a
// file of this user's is not to be trusted. Its error is an ErrUnsafe.
func OwnFile(f *os.File) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if !belongsTo(st, 0) {
		return fmt.Errorf("%s is %w: it belongs to another user", f.Name(), ErrUnsafe)
	}
	return nil
}

// Owner is the number of the user to whom a file belongs; a link is not followed.
func Owner(path string) (int, error) {
	st, err := os.Lstat(path)
	if err != nil {
		return 0, err
	}
	return ownerOf(st), nil
}

// belongsTo reports whether a file belongs to this user or to another one.
func belongsTo(st fs.FileInfo, uid int) bool {
	owner := ownerOf(st)
	return owner == os.Getuid() || owner == uid
}

// check refuses a directory that is not this user's, or has one of the mode bits.
func check(dir string, bits fs.FileMode) error {
	st, err := os.Lstat(dir)
	return refuse(dir, st, err, os.Getuid(), bits)
}

// refuse refuses what is not a directory of this user's or of another one, or has one of the mode bits.
func refuse(dir string, st fs.FileInfo, err error, uid int, bits fs.FileMode) error {
	switch {
	case !filepath.IsAbs(dir):
		return fmt.Errorf("%s is %w: it is a relative path", dir, ErrUnsafe)
	case err != nil:
		return err
	case st.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is %w: it is a symbolic link", dir, ErrUnsafe)
	case !st.IsDir():
		return fmt.Errorf("%s is %w: it is not a directory", dir, ErrUnsafe)
	case !belongsTo(st, uid):
		return fmt.Errorf("%s is %w: it belongs to another user", dir, ErrUnsafe)
	case loose(st, bits):
		return fmt.Errorf("%s is %w: its mode is %s, so others may use it too", dir, ErrUnsafe, st.Mode().Perm())
	}
	return nil
}
