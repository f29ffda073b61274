// Package settings reads galley's own settings, which are not those of kitchen.yml: a flag beats GALLEY_* in the
// environment, which beats .galley.yml in the project, which beats config.yml in the user's configuration directory.
// Every source goes through the same strict parser. What gives power over the user's machine a project's file may
// take away, but not give.
package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"github.com/galley-kitchen/galley/internal/suggest"
)

// Settings are the values that hold. Each field has the name of its setting, without the dashes.
type Settings struct {
	// Engine is docker, podman or "" for whichever answers first.
	Engine string
	// Host is the engine's address, or "" to look for one.
	Host        string
	TLSCertPath string
	TLSVerify   bool
	ERB         string
	ERBCommands bool
	LogLevel    string

	Quiet, Verbose, LogOverwrite, Color bool

	Concurrency               int
	Parallel, FailFast, Debug bool
	TestBasePath              string
	Idempotence, Recreate     bool
	// Reuse is off, local, or a repository with its registry; ReusePush is off, on or strict; ReuseMaxAge is a
	// duration.
	Reuse, ReusePush, ReuseMaxAge string

	Pull                 string
	Images               []string
	Locked, RequireTests bool
	Retry                int
	Timeout              []string
	Wait                 bool
	Lease                string
	// ReportChanges has the reports tell what converge changed in the files of runners.
	ReportChanges      bool
	Destroy, Shard     string
	ShardTimes, Report []string
	// Trace is a file for what took how long, and PProf a directory for profiles of galley itself; empty for none.
	Trace, PProf string
}

// Kind is what sort of source a value comes from, the strongest last.
type Kind string

// The kinds of sources.
const (
	Default     Kind = "default"
	UserFile    Kind = "user"
	ProjectFile Kind = "project"
	Environment Kind = "environment"
	CommandLine Kind = "flag"
)

// Source says who set a value.
type Source struct {
	Kind Kind
	// Where is "--host", "GALLEY_HOST" or ".galley.yml:3"; it is empty for a default.
	Where string
}

// String is the place, or "default".
func (s Source) String() string {
	if s.Where == "" {
		return string(s.Kind)
	}
	return s.Where
}

// Entry is one setting, its value and where that came from.
type Entry struct {
	Name   string
	Value  any
	Source Source
	// Refused says why what the project's file sets does not hold, or is empty.
	Refused string
}

// Options are where settings are read from.
type Options struct {
	// Flags may be nil.
	Flags Flags
	// Environ are KEY=VALUE pairs.
	Environ []string
	// Dir is the project's directory, which may hold .galley.yml. UserFile is the user's own file; it may be empty.
	Dir, UserFile string
}

// Loaded are the settings with their sources.
type Loaded struct {
	Settings
	// Entries are all settings in the order of the table.
	Entries []Entry
	// Notices are what the user should be told: what was refused and what could not be read.
	Notices []string
}

// Source says who set a setting.
func (l *Loaded) Source(name string) Source {
	i := slices.IndexFunc(l.Entries, func(e Entry) bool { return e.Name == name })
	return l.Entries[i].Source
}

// layer is what one source sets, by the names of the settings.
type layer map[string]setting

// setting is a parsed value and who set it.
type setting struct {
	value  any
	source Source
}

