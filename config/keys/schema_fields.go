package keys

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// Most keys are tags of the fields of config.Instance and of what is in it:
//
//	key      the key that fills the field, and behind it other spellings
//	as       the reader of its value, where that is not the one for the field's type; see readers
//	for      the kinds of the plugin that have it; on a struct, that have the keys in it
//	enum     the only words that it takes
//	default  what applies without it, in YAML
//	joins    "true" when a second value adds to the first, as it always does to a map
//	secret   "true" when its value is never shown

// tagged makes the keys of a section from the tags of fields.
type tagged struct {
	in Section
	// root is what the section's keys are read into: an Instance, or what an entry of it becomes.
	root reflect.Type
	// blank takes the defaults. Without it, a key has none, and shows nothing.
	blank *config.Instance
}

// fieldKeys are the keys of all fields. They put their defaults into an instance.
func fieldKeys(blank *config.Instance) []Key {
	var keys []Key
	for _, in := range []Section{SectionDriver, SectionProvisioner, SectionVerifier, SectionTransport, SectionPublish,
		SectionCompare} {
		t := tagged{in, reflect.TypeFor[config.Instance](), blank}
		// Their fields have the names of the sections.
		keys = append(keys, t.structKeys(t.field(strings.ToUpper(string(in[:1]))+string(in[1:])), "")...)
	}
	for _, s := range []struct {
		in   Section
		root any
	}{
		{SectionHook, config.Hook{}}, {SectionHook, config.Fault{}}, {SectionStep, config.Fault{}},
		{SectionFault, config.NetworkFault{}}, {SectionService, config.Service{}}, {SectionNetwork, config.Network{}},
		{SectionReady, config.Ready{}},
	} {
		t := tagged{in: s.in, root: reflect.TypeOf(s.root)}
		keys = append(keys, t.structKeys(reflect.StructField{Type: t.root}, "")...)
	}
	for _, more := range furtherKeys() {
		t := tagged{in: more.in, root: reflect.TypeOf(more.root)}
		f := t.field(more.path)
		if f.Tag.Get("key") == "" && t.root == reflect.TypeFor[config.Instance]() {
			t.blank = blank
		}
		keys = append(keys, t.fieldKey(f, more.tag, more.tag.Get("for")))
	}
	return keys
}

// furtherKey is a key whose tag is not at its field: a second one of it, which has no default and shows nothing, or one
// that is not called the same in all sections.
type furtherKey struct {
	in   Section
	root any
	path string
	tag  reflect.StructTag
}

func furtherKeys() []furtherKey {
	i := config.Instance{}
	return []furtherKey{
		{SectionDriver, i, "Driver.OCIPlatform", `key:"docker_platform oci_platform" as:"platform"`},
		{SectionDriver, i, "Driver.IntermediateInstructions", `key:"provision_command" as:"run lines" joins:"true"`},
		{SectionDriver, i, "Driver.UserNS", `key:"userns_host" as:"host userns"`},
		{SectionDriver, i, "Driver.CgroupNS", `key:"cgroupns_host" as:"host cgroupns"`},
		{SectionDriver, i, "Driver.Mounts", `key:"binds" joins:"true"`},
		{SectionDriver, i, "Driver.Mounts", `key:"mounts mount" as:"mounts" joins:"true"`},
		{SectionDriver, i, "Driver.Mounts", `key:"tmpfs" as:"tmpfs" joins:"true"`},
		{SectionDriver, i, "Driver.HostnameAliases", `key:"instance_name container_name" as:"names" joins:"true"`},
		{SectionDriver, i, "Driver.Dummy.Sleep", `key:"sleep" for:"dummy"`},
		{SectionDriver, i, "Driver.Dummy.RandomFailure", `key:"random_failure" for:"dummy"`},
		{SectionDriver, i, "Driver.Dummy.Fail", `key:"fail_create" for:"dummy"`},
		{SectionProvisioner, i, "Provisioner.Dummy.Sleep", `key:"sleep" for:"dummy"`},
		{SectionProvisioner, i, "Provisioner.Dummy.RandomFailure", `key:"random_failure" for:"dummy"`},
		{SectionProvisioner, i, "Provisioner.Dummy.Fail", `key:"fail" for:"dummy"`},
		{SectionVerifier, i, "Verifier.Dummy.RandomFailure", `key:"random_failure" for:"dummy"`},
		{SectionVerifier, i, "Verifier.Dummy.Fail", `key:"fail" for:"dummy"`},
		{SectionProvisioner, i, "Provisioner.Ansible.Copy",
			`key:"recursive_additional_copy_path" for:"ansible" as:"paths" joins:"true"`},
		{SectionService, config.Service{}, "Mounts", `key:"tmpfs" as:"tmpfs" joins:"true"`},
		{SectionNetwork, config.Network{}, "Subnet", `key:"ipam" as:"ipam"`},
	}
}

