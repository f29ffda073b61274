package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// sent is what a runner's copy of a sandbox holds, as far as galley sent it.
type sent struct {
	// ContainerID is the runner that has it.
	ContainerID string              `json:"container_id"`
	Files       map[string]sentFile `json:"files"`
}

type sentFile struct {
	Size    int64       `json:"size"`
	ModTime time.Time   `json:"mtime"`
	Mode    fs.FileMode `json:"mode"`
	Digest  string      `json:"sha256"`
}

// removeBatch is how many deleted files are removed by one command.
const removeBatch = 500

// upload brings a runner's copy of a sandbox in line with the one here, for an
// engine that does not see this machine's files. Only what changed is sent, as a
// stream, and what is gone here is removed there.
func (w *worker) upload(ctx context.Context, box sandbox.Dir) error {
	manifest := box.Local + ".sent.json"
	old, err := loadSent(manifest, w.container.ID)
	if err != nil {
		return err
	}
	now, changed, bytes, err := compare(box.Local, old)
	if err != nil {
		return fmt.Errorf("upload the sandbox: %w", err)
	}
	if err := w.removeThere(ctx, box, old, now); err != nil {
		return err
	}
	if len(changed) > 0 {
		if err := w.send(ctx, box, changed, bytes); err != nil {
			return err
		}
	}
	data, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if err := sandbox.WriteFile(manifest, data, 0o600); err != nil {
		return fmt.Errorf("remember what was uploaded: %w", err)
	}
	return nil
}

// loadSent reads what a runner has; one that is new has nothing.
func loadSent(path, containerID string) (sent, error) {
	fresh := sent{ContainerID: containerID, Files: map[string]sentFile{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return fresh, fmt.Errorf("see what was uploaded: %w", err)
	}
	var s sent
	if json.Unmarshal(data, &s) != nil || s.ContainerID != containerID {
		return fresh, nil // a damaged list only means that all is sent again
	}
	return s, nil
}

// compare lists the files below dir with their digests, and those that a runner
// with old does not have. A file whose size, time and mode are the same is not read.
func compare(dir string, old sent) (now sent, changed []sandbox.File, bytes int64, err error) {
	now = sent{ContainerID: old.ContainerID, Files: map[string]sentFile{}}
	tree, err := sandbox.Tree(dir, "", nil)
	if err != nil {
		return now, nil, 0, err
	}
	for _, f := range tree {
		st, err := os.Stat(f.Source)
		if err != nil {
			return now, nil, 0, err
		}
		entry := sentFile{Size: st.Size(), ModTime: st.ModTime().UTC(), Mode: st.Mode().Perm()}
		was, had := old.Files[f.Path]
		if had && was.Size == entry.Size && was.ModTime.Equal(entry.ModTime) && was.Mode == entry.Mode {
			now.Files[f.Path] = was
			continue
		}
		if entry.Digest, err = fileDigest(f.Source); err != nil {
			return now, nil, 0, err
		}
		now.Files[f.Path] = entry
		if !had || was.Digest != entry.Digest || was.Mode != entry.Mode {
			changed = append(changed, f)
			bytes += entry.Size
		}
	}
	return now, changed, bytes, nil
}

func fileDigest(path string) (string, error) {
	in, err := os.Open(path)
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

// removeThere deletes in the runner what is no longer in the sandbox.
func (w *worker) removeThere(ctx context.Context, box sandbox.Dir, old, now sent) error {
	var gone []string
	for p := range old.Files {
		if _, ok := now.Files[p]; !ok {
			gone = append(gone, filepath.ToSlash(filepath.Join(box.Remote, p)))
		}
	}
	sort.Strings(gone)
	for len(gone) > 0 {
		n := min(len(gone), removeBatch)
		code, err := w.eng.Exec(ctx, w.container.ID, backend.ExecSpec{User: "0", Command: append([]string{"rm", "-rf", "--"}, gone[:n]...)})
		if err != nil {
			return fmt.Errorf("remove old files of the sandbox in the runner: %w", err)
		}
		if code != 0 {
			return fmt.Errorf("remove old files of the sandbox in the runner: rm exited with code %d", code)
		}
		gone = gone[n:]
	}
	return nil
}

// send streams files to the runner, telling how far it is.
func (w *worker) send(ctx context.Context, box sandbox.Dir, files []sandbox.File, total int64) error {
	what := fmt.Sprintf("upload %d files to %s", len(files), box.Remote)
	progress := func(p Progress) {
		p.Stamp, p.What, p.Status, p.Total = w.stamp(), what, "Uploading", total
		w.run.o.Sink.Handle(p)
	}
	pr, pw := io.Pipe()
	meter := &meter{to: pw, tell: func(n int64) { progress(Progress{Current: min(n, total)}) }}
	go func() { pw.CloseWithError(archive.Write(meter, files)) }()
	err := w.eng.CopyTo(ctx, w.container.ID, box.Remote, pr)
	pr.Close()
	done := Progress{Current: total, Done: true}
	if err != nil {
		err = fmt.Errorf("upload the sandbox: %w", err)
		done.Error = err.Error()
	}
	progress(done)
	return err
}

// meterStep is after how many bytes progress is told again.
const meterStep = 1 << 20

// meter counts what is written through it.
type meter struct {
	to      io.Writer
	n, told int64
	tell    func(int64)
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.to.Write(p)
	m.n += int64(n)
	if m.n-m.told >= meterStep {
		m.told = m.n
		m.tell(m.n)
	}
	return n, err
}
