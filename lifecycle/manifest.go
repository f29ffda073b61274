package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"time"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// manifest is what a runner's copy of a sandbox holds, as far as galley sent it.
type manifest struct {
	// ContainerID is the runner that has it.
	ContainerID string              `json:"container_id"`
	Files       map[string]sentFile `json:"files"`
}

// sentFile is a file as it was when it was sent.
type sentFile struct {
	Size    int64       `json:"size"`
	ModTime time.Time   `json:"mtime"`
	Mode    fs.FileMode `json:"mode"`
	Digest  string      `json:"sha256"`
}

// loadManifest reads what a runner has; one that is new has nothing.
func loadManifest(file, containerID string) (manifest, error) {
	fresh := manifest{ContainerID: containerID, Files: map[string]sentFile{}}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return fresh, fmt.Errorf("see what was uploaded: %w", err)
	}
	var m manifest
	if json.Unmarshal(data, &m) != nil || m.ContainerID != containerID {
		return fresh, nil //nolint:nilerr // a damaged list only means that all is sent again
	}
	return m, nil
}

func (m manifest) save(file string) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := sandbox.WriteFile(file, data, 0o600); err != nil {
		return fmt.Errorf("remember what was uploaded: %w", err)
	}
	return nil
}

// changes are what a runner's copy lacks.
type changes struct {
	// now is what it will hold.
	now manifest
	// send are the files that are new or different, and bytes is their size.
	send  []sandbox.File
	bytes int64
	// remove are the topmost paths that are there and not here.
	remove []string
}

// unsure is what a runner certainly holds while changes are under way: should they
// break off, what was about to be sent is sent again, and what was about to be
// removed is removed again.
func (c changes) unsure(old manifest) manifest {
	m := manifest{ContainerID: old.ContainerID, Files: maps.Clone(old.Files)}
	for _, f := range c.send {
		delete(m.Files, f.Path)
	}
	return m
}

// compare lists what a runner that has old lacks of the files below dir. A file
// whose size, time and mode are the same is not read.
func compare(dir string, old manifest) (changes, error) {
	c := changes{now: manifest{ContainerID: old.ContainerID, Files: map[string]sentFile{}}}
	tree, err := sandbox.Tree(dir, "", nil)
	if err != nil {
		return c, err
	}
	for _, f := range tree {
		st, err := os.Stat(f.Source)
		if err != nil {
			return c, err
		}
		entry := sentFile{Size: st.Size(), ModTime: st.ModTime().UTC(), Mode: st.Mode().Perm()}
		was, had := old.Files[f.Path]
		if had && was.Size == entry.Size && was.ModTime.Equal(entry.ModTime) && was.Mode == entry.Mode {
			c.now.Files[f.Path] = was
			continue
		}
		if entry.Digest, err = fileDigest(f.Source); err != nil {
			return c, err
		}
		c.now.Files[f.Path] = entry
		if !had || was.Digest != entry.Digest || was.Mode != entry.Mode {
			c.send = append(c.send, f)
			c.bytes += entry.Size
		}
	}
	c.remove = gone(old, c.now)
	return c, nil
}

// gone lists what is in old and no longer in now; of a directory that is gone as a
// whole, only the directory.
func gone(old, now manifest) []string {
	dirs := map[string]bool{".": true}
	for p := range now.Files {
		for d := path.Dir(p); !dirs[d]; d = path.Dir(d) {
			dirs[d] = true
		}
	}
	list := map[string]bool{}
	for p := range old.Files {
		if _, ok := now.Files[p]; ok {
			continue
		}
		for d := path.Dir(p); !dirs[d]; d = path.Dir(d) {
			p = d
		}
		list[p] = true
	}
	return slices.Sorted(maps.Keys(list))
}

func fileDigest(file string) (string, error) {
	in, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
