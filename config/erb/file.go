package erb

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Paths are written with slashes, as in Ruby on every system.

// abs is the real path of a file name, relative to the project.
func (vm *vm) abs(name string) string {
	if strings.ContainsRune(name, 0) {
		vm.argError("string contains null byte")
	}
	p := filepath.FromSlash(name)
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(vm.opts.Dir, p)
}

// home is the home directory of a user; "" is the current one.
func (vm *vm) home(name string) string {
	if name == "" {
		if h, ok := vm.env.vals["HOME"]; ok && h != "" {
			return filepath.ToSlash(h)
		}
		if u, err := user.Current(); err == nil {
			return filepath.ToSlash(u.HomeDir)
		}
		vm.argError("couldn't find HOME environment -- expanding `~'")
	}
	u, err := user.Lookup(name)
	if err != nil {
		vm.argError("user %s doesn't exist", name)
	}
	return filepath.ToSlash(u.HomeDir)
}

// expand is File.expand_path.
func (vm *vm) expand(name, dir string, tilde bool) string {
	if tilde && strings.HasPrefix(name, "~") {
		who, rest, _ := strings.Cut(name[1:], "/")
		return path.Join(vm.home(who), rest)
	}
	if isAbsPath(name) {
		return cleanPath(name)
	}
	base := filepath.ToSlash(vm.opts.Dir)
	if dir != "" {
		base = vm.expand(dir, "", tilde)
	}
	return cleanPath(base + "/" + name)
}

func isAbsPath(p string) bool {
	return strings.HasPrefix(p, "/") || filepath.IsAbs(filepath.FromSlash(p))
}

func cleanPath(p string) string { return path.Clean(p) }

// pathArg is a file name argument: a string or a Pathname.
func (c *call) pathArg(i int) string {
	if o, ok := c.arg(i).(*object); ok {
		if s, ok := o.data.(string); ok && o.class.isA(c.vm.class("Pathname")) {
			return s
		}
		if f, ok := o.data.(*stream); ok {
			return f.name
		}
	}
	return c.str(i)
}

// dirOf is the directory that __dir__ names. Ruby expands the template's name
// against the working directory.
func (vm *vm) dirOf(src *source) string {
	if src == nil {
		return filepath.ToSlash(vm.opts.Dir)
	}
	return path.Dir(vm.expand(filepath.ToSlash(src.name), "", false))
}

// ioError raises the Errno class for an error of the file system.
func (vm *vm) ioError(err error, what, name string) {
	var pe *fs.PathError
	class, text := "SystemCallError", err.Error()
	if errors.As(err, &pe) {
		text = pe.Err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		class, text = "Errno::ENOENT", "No such file or directory"
	case errors.Is(err, fs.ErrPermission):
		class, text = "Errno::EACCES", "Permission denied"
	case errors.Is(err, fs.ErrExist):
		class, text = "Errno::EEXIST", "File exists"
	case strings.Contains(text, "is a directory"):
		class, text = "Errno::EISDIR", "Is a directory"
	case strings.Contains(text, "not a directory"):
		class, text = "Errno::ENOTDIR", "Not a directory"
	}
	vm.raise(class, "%s @ %s - %s", text, what, name)
}

// readFile reads a whole file, within the bound.
func (vm *vm) readFile(name string) []byte {
	p := vm.abs(name)
	info, err := os.Stat(p)
	if err != nil {
		vm.ioError(err, "rb_sysopen", name)
	}
	if info.IsDir() {
		vm.raise("Errno::EISDIR", "Is a directory @ io_fread - %s", name)
	}
	if !info.Mode().IsRegular() {
		// A device or pipe might never end.
		vm.outside("reading " + name + ", which is no regular file,")
	}
	if info.Size() > maxRead {
		vm.stop(&Error{Msg: "the file " + name + " is larger than " + itoa(maxRead>>20) + " MiB"})
	}
	b, err := os.ReadFile(p)
	if err != nil {
		vm.ioError(err, "rb_sysopen", name)
	}
	vm.charge(len(b))
	return b
}

func (vm *vm) stat(name string) (os.FileInfo, bool) {
	info, err := os.Stat(vm.abs(name))
	return info, err == nil
}

