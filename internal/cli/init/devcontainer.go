package initcmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// carried are the keys of a devcontainer.json that startDevContainer knows, and editors' that mean nothing here.
var carried = []string{"name", "image", "build", "dockerFile", "context", "containerEnv", "capAdd", "securityOpt",
	"privileged", "init", "$schema", "customizations", "extensions", "settings"}

// startDevContainer makes a platform of a dev container. Scripts of the project, or one that is written, converge it.
func startDevContainer(dir string) (start, error) {
	name := anyOf(".devcontainer/devcontainer.json", ".devcontainer.json")(dir)
	s, err := startShell(dir)
	if err != nil {
		return s, err
	}
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return s, fmt.Errorf("read the dev container: %w", err)
	}
	var keys map[string]any
	var c struct {
		Image, DockerFile, Context string
		Build                      struct {
			Dockerfile, Context, Target string
			Args                        map[string]string
		}
		ContainerEnv        map[string]string
		CapAdd, SecurityOpt []string
		Privileged, Init    bool
	}
	plain := plainJSON(data)
	if err := json.Unmarshal(plain, &keys); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	for _, list := range []map[string]string{c.ContainerEnv, c.Build.Args} {
		for key, value := range list {
			if strings.Contains(value, "${") { // of the editor's
				delete(list, key)
				s.left = append(s.left, name+": "+key+", whose value is "+value)
			}
		}
	}
	driver := map[string]any{}
	if c.Image != "" {
		driver["image"] = c.Image
	} else {
		b := c.Build
		if b.Dockerfile == "" {
			b.Dockerfile, b.Context = c.DockerFile, c.Context
		}
		if b.Dockerfile == "" {
			return s, fmt.Errorf("%s has neither image nor build.dockerfile\nChoose what to write with `galley init --kind`",
				name)
		}
		if b.Target != "" {
			return s, fmt.Errorf("%s: build.target: galley has no stages for a platform\n"+
				"Build the image yourself, and name it in driver.image", name)
		}
		if err := fromDockerfile(dir, path.Join(path.Dir(name), b.Dockerfile), driver); err != nil {
			return s, err
		}
		driver["build_context"] = path.Join(path.Dir(name), b.Context)
		if len(b.Args) > 0 {
			driver["build_args"] = b.Args
		}
	}
	if len(c.ContainerEnv) > 0 {
		driver["env"] = c.ContainerEnv
	}
	for key, list := range map[string][]string{"cap_add": c.CapAdd, "security_opt": c.SecurityOpt} {
		if len(list) > 0 {
			driver[key] = list
		}
	}
	for key, on := range map[string]bool{"privileged": c.Privileged, "init": c.Init} {
		if on {
			driver[key] = true
		}
	}
	s.platforms = []platform{{"devcontainer", driver}}
	slices.Sort(s.left)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(carried, key) {
			s.left = append(s.left, name+": "+key)
		}
	}
	return s, nil
}

// fromLine matches the line of a Dockerfile that names its base.
var fromLine = lazyregexp.New(`(?i)^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+\S+)?\s*$`)

// fromDockerfile makes the image and the instructions of a platform from a Dockerfile of one stage.
func fromDockerfile(dir, name string, driver map[string]any) error {
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return fmt.Errorf("read the dev container's Dockerfile: %w", err)
	}
	var instructions []string
	goesOn := false
	for line := range strings.Lines(strings.ReplaceAll(string(data), "\r\n", "\n")) {
		line = strings.TrimRight(line, "\n")
		if m := fromLine().FindStringSubmatch(line); m != nil {
			if driver["image"] != nil || strings.Contains(m[1], "$") || len(instructions) > 0 {
				return fmt.Errorf("%s: galley builds platforms of one stage, whose first line names the base\n"+
					"Build the image yourself, and name it in driver.image", name)
			}
			driver["image"] = m[1]
			continue
		}
		switch plain := strings.TrimSpace(line); {
		case plain == "" || strings.HasPrefix(plain, "#"):
			continue
		case goesOn:
			instructions[len(instructions)-1] += "\n" + line
		default:
			instructions = append(instructions, line)
		}
		goesOn = strings.HasSuffix(strings.TrimSpace(line), `\`)
	}
	if driver["image"] == nil {
		return fmt.Errorf("%s: there is no FROM in it", name)
	}
	switch {
	case len(instructions) == 0:
	case strings.Contains(string(data), "<<"): // texts in it have lines of their own
		first, _, _ := strings.Cut(instructions[0], "\n")
		_, rest, _ := strings.Cut(string(data), first)
		driver["intermediate_instructions"] = []string{first + rest}
	default:
		driver["intermediate_instructions"] = instructions
	}
	return nil
}

// plainJSON takes the comments and the commas before closing brackets out of JSON as editors write it.
func plainJSON(data []byte) []byte {
	var out []byte
	for n := 0; n < len(data); n++ {
		rest := data[n:]
		switch {
		case data[n] == '"':
			end := 1
			for end < len(rest)-1 && rest[end] != '"' {
				if rest[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end, len(rest)-1)
			out = append(out, rest[:end+1]...)
			n += end
		case bytes.HasPrefix(rest, []byte("//")):
			line, _, _ := bytes.Cut(rest, []byte("\n"))
			n += len(line) - 1
		case bytes.HasPrefix(rest, []byte("/*")):
			before, _, closed := bytes.Cut(rest[2:], []byte("*/"))
			if !closed {
				return append(out, rest...) // the parser says where
			}
			n += len(before) + 3
		case data[n] == '}' || data[n] == ']':
			out = append(bytes.TrimSuffix(bytes.TrimRight(out, " \t\r\n"), []byte(",")), data[n])
		default:
			out = append(out, data[n])
		}
	}
	return out
}
