package process

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

func ownGroup(*exec.Cmd) {}

// OwnSession keeps the command away from galley's console.
func (c *Cmd) OwnSession() {
	c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}

// tree is a process and its descendants.
type tree struct{ root *os.Process }

func newTree(p *os.Process, _ bool) *tree { return &tree{root: p} }

// terminate ends the whole tree at once.
func (t *tree) terminate() error {
	if exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(t.root.Pid)).Run() == nil {
		return nil
	}
	return t.root.Kill()
}

func (t *tree) kill() {}

// gone is true: taskkill has ended everything.
func (t *tree) gone() bool { return true }
