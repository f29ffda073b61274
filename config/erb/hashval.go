package erb

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// hash is a Ruby hash: ordered by insertion.
type hash struct {
	entries []entry
	index   map[any]int
	live    int
	def     value
	defProc *proc
	frozen  bool
	// byIdentity is compare_by_identity.
	byIdentity bool
}

type entry struct {
	key, val value
	k        any
	dead     bool
}

func newHash() *hash { return &hash{} }

// Keys of kinds that Go cannot compare, or would compare otherwise than eql?
// does.
type (
	nilKey  struct{}
	strKey  string
	bigKey  string
	deepKey string
)

// keyOf is the comparable form of a hash key: equal for values that are eql? in
// Ruby.
func keyOf(v value) any {
	switch v := v.(type) {
	case nil:
		return nilKey{}
	case *str:
		return strKey(v.b)
	case *big.Int:
		return bigKey(v.String())
	case *big.Rat, *array, *hash, *rangeVal, *object, *timeVal, *dateVal, *regex:
		var b strings.Builder
		if !deepKeyOf(&b, v, 0) {
			return v
		}
		return deepKey(b.String())
	}
	return v
}

// maxKeyDepth bounds the nesting of a composite hash key.
const maxKeyDepth = 1000

// deepKeyOf writes an encoding of a composite value; false when the value has
// only its identity.
func deepKeyOf(b *strings.Builder, v value, depth int) bool {
	if depth > maxKeyDepth {
		return false
	}
	switch v := v.(type) {
	case *str:
		b.WriteString("s" + strconv.Itoa(len(v.b)) + ":")
		b.Write(v.b)
	case *array:
		b.WriteString("[")
		for _, e := range v.elems {
			if !deepKeyOf(b, e, depth+1) {
				return false
			}
			b.WriteByte(',')
		}
		b.WriteString("]")
	case *hash:
		b.WriteString("{")
		for _, e := range v.pairs() {
			if !deepKeyOf(b, e.key, depth+1) || !deepKeyOf(b, e.val, depth+1) {
				return false
			}
		}
		b.WriteString("}")
	case *rangeVal:
		b.WriteString("r" + strconv.FormatBool(v.excl))
		return deepKeyOf(b, v.lo, depth+1) && deepKeyOf(b, v.hi, depth+1)
	case *object:
		return objectKey(b, v, depth)
	case *timeVal:
		b.WriteString("t" + v.t.UTC().String())
	case *dateVal:
		b.WriteString("d" + v.t.String())
	case *regex:
		b.WriteString("x" + v.source + "/" + strconv.Itoa(int(v.flags)))
	case *big.Int:
		b.WriteString("i" + v.String())
	case *big.Rat:
		b.WriteString("q" + v.String())
	default:
		fmt.Fprintf(b, "%T:%v;", v, v)
	}
	return true
}

// objectKey encodes the library objects that compare by value.
func objectKey(b *strings.Builder, o *object, depth int) bool {
	switch d := o.data.(type) {
	case []value: // Struct
		fmt.Fprintf(b, "S%p", o.class)
		for _, e := range d {
			if !deepKeyOf(b, e, depth+1) {
				return false
			}
		}
		return true
	case *hash: // Set, OpenStruct
		fmt.Fprintf(b, "H%p", o.class)
		return deepKeyOf(b, d, depth+1)
	case string: // Pathname, Gem::Version
		fmt.Fprintf(b, "P%p%d:%s", o.class, len(d), d)
		return true
	}
	fmt.Fprintf(b, "O%p", o)
	return true
}

func (h *hash) keyOf(k value) any {
	if h.byIdentity {
		return k
	}
	return keyOf(k)
}

func (h *hash) find(k value) int {
	if h.index == nil {
		return -1
	}
	if i, ok := h.index[h.keyOf(k)]; ok {
		return i
	}
	return -1
}

// lookup returns the value stored under a key, without the default.
func (h *hash) lookup(k value) (value, bool) {
	if i := h.find(k); i >= 0 {
		return h.entries[i].val, true
	}
	return nil, false
}

// sym returns the value stored under a symbol.
func (h *hash) sym(name string) value {
	if h == nil {
		return nil
	}
	v, _ := h.lookup(symbol(name))
	return v
}

func (h *hash) set(k, v value) {
	if s, ok := k.(*str); ok && !s.frozen && !h.byIdentity {
		k = &str{b: append([]byte(nil), s.b...), frozen: true}
	}
	ck := h.keyOf(k)
	if h.index == nil {
		h.index = map[any]int{}
	}
	if i, ok := h.index[ck]; ok {
		h.entries[i].val = v
		return
	}
	h.index[ck] = len(h.entries)
	h.entries = append(h.entries, entry{key: k, val: v, k: ck})
	h.live++
}

func (h *hash) delete(k value) (value, bool) {
	i := h.find(k)
	if i < 0 {
		return nil, false
	}
	v := h.entries[i].val
	delete(h.index, h.entries[i].k)
	h.entries[i] = entry{dead: true}
	h.live--
	if len(h.entries) > 32 && h.live < len(h.entries)/2 {
		h.rebuild(h.pairs())
	}
	return v, true
}

// rebuild replaces the contents.
func (h *hash) rebuild(pairs []entry) {
	h.entries, h.index, h.live = nil, nil, 0
	for _, e := range pairs {
		h.set(e.key, e.val)
	}
}

// pairs is a snapshot of the live entries in order.
func (h *hash) pairs() []entry {
	out := make([]entry, 0, h.live)
	for _, e := range h.entries {
		if !e.dead {
			out = append(out, e)
		}
	}
	return out
}

func (h *hash) len() int { return h.live }

func (h *hash) copy() *hash {
	n := &hash{def: h.def, defProc: h.defProc, byIdentity: h.byIdentity}
	n.rebuild(h.pairs())
	return n
}
