package lifecycle

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/statedir"
)

// identityFile holds a project's ID, in its state directory.
const identityFile = "project-id"

// Project is the directory that a run belongs to.
type Project struct {
	// Root is the absolute path of the directory.
	Root string
	// ID keeps the things of two projects apart on an engine that both use. It is random
	// and made once, when the project's first runner is. It is empty before that.
	ID string
	// CopiedFrom is where the project was copied from, as "HOST:PATH", when the ID that
	// was found is the original's. The project then gets an ID of its own.
	CopiedFrom string
	// former are the IDs that this project had before it was moved to another file
	// system. Runners that bear them are left over.
	former []string
	// moved is set when the project has its ID and is no longer where that was made.
	moved bool
}

// identity is the content of identityFile. All but the ID are hints by which a copy of
// the file is told from the file itself.
type identity struct {
	ID   string `json:"id"`
	Host string `json:"host"`
	Path string `json:"path"`
	// Inode is the number of the file that this is in, 0 where there are none.
	Inode uint64 `json:"inode,omitempty"`
	// Former are IDs that the project had before.
	Former []string `json:"former,omitempty"`
}

// NewProject finds the project in a directory. Symbolic links are resolved, so that a
// project is the same whichever way it is entered. It writes nothing.
func NewProject(dir string) (Project, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return Project{}, err
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	p := Project{Root: root}
	found, err := p.readIdentity()
	if err != nil {
		return Project{}, err
	}
	if found == nil {
		return p, nil
	}
	p.former = found.Former
	if !found.copied(p) {
		p.ID, p.moved = found.ID, found.Host == hostName() && found.Path != p.Root
		return p, nil
	}
	p.CopiedFrom = found.Host + ":" + found.Path
	if found.Host == hostName() {
		// Where the original is no more, this was rather moved.
		original, err := Project{Root: found.Path}.readIdentity()
		if err == nil && (original == nil || original.ID != found.ID) {
			p.former = append(p.former, found.ID)
		}
	}
	return p, nil
}

// StateDir is where galley keeps what it needs to remember: .kitchen/galley.
func (p Project) StateDir() string { return p.state().Path(".") }

func (p Project) state() statedir.Dir { return statedir.Of(p.Root) }

// LogDir is where the logs of instances are, as Test Kitchen has it.
func (p Project) LogDir() string { return filepath.Join(p.Root, ".kitchen", "logs") }

// ensureID gives the project its ID if it has none. Two processes at once get the same one.
func (p *Project) ensureID(ctx context.Context, owner string) (err error) {
	if p.ID != "" && !p.moved {
		return nil
	}
	if err := p.state().MkdirAll(".", 0o700); err != nil {
		return fmt.Errorf("make the project's state directory: %w", err)
	}
	lock, err := filelock.Acquire(ctx, p.state().Path(identityFile+".lock"), filelock.Options{Owner: owner})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	found, err := p.readIdentity()
	if err != nil {
		return err
	}
	if found != nil && !found.copied(*p) {
		p.ID = found.ID // another process was faster
		if p.moved {
			found.Path = p.Root
			return p.writeIdentity(*found)
		}
		return nil
	}
	made := identity{ID: names.Random(6), Host: hostName(), Path: p.Root, Former: p.former}
	if err := p.writeIdentity(made); err != nil {
		return fmt.Errorf("give the project an ID: %w", err)
	}
	p.ID = made.ID
	return nil
}

// readIdentity returns what identityFile says, nil when there is none or it is damaged:
// things that were made under a lost ID are found as orphans.
func (p Project) readIdentity() (*identity, error) {
	data, err := p.state().ReadFile(identityFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the project's ID: %w", err)
	}
	var i identity
	if json.Unmarshal(data, &i) != nil || !isProjectID(i.ID) {
		return nil, nil //nolint:nilerr // what is no identity is none
	}
	return &i, nil
}

// writeIdentity writes identityFile, with the number of the file itself.
func (p Project) writeIdentity(i identity) error {
	return p.state().WriteStream(identityFile, func(f *os.File) error {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		i.Inode = inodeOf(info)
		return json.NewEncoder(f).Encode(i)
	})
}

// copied reports whether an identity that was found in p is one of another directory, of which p is a copy. A project
// that was moved or is mounted elsewhere keeps the very file; one that was restored in its place has its path and host.
func (i identity) copied(p Project) bool {
	if i.Host == hostName() && i.Path == p.Root {
		return false
	}
	st, err := p.state().Stat(identityFile)
	return err != nil || i.Inode == 0 || inodeOf(st) != i.Inode
}

// livesElsewhere reports whether a runner that bears an ID of this project is another project's all the same: the
// directory of this machine where it was made still is a project with that ID. A project-id may have come with a cloned
// repository, and say whatever its author knew.
func (p Project) livesElsewhere(l backend.Labels) bool {
	there := Project{Root: l[label.ProjectDir]}
	if l[label.Host] != hostName() || there.Root == p.Root {
		return false
	}
	found, err := there.readIdentity()
	if err != nil {
		return true // it cannot be read, since it is another user's
	}
	if found == nil || found.ID != l[label.Project] {
		return false
	}
	theirs, theirErr := there.state().Stat(identityFile)
	ours, err := p.state().Stat(identityFile)
	return theirErr != nil || err != nil || !os.SameFile(theirs, ours) // the same where one directory has two paths
}

// checkout tells this directory from another one at its path: in another container, or made since.
func (p Project) checkout() string {
	st, err := os.Stat(p.Root)
	if err != nil {
		return ""
	}
	return strconv.FormatUint(inodeOf(st), 36)
}

// isProjectID reports whether an ID is of the form that ensureID makes: it becomes a part of names on the engine.
func isProjectID(id string) bool {
	b, err := hex.DecodeString(id)
	return err == nil && len(b) == 6
}

// hostName is this machine's name, for labels and locks.
func hostName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "localhost"
	}
	return host
}

// owner is what this run writes into the locks that it takes.
func (r *Run) owner(what string) string {
	return fmt.Sprintf("galley %s, process %d on %s, since %s", what, os.Getpid(), hostName(),
		r.o.Now().Format(time.TimeOnly))
}

// containerName is the runner's name on its engine.
func containerName(p Project, instance string) string {
	return names.Label("galley-"+p.ID+"-", instance)
}

// isRunner reports whether a container is a runner, of whichever project: it has the labels and the name of one. What a
// person makes of a runner, as by docker commit and docker run, inherits the labels alone, and is theirs.
func isRunner(c backend.Container) bool {
	l := c.Labels
	return l[label.Role] == label.RoleRunner && c.Name == containerName(Project{ID: l[label.Project]}, l[label.Instance])
}
