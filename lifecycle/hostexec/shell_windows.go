package hostexec

import (
	"context"
	"errors"
	"os/exec"
)

func shell(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "cmd.exe", "/C", line)
}

func code(e *exec.ExitError) int { return e.ExitCode() }

func runAs(*exec.Cmd, string) error {
	return errors.New("a hook cannot run as another user on Windows; remove `user`")
}