// field is the field of a path such as "Driver.Image".
func (t tagged) field(path string) reflect.StructField {
	at := reflect.StructField{Type: t.root}
	for _, name := range strings.Split(path, ".") {
		f, ok := at.Type.FieldByName(name)
		if !ok {
			panic(fmt.Sprintf("keys: %s has no field %s", t.root, path)) // every test would tell
		}
		f.Index = append(slices.Clone(at.Index), f.Index...)
		at = f
	}
	return at
}

// structKeys are the keys of the fields of a struct, which is a field itself, and of the structs in it.
func (t tagged) structKeys(of reflect.StructField, kinds string) []Key {
	var keys []Key
	for i := range of.Type.NumField() {
		f := of.Type.Field(i)
		f.Index = append(slices.Clone(of.Index), i)
		kinds := cmp.Or(f.Tag.Get("for"), kinds)
		switch key := f.Tag.Get("key"); {
		case key == "" && f.Type.Kind() == reflect.Struct:
			keys = append(keys, t.structKeys(f, kinds)...)
		case key != "":
			keys = append(keys, t.fieldKey(f, f.Tag, kinds))
		}
	}
	return keys
}

// fieldKey is the key that a tag makes of a field.
func (t tagged) fieldKey(f reflect.StructField, tag reflect.StructTag, kinds string) Key {
	names := strings.Fields(tag.Get("key"))
	form := f.Type.String()
	if tag.Get("enum") != "" {
		form = "string" // its type is one of words
	}
	r, ok := readers()[cmp.Or(tag.Get("as"), form)]
	// An int converts to a string as well, into a letter.
	if !ok || r.makes.Kind() != f.Type.Kind() || !r.makes.ConvertibleTo(f.Type) {
		panic(fmt.Sprintf("keys: %s.%s has no reader", t.root, f.Name))
	}
	k := Key{
		Section: t.in, Name: names[0], Aliases: names[1:], For: strings.Fields(kinds), Type: r.form,
		Enum: strings.Fields(tag.Get("enum")), Secret: tag.Get("secret") == "true",
	}
	joins := tag.Get("joins") == "true" || f.Type.Kind() == reflect.Map
	k.joins = joins
	k.read = func(d *decoder, v *yaml11.Value) {
		got, ok := r.read(d, v)
		if !ok {
			d.failed = true
			return
		}
		to := reflect.ValueOf(d.into).Elem().FieldByIndex(f.Index)
		if got = got.Convert(f.Type); joins {
			got = joined(to, got)
		}
		to.Set(got)
	}
	if t.blank == nil {
		return k
	}
	k.show = func(i *config.Instance) any {
		return reflect.ValueOf(i).Elem().FieldByIndex(f.Index).Interface()
	}
	k.Default = plain(k.show(t.blank))
	if text, ok := tag.Lookup("default"); ok {
		v, _, err := yaml11.Parse("default", []byte(text))
		if err != nil {
			panic(fmt.Sprintf("keys: the default of %s.%s: %v", t.root, f.Name, err))
		}
		d := &decoder{into: t.blank, key: &k, diags: &kitchen.Diagnostics{}}
		if k.read(d, v); d.failed {
			panic(fmt.Sprintf("keys: the default of %s.%s%s", t.root, f.Name, d.diags.List[0].Msg))
		}
		k.Default = v.Any()
	}
	return k
}

// joined adds a list, a hash or a map to one that is there, which is not changed.
func joined(have, more reflect.Value) reflect.Value {
	if h, ok := have.Interface().(config.Hash); ok {
		for _, p := range more.Interface().(config.Hash) {
			h = h.With(p.Key, p.Value)
		}
		return reflect.ValueOf(h)
	}
	if have.Kind() == reflect.Slice {
		return reflect.AppendSlice(have.Slice3(0, have.Len(), have.Len()), more)
	}
	out := reflect.MakeMap(have.Type())
	for _, m := range []reflect.Value{have, more} {
		for it := m.MapRange(); it.Next(); {
			out.SetMapIndex(it.Key(), it.Value())
		}
	}
	return out
}
