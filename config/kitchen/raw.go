package kitchen

import (
	"encoding/json"
	"slices"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// Config is what the files of a project say, merged and cut into instances.
type Config struct {
	// Root is the project directory, absolute.
	Root string
	// Files are the files looked for, weakest first.
	Files []File
	// Merged is the data of all files together, before it was cut up. It is nil when a file could not be read.
	Merged *yaml11.Value
	// Instances are the suites on their platforms, in Test Kitchen's order.
	Instances []RawInstance
	// Diagnostics are the warnings, and errors that do not hinder listing: two instances of the same name. A caller
	// that acts on instances must refuse when Errors is not empty.
	Diagnostics []Diagnostic
	// Notices say what galley chose by itself, one line each.
	Notices []string
}

// Role is the part that a file plays.
type Role string

// The roles, weakest first.
const (
	RoleGlobal  Role = "global"
	RoleProject Role = "project"
	RoleLocal   Role = "local"
	// RoleDokken is kitchen.dokken.yml beside a project whose own driver is not for containers.
	RoleDokken Role = "dokken"
)

// File is one of the configuration files.
type File struct {
	Role Role
	// Path is absolute.
	Path string
	// Name is how positions call the file: relative to the project when it is inside.
	Name    string
	Present bool
	// Source is the file as it is, Rendered after ERB.
	Source, Rendered []byte
	// Data is what the file holds, or nil.
	Data *yaml11.Value
}

// RawInstance is one suite on one platform with its merged data, as written in the files and before any plugin's
// defaults. Sub-trees are shared between instances.
type RawInstance struct {
	Name string `json:"name"`
	// SuiteName and PlatformName are the names as in the files, Suite and Platform their texts.
	SuiteName    *yaml11.Value `json:"suite"`
	PlatformName *yaml11.Value `json:"platform"`
	Driver       *yaml11.Value `json:"driver"`
	Provisioner  *yaml11.Value `json:"provisioner"`
	Verifier     *yaml11.Value `json:"verifier"`
	Transport    *yaml11.Value `json:"transport"`
	Lifecycle    *yaml11.Value `json:"lifecycle"`
	Publish      *yaml11.Value `json:"publish,omitempty"`
	Compare      *yaml11.Value `json:"compare,omitempty"`
	Services     *yaml11.Value `json:"services,omitempty"`
	// Networks of a node are those of its group that it is on.
	Networks *yaml11.Value `json:"networks,omitempty"`
	// Steps are the suite's.
	Steps []RawStep `json:"steps,omitempty"`

	Suite, Platform       string     `json:"-"`
	SuitePos, PlatformPos yaml11.Pos `json:"-"`
	OSType, ShellType     string     `json:"-"`
	// From is the name of the suite from whose state this one starts, as it is in the file, or nil.
	From *yaml11.Value `json:"-"`
	// Group is the suite of several machines of which this is the one named Node; it converges after others. It is nil
	// for an instance that stands for itself.
	Group   *Group     `json:"-"`
	Node    string     `json:"-"`
	NodePos yaml11.Pos `json:"-"`
	After   []string   `json:"-"`
	// On is the engine that --on has put it on, as its record says; empty for what the files have.
	On string `json:"-"`
}

// RawStep is an entry of a suite's `steps:` as it is in the file, with the instance's blocks and what the step says of
// them over these.
type RawStep struct {
	Entry, Provisioner, Verifier *yaml11.Value
}

// PluginName is the name in the block of a driver, provisioner, verifier or transport, and its value. The value is nil
// when the name is Test Kitchen's default.
func PluginName(block *yaml11.Value) (string, *yaml11.Value) {
	if block == nil || block.Kind != yaml11.Map {
		return "", nil
	}
	v := block.Map.Get("name")
	if v == nil {
		return "", nil
	}
	name, _ := v.Text()
	if v.Pos.IsZero() {
		return name, nil
	}
	return name, v
}

// Plugins are the names of the instance's driver, provisioner, verifier and transport.
func (i RawInstance) Plugins() (driver, provisioner, verifier, transport string) {
	name := func(block *yaml11.Value) string {
		name, _ := PluginName(block)
		return name
	}
	return name(i.Driver), name(i.Provisioner), name(i.Verifier), name(i.Transport)
}

// FromSuite is the name of the suite from whose state this one starts, or empty.
func (i RawInstance) FromSuite() string {
	if i.From == nil {
		return ""
	}
	name, _ := i.From.Text()
	return name
}

// Errors are the diagnostics of SeverityError.
func (c *Config) Errors() []Diagnostic {
	return slices.DeleteFunc(slices.Clone(c.Diagnostics), func(d Diagnostic) bool { return d.Severity != SeverityError })
}

// Annotate gives d the source line it is about, when the file is at hand.
func (c *Config) Annotate(d Diagnostic) Diagnostic {
	if d.Excerpt != "" || d.Pos.Line == 0 {
		return d
	}
	for _, f := range c.Files {
		if f.Present && f.Name == d.Pos.File {
			d.Excerpt = yaml11.Excerpt(f.Rendered, d.Pos)
			break
		}
	}
	return d
}

// MergedJSON renders the instances with their merged data as JSON:
// {"instances":[{"name","suite","platform","driver","provisioner","verifier",
// "transport","lifecycle","publish","compare","services","networks","steps"}]}. Secrets are not masked.
func (c *Config) MergedJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"instances": append([]RawInstance{}, c.Instances...)})
}
