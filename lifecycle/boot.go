package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/service"
)

// systemdTime bounds how long systemd may take to boot.
const systemdTime = 2 * time.Minute

// booted is what a runner in which systemd has done its work says of itself. A
// degraded one has failed units, which is the image's affair.
var booted = lazyregexp.New(`^(running|degraded)`)

// askSystemd prints the state of systemd once it has booted. systemctl itself waits and prints the state, with an exit
// code that is only 0 when all is well; yet in the first moments it finds no bus, and an old one does not know --wait.
const askSystemd = `command -v systemctl >/dev/null || { echo running; exit; }
i=0; while [ $i -lt 200 ]; do i=$((i+1))
  s=$(systemctl is-system-running --wait 2>/dev/null)
  [ -n "$s" ] || s=$(systemctl is-system-running 2>&1)
  case $s in running|degraded) break;; esac; sleep 0.5
done; echo "$s"`

// pidOneTime is how long a PID 1 that kitchen.yml or the image chose has to go on for before it is believed to stay.
const pidOneTime = 500 * time.Millisecond

// noticeTime is how long an engine may take to notice the end of a PID 1 in which no command can be run.
const noticeTime = 5 * time.Second

// awaitBoot returns when PID 1 of the runner, which is made from img, has done what it has to do first.
func (i *instanceRun) awaitBoot(ctx context.Context, img backend.Image) error {
	var err error
	if initKind(i.inst.Driver) == backend.InitSystemd {
		err = i.live().awaitSystemd(ctx, i.inst.Driver)
	} else {
		err = i.awaitPIDOne(ctx, img)
	}
	ready := i.inst.Driver.Ready
	if err != nil || ready == nil {
		return err
	}
	await := service.Container{Engine: i.eng, ID: i.container.ID, What: "the runner", Ready: *ready, Printed: i.printed}
	if ready.HealthCheck != nil && *ready.HealthCheck {
		img, err := i.platformImage(ctx)
		if err != nil {
			return err
		}
		await.HealthCheck = img.HealthCheck
	}
	return await.Await(ctx)
}

// awaitPIDOne fails when PID 1 has ended. galley's own PID 1 does not end, and needs no question, unless the image has
// an entrypoint before it. Where another phase follows, its first command would tell.
func (i *instanceRun) awaitPIDOne(ctx context.Context, img backend.Image) error {
	d := i.inst.Driver
	if d.Command == nil && d.Entrypoint == nil {
		if img.ID == "" && i.moreFollows {
			return nil
		}
		if img.ID == "" {
			var err error
			if img, err = i.platformImage(ctx); err != nil {
				return err
			}
		}
		if len(img.Entrypoint) == 0 {
			return nil
		}
	}
	return i.live().staysAlive(ctx)
}

// staysAlive fails when PID 1 has ended, or ends soon.
func (l *liveRunner) staysAlive(ctx context.Context) error {
	ended, err := l.pidOneEnds(ctx, pidOneTime)
	if err != nil || ended {
		return err
	}
	// It goes on, or a busy engine has not noticed its end yet: a command in it tells.
	code, err := l.be.Exec(ctx, l.c.ID, backend.ExecSpec{Command: []string{"true"}, Mark: l.mark})
	if err == nil && code == 0 {
		return nil
	}
	if ended, waitErr := l.pidOneEnds(ctx, noticeTime); waitErr != nil || ended {
		return waitErr
	}
	return err
}

// pidOneEnds waits for the end of PID 1, and returns it as an error. ended is false when it goes on for all that time.
func (l *liveRunner) pidOneEnds(ctx context.Context, within time.Duration) (ended bool, err error) {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if _, err := l.be.WaitContainer(limited, l.c.ID); err != nil {
		if limited.Err() != nil && ctx.Err() == nil {
			return false, nil
		}
		return false, err
	}
	return true, l.explainDeath(ctx, errAtOnce)
}

// errAtOnce says when PID 1 ended.
var errAtOnce = errors.New("at once")

// awaitSystemd returns when systemd has booted. It asks once: systemctl itself waits, so there is no polling.
func (l *liveRunner) awaitSystemd(ctx context.Context, d config.Driver) error {
	ctx, cancel := context.WithTimeoutCause(ctx, systemdTime, fmt.Errorf("systemd did not boot within %s", systemdTime))
	defer cancel()
	var printed bytes.Buffer
	_, err := l.Exec(ctx,
		runner.Command{Argv: runner.Shell(askSystemd), Stdout: &printed, Stderr: &printed})
	state := strings.TrimSpace(printed.String())
	switch {
	case err != nil && (errors.Is(err, backend.ErrNotRunning) || errors.Is(err, backend.ErrNotFound)):
		return fmt.Errorf("systemd did not boot in the runner: %w\n%s", err, l.systemdAdvice(ctx, d))
	case err != nil:
		return errors.Join(fmt.Errorf("wait for systemd: %w", err), context.Cause(ctx))
	case !booted().MatchString(state):
		return l.explainBoot(ctx, d, state)
	}
	if strings.HasPrefix(state, "degraded") {
		l.notice(LevelDebug, "systemd is degraded: some units of the image failed")
	}
	return nil
}

// explainBoot says why systemd has not booted, by what systemctl and PID 1 printed.
func (l *liveRunner) explainBoot(ctx context.Context, d config.Driver, printed string) error {
	c, err := l.be.InspectContainer(ctx, l.c.ID)
	if err == nil && c.State != backend.StateRunning {
		return fmt.Errorf("systemd did not boot in the runner: %w\n%s", l.explainDeath(ctx, errAtOnce),
			l.systemdAdvice(ctx, d))
	}
	words, wordsErr := l.lastWords(ctx)
	return errors.Join(fmt.Errorf("systemd did not boot in the runner: systemctl says %q\nPID 1 printed:\n%s\n%s",
		printed, words, l.systemdAdvice(ctx, d)), err, wordsErr)
}

// systemdAdvice says which line of kitchen.yml may be in systemd's way.
func (l *liveRunner) systemdAdvice(ctx context.Context, d config.Driver) string {
	info, err := l.be.Info(ctx)
	if err != nil {
		return fmt.Sprintf("The engine does not say what it can do: %v", err)
	}
	return systemdAdvice(d, info)
}

func systemdAdvice(d config.Driver, info backend.Info) string {
	for _, m := range d.Mounts {
		if path.Clean(m.Target) != "/sys/fs/cgroup" || info.CgroupVersion != 2 {
			continue
		}
		if m.ReadOnly {
			return "driver.volumes mounts " + m.Source +
				" read-only at /sys/fs/cgroup, and on cgroup v2 systemd must write there: remove that line"
		}
		if d.CgroupNS.Mode != spec.NamespaceHost {
			return "driver.volumes mounts " + m.Source +
				" at /sys/fs/cgroup, which does not fit the runner's own cgroup namespace: " +
				"remove that line, or add cgroupns_mode: host"
		}
	}
	for _, c := range d.CapDrop {
		if strings.EqualFold(strings.TrimPrefix(strings.ToUpper(c), "CAP_"), "SYS_ADMIN") || strings.EqualFold(c, "ALL") {
			return "driver.cap_drop takes away what systemd needs: remove " + c + " from it"
		}
	}
	if !d.Privileged && !info.NativeSystemd {
		return "Set driver.privileged: true, since this engine has no other way to run systemd"
	}
	return "Check driver.pid_one_command, driver.image and driver.volumes: the image must have systemd at /sbin/init"
}