// Load reads all sources. An error names the source of what cannot be parsed.
func Load(o Options) (*Loaded, error) {
	l := &Loaded{}
	user, err := l.readUserFile(o.UserFile)
	if err != nil {
		return nil, err
	}
	proj, err := readProjectFile(o.Dir)
	if err != nil {
		return nil, err
	}
	env, err := l.readEnvironment(o.Environ)
	if err != nil {
		return nil, err
	}
	flags, err := readFlags(o.Flags)
	if err != nil {
		return nil, err
	}
	p := project{dir: o.Dir, environ: o.Environ}
	for _, from := range []layer{user, env, flags} {
		if s, ok := from["host"]; ok && s.value != "" {
			p.host = s.source.Where
		}
	}
	effective := map[string]any{}
	for _, d := range definitions() {
		e := Entry{Name: d.name, Value: d.fallback(), Source: Source{Kind: Default}}
		strongest := func(from layer) {
			if s, ok := from[d.name]; ok {
				e.Value, e.Source = s.value, s.source
			}
		}
		strongest(user)
		below := e
		strongest(env)
		strongest(flags)
		overruled := e.Source != below.Source
		if s, ok := proj[d.name]; ok {
			reason := ""
			if d.refuse != nil {
				reason = d.refuse(p, s.value, e.Value)
			}
			if reason != "" {
				e.Refused = fmt.Sprintf("%s: %s: %s", s.source, key(d.name), reason)
				l.Notices = append(l.Notices, e.Refused)
			} else if !overruled {
				e.Value, e.Source = s.value, s.source
			}
		}
		effective[strings.ReplaceAll(d.name, "-", "")] = e.Value // as the fields are called
		l.Entries = append(l.Entries, e)
	}
	v := viper.New()
	if err := v.MergeConfigMap(effective); err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	if err := v.UnmarshalExact(&l.Settings); err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	return l, nil
}

// UserPath is where the user's own settings are, or "" where the system has no such place.
func UserPath() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "galley", "config.yml")
}

// key is a setting's name as files have it.
func key(name string) string { return strings.ReplaceAll(name, "-", "_") }

// lookup finds the definition that a written name means. A boolean may be written with no_ before it.
func lookup(written string) (d definition, negated, ok bool) {
	name := strings.ReplaceAll(strings.ToLower(written), "_", "-")
	positive, no := strings.CutPrefix(name, "no-")
	for _, d := range definitions() {
		if d.name == name {
			return d, false, true
		}
		if no && d.name == positive && d.boolean() {
			return d, true, true
		}
	}
	return definition{}, false, false
}

// put parses texts and adds them to the layer.
func (l layer) put(d definition, negated bool, texts []string, source Source, written string) error {
	value, err := d.value(texts)
	if err != nil {
		return fmt.Errorf("%s: %w", written, err)
	}
	if negated {
		value = !value.(bool)
	}
	if other, ok := l[d.name]; ok {
		return fmt.Errorf("%s sets %s, and so does %s: write one of them", source, key(d.name), other.source)
	}
	l[d.name] = setting{value, source}
	return nil
}

// readEnvironment reads GALLEY_*. An empty variable counts as unset. Other variables may begin so; one that is nearly
// a setting's is a notice.
func (l *Loaded) readEnvironment(environ []string) (layer, error) {
	const prefix = "GALLEY_"
	var names []string
	for _, d := range definitions() {
		names = append(names, strings.ToUpper(key(d.name)))
	}
	found := layer{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		short, ok := strings.CutPrefix(name, prefix)
		if !ok || strings.TrimSpace(value) == "" {
			continue
		}
		d, negated, known := lookup(short)
		if !known || name != strings.ToUpper(name) {
			if near := suggest.Nearest(short, names); near != "" {
				l.Notices = append(l.Notices, fmt.Sprintf("%s is not a setting: did you mean %s?", name, prefix+near))
			}
			continue
		}
		texts := []string{value}
		if d.list {
			texts = strings.Fields(value)
		}
		shown := name + "=" + value
		if err := found.put(d, negated, texts, Source{Environment, name}, shown); err != nil {
			return nil, err
		}
	}
	// Test Kitchen's own variables count where galley's are not set.
	aliases := map[string]string{"KITCHEN_LOG": "log-level", "KITCHEN_LOG_OVERWRITE": "log-overwrite"}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		d, _, ok := lookup(aliases[name])
		if _, set := found[d.name]; set || !ok || strings.TrimSpace(value) == "" {
			continue
		}
		if err := found.put(d, false, []string{value}, Source{Environment, name}, pair); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func readFlags(f Flags) (layer, error) {
	found := layer{}
	for _, d := range definitions() {
		texts, ok := f[d.name]
		if !ok {
			continue
		}
		where := "--" + d.name
		if err := found.put(d, false, texts, Source{CommandLine, where}, where); err != nil {
			return nil, err
		}
	}
	return found, nil
}
