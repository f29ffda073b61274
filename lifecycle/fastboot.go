package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/fastboot"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/provisioner"
)

// The bounds of recording a fast start: how long it may take, and when one that failed is tried again.
const (
	bootTime  = 2 * time.Minute
	bootRetry = 24 * time.Hour
)

// wantsBoot is the tool whose start is to be made fast, -1 for none. A runner that is made from another one's state has
// an image of its own, for which nothing is worth to be recorded.
func (i *instanceRun) wantsBoot(wanted []*provisioner.Tool) int {
	if i.snapshot != nil || i.inst.From != nil {
		return -1
	}
	return slices.IndexFunc(wanted, func(t *provisioner.Tool) bool { return t.Boot != nil })
}

// fastBoot is the tool that makes the start of another one fast in a runner of an image, nil while there is none. It
// is recorded when the two images come together for the second time on this machine: a machine that is used once,
// as in CI, would only lose time. That it cannot be had is no failure of the instance.
func (i *instanceRun) fastBoot(ctx context.Context, p *fastboot.Program, tool backend.Tool,
	platform backend.Image) *backend.Tool {
	digest, err := archive.Digest([]string{tool.Image, platform.ID}, fastboot.Inputs(*p))
	if err != nil {
		return nil // files in memory have one
	}
	tag := workImages + digest[:32]
	img, err := i.eng.shared.Load().builds.Do(tag, func() (backend.Image, error) {
		note := filepath.Join(sharedLockDir(i.run.o.Project), "boot-"+digest[:32])
		if !i.run.bootIsDue(note) {
			return backend.Image{}, errNoBoot // the engine need not be asked
		}
		img, err := i.madeOnce(ctx, tag, func() (backend.Image, error) { return i.recordBoot(ctx, tag, p, tool, platform) })
		if err != nil {
			err = errors.Join(err, os.WriteFile(note, []byte(bootFailed), 0o600))
			i.notice(LevelDebug, "the start of the tool is not made faster: "+err.Error())
		}
		return img, err
	})
	if err != nil {
		return nil
	}
	return &backend.Tool{Image: img.ID, Access: spec.ToolReadOnly, Labels: i.run.labels(label.RoleTool)}
}

// bootFailed is what the note of a start has that could not be recorded. Otherwise it has the run that wanted it first.
const bootFailed = "failed"

// errNoBoot says that a start is not made faster this time.
var errNoBoot = errors.New("not yet")

// bootIsDue reports whether a start may be recorded already, or is to be now: another run wanted it before, and it did
// not fail lately. Where nothing can be noted, nothing is recorded.
func (r *Run) bootIsDue(note string) bool {
	by, err := os.ReadFile(note)
	if err != nil {
		if os.MkdirAll(filepath.Dir(note), 0o700) == nil {
			_ = os.WriteFile(note, []byte(r.id), 0o600)
		}
		return false
	}
	if string(by) != bootFailed {
		return string(by) != r.id
	}
	st, err := os.Stat(note)
	return err == nil && r.o.Now().Sub(st.ModTime()) > bootRetry
}

// recordBoot makes the image.
func (i *instanceRun) recordBoot(ctx context.Context, tag string, p *fastboot.Program, tool backend.Tool,
	platform backend.Image) (backend.Image, error) {
	i.notice(LevelInfo, "preparing a faster start of the tool on this platform, once")
	ctx, cancel := context.WithTimeoutCause(ctx, bootTime, fmt.Errorf("it took longer than %s", bootTime))
	defer cancel()
	name := names.Label("galley-"+i.run.o.Project.ID+"-boot-", strings.TrimPrefix(tag, workImages)[:12])
	if err := i.eng.RemoveContainer(ctx, name); err != nil { // of a galley that was killed in the middle of this
		return backend.Image{}, err
	}
	files, err := fastboot.Record(ctx, i.eng, backend.ContainerSpec{
		Name:  name,
		Image: platform.ID, Platform: i.inst.Driver.OCIPlatform, User: "0", Entrypoint: []string{"sh", "-c", pidOne},
		Tools: []backend.Tool{tool}, Network: backend.NetworkAttachment{Mode: spec.NetworkNone},
		Labels: i.labels(label.RoleHelper),
	}, *p)
	if err != nil { // the helper may be there although its creation was not answered
		ctx, cancel := cleanupContext(ctx)
		defer cancel()
		return backend.Image{}, errors.Join(err, i.eng.RemoveContainer(ctx, name))
	}
	return i.runBuild(ctx, files, backend.BuildOptions{Tag: tag, Platform: i.inst.Driver.OCIPlatform})
}
