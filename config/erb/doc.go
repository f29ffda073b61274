// Package erb evaluates the ERB in kitchen.yml files as Test Kitchen does, for a
// documented subset of Ruby, in Go.
//
// A [Session] renders the files of one project in order. What Ruby's binding
// keeps from file to file is kept: instance variables, global variables,
// constants, methods and changes of ENV. Local variables are not.
//
// # How it works
//
// Like Ruby's ERB, the package first translates a template to a Ruby program
// (template.go), with one line of the program for each line of the template and
// without a trim mode. So the well-known effects come out as in Ruby: a Ruby
// comment in a tag swallows the text up to the next tag, `-%>` is a syntax
// error, `<%= … do |x| %>` is one as well, __LINE__ is the template's line.
//
// The program is then cut into tokens (lexer.go, lexstring.go, heredoc.go),
// parsed by recursive descent (parser.go, parse*.go) into a tree (ast.go), and
// the tree is walked (vm.go, eval*.go). Methods of the core classes are Go
// functions in one file per class. Exceptions, break, next, return and throw
// travel as Go panics, which are caught where they arrive and never leave
// [Session.Render].
//
// # The subset
//
// Syntax: all literals (every form of quotes, %-literals, heredocs, symbols,
// numbers, ranges, arrays, hashes, regexps), interpolation, all operators with
// their precedence, every kind of assignment, if, unless, case/when, while,
// until, for, loop, begin/rescue/else/ensure/retry, blocks, procs and lambdas with
// all kinds of parameters, def, class, module, defined?, alias.
//
// Not in the subset: pattern matching (case/in, =>), flip-flops, redo, undef,
// BEGIN, END, argument forwarding (…), eval, refinements, threads,
// Complex, encodings other than UTF-8.
//
// Library: String, Symbol, Integer, Float, Rational, Array, Hash, Range, Regexp,
// MatchData, Enumerable, Enumerator (also lazy), Comparable, Proc, Method, Struct,
// Set, OpenStruct, Exception and its descendants, Kernel, Math, Time, Date, ENV,
// File and Dir for reading, Pathname, JSON, YAML, Gem::Version, Gem::Requirement,
// Shellwords, SecureRandom, Base64, Digest, URI (parts only), CGI (escapes only),
// ERB (without a trim mode),
// Etc, Process, Socket.gethostname, RbConfig::CONFIG. Values print as in Ruby 3.1.
//
// What Ruby 3.1 has and the package lacks is told from what Ruby lacks as well
// (ruby31.txt): the first is an [Error] with Unsupported set, which no rescue
// clause sees, and which in mode [Auto] hands the file to a ruby on the PATH. The
// second is the exception that Ruby raises.
//
// # Bounds
//
// An evaluation is bounded in steps, memory, depth, size of numbers, and time
// spent in regexps, so that a hostile template ends with an error. Commands run
// only when [Options].Commands allows it. Files can be read, not written.
package erb
