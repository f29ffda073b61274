package erb

import (
	"slices"
	"strings"
)

func hashMethods(t methodTable) {
	h := func(c *call) *hash { return c.self.(*hash) }
	t.def(1, 1, func(c *call) value {
		v, _ := h(c).get(c.arg(0))
		return v
	}, "[]")
	t.def(2, 2, func(c *call) value { c.charge(48); h(c).set(c.arg(0), c.arg(1)); return c.arg(1) }, "[]=")
	t.def(1, 1, func(c *call) value { return h(c).remove(c.arg(0)) }, "delete")
	t.def(1, 1, func(c *call) value { _, ok := h(c).get(c.arg(0)); return ok }, "key?")
	t.def(0, 0, func(c *call) value { return c.array(slices.Clone(h(c).keys)) }, "keys")
	t.def(0, 0, func(c *call) value { return c.array(slices.Clone(h(c).vals)) }, "values")
	t.def(0, 0, func(c *call) value { return h(c).copy() }, "dup")
	t.def(0, 0, func(c *call) value { return int64(len(h(c).keys)) }, "size")
	t.def(1, 1, func(c *call) value { *h(c) = *c.hash(0).copy(); return c.self }, "replace")
}

// environ is the process environment as the template sees and changes it.
type environ struct{ hash }

func newEnviron(list []string) *environ {
	e := &environ{*newHash()}
	for _, kv := range list {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			e.set(k, v)
		}
	}
	return e
}

func (e *environ) set(k, v string) { e.hash.set(&str{s: k}, &str{s: v}) }

func (e *environ) get(k string) string {
	v, _ := e.hash.get(&str{s: k})
	return toS(v)
}

// list is the environment for a command.
func (e *environ) list() []string {
	list := make([]string, len(e.keys))
	for i, k := range e.keys {
		list[i] = toS(k) + "=" + toS(e.vals[i])
	}
	return list
}

// envMethods are those of ENV, which takes texts only and is a hash otherwise.
func envMethods(t methodTable) {
	t.def(1, 1, func(c *call) value { v, _ := c.env.hash.get(&str{s: c.text(0)}); return v }, "[]")
	t.def(2, 2, func(c *call) value {
		if c.arg(1) == nil {
			c.env.remove(&str{s: c.text(0)})
			return nil
		}
		c.env.set(c.text(0), c.text(1))
		return c.arg(1)
	}, "[]=", "store")
	t.def(1, 2, func(c *call) value {
		c.text(0)
		return c.sendTo(c.frame, &c.env.hash, c.name, c.args, c.blk)
	}, "fetch", "key?", "has_key?", "include?", "member?", "delete")
	t.def(0, 0, func(c *call) value { return c.str("ENV") }, "to_s")
}
