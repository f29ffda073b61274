package keys

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/suggest"
)

// start is the beginning of the project's file.
func start(c *kitchen.Config) yaml11.Pos {
	for _, f := range c.Files {
		if f.Role == kitchen.RoleProject {
			return yaml11.Pos{File: f.Name}
		}
	}
	return yaml11.Pos{}
}

// checkTree reports unknown keys outside of plugin blocks, filters that match
// nothing, and a file without anything to do.
func checkTree(c *kitchen.Config, ds *kitchen.Diagnostics, lint bool) {
	if c.Merged == nil {
		return
	}
	checkNames(ds, SectionRoot, "", c.Merged, lint)
	suites, platforms := named(c.Merged, "suites"), named(c.Merged, "platforms")
	for _, p := range platforms {
		checkNames(ds, SectionPlatform, "platforms.", p, lint)
	}
	names, elsewhere := platformNames(platforms), replacedPlatforms(c)
	check := func(key string, v *yaml11.Value) { checkFilter(ds, key, v, names, elsewhere, lint) }
	for _, s := range suites {
		checkNames(ds, SectionSuite, "suites.", s, lint)
		for _, n := range entries(either(s, "nodes")) {
			checkNames(ds, SectionNode, "suites.nodes."+n.Key+".", n.Value, lint)
		}
		for _, key := range []string{"includes", "excludes"} {
			check("suites."+key, either(s, key))
		}
		for _, step := range named(s, "steps") {
			checkNames(ds, SectionStep, "steps.", step, lint)
		}
		hooks := either(s, "lifecycle")
		for _, e := range entries(hooks) {
			for _, h := range items(e.Value) {
				if h.Kind == yaml11.Map {
					check("lifecycle.includes", either(h, "includes"))
					check("lifecycle.excludes", either(h, "excludes"))
				}
			}
		}
	}
	if len(c.Instances) == 0 && len(c.Errors()) == 0 {
		nothingToDo(c, ds, len(suites), len(platforms))
	}
}

// platformNames are the names of entries of `platforms:`.
func platformNames(platforms []*yaml11.Value) []string {
	var names []string
	for _, p := range platforms {
		if s, ok := either(p, "name").Text(); ok {
			names = append(names, s)
		}
	}
	return names
}

// replacedPlatforms are the names in the lists of platforms of all files: the list
// that counts is the strongest file's, and the suites may be those of another.
func replacedPlatforms(c *kitchen.Config) []string {
	var names []string
	for _, f := range c.Files {
		if f.Data != nil {
			names = append(names, platformNames(named(f.Data, "platforms"))...)
		}
	}
	return names
}

// nothingToDo says why there are no instances.
func nothingToDo(c *kitchen.Config, ds *kitchen.Diagnostics, suites, platforms int) {
	var missing []string
	hint := ""
	if platforms == 0 {
		missing = append(missing, "platforms")
		hint += "\n      platforms:\n        - name: ubuntu-22.04"
	}
	if suites == 0 {
		missing = append(missing, "suites")
		hint += "\n      suites:\n        - name: default"
	}
	if len(missing) > 0 {
		ds.WarnAt(start(c), "", "there are no "+strings.Join(missing, " and no ")+", so there is nothing to run",
			"add the lines"+hint)
		return
	}
	ds.WarnAt(start(c), "suites", "no suite runs on any platform, so there is nothing to run",
		"look at `includes` and `excludes` of the suites")
}

// named are the entries of `suites:` or `platforms:`.
func named(root *yaml11.Value, key string) []*yaml11.Value {
	list := either(root, key)
	if list.Kind != yaml11.Seq {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(list.Seq), func(v *yaml11.Value) bool { return v.Kind != yaml11.Map })
}

// checkNames warns of the keys of a mapping that a section does not have.
func checkNames(ds *kitchen.Diagnostics, in Section, path string, v *yaml11.Value, lint bool) {
	s := theSchema()
	for _, e := range entries(v) {
		if k := s.find(in, e.Key); k != nil {
			if lint && k.Deprecated != "" {
				ds.WarnAt(e.KeyPos, path+e.Key, path+e.Key+" is the old form", "write `"+k.Deprecated+"`")
			}
			continue
		}
		// Keys at the margin often hold anchors only; there, a key must look
		// like a known one, or be one of a block, to be worth a word.
		near := suggest.Nearest(e.Key, s.names(in, ""))
		anchor := strings.HasPrefix(e.Key, "x-") || strings.HasPrefix(e.Key, "_") || strings.HasPrefix(e.Key, ".")
		sec := s.elsewhere(in, e.Key)
		if anchor || in == SectionRoot && near == "" && sec == "" && !lint {
			continue
		}
		hint := ""
		switch {
		case near != "" && (in != SectionStep || sec == ""):
			hint = suggestion(e.Key, s.names(in, ""))
		case sec != "":
			hint = "`" + e.Key + "` is a key of the " + string(sec) + ": indent it below `" + string(sec) + ":`"
			switch {
			case in == SectionStep && sec == SectionVerifier:
				hint = "`" + e.Key + "` is a key of the verifier: indent it below `verify:`"
			case sec == SectionSuite || sec == SectionPlatform:
				hint = "`" + e.Key + "` is a key of an entry of `" + string(sec) + "s:`"
			}
		case in == SectionRoot:
			hint = "a key that only holds anchors may begin with x-"
		case isForeign(SectionDriver, "", e.Key):
			continue
		}
		ds.WarnAt(e.KeyPos, path+e.Key, path+e.Key+": unknown key, it has no effect", hint)
	}
}

// checkFilter warns of names that are no platform, neither here nor elsewhere, in a file whose platforms do not count.
// A file that is not used now may bring others, so only a likely slip is reported, unless linting.
func checkFilter(ds *kitchen.Diagnostics, key string, v *yaml11.Value, platforms, elsewhere []string, lint bool) {
	for _, it := range items(v) {
		name, ok := it.Text()
		if !ok || name == "" || strings.HasPrefix(name, "/") || slices.Contains(platforms, name) ||
			slices.Contains(elsewhere, name) {
			continue
		}
		hint := suggestion(name, platforms)
		if hint == "" && !lint {
			continue
		}
		if hint == "" {
			hint = "the platforms are " + strings.Join(platforms, ", ") + "; a regular expression stands between slashes: /" +
				name + "/"
		}
		ds.WarnAt(it.Pos, key, fmt.Sprintf("%s: there is no platform %q", key, name), hint)
	}
}
