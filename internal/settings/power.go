package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// project is what the rules know of the project whose file sets a value. That file comes with a repository which may
// be a stranger's, so a setting that gives power over this machine holds only where the file takes power away.
type project struct {
	dir     string
	environ []string
	// host says who asked for an address, or is empty.
	host string
}

// remedy is how the user allows what a project's file may not.
const remedy = "; set it yourself with a flag, GALLEY_* or your own file if you trust the project"

// refuseChange refuses every value but the one that holds anyway.
func (p project) refuseChange(value, without any) string {
	if reflect.DeepEqual(value, without) {
		return ""
	}
	return "a project may not set this" + remedy
}

// erbModes are the modes of templates; each can do more than those before it.
func erbModes() []string { return []string{"off", "builtin", "auto", "ruby"} }

func (p project) refuseERB(value, without any) string {
	modes := erbModes()
	if slices.Index(modes, value.(string)) <= slices.Index(modes, without.(string)) {
		return ""
	}
	return fmt.Sprintf("a project may not turn %v into %v%s", without, value, remedy)
}

// refuseEngine allows a project to choose among engines where the user asked for none.
func (p project) refuseEngine(value, without any) string {
	if value == without {
		return ""
	}
	if without != "" {
		return fmt.Sprintf("a project may not turn %v into %v%s", without, value, remedy)
	}
	asked := p.host
	for _, pair := range p.environ {
		name, wish, _ := strings.Cut(pair, "=")
		switch name {
		case "CONTAINER_CONNECTION", "CONTAINER_HOST", "DOCKER_HOST", "DOCKER_CONTEXT":
			if strings.TrimSpace(wish) != "" {
				asked = name
			}
		}
	}
	if asked == "" {
		return ""
	}
	return "a project may not pass over the engine that " + asked + " names" + remedy
}

// refuseReports allows a project reports inside of its own directory, but not in what git or galley keep there.
func (p project) refuseReports(value, _ any) string {
	for _, spec := range value.([]string) {
		_, file, hasFile := strings.Cut(spec, "=")
		if hasFile && file != "-" && !(p.inside(file) && p.inside(file+".part")) {
			return fmt.Sprintf("a project may not have %s written: it is outside of the project, "+
				"or in git's or galley's own files%s", file, remedy)
		}
	}
	return ""
}

// inside reports whether writing a file stays in the project, also when parts of its path are links.
func (p project) inside(file string) bool {
	if !filepath.IsAbs(file) {
		file = filepath.Join(p.dir, file)
	}
	root, err := filepath.EvalSymlinks(p.dir)
	if err != nil {
		return false
	}
	// Of the path, what exists is followed; a link that leads nowhere counts as leading out.
	rest := ""
	for {
		if _, err := os.Lstat(file); err == nil {
			break
		}
		parent := filepath.Dir(file)
		if parent == file {
			return false
		}
		rest, file = filepath.Join(filepath.Base(file), rest), parent
	}
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(root, filepath.Join(real, rest))
	if err != nil || !filepath.IsLocal(rel) {
		return false
	}
	path := "/" + strings.ToLower(filepath.ToSlash(rel)) + "/"
	return !strings.Contains(path, "/.git/") && !strings.HasPrefix(path, "/.kitchen/galley/")
}
