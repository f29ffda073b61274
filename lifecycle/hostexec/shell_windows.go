package hostexec

import (
	"context"
	"errors"
	"os/exec"
)

func shell(line string) []string { return []string{"cmd.exe", "/C", line} }

func command(ctx context.Context, argv []string) *exec.Cmd {
	return exec.CommandContext(ctx, argv[0], argv[1:]...)
}

func code(e *exec.ExitError) int { return e.ExitCode() }

func runAs(*exec.Cmd, string) error {
	return errors.New("a hook cannot run as another user on Windows; remove `user`")
}
