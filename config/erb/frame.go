package erb

import "runtime/debug"

// scope holds local variables. Blocks see the scope they were written in.
type scope struct {
	names  []string
	vals   []value
	parent *scope
}

func (s *scope) get(name string) (value, bool) {
	for ; s != nil; s = s.parent {
		for i, n := range s.names {
			if n == name {
				return s.vals[i], true
			}
		}
	}
	return nil, false
}

// set assigns to the variable where it is, or makes it here.
func (s *scope) set(name string, v value) {
	for k := s; k != nil; k = k.parent {
		for i, n := range k.names {
			if n == name {
				k.vals[i] = v
				return
			}
		}
	}
	s.names = append(s.names, name)
	s.vals = append(s.vals, v)
}

// declare makes the variable in this very scope.
func (s *scope) declare(name string, v value) {
	for i, n := range s.names {
		if n == name {
			s.vals[i] = v
			return
		}
	}
	s.names = append(s.names, name)
	s.vals = append(s.vals, v)
}

// lexical is the chain of classes and modules that surround code: where
// constants are looked up and methods defined.
type lexical struct {
	class *class
	outer *lexical
}

// activation is one running method: what its blocks share with it.
type activation struct {
	method *method
	level  int // position of the method in the resolution order, for super
	self   value
	args   []value
	kw     *hash
	blk    *proc
	// match is $~.
	match *match
	done  bool // it has returned
}

// frame is the state in which code runs: of a method or of one run of a block.
type frame struct {
	self  value
	vars  *scope
	act   *activation
	lex   *lexical
	src   *source
	proc  *proc // the block running, nil in a method body
	loops int   // while loops around the current code in this frame
	// lambda is the activation that return leaves inside a lambda.
	lambda *frame
}

// child is the frame for one run of a block.
func (f *frame) child(p *proc) *frame {
	return &frame{self: p.self, vars: &scope{parent: f.vars}, act: f.act, lex: f.lex, src: f.src, proc: p, lambda: f.lambda}
}

// Signals travel as panics from where control leaves to where it arrives. They
// never leave Render.
type (
	// rubyError carries a raised exception.
	rubyError struct{ exc *object }
	// breakSignal leaves the call that was given the block.
	breakSignal struct {
		tag *proc
		val value
	}
	// nextSignal ends one run of a block.
	nextSignal struct {
		frame *frame
		val   value
	}
	// loopSignal is break or next of a while loop.
	loopSignal struct {
		frame *frame
		next  bool
		val   value
	}
	// returnSignal leaves a method or a lambda.
	returnSignal struct {
		act    *activation
		lambda *frame
		val    value
	}
	// throwSignal is throw.
	throwSignal struct{ tag, val value }
	// retrySignal repeats a begin block from its rescue clause.
	retrySignal struct{ frame *frame }
	// stopSignal ends an iteration from native code.
	stopSignal struct{ id *int }
	// fatal ends the whole evaluation; rescue does not see it.
	fatal struct{ err *Error }
)

// caught runs fn and hands back the signal that leaves it, nil for none. The
// caller looks at the signal and passes on with panic what is not for it: not
// inside a deferred function, where the stack would not be unwound yet and every
// level passed would make the way longer.
//
// The depths counted are set back to what they were.
func (vm *vm) caught(fn func()) (signal any) {
	depth, nest := vm.depth, vm.nest
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		vm.depth, vm.nest = depth, nest
		vm.steps += panicSteps
		switch r.(type) {
		case rubyError, breakSignal, nextSignal, loopSignal, returnSignal, throwSignal, retrySignal, stopSignal, fatal, *internalError:
			signal = r
		default:
			signal = &internalError{r, debug.Stack()}
		}
	}()
	fn()
	return nil
}
