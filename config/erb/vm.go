package erb

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// Bounds on one Render. They are far beyond what any configuration file needs
// and end a hostile one well within a second.
const (
	maxSteps   = 2_500_000 // nodes evaluated and elements produced
	maxBytes   = 128 << 20 // memory ever asked for, freed or not
	maxString  = 32 << 20  // one string
	maxDepth   = 30_000    // evaluations inside one another
	maxBits    = 1 << 18   // one integer
	ctxEvery   = 1<<12 - 1 // steps between looks at the context
	maxNest    = 2_000     // nesting of values that are printed or compared
	panicSteps = 100       // steps that an exception, break or next counts
	maxRegex   = 1_000_000 // bytes of one regexp
	maxMatch   = 250       // milliseconds for one regexp match
	maxRead    = 16 << 20  // bytes of one file read
)

// vm evaluates Ruby. One vm lives as long as its Session.
type vm struct {
	opts   Options
	ctx    context.Context
	steps  int
	bytes  int
	depth  int
	nest   int
	epoch  int // changes whenever a method or module is added
	env    *environ
	main   *object
	core   map[string]*class
	global map[string]value
	lex    *lexical
	rand   *rand.Rand
	err    *object // $!
	// at and src say what is being evaluated, for error messages.
	at     span
	src    *source
	stdout io.Writer
	stderr io.Writer
	ids    map[any]int // object_id
	atExit []*proc
	tags   []value // of the catch blocks that run
	// regexps caches the regexps compiled from text.
	regexps  map[string]*regex
	matching time.Duration // spent in regexps
	status   int64         // of the last command
	ran      bool          // a command has run
	loaded   map[string]bool
}

// class returns a core class by its full name.
func (vm *vm) class(name string) *class { return vm.core[name] }

// tick counts one step and ends an evaluation that takes too many, or whose
// context is done.
func (vm *vm) tick() {
	vm.steps++
	if vm.steps&ctxEvery == 0 {
		if err := vm.ctx.Err(); err != nil {
			vm.stop(&Error{Msg: "stopped: " + err.Error(), Err: context.Cause(vm.ctx)})
		}
	}
	if vm.steps > maxSteps {
		vm.stop(&Error{Msg: fmt.Sprintf("the template takes more than %d steps", maxSteps), Hint: "look for a loop that does not end"})
	}
}

// charge counts memory asked for.
func (vm *vm) charge(n int) {
	if n < 0 || n > maxString {
		vm.stop(&Error{Msg: fmt.Sprintf("the template builds a value of more than %d MiB", maxString>>20), Hint: "look for a multiplication or a loop that grows a string or list"})
	}
	vm.bytes += n
	if vm.bytes > maxBytes {
		vm.stop(&Error{Msg: fmt.Sprintf("the template uses more than %d MiB of memory", maxBytes>>20), Hint: "look for a loop that grows a string or list"})
	}
}

// chargeElems counts a list of n elements.
func (vm *vm) chargeElems(n int) {
	if n > maxString/16 {
		n = maxString / 16
		vm.charge(maxString + 1)
	}
	vm.charge(16*n + 16)
	vm.steps += n >> 3
}

// stop ends the evaluation with an error that Ruby code cannot rescue.
func (vm *vm) stop(err *Error) {
	vm.locate(err, vm.at, vm.src)
	panic(fatal{err})
}

// locate fills in where an error happened: in a template within a template, where
// the file renders that.
func (vm *vm) locate(err *Error, at span, src *source) {
	if src == nil {
		return
	}
	if err.Construct == "" {
		err.Construct = src.code(at)
	}
	for src.outer != nil {
		at, src = src.from, src.outer
	}
	err.File = src.name
	err.Line, err.Col = src.position(at.start)
}

// outside ends the evaluation because of Ruby that is not in the subset.
func (vm *vm) outside(construct string) {
	vm.stop(&Error{
		Construct:   construct,
		Msg:         construct + " is not in the subset of Ruby that galley evaluates",
		Hint:        hintOutside,
		Unsupported: true,
	})
}

