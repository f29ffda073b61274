package lifecycle

import (
	"bytes"
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
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// manifest is what a runner's copy of a sandbox holds, as far as galley sent it.
type manifest struct {
	// ContainerID is the runner that has it.
	ContainerID string
	Files       map[string]sentFile
}

// MarshalJSON writes the paths as text that tells any two of them apart: they are bytes,
// and JSON would make all that are no text one.
func (m manifest) MarshalJSON() ([]byte, error) {
	quoted := manifestJSON{ContainerID: m.ContainerID, Files: make(map[string]sentFile, len(m.Files))}
	for p, f := range m.Files {
		quoted.Files[strconv.QuoteToASCII(p)] = f
	}
	return json.Marshal(quoted)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *manifest) UnmarshalJSON(data []byte) error {
	var quoted manifestJSON
	if err := json.Unmarshal(data, &quoted); err != nil {
		return err
	}
	*m = manifest{ContainerID: quoted.ContainerID, Files: make(map[string]sentFile, len(quoted.Files))}
	for q, f := range quoted.Files {
		p, err := strconv.Unquote(q)
		if err != nil {
			return err
		}
		m.Files[p] = f
	}
	return nil
}

// manifestJSON is a manifest as it is stored.
type manifestJSON struct {
	ContainerID string              `json:"container_id"`
	Files       map[string]sentFile `json:"files"`
}

// sentFile is a file, or a directory, as it was when it was sent.
type sentFile struct {
	// Stamp tells the file here from what it was without reading it; see sandbox.File.
	Stamp  [5]int64    `json:"stamp"`
	Mode   fs.FileMode `json:"mode"`
	Digest string      `json:"sha256,omitempty"`
	Dir    bool        `json:"dir,omitempty"`
	// Seen is what the runner told of its copy after it had come; see listing.
	Seen string `json:"seen,omitempty"`
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

// unsure is what a runner certainly holds while changes are under way: should they break off, what was about to be sent
// is sent again, and what was about to be removed is removed again.
func (c changes) unsure(old manifest) manifest {
	m := manifest{ContainerID: old.ContainerID, Files: maps.Clone(old.Files)}
	for _, f := range c.send {
		delete(m.Files, f.Path)
	}
	return m
}

// compare lists what a runner that has old lacks of the files below dir. A file with the
// same stamp is not read. seen is what the runner tells of its copies: what differs from
// what it told before, it has changed, moved or removed, and gets again.
func compare(dir string, old manifest, seen listing) (changes, error) {
	c := changes{now: manifest{ContainerID: old.ContainerID, Files: map[string]sentFile{}}}
	tree, err := sandbox.Tree(dir, "", nil)
	if err != nil {
		return c, err
	}
	for _, f := range tree {
		was, had := old.Files[f.Path]
		entry := sentFile{Stamp: f.Stamp(), Mode: f.Permissions(), Dir: f.Dir}
		same := had && was.Dir == f.Dir && was.Mode == entry.Mode
		switch {
		case f.Dir:
		case same && was.Stamp == entry.Stamp && entry.Stamp != [5]int64{}:
			entry.Digest = was.Digest
		default:
			if entry.Digest, err = fileDigest(f.Source); err != nil {
				return c, err
			}
			same = same && was.Digest == entry.Digest
		}
		intact := same && was.Seen != "" && was.Seen == seen[f.Path].mark
		if intact {
			entry.Seen = was.Seen
		} else {
			c.send = append(c.send, f)
			c.bytes += f.Size()
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

// listingWriter collects what listCommand prints. A runner may print anything: what cannot be read is not there.
type listingWriter struct {
	wanted func(path string) bool
	list   listing
	// record is a line with those that follow as a part of its name.
	record, line []byte
	total        int64
}

const (
	// maxRecord is longer than any path.
	maxRecord = 64 << 10
	// maxListing is enough for a million files.
	maxListing = 256 << 20
)

var recordStart = regexp.MustCompile(`^[0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9a-f]+ \.(/|$)`)

// Write takes the next part of the output.
func (w *listingWriter) Write(p []byte) (int, error) {
	if w.total += int64(len(p)); w.total > maxListing {
		return 0, errors.New("the runner tells of more files than galley can take")
	}
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			w.line = append(w.line, rest[:min(len(rest), max(0, maxRecord-len(w.line)))]...)
			break
		}
		w.line = append(w.line, rest[:min(end, max(0, maxRecord-len(w.line)))]...)
		w.endLine()
		rest = rest[end+1:]
	}
	return len(p), nil
}

func (w *listingWriter) endLine() {
	if recordStart.Match(w.line) {
		w.keep()
		w.record = append(w.record[:0], w.line...)
	} else if len(w.record) > 0 && len(w.record)+len(w.line) < maxRecord { // a name with a line break
		w.record = append(append(w.record, '\n'), w.line...)
	}
	w.line = w.line[:0]
}

// keep notes the last record.
func (w *listingWriter) keep() {
	fields := strings.SplitN(string(w.record), " ", 6)
	if len(fields) < 6 {
		return
	}
	p := path.Clean(fields[5])
	mode, err := strconv.ParseUint(fields[4], 16, 32)
	if err != nil || !w.wanted(p) {
		return
	}
	c := copyInRunner{dir: mode&0o170000 == 0o040000, regular: mode&0o170000 == 0o100000}
	c.mark = strings.Join(fields[:5], " ")
	if c.dir {
		c.mark = fields[4]
	}
	w.list[p] = c
}

func fileDigest(file string) (string, error) {
	in, _, err := sandbox.OpenRegular(file)
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
