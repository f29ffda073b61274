package lifecycle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// manifest is what a runner's copy of a sandbox holds, as far as galley sent it.
type manifest struct {
	// ContainerID is the runner that has it.
	ContainerID string              `json:"container_id"`
	Files       map[string]sentFile `json:"files"`
}

// sentFile is a file, or a directory, as it was when it was sent.
type sentFile struct {
	// Stamp tells the file here from what it was without reading it; see sandbox.File.
	Stamp [5]int64 `json:"stamp"`
	// Digest is that of its path, kind, permissions and content.
	Digest string `json:"digest"`
	Dir    bool   `json:"dir,omitempty"`
	// Seen is what the runner told of its copy after it had come; see listing.
	Seen string `json:"seen,omitempty"`
}

// loadManifest reads what a runner has; one that is new has nothing.
func loadManifest(file, containerID string) (manifest, error) {
	m := manifest{ContainerID: containerID, Files: map[string]sentFile{}}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, fmt.Errorf("see what was uploaded: %w", err)
	}
	var stored manifest
	if json.Unmarshal(data, &stored) == nil && stored.ContainerID == containerID {
		for quoted, f := range stored.Files { // what is damaged is only sent again
			if p, err := strconv.Unquote(quoted); err == nil {
				m.Files[p] = f
			}
		}
	}
	return m, nil
}

// save writes the paths as text that tells any two of them apart: they are bytes, and JSON would make all that are no
// text one.
func (m manifest) save(file string) error {
	stored := manifest{ContainerID: m.ContainerID, Files: make(map[string]sentFile, len(m.Files))}
	for p, f := range m.Files {
		stored.Files[strconv.QuoteToASCII(p)] = f
	}
	data, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	if err := sandbox.WriteFile(file, data, 0o600); err != nil {
		return fmt.Errorf("remember what was uploaded: %w", err)
	}
	return nil
}

// update is what a runner's copy lacks.
type update struct {
	// now is what it will hold.
	now manifest
	// send are the files that are new or different.
	send []sandbox.File
	// remove are the topmost paths that are there and not here.
	remove []string
}

// unsure is what a runner certainly holds while an update is under way: should it break off, what was about to be sent
// is sent again, and what was about to be removed is removed again.
func (c update) unsure(old manifest) manifest {
	m := manifest{ContainerID: old.ContainerID, Files: maps.Clone(old.Files)}
	for _, f := range c.send {
		delete(m.Files, f.Path)
	}
	return m
}

// compare lists what a runner that has old lacks of the files below dir. A file with the
// same stamp is not read. seen is what the runner tells of its copies: what differs from
// what it told before, it has changed, moved or removed, and gets again.
func compare(dir string, old manifest, seen listing) (update, error) {
	c := update{now: manifest{ContainerID: old.ContainerID, Files: map[string]sentFile{}}}
	tree, err := sandbox.Tree(dir, "", nil)
	if err != nil {
		return c, err
	}
	for _, f := range tree {
		was := old.Files[f.Path]
		entry := sentFile{Stamp: f.Stamp(), Dir: f.Dir}
		if entry.Stamp == was.Stamp && entry.Stamp != [5]int64{} {
			entry.Digest = was.Digest
		} else if entry.Digest, err = archive.Digest(nil, []sandbox.File{f}); err != nil {
			return c, err
		}
		intact := entry.Digest == was.Digest && was.Seen != "" && was.Seen == seen[f.Path].mark
		if intact {
			entry.Seen = was.Seen
		} else {
			c.send = append(c.send, f)
		}
		c.now.Files[f.Path] = entry
	}
	c.remove = append(gone(old, c.now), inTheWay(c.now, seen)...)
	return c, nil
}

// inTheWay lists what a runner has put in the place of a directory, or of a file. An
// engine would refuse to replace it, or follow it.
func inTheWay(now manifest, seen listing) []string {
	list := map[string]bool{}
	for p, f := range now.Files {
		if s, ok := seen[p]; ok && (s.dir != f.Dir || !s.dir && !s.regular) {
			list[p] = true
		}
		for d := path.Dir(p); d != "."; d = path.Dir(d) {
			if s, ok := seen[d]; ok && !s.dir {
				list[d] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(list))
}

// gone lists what is in old and no longer in now; of a directory that is gone as a whole, only the directory.
func gone(old, now manifest) []string {
	dirs := map[string]bool{".": true}
	for p, f := range now.Files {
		dirs[p] = dirs[p] || f.Dir
		for d := path.Dir(p); !dirs[d]; d = path.Dir(d) {
			dirs[d] = true
		}
	}
	list := map[string]bool{}
	for p, f := range old.Files {
		if _, ok := now.Files[p]; ok || f.Dir && dirs[p] {
			continue
		}
		for d := path.Dir(p); !dirs[d]; d = path.Dir(d) {
			p = d
		}
		list[p] = true
	}
	return slices.Sorted(maps.Keys(list))
}

// copyInRunner is what a runner tells of one thing in its sandbox.
type copyInRunner struct {
	// mark is another one after each change of it: of a file the inode, times, size and
	// mode, of a directory the mode only.
	mark         string
	dir, regular bool
}

// listing is what a runner has below its sandbox, by path.
type listing map[string]copyInRunner

// listCommand prints a line for each thing below the working directory: see stat(1). Busybox knows it as well.
func listCommand() []string {
	return []string{"find", ".", "-exec", "stat", "-c", "%i %Z %Y %s %f %n", "{}", "+"}
}

// listingReader collects what listCommand prints, line by line. A runner may print anything: what cannot be read is not
// there.
type listingReader struct {
	wanted func(path string) bool
	list   listing
	// record is a line with those that follow as a part of its name.
	record string
	total  int
}

const (
	// maxRecord is longer than any path.
	maxRecord = 64 << 10
	// maxListing is enough for a million files.
	maxListing = 256 << 20
)

var recordStart = lazyregexp.New(`^[0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9a-f]+ \.(/|$)`)

// line takes the next line of the output.
func (r *listingReader) line(text string) error {
	if r.total += len(text); r.total > maxListing {
		return errors.New("the runner tells of more files than galley can take")
	}
	if recordStart().MatchString(text) {
		r.keep()
		r.record = text
	} else if r.record != "" && len(r.record)+len(text) < maxRecord { // a name with a line break
		r.record += "\n" + text
	}
	return nil
}

// keep notes the last record.
func (r *listingReader) keep() {
	fields := strings.SplitN(r.record, " ", 6)
	if len(fields) < 6 {
		return
	}
	p := path.Clean(fields[5])
	mode, err := strconv.ParseUint(fields[4], 16, 32)
	if err != nil || !r.wanted(p) {
		return
	}
	c := copyInRunner{dir: mode&0o170000 == 0o040000, regular: mode&0o170000 == 0o100000}
	c.mark = strings.Join(fields[:5], " ")
	if c.dir {
		c.mark = fields[4]
	}
	r.list[p] = c
}
