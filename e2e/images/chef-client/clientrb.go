package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// clientConfig is what client.rb says, as far as it matters here.
type clientConfig struct {
	nodeName      string
	cookbookPaths []string
	cachePath     string
	// deprecations makes warnings of deprecated features errors.
	deprecations bool
	// handler is how a handler begins its line for each updated resource, or empty.
	handler string
}

// repository is the directory that cookbook_path lies in, and an exported policy.
func (c *clientConfig) repository() string { return filepath.Dir(c.cookbookPaths[0]) }

var settingLine = regexp.MustCompile(`^([a-z_]+)\s+(.+)$`)

// readClientRB reads "key value" lines and checks the paths that they name, so that a sandbox that is not where
// client.rb says fails the run and does not pass unnoticed.
func readClientRB(path string) (*clientConfig, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot load the configuration file: %w", err)
	}
	c := &clientConfig{nodeName: "chefnode", cachePath: "/var/chef/cache", cookbookPaths: []string{"/var/chef/cookbooks"}}
	for n, line := range strings.Split(string(data), "\n") {
		m := settingLine.FindStringSubmatch(line)
		if m == nil {
			continue // other Ruby makes no difference here
		}
		if err := c.set(m[1], m[2]); err != nil {
			return nil, fmt.Errorf("%s:%d: %s: %w", path, n+1, m[1], err)
		}
	}
	for _, dir := range append(c.cookbookPaths, filepath.Join(c.repository(), artifactDir)) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%s: cookbook_path: none of %s is a directory", path, strings.Join(c.cookbookPaths, ", "))
}

func (c *clientConfig) set(key, ruby string) error {
	values := literals(ruby)
	switch {
	case key == "treat_deprecation_warnings_as_errors":
		c.deprecations = ruby == "true"
	case len(values) == 0:
	case key == "node_name":
		c.nodeName = values[0]
	case key == "cookbook_path":
		c.cookbookPaths = values
	case key == "file_cache_path":
		c.cachePath = values[0]
		return os.MkdirAll(c.cachePath, 0o755)
	case key == "require":
		return c.readHandler(values[0])
	case key == "validation_key":
		return readable(values[0])
	case key == "encrypted_data_bag_secret":
		// A project without a secret has none in its sandbox either.
		if err := readable(values[0]); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		fallthrough
	case strings.HasSuffix(key, "_path"):
		// Roles, environments and the like may be absent, the place that they lie in may not.
		_, err := os.Stat(filepath.Dir(values[0]))
		return err
	}
	return nil
}

func readable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// handlerPuts matches the line by which a handler names a resource.
var handlerPuts = regexp.MustCompile(`(?m)^\s*puts "([^"#]+)#\{`)

// readHandler reads a handler, which has to be where client.rb says.
func (c *clientConfig) readHandler(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	m := handlerPuts.FindSubmatch(data)
	if m == nil {
		return fmt.Errorf("%s is no handler that tells of resources", path)
	}
	c.handler = strings.ReplaceAll(string(m[1]), `\x1e`, "\x1e")
	return nil
}

var (
	quoted  = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'`)
	escapes = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`, `\n`, "\n")
)

// literals returns the quoted strings in a line of Ruby.
func literals(ruby string) []string {
	var values []string
	for _, m := range quoted.FindAllStringSubmatch(ruby, -1) {
		values = append(values, escapes.Replace(m[1]+m[2]))
	}
	return values
}
