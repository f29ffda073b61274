package erb

import (
	"math"
	"runtime"
	"strings"

	"github.com/galley-kitchen/galley/internal/onigmo"
)

// boot makes the core classes, constants and global variables of a session.
func (vm *vm) boot() {
	tables := builtinTables()
	vm.core = map[string]*class{}
	for _, s := range coreClasses() {
		vm.core[s.name] = &class{
			name: s.name, module: s.module, super: vm.core[s.super],
			native: tables[s.name], snative: tables[s.name+"."],
		}
	}
	root := vm.class("Object")
	for name, c := range vm.core {
		holder := root
		if i := strings.LastIndex(name, "::"); i >= 0 {
			holder, name = vm.class(name[:i]), name[i+2:]
		}
		holder.setConst(name, c)
	}
	root.includes = []*class{vm.class("Kernel")}
	vm.include("Comparable", "String", "Numeric", "Time", "Date", "Gem::Version", "Pathname")
	vm.include("Enumerable", "Array", "Hash", "Range", "Struct", "Enumerator", "Set", "IO", "Dir")

	vm.main = &object{class: root}
	vm.main.singleton = &class{name: "Object", super: root, native: tables["main"]}
	env := &object{class: root, data: vm.env}
	env.singleton = &class{name: "Object", super: root, native: tables["ENV"], includes: []*class{vm.class("Enumerable")}}
	root.setConst("ENV", env)
	root.setConst("YAML", vm.class("Psych"))
	vm.lex = &lexical{class: root}
	vm.constants(root)
	vm.globals()
	vm.changed()
}

func (vm *vm) include(module string, names ...string) {
	for _, n := range names {
		c := vm.class(n)
		c.includes = append(c.includes, vm.class(module))
	}
}

// rubyVersion is the Ruby whose behaviour this package follows.
const rubyVersion = "3.1.2"

func (vm *vm) constants(root *class) {
	for name, v := range map[string]value{
		"RUBY_VERSION":      frozenStr(rubyVersion),
		"RUBY_PLATFORM":     frozenStr(rubyPlatform()),
		"RUBY_ENGINE":       frozenStr("ruby"),
		"RUBY_PATCHLEVEL":   int64(20),
		"RUBY_RELEASE_DATE": frozenStr("2022-04-12"),
		"ARGV":              vm.argv(),
	} {
		root.setConst(name, v)
	}
	f := vm.class("Float")
	f.setConst("INFINITY", math.Inf(1))
	f.setConst("NAN", math.NaN())
	f.setConst("MAX", math.MaxFloat64)
	f.setConst("MIN", 2.2250738585072014e-308)
	f.setConst("EPSILON", 2.220446049250313e-16)
	f.setConst("DIG", int64(15))
	m := vm.class("Math")
	m.setConst("PI", math.Pi)
	m.setConst("E", math.E)
	file := vm.class("File")
	file.setConst("SEPARATOR", frozenStr("/"))
	file.setConst("PATH_SEPARATOR", frozenStr(":"))
	file.setConst("ALT_SEPARATOR", nil)
	for name, n := range map[string]int64{"FNM_PATHNAME": fnmPathname, "FNM_DOTMATCH": fnmDotmatch, "FNM_CASEFOLD": fnmCasefold, "FNM_EXTGLOB": fnmExtglob, "FNM_NOESCAPE": fnmNoescape} {
		file.setConst(name, n)
	}
	re := vm.class("Regexp")
	re.setConst("IGNORECASE", int64(onigmo.IgnoreCase))
	re.setConst("EXTENDED", int64(onigmo.Extended))
	re.setConst("MULTILINE", int64(onigmo.DotAll))
	enc := vm.class("Encoding")
	for name, text := range map[string]string{"UTF_8": "UTF-8", "ASCII_8BIT": "ASCII-8BIT", "BINARY": "ASCII-8BIT", "US_ASCII": "US-ASCII"} {
		enc.setConst(name, &object{class: enc, data: text})
	}
	vm.class("Gem").setConst("VERSION", frozenStr("3.3.15"))
	vm.class("Process").setConst("CLOCK_MONOTONIC", int64(1))
	vm.class("Process").setConst("CLOCK_REALTIME", int64(0))
	date := vm.class("Date")
	date.setConst("MONTHNAMES", nameList(nil, monthNames[:]))
	date.setConst("ABBR_MONTHNAMES", nameList(nil, shortNames(monthNames[:])))
	date.setConst("DAYNAMES", nameList(nil, dayNames[:]).tail())
	date.setConst("ABBR_DAYNAMES", nameList(nil, shortNames(dayNames[:])).tail())
	rb := newHash()
	rb.set(newStr("host_os"), newStr(hostOS()))
	rb.set(newStr("host_cpu"), newStr(hostCPU()))
	rb.set(newStr("arch"), newStr(rubyPlatform()))
	rb.set(newStr("ruby_version"), newStr("3.1.0"))
	vm.class("RbConfig").setConst("CONFIG", rb)
}

func (vm *vm) globals() {
	io := vm.class("IO")
	out := &object{class: io, data: &stream{name: "<STDOUT>", w: vm.stdout}}
	errOut := &object{class: io, data: &stream{name: "<STDERR>", w: vm.stderr}}
	in := &object{class: io, data: &stream{name: "<STDIN>"}}
	vm.global = map[string]value{
		"$stdout": out, "$stderr": errOut, "$stdin": in, "$>": out,
		"$0": newStr("kitchen"), "$PROGRAM_NAME": newStr("kitchen"),
		"$/": frozenStr("\n"), "$,": nil, "$;": nil, "$VERBOSE": false, "$DEBUG": false,
		"$*": vm.argv(), "$:": &array{}, "$LOAD_PATH": &array{}, "$\"": &array{},
	}
	root := vm.class("Object")
	root.setConst("STDOUT", out)
	root.setConst("STDERR", errOut)
	root.setConst("STDIN", in)
}

// argv is ARGV.
func (vm *vm) argv() *array {
	list := &array{}
	for _, word := range vm.opts.Args {
		list.elems = append(list.elems, newStr(word))
	}
	return list
}

func frozenStr(s string) *str { return &str{b: []byte(s), frozen: true} }

// hostOS and hostCPU name this machine as Ruby's platform names do.
func hostOS() string {
	if runtime.GOOS == "windows" {
		return "mingw32"
	}
	if runtime.GOOS == "darwin" {
		return "darwin"
	}
	return runtime.GOOS
}

func hostCPU() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "386":
		return "i686"
	case "arm64":
		if runtime.GOOS == "darwin" {
			return "arm64"
		}
		return "aarch64"
	}
	return runtime.GOARCH
}

func rubyPlatform() string {
	switch runtime.GOOS {
	case "windows":
		return "x64-mingw32"
	case "linux":
		return hostCPU() + "-linux-gnu"
	}
	return hostCPU() + "-" + hostOS()
}