// fileTestMethods are the questions about files that File and FileTest share.
func fileTestMethods(t methodTable) {
	ask := func(fn func(info os.FileInfo) value, missing value) func(c *call) value {
		return func(c *call) value {
			info, ok := c.vm.stat(c.pathArg(0))
			if !ok {
				return missing
			}
			return fn(info)
		}
	}
	t.add(ask(func(os.FileInfo) value { return true }, false), 1, 1, "exist?", "exists?")
	t.add(ask(func(i os.FileInfo) value { return i.Mode().IsRegular() }, false), 1, 1, "file?")
	t.add(ask(func(i os.FileInfo) value { return i.IsDir() }, false), 1, 1, "directory?")
	t.add(ask(func(i os.FileInfo) value { return i.Size() == 0 && !i.IsDir() }, false), 1, 1, "zero?", "empty?")
	t.add(ask(func(i os.FileInfo) value {
		if i.Size() == 0 {
			return nil
		}
		return i.Size()
	}, nil), 1, 1, "size?")
	t.add(ask(func(i os.FileInfo) value { return i.Mode().Perm()&0o111 != 0 }, false), 1, 1, "executable?")
	t.add(ask(func(i os.FileInfo) value { return i.Mode()&os.ModeSocket != 0 }, false), 1, 1, "socket?")
	t.add(func(c *call) value {
		f, err := os.Open(c.vm.abs(c.pathArg(0)))
		if err == nil {
			err = f.Close()
		}
		return err == nil
	}, 1, 1, "readable?")
	t.add(func(c *call) value { return writable(c.vm.abs(c.pathArg(0))) }, 1, 1, "writable?")
	t.add(func(c *call) value {
		info, err := os.Lstat(c.vm.abs(c.pathArg(0)))
		return err == nil && info.Mode()&os.ModeSymlink != 0
	}, 1, 1, "symlink?")
	t.add(func(c *call) value {
		info, ok := c.vm.stat(c.pathArg(0))
		if !ok {
			c.vm.ioError(fs.ErrNotExist, "rb_file_s_size", c.pathArg(0))
		}
		return info.Size()
	}, 1, 1, "size")
	t.add(func(c *call) value {
		a, ok1 := c.vm.stat(c.pathArg(0))
		b, ok2 := c.vm.stat(c.pathArg(1))
		return ok1 && ok2 && os.SameFile(a, b)
	}, 2, 2, "identical?")
}

// writable asks whether a file could be written, without touching it.
func writable(p string) bool {
	info, err := os.Stat(p)
	if err != nil {
		return false
	}
	return info.Mode().Perm()&0o200 != 0
}

func fileClassMethods(t methodTable) {
	fileTestMethods(t)
	filePaths(t)
	fileReading(t)
}

func filePaths(t methodTable) {
	t.add(func(c *call) value { return c.newStr(c.joinPath(c.args)) }, 0, -1, "join")
	t.add(func(c *call) value {
		suffix := ""
		if len(c.args) > 1 {
			suffix = c.str(1)
		}
		return c.newStr(baseName(c.pathArg(0), suffix))
	}, 1, 2, "basename")
	t.add(func(c *call) value {
		p := c.pathArg(0)
		for n := c.optInt(1, 1); n > 0 && p != "/" && p != "."; n-- {
			p = dirName(p)
		}
		return c.newStr(p)
	}, 1, 2, "dirname")
	t.add(func(c *call) value { return c.newStr(extName(c.pathArg(0))) }, 1, 1, "extname")
	t.add(func(c *call) value {
		p := c.pathArg(0)
		return strList([]string{dirName(p), baseName(p, "")})
	}, 1, 1, "split")
	t.add(func(c *call) value {
		dir := ""
		if c.arg(1) != nil {
			dir = c.pathArg(1)
		}
		return c.newStr(c.vm.expand(c.pathArg(0), dir, true))
	}, 1, 2, "expand_path")
	t.add(func(c *call) value {
		dir := ""
		if c.arg(1) != nil {
			dir = c.pathArg(1)
		}
		return c.newStr(c.vm.expand(c.pathArg(0), dir, false))
	}, 1, 2, "absolute_path")
	t.add(func(c *call) value { return isAbsPath(c.pathArg(0)) }, 1, 1, "absolute_path?")
	t.add(func(c *call) value { return newStr(c.pathArg(0)) }, 1, 1, "path")
	t.add(func(c *call) value {
		p, err := filepath.EvalSymlinks(c.vm.abs(c.pathArg(0)))
		if err != nil {
			c.vm.ioError(err, "rb_realpath_internal", c.pathArg(0))
		}
		return c.newStr(filepath.ToSlash(p))
	}, 1, 2, "realpath", "realdirpath")
	t.add(func(c *call) value {
		p, err := os.Readlink(c.vm.abs(c.pathArg(0)))
		if err != nil {
			c.vm.ioError(err, "rb_readlink", c.pathArg(0))
		}
		return c.newStr(p)
	}, 1, 1, "readlink")
	t.add(fileStat, 1, 1, "stat", "lstat")
	t.add(func(c *call) value {
		return fnmatch(c.pathArg(0), c.pathArg(1), c.optInt(2, 0))
	}, 2, 3, "fnmatch", "fnmatch?")
	t.add(func(c *call) value {
		info, ok := c.vm.stat(c.pathArg(0))
		if !ok {
			c.vm.ioError(fs.ErrNotExist, "rb_file_s_mtime", c.pathArg(0))
		}
		return &timeVal{t: info.ModTime()}
	}, 1, 1, "mtime", "ctime", "atime")
}

