package keys

import (
	"slices"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/suggest"
)

// Section is a block of kitchen.yml that has keys of its own.
type Section string

// The sections.
const (
	SectionRoot        Section = "root"        // the keys at the left margin
	SectionSuite       Section = "suite"       // the keys of an entry of `suites:`
	SectionNode        Section = "node"        // the keys of an entry of `nodes:` of a suite
	SectionPlatform    Section = "platform"    // the keys of an entry of `platforms:`
	SectionDriver      Section = "driver"      // the keys of `driver:`
	SectionProvisioner Section = "provisioner" // the keys of `provisioner:`
	SectionVerifier    Section = "verifier"    // the keys of `verifier:`
	SectionTransport   Section = "transport"   // the keys of `transport:`
	SectionLifecycle   Section = "lifecycle"   // the keys of `lifecycle:`
	SectionPublish     Section = "publish"     // the keys of `publish:`
	SectionCompare     Section = "compare"     // the keys of `compare:`
	SectionService     Section = "service"     // the keys of an entry of `services:`
	SectionStep        Section = "step"        // the keys of an entry of `steps:`
	SectionNetwork     Section = "networks"    // the keys of an entry of `networks:`
	SectionFault       Section = "fault"       // the keys of `network:` of hooks and steps
	SectionReady       Section = "ready"       // the keys of `ready:` of a service and of the driver
	SectionHook        Section = "hook"        // the keys of an entry of a lifecycle hook
)

// sections lists every section in the order of the documentation.
func sections() []Section {
	return []Section{
		SectionRoot, SectionPlatform, SectionSuite, SectionNode, SectionDriver, SectionProvisioner,
		SectionVerifier, SectionTransport, SectionLifecycle, SectionHook, SectionStep, SectionFault, SectionService,
		SectionNetwork, SectionReady, SectionPublish, SectionCompare,
	}
}

// Key is one key of kitchen.yml: the single place that says what it means, what it may hold and what it is when it is
// not there. Checks, typed instances, documentation and the JSON Schema are all made from it. Most keys are made of the
// tags of fields, see schema_fields.go.
type Key struct {
	Section Section
	// Name is the key as it should be written; Aliases are other spellings that mean the same.
	Name    string
	Aliases []string
	// For names the kinds of the plugin that have the key ("chef", "inspec", "docker"); empty means all.
	For []string
	// Enum are the only values allowed.
	Enum []string
	// Secret marks a value that is never shown.
	Secret bool
	// Inert says why the key is accepted yet has no effect.
	Inert string
	// Loud marks an inert key whose loss the user has to know of.
	Loud bool
	// Deprecated names what to write instead.
	Deprecated string

	// Type is what its value must look like.
	Type Type
	// Default is the value that applies when the key is missing, in YAML's terms, or nil.
	Default any

	// read reads a value into what is being decoded, and reports what is wrong; nil for a key that fills nothing.
	read func(*decoder, *yaml11.Value)
	// show is what the value came to; nil when other keys show that.
	show func(*config.Instance) any
	// joins reports whether a second value adds to the first, rather than overrules it.
	joins bool
}

// spellings are all names of the key.
func (k Key) spellings() []string { return append([]string{k.Name}, k.Aliases...) }

// schema is the table of keys with the indexes that decoding needs.
type schema struct {
	keys   []Key
	byName map[Section]map[string]*Key
	blank  config.Instance
}

// Prepare puts the table of keys together, which takes milliseconds, so that Resolve finds it there.
func Prepare() { theSchema() }

// theSchema builds the table once; it is never changed afterwards.
var theSchema = sync.OnceValue(func() *schema {
	s := &schema{byName: map[Section]map[string]*Key{}}
	s.blank.Provisioner.Chef.CookbookGlobs = cookbookFiles() // too long for a tag
	s.keys = slices.Concat(rootKeys(), platformKeys(), suiteKeys(), nodeKeys(), fieldKeys(&s.blank), driverKeys(),
		chefKeys(), verifierKeys(), lifecycleKeys(), stepKeys(), inertTable())
	for i := range s.keys {
		k := &s.keys[i]
		names := s.byName[k.Section]
		if names == nil {
			names = map[string]*Key{}
			s.byName[k.Section] = names
		}
		for _, n := range k.spellings() {
			names[n] = k
		}
	}
	return s
})

// inSection puts keys into a section, for the kinds named.
func inSection(s Section, keys []Key, kinds ...string) []Key {
	for i := range keys {
		keys[i].Section = s
		if keys[i].For == nil {
			keys[i].For = kinds
		}
	}
	return keys
}

// find returns the key that is spelt name in a section, or nil.
func (s *schema) find(in Section, name string) *Key { return s.byName[in][name] }

// elsewhere returns the plugin section that has a key spelt name, other than in.
func (s *schema) elsewhere(in Section, name string) Section {
	for _, sec := range []Section{SectionDriver, SectionProvisioner, SectionVerifier, SectionTransport, SectionSuite,
		SectionPlatform} {
		if sec == SectionDriver && in == SectionStep { // a step has none
			continue
		}
		if sec != in && s.byName[sec][name] != nil {
			return sec
		}
	}
	return ""
}

// nearestElsewhere is a hint at a key of another plugin that is spelt much like name.
func (s *schema) nearestElsewhere(in Section, name string) string {
	for _, sec := range []Section{SectionDriver, SectionProvisioner, SectionVerifier} {
		if near := suggest.Nearest(name, s.names(sec, "")); near != "" && sec != in {
			return "did you mean `" + near + "` of the " + string(sec) + "?"
		}
	}
	return "docs/kitchen-yml.md lists all keys"
}

// names are the spellings worth writing in a section: those that have an effect,
// for a kind of its plugin, or for any with the kind "".
func (s *schema) names(in Section, kind string) []string {
	out := make([]string, 0, len(s.byName[in]))
	for n, k := range s.byName[in] {
		if k.Inert == "" && (kind == "" || k.forKind(kind)) {
			out = append(out, n)
		}
	}
	return out
}

// forKind reports whether the key belongs to a kind of its plugin.
func (k Key) forKind(kind string) bool {
	return len(k.For) == 0 || slices.ContainsFunc(k.For, func(f string) bool { return strings.EqualFold(f, kind) })
}
