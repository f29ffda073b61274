package lifecycle

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path"

	"github.com/docker/go-units"

	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// removeBatch is how many deleted files are removed by one command.
const removeBatch = 500

// boxMode is the mode of a sandbox in a runner, as of one that is mounted: the
// runner's user, whoever that is, may write there.
const boxMode = 0o777

// upload brings a runner's copy of a sandbox in line with the one here, for an
// engine that does not see this machine's files. Only what changed is sent, as a
// stream, and what is gone here is removed there.
func (l *liveRunner) upload(ctx context.Context, box sandbox.Dir) error {
	file := box.Local + ".sent.json"
	old, err := loadManifest(file, l.c.ID)
	if err != nil {
		return err
	}
	c, err := compare(box.Local, old)
	if err != nil {
		return fmt.Errorf("upload the sandbox: %w", err)
	}
	if maps.Equal(c.now.Files, old.Files) {
		return nil
	}
	if err := c.unsure(old).save(file); err != nil {
		return err
	}
	if err := l.removeThere(ctx, box, c.remove); err != nil {
		return err
	}
	if len(c.send) > 0 {
		if err := l.send(ctx, box, c.send, c.bytes); err != nil {
			return err
		}
	}
	return c.now.save(file)
}

// removeThere deletes in the runner what is no longer to be in a sandbox.
func (l *liveRunner) removeThere(ctx context.Context, box sandbox.Dir, gone []string) error {
	const what = "remove old files of the sandbox in the runner"
	for len(gone) > 0 {
		n := min(len(gone), removeBatch)
		argv := []string{"rm", "-rf", "--"}
		for _, p := range gone[:n] {
			argv = append(argv, path.Join(box.Remote, p))
		}
		code, err := access{l, box}.Exec(ctx, runner.Command{User: "0", Argv: argv})
		if err == nil && code != 0 {
			err = &runner.ExitError{What: "rm", Code: code}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		gone = gone[n:]
	}
	return nil
}

// send streams files to the runner, telling how far it is.
func (l *liveRunner) send(ctx context.Context, box sandbox.Dir, files []sandbox.File, total int64) error {
	noun := "files"
	if len(files) == 1 {
		noun = "file"
	}
	what := fmt.Sprintf("upload %d %s (%s) to %s", len(files), noun, units.HumanSize(float64(total)), box.Remote)
	progress := func(p Progress) {
		p.What, p.Total = what, total
		l.progress(p)
	}
	pr, pw := io.Pipe()
	meter := &meter{to: pw, tell: func(n int64) { progress(Progress{Status: "Uploading", Current: min(n, total)}) }}
	go func() { pw.CloseWithError(archive.WriteSandbox(meter, files, boxMode)) }()
	err := l.be.CopyTo(ctx, l.c.ID, box.Remote, pr)
	pr.Close()
	done := Progress{Current: total, Done: true}
	if err != nil {
		err = fmt.Errorf("upload the sandbox: %w", err)
		done.Status, done.Error = "failed", err.Error()
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

// Write passes p on.
func (m *meter) Write(p []byte) (int, error) {
	n, err := m.to.Write(p)
	m.n += int64(n)
	if m.n-m.told >= meterStep {
		m.told = m.n
		m.tell(m.n)
	}
	return n, err
}
