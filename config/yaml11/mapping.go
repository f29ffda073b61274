package yaml11

import (
	"maps"
	"slices"
)

// Entry is one pair of a mapping.
type Entry struct {
	// Key is the text of the key, as Ruby's to_s or inspect shows it.
	Key string
	// KeyKind is String for nearly every key. Other kinds come only from
	// Parse: Psych keeps :a and a, or 80 and '80', apart.
	KeyKind Kind
	// KeyPos is where the key stands.
	KeyPos Pos
	Value  *Value
}

type mapKey struct {
	kind Kind
	key  string
}

// scanned is how many entries a mapping may have that is searched from its start; a larger one has an index.
const scanned = 8

// Mapping is an ordered set of entries, unique by kind and text of the key. Build
// one with Set; it must not change once it is part of a Value.
type Mapping struct {
	entries []Entry
	index   map[mapKey]int
}

// NewMapping returns an empty mapping with room for n entries.
func NewMapping(n int) *Mapping {
	return &Mapping{entries: make([]Entry, 0, n)}
}

// Len is the number of entries.
func (m *Mapping) Len() int { return len(m.entries) }

// Entries are the pairs in the order in which their keys first appeared. The slice must not be changed.
func (m *Mapping) Entries() []Entry { return m.entries }

// Get returns the value of a string key, or nil.
func (m *Mapping) Get(key string) *Value {
	if e := m.Entry(key); e != nil {
		return e.Value
	}
	return nil
}

// Entry returns the entry of a string key, or nil.
func (m *Mapping) Entry(key string) *Entry {
	return m.Like(Entry{Key: key, KeyKind: String})
}

// Like returns the entry whose key has the text and kind of e's, or nil.
func (m *Mapping) Like(e Entry) *Entry {
	if m.index != nil {
		if i, ok := m.index[mapKey{e.KeyKind, e.Key}]; ok {
			return &m.entries[i]
		}
		return nil
	}
	for i, have := range m.entries {
		if have.KeyKind == e.KeyKind && have.Key == e.Key {
			return &m.entries[i]
		}
	}
	return nil
}

// Set adds e, or replaces the entry of the same key in its place, as a Ruby
// Hash does. It returns the replaced entry, or nil.
func (m *Mapping) Set(e Entry) *Entry {
	if there := m.Like(e); there != nil {
		old := *there
		*there = e
		return &old
	}
	m.entries = append(m.entries, e)
	if len(m.entries) == scanned+1 {
		m.index = make(map[mapKey]int, 2*len(m.entries))
		for i, have := range m.entries {
			m.index[mapKey{have.KeyKind, have.Key}] = i
		}
	} else if m.index != nil {
		m.index[mapKey{e.KeyKind, e.Key}] = len(m.entries) - 1
	}
	return nil
}

// SetString adds or replaces the entry of a string key.
func (m *Mapping) SetString(key string, keyPos Pos, v *Value) {
	m.Set(Entry{Key: key, KeyKind: String, KeyPos: keyPos, Value: v})
}

// Copy returns a mapping with the same entries; their values are shared.
func (m *Mapping) Copy() *Mapping {
	return &Mapping{entries: slices.Clone(m.entries), index: maps.Clone(m.index)}
}

// Without returns a copy that lacks the given string keys.
func (m *Mapping) Without(keys ...string) *Mapping {
	out := NewMapping(len(m.entries))
	for _, e := range m.entries {
		if e.KeyKind != String || !slices.Contains(keys, e.Key) {
			out.Set(e)
		}
	}
	return out
}
