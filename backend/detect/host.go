package detect

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/internal/userdir"
)

// Host is what detection looks at on this machine. Tests bring their own.
type Host struct {
	GOOS     string
	UID      int
	Home     string
	Getenv   func(string) string
	ReadFile func(string) ([]byte, error)
	ReadDir  func(string) ([]os.DirEntry, error)
	LookPath func(string) (string, error)
	// Owner is the number of the user to whom a file belongs.
	Owner func(string) (int, error)
	// Output runs a program and returns what it printed.
	Output func(ctx context.Context, name string, args ...string) ([]byte, error)
}

// outputDelay is how long a program may take to end when it is asked to, and what it has started may hold its output
// open after the program has ended.
const outputDelay = time.Second

// ThisHost is the machine that galley runs on.
func ThisHost() Host {
	home, _ := os.UserHomeDir() // without one, the paths below it are left out
	return Host{
		GOOS: runtime.GOOS, UID: os.Getuid(), Home: home,
		Getenv: os.Getenv, ReadFile: os.ReadFile, ReadDir: os.ReadDir, LookPath: exec.LookPath, Owner: userdir.Owner,
		Output: func(ctx context.Context, name string, args ...string) ([]byte, error) {
			return process.Command(ctx, outputDelay, name, args...).Output()
		},
	}
}

// runtimeDir is where this user's sockets are, or "" where there is no such thing. A relative XDG_RUNTIME_DIR is none,
// as the specification says: it would be a directory of the project.
func (h Host) runtimeDir() string {
	if d := h.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(d) {
		return filepath.Clean(d)
	}
	if h.GOOS == "linux" && h.UID > 0 {
		return filepath.Join("/run/user", strconv.Itoa(h.UID))
	}
	return ""
}

// inHome is a path below the user's home, or "" without one.
func (h Host) inHome(elem ...string) string { return userdir.In(h.Home, elem...) }

// podmanHome is where Podman keeps a user's configuration, or "" without a home.
func (h Host) podmanHome() string {
	if h.GOOS == "windows" {
		return userdir.In(h.Getenv("APPDATA"), "containers")
	}
	if d := h.Getenv("XDG_CONFIG_HOME"); d != "" {
		return filepath.Join(d, "containers")
	}
	return h.inHome(".config", "containers")
}