// guarded counts one level of nesting in native recursion over values.
func (vm *vm) guarded() func() {
	if vm.nest++; vm.nest > maxNest {
		vm.nest = 0
		vm.raise("SystemStackError", "stack level too deep")
	}
	return vm.unguard
}

func (vm *vm) unguard() { vm.nest-- }

// raise raises a Ruby exception.
func (vm *vm) raise(class, format string, args ...any) {
	vm.raiseExc(vm.newExc(vm.class(class), fmt.Sprintf(format, args...)))
}

func (vm *vm) newExc(c *class, msg string) *object {
	vm.charge(len(msg))
	return &object{class: c, data: &excData{msg: newStr(msg)}}
}

// raiseExc raises an exception object, noting where.
func (vm *vm) raiseExc(o *object) {
	vm.steps += panicSteps
	d := exc(o)
	if d.src == nil {
		d.at, d.src = vm.at, vm.src
		if vm.err != nil && vm.err != o && d.cause == nil {
			d.cause = vm.err
		}
	}
	panic(rubyError{o})
}

// exc is the state of an exception object.
func exc(o *object) *excData {
	d, ok := o.data.(*excData)
	if !ok {
		d = &excData{}
		o.data = d
	}
	return d
}

func (vm *vm) argError(format string, args ...any)  { vm.raise("ArgumentError", format, args...) }
func (vm *vm) typeError(format string, args ...any) { vm.raise("TypeError", format, args...) }

// frozen raises FrozenError.
func (vm *vm) frozenError(v value) {
	vm.raise("FrozenError", "can't modify frozen %s: %s", vm.classOf(v).name, vm.inspect(v))
}

// classOf is the class of a value, without its singleton.
func (vm *vm) classOf(v value) *class {
	switch v := v.(type) {
	case nil:
		return vm.class("NilClass")
	case bool:
		if v {
			return vm.class("TrueClass")
		}
		return vm.class("FalseClass")
	case *class:
		if v.module {
			return vm.class("Module")
		}
		return vm.class("Class")
	case *object:
		return v.class
	}
	return vm.class(coreName(v))
}

// coreName names the class of the values that need no look inside.
func coreName(v value) string {
	switch v.(type) {
	case int64:
		return "Integer"
	case float64:
		return "Float"
	case symbol:
		return "Symbol"
	case *str:
		return "String"
	case *array:
		return "Array"
	case *hash:
		return "Hash"
	case *rangeVal:
		return "Range"
	case *regex:
		return "Regexp"
	case *match:
		return "MatchData"
	case *proc:
		return "Proc"
	case *methodVal:
		return "Method"
	case *enumerator:
		return "Enumerator"
	case *timeVal:
		return "Time"
	case *dateVal:
		return "Date"
	}
	return numberName(v)
}

// find finds the method that a call on a value runs.
func (vm *vm) find(v value, name string) *method {
	switch v := v.(type) {
	case *class:
		if m := v.findMeta(name); m != nil {
			return m
		}
	case *object:
		if v.singleton != nil {
			if m, _ := v.singleton.find(name, 0); m != nil {
				return m
			}
			return nil
		}
	}
	return vm.classOf(v).cached(name, vm.epoch)
}

// respondTo tells whether a value has a method that may be called on it.
func (vm *vm) respondTo(v value, name string, private bool) bool {
	m := vm.find(v, name)
	return m != nil && (private || m.vis != "private")
}

// singleton returns the singleton class of an object, made at need.
func (vm *vm) singleton(v value) *class {
	o, ok := v.(*object)
	if !ok {
		vm.typeError("can't define singleton")
	}
	if o.singleton == nil {
		o.singleton = &class{name: o.class.name, super: o.class}
	}
	return o.singleton
}

// changed forgets cached method lookups.
func (vm *vm) changed() {
	vm.epoch++
	for _, c := range vm.core {
		c.mro = nil
	}
}
