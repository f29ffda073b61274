//go:build !windows

package dial

import (
	"os/exec"
	"syscall"
)

// apart keeps a Ctrl-C in the terminal from ending an ssh that galley still needs
// to clean up, and ends it politely, together with its helpers such as a jump
// host's.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}
