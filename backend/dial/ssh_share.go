package dial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/process"
	"github.com/galley-kitchen/galley/internal/userdir"
)

const (
	// configTime bounds how long ssh may take to read its configuration, in which programs may be named (Match exec).
	configTime = 10 * time.Second
	// shareIdle is for how many seconds a shared login outlives its last connection, and so galley.
	shareIdle = "20"
	// maxControlPath is how long the path of a control socket may be: that of a socket may have 104 bytes on macOS,
	// ssh's own name in it takes 40, and while it is made another 17.
	maxControlPath = 104 - 40 - 17 - 1
)

// sharing are the arguments that let several connections share one login, which costs more than all that is said
// afterwards. A user who has arranged for that in ~/.ssh/config goes on doing so: such a login may have needed a person.
// Where sharing is not possible, each connection logs in by itself.
func sharing(ctx context.Context, program, goos string, args []string) []string {
	if goos == "windows" { // its ssh cannot
		return nil
	}
	dir, err := controlDir()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, configTime)
	defer cancel()
	conf, err := process.Command(ctx, tunnelStop, program, append([]string{"-G"}, args...)...).Output()
	if err != nil || configured(string(conf), "controlpath") {
		return nil
	}
	return []string{"-o", "ControlMaster=auto", "-o", "ControlPersist=" + shareIdle, "-o",
		"ControlPath=" + filepath.Join(dir, "%C")}
}

// configured reports whether a keyword has a value in what `ssh -G` prints.
func configured(conf, keyword string) bool {
	for line := range strings.Lines(conf) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.EqualFold(key, keyword) {
			return value != "none"
		}
	}
	return false
}

// controlDir is a directory for control sockets that only this user can enter, with a path that is short enough: in
// XDG_RUNTIME_DIR, else in the user's cache. One that another user may have prepared is passed over, whatever the
// variables say: logins could be taken there.
func controlDir() (string, error) {
	bases := []string{userdir.Runtime(os.Getenv)}
	if cache, err := os.UserCacheDir(); err == nil && os.MkdirAll(cache, 0o700) == nil {
		bases = append(bases, cache)
	}
	var tried []error
	for _, base := range bases {
		if base == "" {
			continue
		}
		if len(filepath.Join(base, "galley", "ssh")) > maxControlPath {
			tried = append(tried, fmt.Errorf("the path %s is too long for a socket in it", base))
			continue
		}
		dir, err := userdir.Make(base, "galley", "ssh")
		if err == nil {
			return dir, nil
		}
		tried = append(tried, err)
	}
	return "", fmt.Errorf("there is no place for ssh's sockets: %w", errors.Join(tried...))
}
