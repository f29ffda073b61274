package resolve

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// storeKeeps is how many resolutions a project keeps.
const storeKeeps = 8

// store keeps resolved cookbooks of a project by the digest of what they were made from: .kitchen/galley/cookbooks.
type store struct{ dir string }

// get finds what was made from the same before.
func (s store) get(digest string) (dir string, ok bool) {
	dir = filepath.Join(s.dir, digest)
	now := time.Now()
	// The directory's age tells which ones are in use.
	return dir, os.Chtimes(dir, now, now) == nil
}

// scratch is a new, empty place on the store's file system.
func (s store) scratch() (string, error) {
	dir, err := os.MkdirTemp(s.dir, ".new-*")
	if err != nil {
		return "", fmt.Errorf("keep resolved cookbooks: %w", err)
	}
	return dir, nil
}

// put keeps a directory, all of it or nothing, and forgets the oldest ones.
func (s store) put(digest, from string) (string, error) {
	to := filepath.Join(s.dir, digest)
	err := os.RemoveAll(to)
	if err == nil {
		err = os.Rename(from, to)
	}
	if err == nil {
		err = s.forget()
	}
	if err != nil {
		return "", fmt.Errorf("keep resolved cookbooks: %w", err)
	}
	return to, nil
}

// forget removes what has not been used for longest, and what a galley that died
// left half-made: no other galley is at work while the lock is held.
func (s store) forget() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var kept []fs.FileInfo
	for _, e := range entries {
		st, err := e.Info()
		if err != nil || !st.IsDir() {
			continue
		}
		if strings.HasPrefix(e.Name(), ".new-") {
			if err := os.RemoveAll(filepath.Join(s.dir, e.Name())); err != nil {
				return err
			}
			continue
		}
		kept = append(kept, st)
	}
	slices.SortFunc(kept, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, st := range kept[min(storeKeeps, len(kept)):] {
		if err := os.RemoveAll(filepath.Join(s.dir, st.Name())); err != nil {
			return err
		}
	}
	return nil
}
