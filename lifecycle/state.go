package lifecycle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// State is what galley remembers of an instance between runs: what the labels on
// its container cannot hold. It contains no secrets. Where it and the engine
// disagree, the engine is right.
type State struct {
	// LastAction is the last phase that succeeded, empty before the first.
	LastAction Phase `json:"last_action,omitempty"`
	// Attempted is the last phase that was begun.
	Attempted Phase `json:"last_attempted_action,omitempty"`
	// LastError is what the last attempt failed with, empty when it did not.
	LastError string `json:"last_error,omitempty"`
	// Engine and Host are what the instance's engine was asked for by, so that
	// destroy finds it again.
	Engine string `json:"engine,omitempty"`
	Host   string `json:"host,omitempty"`
	// Endpoint is where that engine answered, so that the runner is found there
	// although another engine would be chosen now.
	Endpoint string `json:"endpoint,omitempty"`
	// ContainerID is the runner.
	ContainerID string `json:"container_id,omitempty"`
	// Sandbox is the name of the instance's directory of sandboxes.
	Sandbox string `json:"sandbox,omitempty"`
	// Upload is true when the engine does not see the sandboxes, so that their
	// content has to be sent.
	Upload bool `json:"upload,omitempty"`
	// Spec has a digest of each part of what the runner was made from, so that a
	// changed configuration can be told by its parts.
	Spec map[string]string `json:"spec,omitempty"`
	// Mark is what the commands carry that the phase under way runs in the runner. It is
	// empty when galley has ended: a later one that finds one knows that its writer was
	// killed.
	Mark string `json:"mark,omitempty"`
	// RunID is the run that wrote this, at time Updated.
	RunID   string    `json:"run_id,omitempty"`
	Updated time.Time `json:"updated"`
}

// stateFile is an instance's state on disk.
type stateFile struct{ path string }

func stateFileOf(p Project, instance string) stateFile {
	return stateFile{filepath.Join(p.StateDir(), fileName(instance)+".json")}
}

// load reads the state; a missing or empty file is the zero State.
func (f stateFile) load() (State, error) {
	var s State
	data, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || (err == nil && len(data) == 0):
		return s, nil
	case err != nil:
		return s, fmt.Errorf("read the state of the instance: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s is damaged: %w\nRemove the file; galley finds its containers by label", f.path, err)
	}
	return s, nil
}

// save replaces the file as a whole: a reader, or a crash, sees the old state or
// the new one and nothing in between.
func (f stateFile) save(s State) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := sandbox.WriteFile(f.path, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("save the state of the instance: %w", err)
	}
	return nil
}

// remove deletes the file; absent is success.
func (f stateFile) remove() error {
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the state of the instance: %w", err)
	}
	return nil
}
