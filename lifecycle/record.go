package lifecycle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/galley-kitchen/galley/internal/names"
	"github.com/galley-kitchen/galley/lifecycle/statedir"
)

// State is what galley records of an instance between runs: what was done, and where. It contains no secrets, and no
// text that a tool printed. It lies in the project, so what it says is checked before it is used.
type State struct {
	// Project is the ID of the project whose instance this is, and Instance its name.
	Project  string `json:"project"`
	Instance string `json:"instance"`
	// LastAction is the last phase that succeeded and that nothing has been begun after, empty before the first.
	LastAction Phase `json:"last_action,omitempty"`
	// Attempted is the last phase that was begun.
	Attempted Phase `json:"last_attempted_action,omitempty"`
	// Steps are those of create that are done.
	Steps []Step `json:"steps,omitempty"`
	// Reached is the name of the last of kitchen.yml's `steps` that was converged.
	Reached string `json:"reached_step,omitempty"`
	// LastError says in which step the last attempt failed and how, empty when it did not.
	LastError string `json:"last_error,omitempty"`
	// Engine and Host are what kitchen.yml asked for when the runner was made.
	Engine string `json:"engine,omitempty"`
	Host   string `json:"host,omitempty"`
	// Endpoint is where the engine answered on which the runner is, and Kind which
	// engine that was. Endpoint is empty for an engine that a run starts for itself.
	Endpoint string `json:"endpoint,omitempty"`
	Kind     string `json:"engine_kind,omitempty"`
	// ContainerID is the runner: its ID, or its name when the engine was asked for it and its answer got lost.
	ContainerID string `json:"container_id,omitempty"`
	// Services are the names of the services that may be there, in the order in which they are started.
	Services []string `json:"services,omitempty"`
	// Shared are the instances that have the services which this one shares with others.
	Shared []string `json:"shared,omitempty"`
	// Network is set when the network of a group of nodes, or of a shared service, may be there.
	Network bool `json:"network,omitempty"`
	// Networks are the names of the networks of its own that may be there.
	Networks []string `json:"networks,omitempty"`
	// Faults is set when faults may have been made that were not ended.
	Faults bool `json:"faults,omitempty"`
	// Stopping is set while a reboot stops the runner, which an engine goes on with when galley is killed.
	Stopping bool `json:"stopping,omitempty"`
	// Sandbox is the name of the instance's directory of sandboxes.
	Sandbox string `json:"sandbox,omitempty"`
	// Spec has a digest of each part of what the runner was made from, so that a
	// changed configuration can be told by its parts.
	Spec map[string]string `json:"spec,omitempty"`
	// Converge is a digest of what kitchen.yml said of converge when that last succeeded.
	Converge string `json:"converge,omitempty"`
	// Changed is how many resources that converge changed, nil when its tool does not tell.
	Changed *int `json:"changed,omitempty"`
	// Mark is what the commands carry that the phase under way runs in the runner. It is empty when galley has ended: a
	// later one that finds one knows that its writer was killed.
	Mark string `json:"mark,omitempty"`
	// RunID is the run that wrote this, at time Updated.
	RunID   string    `json:"run_id,omitempty"`
	Updated time.Time `json:"updated"`
}

// has reports whether a step of create is recorded as done.
func (s *State) has(step Step) bool { return slices.Contains(s.Steps, step) }

// keepSteps forgets all steps but those.
func (s *State) keepSteps(steps ...Step) {
	s.Steps = slices.DeleteFunc(s.Steps, func(have Step) bool { return !slices.Contains(steps, have) })
}

// stateExtension is that of the files of instances.
const stateExtension = ".json"

// stateFile is an instance's recorded state on disk.
type stateFile struct {
	dir               statedir.Dir
	project, instance string
}

func stateFileOf(p Project, instance string) stateFile {
	return stateFile{dir: p.state(), project: p.ID, instance: instance}
}

func (f stateFile) name() string { return names.File(f.instance) + stateExtension }

// lockPath is the file that holds the instance's lock.
func (f stateFile) lockPath() string { return f.dir.Path(names.File(f.instance) + ".lock") }

// errDamaged is a state file that cannot be used.
var errDamaged = errors.New("is damaged")

// load reads the state. A missing or empty file is the zero State, and so is the one
// of another project, which came with a copy of its directory. Errors: errDamaged.
func (f stateFile) load() (State, error) {
	s, err := readState(f.dir, f.name())
	if err != nil {
		return State{}, err
	}
	if s.Project != f.project || (s.Instance != f.instance && s.Instance != "") {
		return State{}, nil
	}
	return s, nil
}

func readState(dir statedir.Dir, name string) (State, error) {
	var s State
	data, err := dir.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) || (err == nil && len(data) == 0):
		return s, nil
	case err != nil:
		return s, fmt.Errorf("read the state of the instance: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, fmt.Errorf("%s %w: %w", dir.Path(name), errDamaged, err)
	}
	if s.Sandbox != "" && (!filepath.IsLocal(s.Sandbox) || strings.ContainsAny(s.Sandbox, `/\`) || s.Sandbox == "." ||
		strings.ContainsFunc(s.Sandbox, unicode.IsControl)) {
		return State{}, fmt.Errorf("%s %w: %q is not the name of a sandbox", dir.Path(name), errDamaged, s.Sandbox)
	}
	return s, nil
}

// setAside gives a damaged file another name, and returns its path.
func (f stateFile) setAside() (string, error) {
	to := f.name() + ".damaged"
	if err := f.dir.Rename(f.name(), to); err != nil {
		return "", fmt.Errorf("set the damaged state of the instance aside: %w", err)
	}
	return f.dir.Path(to), nil
}

// save replaces the file as a whole.
func (f stateFile) save(s State) error {
	s.Project, s.Instance = f.project, f.instance
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := f.dir.WriteFile(f.name(), append(data, '\n')); err != nil {
		return fmt.Errorf("save the state of the instance: %w", err)
	}
	return nil
}

// remove deletes the file; absent is success.
func (f stateFile) remove() error {
	if err := f.dir.Remove(f.name()); err != nil {
		return fmt.Errorf("remove the state of the instance: %w", err)
	}
	return nil
}

// recordedStates are the states of all instances that this project has recorded,
// also of those that kitchen.yml no longer has. Damaged ones are left out.
func recordedStates(p Project) ([]State, error) {
	files, err := p.state().Names(".")
	if err != nil {
		return nil, fmt.Errorf("list the recorded instances: %w", err)
	}
	var list []State
	for _, name := range files {
		if filepath.Ext(name) != stateExtension {
			continue
		}
		s, err := readState(p.state(), name)
		if errors.Is(err, errDamaged) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if s.Project == p.ID && s.Instance != "" {
			list = append(list, s)
		}
	}
	return list, nil
}

// recorded is what is recorded of an instance, as a run changes it.
type recorded struct {
	file  stateFile
	mu    sync.Mutex // guards state while steps run side by side
	state State
	now   func() time.Time
}

// record adds a step that is done to the state. It may be called by several goroutines.
func (r *recorded) record(s Step) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.state.has(s) {
		r.state.Steps = append(r.state.Steps, s)
	}
	return r.save()
}

func (r *recorded) save() error {
	r.state.Updated = r.now().UTC()
	return r.file.save(r.state)
}

// forgetRunner makes the record that of an instance that is not created.
func (r *recorded) forgetRunner() {
	r.state.LastAction, r.state.LastError, r.state.ContainerID, r.state.Reached = "", "", "", ""
	r.state.Steps, r.state.Spec, r.state.Changed = nil, nil, nil
}
