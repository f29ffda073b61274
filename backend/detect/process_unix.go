//go:build !windows

package detect

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps a Ctrl-C in the terminal from reaching the service before
// galley has cleaned up through it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(cmd.SysProcAttr)
}

// terminate asks the whole group: a rootless Podman runs in two processes.
func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
