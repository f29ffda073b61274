package erb

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Flags of fnmatch and glob, with Ruby's numbers.
const (
	fnmNoescape = 1
	fnmPathname = 2
	fnmDotmatch = 4
	fnmCasefold = 8
	fnmExtglob  = 16
)

func dirClassMethods(t methodTable) {
	t.add(func(c *call) value { return c.newStr(filepath.ToSlash(c.vm.opts.Dir)) }, 0, 0, "pwd", "getwd")
	t.add(func(c *call) value {
		who := ""
		if len(c.args) > 0 {
			who = c.str(0)
		}
		return c.newStr(c.vm.home(who))
	}, 0, 1, "home")
	t.add(func(c *call) value { info, ok := c.vm.stat(c.pathArg(0)); return ok && info.IsDir() }, 1, 1, "exist?", "exists?")
	t.add(func(c *call) value {
		list, err := os.ReadDir(c.vm.abs(c.pathArg(0)))
		return err == nil && len(list) == 0
	}, 1, 1, "empty?")
	t.addKw(func(c *call) value { return strList(c.dirNames()) }, 1, 1, "children")
	t.addKw(func(c *call) value { return strList(append([]string{".", ".."}, c.dirNames()...)) }, 1, 1, "entries")
	t.addKw(func(c *call) value {
		if c.blk == nil {
			return c.enum()
		}
		for _, n := range c.dirNames() {
			c.yield(newStr(n))
		}
		return nil
	}, 1, 1, "each_child")
	t.addKw(dirGlob, 1, 2, "glob")
	t.addKw(func(c *call) value {
		out := []string{}
		for i := range c.args {
			out = append(out, c.vm.glob(c.pathArg(i), 0, "")...)
		}
		return strList(out)
	}, 0, -1, "[]")
	t.add(func(c *call) value { return newStr(filepath.ToSlash(os.TempDir())) }, 0, 0, "tmpdir")
	t.addKw(func(c *call) value {
		c.vm.outside("Dir." + c.name + " (templates may read directories, not change them)")
		return nil
	}, 0, -1, "chdir", "mkdir", "rmdir", "delete", "unlink", "mktmpdir")
}

