package dial

import (
	"os/exec"
	"syscall"
)

// apart keeps a Ctrl-C in the terminal from ending an ssh that galley still needs
// to clean up.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}
