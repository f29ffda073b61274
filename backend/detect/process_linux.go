package detect

import (
	"syscall"

	"github.com/galley-kitchen/galley/internal/process"
)

// endWithParent has the kernel end a process when the thread that started it ends, as when galley is killed: a command
// under way in a container would keep the service from being idle for as long as it lasts.
func endWithParent(c *process.Cmd) { c.SysProcAttr.Pdeathsig = syscall.SIGTERM }
