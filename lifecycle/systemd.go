package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// systemdTime bounds how long systemd may take to boot.
const systemdTime = 2 * time.Minute

// booted is what a runner in which systemd has done its work says of itself. A
// degraded one has failed units, which is the image's affair.
var booted = regexp.MustCompile(`^(running|degraded)`)

// askSystemd prints the state of systemd once it has booted. systemctl itself waits and
// prints the state, with an exit code that is only 0 when all is well; yet in the
// first moments it finds no bus, and an old one does not know --wait.
const askSystemd = `command -v systemctl >/dev/null || { echo running; exit; }
i=0; while [ $i -lt 200 ]; do i=$((i+1))
  s=$(systemctl is-system-running --wait 2>/dev/null)
  [ -n "$s" ] || s=$(systemctl is-system-running 2>&1)
  case $s in running|degraded) break;; esac; sleep 0.5
done; echo "$s"`

// awaitSystemd returns when systemd has booted. It asks once: systemctl itself
// waits, so there is no polling.
func (w *worker) awaitSystemd(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, systemdTime, fmt.Errorf("systemd did not boot within %s", systemdTime))
	defer cancel()
	var said bytes.Buffer
	_, err := w.access(sandbox.Dir{}).Exec(ctx, runner.Command{Argv: runner.Shell(askSystemd), Stdout: &said, Stderr: &said})
	if err != nil {
		return errors.Join(fmt.Errorf("wait for systemd: %w", err), context.Cause(ctx))
	}
	state := strings.TrimSpace(said.String())
	if !booted.MatchString(state) {
		return fmt.Errorf("systemd did not boot in the runner: systemctl says %q\nSet driver.privileged: true if the engine allows no other way, or look at `galley logs %s`", state, w.inst.Name)
	}
	if strings.HasPrefix(state, "degraded") {
		w.notice(LevelDebug, "systemd is degraded: some units of the image failed")
	}
	return nil
}