// fileStat is File.stat: an object with the fields that templates ask for.
func fileStat(c *call) value {
	stat := os.Stat
	if c.name == "lstat" {
		stat = os.Lstat
	}
	info, err := stat(c.vm.abs(c.pathArg(0)))
	if err != nil {
		c.vm.ioError(err, "rb_file_s_"+c.name, c.pathArg(0))
	}
	h := newHash()
	for name, v := range map[string]value{
		"size": info.Size(), "mtime": &timeVal{t: info.ModTime().In(c.vm.zone())}, "directory?": info.IsDir(), "file?": info.Mode().IsRegular(),
		"symlink?": info.Mode()&os.ModeSymlink != 0, "executable?": info.Mode().Perm()&0o111 != 0,
	} {
		h.set(symbol(name), v)
	}
	return &object{class: c.vm.class("OpenStruct"), data: h}
}

func (c *call) joinPath(parts []value) string {
	out := ""
	for i, p := range parts {
		var s string
		if l, ok := p.(*array); ok {
			done := c.vm.guarded()
			s = c.joinPath(l.elems)
			done()
		} else {
			one := &call{vm: c.vm, f: c.f, args: parts[i : i+1]}
			s = one.pathArg(0)
		}
		if i == 0 {
			out = s
			continue
		}
		switch {
		case strings.HasPrefix(s, "/"):
			out = strings.TrimRight(out, "/") + s
		case strings.HasSuffix(out, "/"):
			out += s
		default:
			out += "/" + s
		}
	}
	return out
}

func baseName(p, suffix string) string {
	if p == "" {
		return ""
	}
	b := path.Base(p)
	if suffix == ".*" {
		return strings.TrimSuffix(b, extName(b))
	}
	if b != suffix {
		b = strings.TrimSuffix(b, suffix)
	}
	return b
}

func dirName(p string) string {
	trimmed := strings.TrimRight(p, "/")
	if trimmed == "" {
		if p == "" {
			return "."
		}
		return "/"
	}
	i := strings.LastIndexByte(trimmed, '/')
	if i < 0 {
		return "."
	}
	d := strings.TrimRight(trimmed[:i], "/")
	if d == "" {
		return "/"
	}
	return d
}

func extName(p string) string {
	b := path.Base(p)
	i := strings.LastIndexByte(b, '.')
	if i <= 0 || strings.Trim(b[:i], ".") == "" {
		return ""
	}
	if i == len(b)-1 {
		return "."
	}
	return b[i:]
}

func fileReading(t methodTable) {
	t.addKw(func(c *call) value { return &str{b: c.vm.readFile(c.pathArg(0))} }, 1, 2, "read", "binread")
	t.addKw(func(c *call) value { return strList(c.fileLines()) }, 1, 2, "readlines")
	t.addKw(func(c *call) value {
		if c.blk == nil {
			return c.enum()
		}
		for _, l := range c.fileLines() {
			c.vm.tick()
			c.yield(newStr(l))
		}
		return nil
	}, 1, 2, "foreach")
	t.addKw(fileOpen, 1, 3, "open", "new")
	t.addKw(func(c *call) value {
		c.vm.outside(c.vm.inspect(c.self) + "." + c.name + " (templates may read files, not change them)")
		return nil
	}, 0, -1, "write", "binwrite", "delete", "unlink", "rename", "chmod", "symlink", "link", "truncate", "mkfifo", "utime")
}

// fileLines is the content in lines.
func (c *call) fileLines() []string {
	text := &str{b: c.vm.readFile(c.pathArg(0))}
	lines := linesOf(&call{vm: c.vm, f: c.f, self: text, args: c.args[1:], kw: c.kw})
	c.vm.chargeElems(3 * len(lines))
	return lines
}

// fileOpen opens a file for reading: the whole content is read at once.
func fileOpen(c *call) value {
	name := c.pathArg(0)
	if m, ok := c.arg(1).(*str); ok && !strings.HasPrefix(m.String(), "r") || ok && strings.Contains(m.String(), "+") {
		c.vm.outside("File.open for writing (templates may read files, not change them)")
	}
	f := &object{class: c.vm.class("File"), data: &stream{name: name, in: c.vm.readFile(name)}}
	if c.blk == nil {
		return f
	}
	defer func() { f.data.(*stream).closed = true }()
	return c.yield(f)
}

func fileMethods(t methodTable) {
	t.add(func(c *call) value { return newStr(c.self.(*object).data.(*stream).name) }, 0, 0, "path", "to_path")
	t.add(func(c *call) value {
		return int64(len(c.self.(*object).data.(*stream).in))
	}, 0, 0, "size")
	t.add(func(c *call) value {
		info, ok := c.vm.stat(c.self.(*object).data.(*stream).name)
		if !ok {
			return &timeVal{t: time.Unix(0, 0)}
		}
		return &timeVal{t: info.ModTime()}
	}, 0, 0, "mtime")
}