// dirNames lists a directory.
func (c *call) dirNames() []string {
	name := c.pathArg(0)
	list, err := os.ReadDir(c.vm.abs(name))
	if err != nil {
		c.vm.ioError(err, "dir_initialize", name)
	}
	c.vm.chargeElems(4 * len(list))
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

func dirGlob(c *call) value {
	flags := c.optInt(1, 0)
	if f, ok := c.kw.sym("flags").(int64); ok {
		flags = int(f)
	}
	base := ""
	if b := c.kw.sym("base"); b != nil {
		base = c.vm.toS(b)
	}
	patterns := []value{c.args[0]}
	if l, ok := c.args[0].(*array); ok {
		patterns = l.elems
	}
	out := []string{}
	for i := range patterns {
		one := &call{vm: c.vm, f: c.f, args: patterns[i : i+1]}
		out = append(out, c.vm.glob(one.pathArg(0), flags, base)...)
	}
	c.vm.chargeElems(4 * len(out))
	if c.blk != nil {
		for _, p := range out {
			c.yield(newStr(p))
		}
		return nil
	}
	return strList(out)
}

// glob is Dir.glob for one pattern: matches in order of their names.
func (vm *vm) glob(pattern string, flags int, base string) []string {
	if strings.ContainsRune(pattern, 0) {
		vm.argError("nul-separated glob pattern is deprecated")
	}
	var out []string
	for _, p := range expandBraces(pattern, 0) {
		vm.tick()
		g := globber{vm: vm, flags: flags, base: base}
		prefix := ""
		if strings.HasPrefix(p, "/") {
			prefix = "/"
			p = strings.TrimLeft(p, "/")
		}
		g.walk(prefix, splitPattern(p))
		out = append(out, g.out...)
	}
	return out
}

// splitPattern cuts a pattern at its slashes.
func splitPattern(p string) []string {
	parts := []string{}
	for _, s := range strings.Split(p, "/") {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if strings.HasSuffix(p, "/") {
		parts = append(parts, "")
	}
	return parts
}

// maxBraces bounds what {a,b} may multiply to.
const maxBraces = 4096

// expandBraces writes out {a,b} alternatives.
func expandBraces(p string, depth int) []string {
	open := strings.IndexByte(p, '{')
	if open < 0 || depth > 12 {
		return []string{p}
	}
	level, start := 0, open+1
	var alts []string
	end := -1
	for i := open; i < len(p) && end < 0; i++ {
		switch p[i] {
		case '\\':
			i++
		case '{':
			level++
		case '}':
			if level--; level == 0 {
				alts = append(alts, p[start:i])
				end = i
			}
		case ',':
			if level == 1 {
				alts = append(alts, p[start:i])
				start = i + 1
			}
		}
	}
	if end < 0 {
		return []string{p}
	}
	var out []string
	for _, a := range alts {
		for _, rest := range expandBraces(p[:open]+a+p[end+1:], depth+1) {
			if len(out) >= maxBraces {
				return out
			}
			out = append(out, rest)
		}
	}
	return out
}

type globber struct {
	vm    *vm
	flags int
	base  string
	out   []string
}

// real is the path to look at for a result path.
func (g *globber) real(p string) string {
	if p == "" {
		p = "."
	}
	if g.base != "" && !strings.HasPrefix(p, "/") {
		p = g.base + "/" + p
	}
	return g.vm.abs(p)
}

// walk matches the parts of a pattern below a directory.
func (g *globber) walk(dir string, parts []string) {
	g.vm.tick()
	g.vm.steps += 20 // a system call each
	if len(parts) == 0 {
		if _, err := os.Lstat(g.real(dir)); err == nil && dir != "" {
			g.out = append(g.out, dir)
		}
		return
	}
	part, rest := parts[0], parts[1:]
	switch {
	case part == "":
		if info, err := os.Stat(g.real(dir)); err == nil && info.IsDir() {
			g.out = append(g.out, dir+"/")
		}
	case part == "**" && len(rest) > 0:
		g.walk(dir, rest)
		g.below(dir, parts)
	case !strings.ContainsAny(part, "*?[\\"):
		g.walk(joinGlob(dir, part), rest)
	default:
		g.match(dir, part, rest)
	}
}

func joinGlob(dir, name string) string {
	if dir == "" || strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}

// names lists a directory in order.
func (g *globber) names(dir string) []os.DirEntry {
	list, err := os.ReadDir(g.real(dir))
	if err != nil {
		return nil // what cannot be read matches nothing
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name() < list[j].Name() })
	g.vm.steps += len(list)
	return list
}

// below continues ** in the directories of a directory.
func (g *globber) below(dir string, parts []string) {
	for _, e := range g.names(dir) {
		if e.IsDir() && (!strings.HasPrefix(e.Name(), ".") || g.flags&fnmDotmatch != 0) {
			g.walk(joinGlob(dir, e.Name()), parts)
		}
	}
}

func (g *globber) match(dir, part string, rest []string) {
	if part == "**" {
		part = "*"
	}
	flags := g.flags | fnmPathname
	if g.flags&fnmDotmatch != 0 && len(rest) == 0 && fnmatch(part, ".", flags) {
		g.walk(joinGlob(dir, "."), rest)
	}
	for _, e := range g.names(dir) {
		if fnmatch(part, e.Name(), flags) {
			g.walk(joinGlob(dir, e.Name()), rest)
		}
	}
}

// fnmatch is File.fnmatch.
func fnmatch(pattern, name string, flags int) bool {
	if flags&fnmExtglob != 0 {
		for _, p := range expandBraces(pattern, 0) {
			if fnmatch(p, name, flags&^fnmExtglob) {
				return true
			}
		}
		return false
	}
	if flags&fnmCasefold != 0 {
		pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	}
	if flags&fnmPathname != 0 && (strings.ContainsRune(pattern, '/') || strings.ContainsRune(name, '/')) {
		return fnmatchPath(strings.Split(pattern, "/"), strings.Split(name, "/"), flags)
	}
	return fnmatchPart([]rune(pattern), []rune(name), flags, true)
}

func fnmatchPath(pattern, name []string, flags int) bool {
	if len(pattern) == 0 {
		return len(name) == 0
	}
	if pattern[0] == "**" && len(pattern) > 1 {
		for i := 0; i < len(name); i++ {
			if fnmatchPath(pattern[1:], name[i:], flags) {
				return true
			}
			if strings.HasPrefix(name[i], ".") && flags&fnmDotmatch == 0 {
				return false
			}
		}
		return false
	}
	return len(name) > 0 && fnmatchPart([]rune(pattern[0]), []rune(name[0]), flags, true) && fnmatchPath(pattern[1:], name[1:], flags)
}

// fnmatchPart matches one name, going back to the last * on a mismatch.
func fnmatchPart(p, s []rune, flags int, start bool) bool {
	if start && len(s) > 0 && s[0] == '.' && flags&fnmDotmatch == 0 && (len(p) == 0 || p[0] != '.') {
		return false
	}
	i, j, star, mark := 0, 0, -1, 0
	for j < len(s) {
		if i < len(p) && p[i] == '*' {
			star, mark = i, j
			i++
			continue
		}
		if n := fnmatchOne(p[i:], s[j], flags); n > 0 {
			i += n
			j++
			continue
		}
		if star < 0 {
			return false
		}
		mark++
		i, j = star+1, mark
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// fnmatchOne matches one character and returns how much of the pattern that
// took; 0 for no match.
func fnmatchOne(p []rune, c rune, flags int) int {
	if len(p) == 0 {
		return 0
	}
	switch p[0] {
	case '?':
		return 1
	case '\\':
		if len(p) > 1 && flags&fnmNoescape == 0 {
			if p[1] == c {
				return 2
			}
			return 0
		}
	case '[':
		return bracketMatch(p, c)
	}
	if p[0] == c {
		return 1
	}
	return 0
}

func bracketMatch(p []rune, c rune) int {
	i := 1
	negate := i < len(p) && (p[i] == '!' || p[i] == '^')
	if negate {
		i++
	}
	ok := false
	for first := true; i < len(p) && (p[i] != ']' || first); first = false {
		if p[i] == '\\' && i+1 < len(p) {
			i++
		}
		lo, hi := p[i], p[i]
		if i+2 < len(p) && p[i+1] == '-' && p[i+2] != ']' {
			hi = p[i+2]
			i += 2
		}
		ok = ok || lo <= c && c <= hi
		i++
	}
	if i >= len(p) || ok == negate {
		return 0
	}
	return i + 1
}
