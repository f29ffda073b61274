package keys

import (
	"slices"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/suggest"
)

// Section is a block of kitchen.yml that has keys of its own.
type Section string

// The sections.
const (
	// SectionRoot are the keys at the left margin.
	SectionRoot Section = "root"
	// SectionSuite are the keys of an entry of `suites:`.
	SectionSuite Section = "suite"
	// SectionNode are the keys of an entry of `nodes:` of a suite.
	SectionNode Section = "node"
	// SectionPlatform are the keys of an entry of `platforms:`.
	SectionPlatform Section = "platform"
	// SectionDriver are the keys of `driver:`.
	SectionDriver Section = "driver"
	// SectionProvisioner are the keys of `provisioner:`.
	SectionProvisioner Section = "provisioner"
	// SectionVerifier are the keys of `verifier:`.
	SectionVerifier Section = "verifier"
	// SectionTransport are the keys of `transport:`.
	SectionTransport Section = "transport"
	// SectionLifecycle are the keys of `lifecycle:`.
	SectionLifecycle Section = "lifecycle"
	// SectionPublish are the keys of `publish:`.
	SectionPublish Section = "publish"
	// SectionCompare are the keys of `compare:`.
	SectionCompare Section = "compare"
	// SectionService are the keys of an entry of `services:`.
	SectionService Section = "service"
	// SectionStep are the keys of an entry of `steps:`.
	SectionStep Section = "step"
	// SectionNetwork are the keys of an entry of `networks:`.
	SectionNetwork Section = "networks"
	// SectionFault are the keys of `network:` of hooks and steps.
	SectionFault Section = "fault"
	// SectionReady are the keys of `ready:` of a service and of the driver.
	SectionReady Section = "ready"
	// SectionHook are the keys of an entry of a lifecycle hook.
	SectionHook Section = "hook"
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
// not there. Checks, typed instances, documentation and the JSON Schema are all made from it.
type Key struct {
	Section Section
	// Name is the key as it should be written; Aliases are other spellings that mean the same, with blanks between.
	Name, Aliases string
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

	// value ties the key to its field of Instance; nil when it has none.
	value binding
	// form is the type of a key without a field.
	form Type
}

// Type is the type of the key's value.
func (k Key) Type() Type {
	if k.value != nil {
		return k.value.typ()
	}
	return k.form
}

// Default is the value that applies when the key is missing, in YAML's terms, or nil.
func (k Key) Default() any {
	if k.value == nil {
		return nil
	}
	return k.value.standard()
}

// spellings are all names of the key.
func (k Key) spellings() []string { return append([]string{k.Name}, strings.Fields(k.Aliases)...) }

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
	s := &schema{byName: map[Section]map[string]*Key{}, keys: slices.Concat(
		rootKeys(), platformKeys(), suiteKeys(), nodeKeys(), driverKeys(), provisionerKeys(), chefKeys(), shellProvisionerKeys(),
		toolProvisionerKeys(), puppetKeys(), ansibleKeys(), externalKeys(), saltKeys(), verifierKeys(), inspecKeys(),
		toolVerifierKeys(), transportKeys(), lifecycleKeys(), hookKeys(), stepKeys(), networkFaultKeys(), serviceKeys(),
		networkKeys(), readyKeys(), publishKeys(), compareKeys(), inertTable(),
	)}
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
		if k.value != nil {
			k.value.reset(&s.blank)
		}
	}
	return s
})

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
