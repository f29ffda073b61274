package hostexec

import (
	"errors"
	"os/exec"

	"github.com/galley-kitchen/galley/internal/process"
)

func shell(line string) []string { return []string{"cmd.exe", "/C", line} }

func code(e *exec.ExitError) int { return e.ExitCode() }

func runAs(*process.Cmd, string) error {
	return errors.New("a hook cannot run as another user on Windows; remove `user`")
}
