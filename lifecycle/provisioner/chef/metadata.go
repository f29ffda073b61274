package chef

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// metadataName matches the name line of a metadata.rb, which is Ruby and is not run.
var metadataName = regexp.MustCompile(`(?m)^[ \t]*name[ \t(]+(?:'([^'\n]+)'|"([^"#\n]+)"|%[qQ]?[({\[]([^)}\]\n]+)[)}\]])`)

// CookbookName is the name of the cookbook in a directory, from its metadata.json or
// metadata.rb; "" when there is neither. It returns an error when they name none.
func CookbookName(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "metadata.json"))
	if err == nil {
		var meta struct{ Name string }
		if err := json.Unmarshal(data, &meta); err != nil {
			return "", fmt.Errorf("%s: %w", filepath.Join(dir, "metadata.json"), err)
		}
		if meta.Name != "" {
			return meta.Name, nil
		}
	}
	data, err = os.ReadFile(filepath.Join(dir, "metadata.rb"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the cookbook's metadata: %w", err)
	}
	if m := metadataName.FindSubmatch(data); m != nil {
		return string(m[1]) + string(m[2]) + string(m[3]), nil
	}
	return "", fmt.Errorf("%s names no cookbook that can be read without running Ruby\nAdd a line such as: name 'my_cookbook'",
		filepath.Join(dir, "metadata.rb"))
}
