package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/internal/suggest"
)

// projectFile is the name of a project's file of settings.
const projectFile = ".galley.yml"

// maxFile is the size above which a file of settings is refused, in bytes.
const maxFile = 1 << 20

func readProjectFile(dir string) (layer, error) {
	data, err := readFile(filepath.Join(dir, projectFile))
	if err != nil {
		return nil, fmt.Errorf("read the project's settings: %w", err)
	}
	return parseFile(data, projectFile, ProjectFile)
}

// readUserFile reads the user's own file. One that cannot be read, such as that of another user, is a notice.
func (l *Loaded) readUserFile(file string) (layer, error) {
	if file == "" {
		return layer{}, nil
	}
	data, err := readFile(file)
	if err != nil {
		l.Notices = append(l.Notices, fmt.Sprintf("your settings do not hold, since they cannot be read: %v", err))
		return layer{}, nil
	}
	return parseFile(data, file, UserFile)
}

// readFile returns nothing for a file that does not exist.
func readFile(file string) ([]byte, error) {
	st, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", file, maxFile)
	}
	return data, err
}

// parseFile reads a mapping of settings to values. name is how messages call the file.
func parseFile(data []byte, name string, kind Kind) (layer, error) {
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return layer{}, nil
	} else if err != nil {
		return nil, fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: write one YAML document, not several", name)
	}
	root := doc.Content[0]
	if root.Tag == "!!null" {
		return layer{}, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: write settings as `name: value`", name, root.Line)
	}
	found := layer{}
	for i := 0; i < len(root.Content); i += 2 {
		written, value := root.Content[i], root.Content[i+1]
		source := Source{kind, fmt.Sprintf("%s:%d", name, written.Line)}
		d, negated, ok := lookup(written.Value)
		if !ok {
			return nil, unknown(source, written.Value)
		}
		texts, err := textsOf(value, d)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", source, written.Value, err)
		}
		if texts == nil {
			continue
		}
		shown := fmt.Sprintf("%s: %s: %s", source, written.Value, strings.Join(texts, ", "))
		if err := found.put(d, negated, texts, source, shown); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// textsOf are the texts of a value as they are written; null is none.
func textsOf(n *yaml.Node, d definition) ([]string, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return nil, nil
	case n.Kind == yaml.ScalarNode:
		return []string{n.Value}, nil
	case n.Kind == yaml.MappingNode && d.pairs:
		return pairsOf(n)
	case n.Kind != yaml.SequenceNode || !d.list:
		if d.list {
			return nil, errors.New("write a text or a list of texts")
		}
		return nil, errors.New("write one value")
	}
	texts := []string{}
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode {
			return nil, errors.New("write a list of texts")
		}
		texts = append(texts, item.Value)
	}
	return texts, nil
}

// pairsOf are the entries of a mapping, as NAME=VALUE.
func pairsOf(n *yaml.Node) ([]string, error) {
	texts := []string{}
	for i := 0; i < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind != yaml.ScalarNode || value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			return nil, errors.New("write a mapping of texts to texts")
		}
		texts = append(texts, name.Value+"="+value.Value)
	}
	return texts, nil
}

func unknown(source Source, written string) error {
	var names []string
	for _, d := range definitions() {
		names = append(names, key(d.name))
	}
	hint := "Settings are named as the flags are: see `galley config`"
	if near := suggest.Nearest(written, names); near != "" {
		hint = fmt.Sprintf("Did you mean %s?", near)
	}
	return fmt.Errorf("%s: unknown key %q\n%s", source, written, hint)
}
