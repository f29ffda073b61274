//go:build !windows

package process

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// OwnSession makes the command the leader of a session, so that it cannot read from galley's terminal.
func (c *Cmd) OwnSession() { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// tree is a process group and what has left it.
type tree struct {
	group int
	// strays are descendants that are in other groups.
	strays    map[int]identity
	groupOnly bool
}

func newTree(p *os.Process, groupOnly bool) *tree {
	t := &tree{group: p.Pid, strays: map[int]identity{}, groupOnly: groupOnly}
	t.findStrays()
	return t
}

func (t *tree) terminate() error {
	t.signalStrays(syscall.SIGTERM)
	err := syscall.Kill(-t.group, syscall.SIGTERM)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// kill kills what is left. What cannot be killed is seen by gone.
func (t *tree) kill() {
	t.findStrays()
	t.signalStrays(syscall.SIGKILL)
	_ = syscall.Kill(-t.group, syscall.SIGKILL)
}

func (t *tree) signalStrays(s syscall.Signal) {
	for pid, id := range t.strays {
		if id == identify(pid) {
			_ = syscall.Kill(pid, s) // it may have gone meanwhile
		}
	}
}

// gone reports whether no process is left. The command itself has been waited for.
func (t *tree) gone() bool {
	// Where galley is process 1, as in a container, it inherits the orphans: they stay until it has waited for them.
	for {
		pid, err := syscall.Wait4(-t.group, nil, syscall.WNOHANG, nil)
		if err != nil && !errors.Is(err, syscall.EINTR) || err == nil && pid <= 0 {
			break
		}
	}
	for pid, id := range t.strays {
		_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		if id != identify(pid) {
			delete(t.strays, pid)
		}
	}
	return len(t.strays) == 0 && (errors.Is(syscall.Kill(-t.group, 0), syscall.ESRCH) || onlyZombies(t.group))
}
