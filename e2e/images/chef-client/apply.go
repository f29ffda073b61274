package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// apply brings one resource to its state and reports what that took.
func (c *client) apply(cookbook string, r resource) error {
	action := r.properties["action"]
	if action == "" {
		action = defaultAction[r.kind]
	}
	c.resource++
	c.out.line("  * %s[%s] action %s", r.kind, r.name, action)
	if skip := c.guard(r); skip != "" {
		c.out.line("     (skipped due to %s)", skip)
		return nil
	}
	if action == "nothing" {
		return nil
	}
	var change string
	var err error
	switch r.kind {
	case "raise":
		return fmt.Errorf("RuntimeError: %s", r.name)
	case "deprecated":
		if c.config.deprecations {
			return fmt.Errorf("Chef::Exceptions::DeprecatedFeatureError: %s", r.name)
		}
		c.out.line("Deprecated features used!\n  %s", r.name)
		return nil
	case "log":
		change = or(r.properties["message"], r.name)
	case "file":
		change, err = c.file(r, action, []byte(r.properties["content"]), hasContent(r))
	case "cookbook_file":
		source := filepath.Join(cookbook, "files", or(r.properties["source"], filepath.Base(r.name)))
		var content []byte
		if content, err = os.ReadFile(source); err == nil {
			change, err = c.file(r, action, content, true)
		}
	case "directory":
		change, err = c.directory(r, action)
	case "execute":
		change, err = c.execute(r)
	}
	if err != nil {
		return err
	}
	if change == "" {
		c.out.line("     (up to date)")
		return nil
	}
	c.out.line("    - %s", change)
	if r.kind != "log" { // the real log resource counts as no update either
		c.updated++
	}
	return nil
}

var defaultAction = map[string]string{"file": "create", "cookbook_file": "create", "directory": "create", "execute": "run", "log": "write", "raise": "run", "deprecated": "warn"}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func hasContent(r resource) bool {
	_, ok := r.properties["content"]
	return ok
}

// guard returns the guard that keeps the resource from being applied, or "".
func (c *client) guard(r resource) string {
	shell := func(command string) bool { return exec.Command("/bin/sh", "-c", command).Run() == nil }
	if command, ok := r.properties["not_if"]; ok && shell(command) {
		return "not_if"
	}
	if command, ok := r.properties["only_if"]; ok && !shell(command) {
		return "only_if"
	}
	return ""
}

func (c *client) file(r resource, action string, content []byte, hasContent bool) (string, error) {
	path := or(r.properties["path"], r.name)
	old, err := os.ReadFile(path)
	absent := errors.Is(err, fs.ErrNotExist)
	if err != nil && !absent {
		return "", err
	}
	if action == "delete" {
		if absent || c.whyRun {
			return "", nil
		}
		return "delete file " + path, os.Remove(path)
	}
	mode, err := modeOf(r, 0o644)
	if err != nil {
		return "", err
	}
	if !absent && (!hasContent || bytes.Equal(old, content)) {
		return c.chmod(r, path, mode)
	}
	if c.whyRun {
		return "would write " + path, nil
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		return "", err
	}
	if err := os.Chmod(path, mode); err != nil { // an older file keeps its mode otherwise
		return "", err
	}
	if absent {
		return "create new file " + path, nil
	}
	return "update content in file " + path, nil
}

func (c *client) directory(r resource, action string) (string, error) {
	path := or(r.properties["path"], r.name)
	_, err := os.Stat(path)
	absent := errors.Is(err, fs.ErrNotExist)
	if err != nil && !absent {
		return "", err
	}
	if action == "delete" {
		if absent || c.whyRun {
			return "", nil
		}
		return "delete directory " + path, os.RemoveAll(path)
	}
	mode, err := modeOf(r, 0o755)
	if err != nil {
		return "", err
	}
	if !absent {
		return c.chmod(r, path, mode)
	}
	if c.whyRun {
		return "would create " + path, nil
	}
	mkdir := os.Mkdir
	if r.properties["recursive"] == "true" {
		mkdir = os.MkdirAll
	}
	if err := mkdir(path, mode); err != nil {
		return "", err
	}
	return "create new directory " + path, os.Chmod(path, mode)
}

// chmod changes a mode that the recipe names and the file has not.
func (c *client) chmod(r resource, path string, mode fs.FileMode) (string, error) {
	if r.properties["mode"] == "" || c.whyRun {
		return "", nil
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() == mode {
		return "", err
	}
	return fmt.Sprintf("change mode to %04o", mode), os.Chmod(path, mode)
}

func modeOf(r resource, otherwise fs.FileMode) (fs.FileMode, error) {
	text := r.properties["mode"]
	if text == "" {
		return otherwise, nil
	}
	mode, err := strconv.ParseUint(text, 8, 12)
	if err != nil {
		return 0, fmt.Errorf("mode %q is not octal", text)
	}
	return fs.FileMode(mode), nil
}

func (c *client) execute(r resource) (string, error) {
	if creates := r.properties["creates"]; creates != "" {
		if _, err := os.Stat(creates); err == nil {
			return "", nil
		}
	}
	command := or(r.properties["command"], r.name)
	if c.whyRun {
		return "would execute " + command, nil
	}
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Dir = r.properties["cwd"]
	text, err := cmd.CombinedOutput()
	c.out.verbatim(text)
	if err != nil {
		return "", fmt.Errorf("%q failed: %w", command, err)
	}
	return "execute " + command, nil
}
