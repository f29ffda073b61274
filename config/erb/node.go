package erb

// op is the kind of a node.
type op uint8

// The kinds of nodes. What the fields of a node mean for each stands beside it.
const (
	opNil       op = iota
	opLit          // v: true, false, a number, a symbol
	opSelf         //
	opStr          // s
	opDStr         // list: the parts of a string with interpolation
	opXStr         // list: the parts of a command
	opRegexp       // list: the parts; s: the options
	opArray        // list
	opHash         // list: keys and values in turn; flag: keyword arguments
	opRange        // a, b; flag: without its end
	opLvar         // s
	opIvar         // s
	opGvar         // s
	opConst        // s, a: the scope or nil
	opAsgn         // a: target, b: value
	opOpAsgn       // a: target, s: operator, b: value
	opMasgn        // list: targets, b: value
	opAnd          // a, b
	opOr           // a, b
	opNot          // a
	opIf           // a: condition, b, c
	opCase         // a: subject, list: opWhen, b: else
	opWhen         // list: values, b: body
	opRescue       // a rescue b
	opSeq          // list
	opCall         // a: receiver, s: name, list: arguments, blk; flag: &.
	opSplat        // a
	opBlockPass    // a
	opBlock        // params, b: body
	opDef          // s, params, b: body
	opReturn       // a
	opBreak        // a
	opNext         // a
	opYield        // list
	opText         // v: number of the text
)

// node is one node of the syntax tree. at and end are where it stands in the program.
type node struct {
	op      op
	flag    bool
	at, end int
	s       string
	v       any
	a, b, c *node
	list    []*node
	blk     *node // opCall: an opBlock or opBlockPass
	params  []param
}

// param is one parameter of a block or method. kind is 'r' for a required one, 'o' for one with a default, '*' for the
// rest, 'd' for a list that is taken apart, '&' for the block.
type param struct {
	kind byte
	name string
	def  *node
	sub  []param
}
