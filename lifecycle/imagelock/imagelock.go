// Package imagelock reads and writes galley.lock, the file that says which image each name of kitchen.yml stands for.
package imagelock

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/opencontainers/go-digest"
	"go.yaml.in/yaml/v3"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Name is the file's, in the project's directory.
const Name = "galley.lock"

// Images has the digest of the manifest, or of the index, for the full name of each image.
type Images map[string]string

// maxFile is the size above which a file is refused, in bytes.
const maxFile = 1 << 20

// file is the form of the file.
type file struct {
	Images Images `yaml:"images"`
}

// Read reads a file. Errors: fs.ErrNotExist, and those of a file in another form.
func Read(path string) (Images, error) {
	f, _, err := sandbox.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	content := file{}
	if err == nil {
		decoder := yaml.NewDecoder(bytes.NewReader(data))
		decoder.KnownFields(true)
		if err = decoder.Decode(&content); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	for image, d := range content.Images {
		if _, invalid := digest.Parse(d); invalid != nil && err == nil {
			err = fmt.Errorf("%s: %q is no digest", image, d)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w\nMake it anew with galley lock", path, err)
	}
	if content.Images == nil {
		content.Images = Images{}
	}
	return content.Images, nil
}

// head is above the images.
const head = `# The images that this project's names stood for when "galley lock" asked the registries.
# "galley test --locked" uses exactly these. Commit it.
`

// Write writes a file, by names, so that the same images give the same bytes.
func (i Images) Write(path string) error {
	text, err := yaml.Marshal(file{i})
	if err != nil {
		return err
	}
	return sandbox.WriteFile(path, append([]byte(head), text...), 0o644)
}

// Differences are lines that say in what other images differ from these.
func (i Images) Differences(other Images) []string {
	all := maps.Clone(i)
	maps.Copy(all, other)
	var list []string
	for _, image := range slices.Sorted(maps.Keys(all)) {
		switch old, now := i[image], other[image]; {
		case old == "":
			list = append(list, image+" is not in it")
		case now == "":
			list = append(list, image+" is used no more")
		case old != now:
			list = append(list, image+" was "+old+" and is "+now)
		}
	}
	return list
}
