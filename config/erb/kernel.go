package erb

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
)

// kernelFunctions are the functions that need no receiver.
func kernelFunctions(t methodTable) {
	t.def(1, 1, func(c *call) value {
		if !isIn(libraries, c.text(0)) {
			c.outside("require '" + c.text(0) + "'")
		}
		return true
	}, "require")
	t.def(0, 0, func(c *call) value {
		if c.blk == nil {
			c.outside("loop without a block")
		}
		for {
			c.yield()
		}
	}, "loop")
	t.def(2, 2, func(c *call) value { c.raise(c.text(0), "%s", c.text(1)); return nil }, "__raise")
	t.def(0, 0, func(c *call) value { return c.frame.method().blk != nil }, "block_given?")
	t.def(1, 1, func(c *call) value {
		n, _ := c.arg(0).(int64)
		if n <= 0 {
			c.outside("rand of " + inspect(c.arg(0)))
		}
		return rand.Int64N(n)
	}, "rand")
	t.def(0, 0, func(c *call) value { return c.str(c.frame.src.name) }, "__FILE__")
	t.def(0, 0, func(c *call) value { return int64(strings.Count(c.frame.src.gen[:c.node.at], "\n") + 1) }, "__LINE__")
	t.def(0, 0, func(c *call) value {
		dir, err := filepath.EvalSymlinks(c.path(filepath.Dir(c.frame.src.name)))
		if err != nil {
			c.fileError(err, "rb_realpath_internal", c.frame.src.name)
		}
		return c.str(dir)
	}, "__dir__")
}

// libraries are what require accepts: what they define is here, or is found to be
// outside when it is used. The rest may be gems.
const libraries = " yaml json erb date time set pathname socket etc securerandom shellwords tmpdir fileutils open3 uri net/http net/https " +
	"digest digest/md5 digest/sha1 digest/sha2 base64 ostruct bundler rbconfig English psych tempfile rubygems pp benchmark logger open-uri " +
	"timeout optparse forwardable singleton csv cgi stringio strscan zlib openssl io/console delegate "

// classMethods are the methods that all classes have.
func classMethods(t methodTable) {
	name := func(c *call) string { return string(c.self.(class)) }
	t.def(0, 0, func(c *call) value { return c.str(name(c)) }, "name", "to_s", "inspect")
	t.def(1, 1, func(c *call) value { return isA(c.arg(0), c.self) }, "===")
}
