//go:build !windows

package hostexec

import (
	"errors"
	"fmt"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"github.com/galley-kitchen/galley/internal/process"
)

// shell is the program that runs a line.
func shell(line string) []string { return []string{"/bin/sh", "-c", line} }

// code is the exit code as a shell has it: 128 and the signal for a killed one.
func code(e *exec.ExitError) int {
	if ws, ok := e.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return e.ExitCode()
}

// runAs makes the command run as another user, which only root may ask for.
func runAs(cmd *process.Cmd, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return fmt.Errorf("user %s: %w", name, err)
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return nil
}
