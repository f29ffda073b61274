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
	// handler is how a handler begins its line for each updated resource, or
	// empty.
	handler string
}

var (
	settingLine = regexp.MustCompile(`^([a-z_]+)\s+(.+)$`)
	quoted      = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'`)
)

// readable are the settings whose files are read at the start: they must be there.
var readable = map[string]bool{"validation_key": true, "encrypted_data_bag_secret": true}

// writable are the settings whose directories are made at the start.
var writable = map[string]bool{"file_cache_path": true, "file_backup_path": true, "checksum_path": true, "node_path": true, "client_path": true}

// readClientRB reads "key value" lines and checks every path they name, so that a
// sandbox that is not where client.rb says fails the run and does not pass unnoticed.
func readClientRB(path string) (*clientConfig, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot load the configuration file: %w", err)
	}
	c := &clientConfig{nodeName: "chefnode", cachePath: "/var/chef/cache", cookbookPaths: []string{"/var/chef/cookbooks"}}
	for n, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		m := settingLine.FindStringSubmatch(line)
		if m == nil || line[0] == '#' {
			continue // other Ruby makes no difference here
		}
		c.deprecations = c.deprecations || m[0] == "treat_deprecation_warnings_as_errors true"
		if err := c.set(m[1], literals(m[2])); err != nil {
			return nil, fmt.Errorf("%s:%d: %s: %w", path, n+1, m[1], err)
		}
	}
	if len(existing(append(c.cookbookPaths, filepath.Join(c.repository(), artifactDir)))) == 0 {
		return nil, fmt.Errorf("%s: cookbook_path: none of %s is a directory", path, strings.Join(c.cookbookPaths, ", "))
	}
	return c, nil
}

func (c *clientConfig) set(key string, values []string) error {
	if len(values) == 0 {
		return nil
	}
	switch key {
	case "node_name":
		c.nodeName = values[0]
	case "cookbook_path":
		c.cookbookPaths = values
	case "file_cache_path":
		c.cachePath = values[0]
	case "require":
		return c.require(values[0])
	}
	if readable[key] {
		f, err := os.Open(values[0])
		// a project without a secret has none in its sandbox either
		if errors.Is(err, fs.ErrNotExist) && key == "encrypted_data_bag_secret" {
			_, err = os.Stat(filepath.Dir(values[0]))
			return err
		}
		if err != nil {
			return err
		}
		return f.Close()
	}
	if writable[key] {
		return os.MkdirAll(values[0], 0o755)
	}
	if strings.HasSuffix(key, "_path") && key != "cookbook_path" {
		// roles, environments and the like may be absent, the place they lie in may not
		_, err := os.Stat(filepath.Dir(values[0]))
		return err
	}
	return nil
}

// handlerPuts matches the line by which a handler names a resource.
var handlerPuts = regexp.MustCompile(`(?m)^\s*puts "([^"#]+)#\{`)

// require reads a handler, which has to be where client.rb says.
func (c *clientConfig) require(path string) error {
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

// literals returns the quoted strings in a line of Ruby.
func literals(ruby string) []string {
	var values []string
	for _, m := range quoted.FindAllStringSubmatch(ruby, -1) {
		values = append(values, unescape(m[1]+m[2]))
	}
	return values
}

var escapes = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`, `\n`, "\n", `\t`, "\t")

func unescape(s string) string { return escapes.Replace(s) }

// existing returns the paths that are directories.
func existing(paths []string) []string {
	var found []string
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			found = append(found, p)
		}
	}
	return found
}
