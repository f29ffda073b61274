package erb

import (
	"slices"
	"strings"
)

// environ is the process environment as the template sees and changes it.
type environ struct {
	names []string
	vals  map[string]string
}

func newEnviron(list []string) *environ {
	e := &environ{vals: map[string]string{}}
	for _, kv := range list {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			e.set(k, v)
		}
	}
	return e
}

func (e *environ) set(k, v string) {
	if _, ok := e.vals[k]; !ok {
		e.names = append(e.names, k)
	}
	e.vals[k] = v
}

func (e *environ) unset(k string) {
	if _, ok := e.vals[k]; ok {
		delete(e.vals, k)
		e.names = slices.DeleteFunc(e.names, func(n string) bool { return n == k })
	}
}

// list is the environment in the form that os/exec takes.
func (e *environ) list() []string {
	out := make([]string, 0, len(e.names))
	for _, k := range e.names {
		out = append(out, k+"="+e.vals[k])
	}
	return out
}

func (e *environ) get(k string) value {
	if v, ok := e.vals[k]; ok {
		return frozenStr(v)
	}
	return nil
}

func (e *environ) hash() *hash {
	h := newHash()
	for _, k := range e.names {
		h.set(frozenStr(k), frozenStr(e.vals[k]))
	}
	return h
}

// envMethods are the methods of ENV.
func envMethods(t methodTable) {
	env := func(c *call) *environ { return c.vm.env }
	t.add(func(c *call) value { return env(c).get(c.str(0)) }, 1, 1, "[]")
	t.add(envFetch, 1, 2, "fetch")
	t.add(func(c *call) value {
		k := c.str(0)
		if c.args[1] == nil {
			env(c).unset(k)
			return nil
		}
		v := c.str(1)
		if k == "" || strings.ContainsAny(k, "=\x00") || strings.Contains(v, "\x00") {
			c.vm.raise("Errno::EINVAL", "Invalid argument - setenv(%s)", k)
		}
		c.vm.charge(len(k) + len(v) + 64)
		env(c).set(k, v)
		return c.args[1]
	}, 2, 2, "[]=", "store")
	t.add(func(c *call) value { _, ok := env(c).vals[c.str(0)]; return ok }, 1, 1, "key?", "has_key?", "include?", "member?")
	t.add(func(c *call) value {
		v := env(c).get(c.str(0))
		env(c).unset(c.str(0))
		if v == nil && c.blk != nil {
			return c.yield(c.args[0])
		}
		return v
	}, 1, 1, "delete")
	t.add(func(c *call) value { return newStr("ENV") }, 0, 0, "to_s")
	t.add(func(c *call) value { return newStr(c.vm.inspect(env(c).hash())) }, 0, 0, "inspect")
	t.add(func(c *call) value {
		for _, a := range c.args {
			for _, e := range c.vm.toHash(a).pairs() {
				if e.val == nil {
					env(c).unset(c.vm.toStr(e.key).String())
					continue
				}
				env(c).set(c.vm.toStr(e.key).String(), c.vm.toStr(e.val).String())
			}
		}
		return c.self
	}, 0, -1, "update", "merge!")
	envAsHash(t)
}

// envAsHash adds the methods that ENV shares with a hash of itself.
func envAsHash(t methodTable) {
	h := methodTable{}
	hashMethods(h)
	for _, name := range []string{"keys", "values", "each", "each_pair", "each_key", "each_value", "select", "filter", "reject", "to_h", "to_hash",
		"size", "length", "empty?", "values_at", "key", "value?", "has_value?", "slice", "except", "invert", "any?", "assoc"} {
		n := h[name]
		t.addKw(func(c *call) value {
			on := *c
			on.self = c.vm.env.hash()
			r := n.fn(&on)
			if r == on.self && c.blk != nil {
				return c.self
			}
			return r
		}, n.min, n.max, name)
	}
}

func envFetch(c *call) value {
	if v := c.vm.env.get(c.str(0)); v != nil {
		return v
	}
	switch {
	case c.blk != nil:
		return c.yield(c.args[0])
	case len(c.args) > 1:
		return c.args[1]
	}
	c.vm.keyError(c.self, c.args[0])
	return nil
}
