package erb

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// maxFile bounds the files that templates read.
const maxFile = 16 << 20

// path is a path as the template sees it, from the working directory.
func (e *Evaluator) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.opts.Dir, name)
}

// fileError raises what Ruby raises for an error of the system.
func (c *call) fileError(err error, function, name string) {
	class, text := "SystemCallError", err.Error()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		class, text = "Errno::ENOENT", "No such file or directory"
	case errors.Is(err, fs.ErrPermission):
		class, text = "Errno::EACCES", "Permission denied"
	}
	c.raise(class, "%s @ %s - %s", text, function, name)
}

// read is the text of a file.
func (c *call) read(name string) string {
	path := c.path(name)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		c.fileError(err, "rb_sysopen", name)
	case info.IsDir():
		c.raise("Errno::EISDIR", "Is a directory @ io_fread - %s", name)
	case !info.Mode().IsRegular():
		panic(&Error{Msg: name + " is not a regular file", Hint: "templates read plain files only"})
	case info.Size() > maxFile:
		c.charge(maxBytes + 1)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		c.fileError(err, "rb_sysopen", name)
	}
	return string(text)
}

func fileFunctions(t methodTable) {
	t.def(1, 1, func(c *call) value { return c.str(c.read(c.text(0))) }, "read")
	for name, test := range map[string]func(fs.FileInfo) bool{
		"exist?":     func(fs.FileInfo) bool { return true },
		"file?":      func(i fs.FileInfo) bool { return i.Mode().IsRegular() },
		"directory?": fs.FileInfo.IsDir,
	} {
		t.def(1, 1, func(c *call) value {
			info, err := os.Stat(c.path(c.text(0)))
			return err == nil && test(info)
		}, name)
	}
}

func dirFunctions(t methodTable) {
	t.def(0, 0, func(c *call) value { return c.str(c.opts.Dir) }, "pwd")
	t.def(1, 1, func(c *call) value {
		entries, err := os.ReadDir(c.path(c.text(0)))
		if err != nil {
			c.fileError(err, "dir_initialize", c.text(0))
		}
		list := []string{}
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return c.strings(list)
	}, "children")
	t.def(1, 1, func(c *call) value { return c.glob(c.text(0)) }, "__glob")
}

// glob are the names that match a pattern, in order.
func (c *call) glob(pattern string) value {
	base, prefix := c.opts.Dir, ""
	c.charge(len(pattern) << min(2*strings.Count(pattern, "{"), 40)) // each {a,b} doubles the patterns
	if filepath.IsAbs(pattern) {
		base, prefix, pattern = "/", "/", strings.TrimLeft(pattern, "/")
	}
	names, err := doublestar.Glob(os.DirFS(base), filepath.ToSlash(filepath.Clean(pattern)), doublestar.WithNoHidden())
	if err != nil || strings.HasPrefix(pattern, "../") || strings.HasSuffix(pattern, "/") {
		c.outside("Dir.glob with such a pattern")
	}
	slices.Sort(names)
	for i := range names {
		names[i] = prefix + names[i]
	}
	return c.strings(names)
}
