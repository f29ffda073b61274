package keys

import (
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// binding ties a key to a field of Instance.
type binding interface {
	typ() Type
	// decode reads v into the decoder's instance, and reports what is wrong.
	decode(d *decoder, v *yaml11.Value)
	// reset puts the default into the field.
	reset(i *config.Instance)
	// standard is the default in YAML's terms, or nil.
	standard() any
	// show is the field's value in YAML's terms; false when another key shows the same field.
	show(i *config.Instance) (any, bool)
	// joins reports whether a second value adds to the first, rather than overrules it.
	joins() bool
}

// parser reads a value of type T; what it reports is wrong when it answers false.
type parser[T any] func(*decoder, *yaml11.Value) (T, bool)

// field is a binding to a field of type T.
type field[T any] struct {
	form  Type
	at    func(*config.Instance) *T
	def   T
	parse parser[T]
	// join adds a value to the one that is there; nil replaces it.
	join func(have, more T) T
	// hidden marks a further key of a field: it has no default of its own, and shows nothing.
	hidden bool
}

func (f field[T]) typ() Type { return f.form }

func (f field[T]) decode(d *decoder, v *yaml11.Value) {
	got, ok := f.parse(d, v)
	if !ok {
		return
	}
	to := f.at(d.inst)
	if f.join != nil {
		got = f.join(*to, got)
	}
	*to = got
}

func (f field[T]) reset(i *config.Instance) {
	if !f.hidden {
		*f.at(i) = f.def
	}
}

func (f field[T]) standard() any {
	if f.hidden {
		return nil
	}
	return plain(f.def)
}

func (f field[T]) show(i *config.Instance) (any, bool) { return plain(*f.at(i)), !f.hidden }

// further is for a second key of the same field: it must not reset what another key's default has set.
func further[T any](f field[T]) field[T] {
	f.hidden = true
	return f
}

func (f field[T]) joins() bool { return f.join != nil }

// special is a binding without a field of its own: the value goes into a part of one, into several, or into another
// key's.
type special struct {
	form Type
	read func(*decoder, *yaml11.Value)
	// value is what to show; nil when other keys show what came of it.
	value func(*config.Instance) any
}

func (s special) typ() Type { return s.form }

func (s special) decode(d *decoder, v *yaml11.Value) { s.read(d, v) }

func (special) reset(*config.Instance) {}

func (special) standard() any { return nil }

func (s special) show(i *config.Instance) (any, bool) {
	if s.value == nil {
		return nil, false
	}
	return plain(s.value(i)), true
}

func (special) joins() bool { return false }

// part is a key of a hash that becomes a struct of its own, such as a service: S is the struct, which the decoder has in
// into, and the path names the field.
func part[S, T any](form Type, path string, parse parser[T]) special {
	field := fieldOf[S, T](path)
	return special{form: form, read: func(d *decoder, v *yaml11.Value) {
		if got, ok := parse(d, v); ok {
			*field(d.into.(*S)) = got
		} else {
			d.failed = true
		}
	}}
}
