package dial

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	// shareIdle is for how many seconds a shared login outlives its last connection,
	// and so galley.
	shareIdle = "20"
	// maxControlPath is how long the path of a control socket may be: that of a
	// socket may have 104 bytes on macOS, ssh's own name in it takes 40, and while it
	// is made another 17.
	maxControlPath = 104 - 40 - 17 - 1
)

// sharing are the arguments that let several connections share one login, which
// costs more than all that is said afterwards. Whoever has arranged for that in
// ~/.ssh/config is left to it: such a login may have needed a person. Where sharing
// is not possible, each connection logs in by itself.
func sharing(ctx context.Context, program, goos string, args []string) []string {
	if goos == "windows" { // its ssh cannot
		return nil
	}
	dir, err := controlDir()
	if err != nil || len(dir) > maxControlPath {
		return nil
	}
	conf, err := exec.CommandContext(ctx, program, append([]string{"-G"}, args...)...).Output()
	if err != nil || configured(string(conf), "controlpath") {
		return nil
	}
	return []string{"-o", "ControlMaster=auto", "-o", "ControlPersist=" + shareIdle, "-o", "ControlPath=" + filepath.Join(dir, "%C")}
}

// configured tells whether a keyword has a value in what `ssh -G` prints.
func configured(conf, keyword string) bool {
	for line := range strings.Lines(conf) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.EqualFold(key, keyword) {
			return value != "none"
		}
	}
	return false
}

// controlDir is a directory that only this user can enter.
func controlDir() (string, error) {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if base == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		base = cache
	}
	dir := filepath.Join(base, "galley", "ssh")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !st.IsDir() || st.Mode().Perm()&0o077 != 0 {
		return "", errors.New(dir + " is open to others")
	}
	return dir, nil
}
