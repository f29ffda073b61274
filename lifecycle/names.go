package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
)

// Project is the directory that a run belongs to.
type Project struct {
	// Root is the absolute path of the directory.
	Root string
	// ID is a short digest of Root: it keeps the things of two projects apart.
	ID string
}

// NewProject names the project in a directory. Symbolic links are resolved, so
// that a project has one ID whichever way it is entered.
func NewProject(dir string) (Project, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return Project{}, err
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	return Project{Root: root, ID: shortDigest(root)}, nil
}

// StateDir is where galley keeps what it needs to remember: .kitchen/galley.
func (p Project) StateDir() string { return filepath.Join(p.Root, ".kitchen", "galley") }

// LogDir is where the logs of instances are, as Test Kitchen has it.
func (p Project) LogDir() string { return filepath.Join(p.Root, ".kitchen", "logs") }

// maxName is the longest name that also works as a DNS label on a network.
const maxName = 63

// containerName is the runner's name on its engine. It is made of the project's
// ID and the instance's name, reduced to what every engine allows.
func containerName(p Project, instance string) string {
	return safeName("galley-" + p.ID + "-" + instance)
}

// safeName keeps letters, digits, dots and dashes, and shortens what is too long
// without losing its uniqueness.
func safeName(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			b.WriteRune(r)
		default:
			b.WriteByte('-')
		}
	}
	name := b.String()
	if len(name) <= maxName {
		return name
	}
	return name[:maxName-11] + "-" + shortDigest(s)
}

// fileName is an instance's name as a file's. Only characters that are special
// to file systems are replaced, so that logs are found under the usual names.
func fileName(instance string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, instance)
	if clean != instance || strings.Trim(clean, ".") == "" || len(clean) > 200 {
		clean = strings.Trim(clean[:min(len(clean), 200)], ".") + "-" + shortDigest(instance)
	}
	return clean
}

func shortDigest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:10]
}
