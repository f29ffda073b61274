// Package erb evaluates the ERB in kitchen.yml files as Test Kitchen does.
//
// An [Evaluator] renders the files of one project in order. What Ruby's binding keeps from file to file is kept:
// instance and global variables, constants, methods and changes of ENV. Local variables are not.
//
// Like Ruby's ERB, the package first translates a template to a Ruby program (template.go), without a trim mode and
// with one line for each line of the template. The program is cut into tokens (lexer.go), parsed by recursive descent
// (parser.go) into a tree (node.go), and the tree is walked (eval.go, evaluator.go). Methods of the core classes are Go
// functions, one file a class, or Ruby (core.rb). Exceptions, break, next and return travel as Go panics, which never
// leave [Evaluator.Render].
//
// docs/erb.md says what the evaluator knows. What Ruby 3.1 has and it lacks (ruby31.txt tells) is no exception of the
// template: the file goes to a real ruby (package template), and commands that ran already are answered there from what
// they said. An evaluation is bounded in steps, memory and depth.
package erb
