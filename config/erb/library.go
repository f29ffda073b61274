package erb

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// modules are the modules that have functions of their own here.
const modules = " File Dir IO YAML JSON Kernel Comparable Enumerable Etc Socket " +
	"SecureRandom Shellwords RbConfig Module "

// builtinConstant is a constant that Ruby has.
func (e *Evaluator) builtinConstant(name string) (value, bool) {
	switch name {
	case "ENV":
		return e.env, true
	case "ARGV":
		l := newArray()
		for _, a := range e.opts.Args {
			l.e = append(l.e, e.str(a))
		}
		return l, true
	case "RUBY_VERSION":
		return e.str("3.1.2"), true
	case "RUBY_PLATFORM":
		return e.str(platform()), true
	case "RbConfig::CONFIG":
		h := newHash()
		cpu, host, _ := strings.Cut(platform(), "-")
		h.set(e.str("host_os"), e.str(host))
		h.set(e.str("host_cpu"), e.str(cpu))
		return h, true
	case "YAML", "Psych":
		return class("Psych"), true
	}
	if name == "Object" || isIn(modules, name) || strings.Contains(hierarchy, " "+name+":") {
		return class(name), true
	}
	return nil, false
}

// platform is RUBY_PLATFORM.
func platform() string {
	cpu := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	host := map[string]string{"linux": "linux-gnu", "darwin": "darwin", "windows": "mingw32"}[runtime.GOOS]
	return cpu + "-" + host
}

// systemFunctions are those of the small modules that tell of the system.
func systemFunctions(t methodTable) {
	t.def(0, 0, func(c *call) value {
		if c.env.get("USER") == "" {
			c.outside("Etc.getlogin without USER")
		}
		return c.str(c.env.get("USER"))
	}, "getlogin")
	t.def(0, 0, func(c *call) value {
		host, err := os.Hostname()
		if err != nil {
			c.raise("SystemCallError", "gethostname: %v", err)
		}
		return c.str(host)
	}, "gethostname")
	t.def(0, 1, func(c *call) value {
		b := make([]byte, max(0, min(c.intOr(0, 16), 1<<10)))
		_, _ = rand.Read(b) // which never fails
		return c.str(hex.EncodeToString(b))
	}, "hex")
}

func yamlFunctions(t methodTable) {
	t.def(1, 1, func(c *call) value { return c.loadYAML("<unknown>", c.text(0)) }, "load", "safe_load", "unsafe_load")
	t.def(1, 1, func(c *call) value { return c.loadYAML(c.text(0), c.read(c.text(0))) }, "load_file", "safe_load_file",
		"unsafe_load_file")
}

// loadYAML reads YAML as Psych does.
func (c *call) loadYAML(name, text string) value {
	c.charge(len(text) * 8)
	v, warnings, err := yaml11.Parse(name, []byte(text))
	var bad yaml11.Errors
	switch {
	case errors.As(err, &bad):
		c.raise("Psych::SyntaxError", "(%s): %s at line %d column %d", name, bad[0].Msg, bad[0].Pos.Line, bad[0].Pos.Col)
	case len(warnings) > 0:
		c.outside("YAML with dates or other special values")
	}
	return c.fromYAML(v)
}

// fromYAML converts what yaml11 read.
func (c *call) fromYAML(v *yaml11.Value) value {
	c.step()
	switch v.Kind {
	case yaml11.Bool:
		return v.Bool
	case yaml11.Int:
		return c.exact(v.Int, v.Big == nil)
	case yaml11.Float:
		return v.Float
	case yaml11.String:
		return c.str(v.Str)
	case yaml11.Symbol:
		if strings.HasPrefix(c.name, "safe") {
			c.outside("YAML.safe_load with symbols")
		}
		return symbol(v.Str)
	case yaml11.Seq:
		l := newArray()
		for _, e := range v.Seq {
			c.charge(16)
			l.e = append(l.e, c.fromYAML(e))
		}
		return l
	case yaml11.Map:
		h := newHash()
		for _, e := range v.Map.Entries() {
			var k value = c.str(e.Key)
			switch e.KeyKind {
			case yaml11.String:
			case yaml11.Symbol:
				k = symbol(e.Key)
			case yaml11.Int:
				k = c.exact(leadingInt(e.Key))
			default:
				c.outside("YAML with keys that are no text")
			}
			c.charge(48)
			h.set(k, c.fromYAML(e.Value))
		}
		return h
	}
	return nil
}

func jsonFunctions(t methodTable) {
	t.def(1, 1, func(c *call) value {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(c.text(0)); err != nil {
			c.raise("JSON::GeneratorError", "%v", err)
		}
		return c.str(strings.TrimSuffix(b.String(), "\n"))
	}, "quote")
	t.def(1, 1, func(c *call) value { c.outside(c.text(0)); return nil }, "outside")
	t.def(1, 1, func(c *call) value {
		// JSON is YAML, but for numbers such as 1e3.
		if text := c.text(0); !json.Valid([]byte(text)) || exponents().MatchString(text) {
			c.outside("JSON.parse of such a text")
		}
		return c.loadYAML("JSON", c.text(0))
	}, "parse")
}

// exponents matches what may be a number with an exponent.
var exponents = lazyregexp.New(`[0-9][eE][-+]?[0-9]`)
