package erb

import "math/big"

// span is the half-open range of bytes of the generated Ruby source that a
// node was read from. It is mapped back to the template for error messages.
type span struct{ start, end int }

func (s span) at() span { return s }

// node is one node of the syntax tree.
type node interface{ at() span }

// Literals.
type (
	nilNode   struct{ span }
	trueNode  struct{ span }
	falseNode struct{ span }
	selfNode  struct{ span }

	intNode struct {
		span
		val value // int64 or *big.Int
	}
	floatNode struct {
		span
		val float64
	}
	rationalNode struct {
		span
		val *big.Rat
	}
	// strNode is a string with or without interpolation: parts are *strPart or
	// any expression.
	strNode struct {
		span
		parts []node
	}
	// strPart is the literal text inside a strNode.
	strPart struct {
		span
		text string
	}
	// xstrNode is a command in backticks or %x().
	xstrNode struct {
		span
		parts []node
	}
	symNode struct {
		span
		name string
	}
	dsymNode struct {
		span
		parts []node
	}
	regexNode struct {
		span
		parts []node
		flags string
		// lit caches the compiled regexp of a literal without interpolation.
		lit *regex
	}
	arrayNode struct {
		span
		elems []node
	}
	// hashNode is a hash literal or the keyword arguments of a call. A pair
	// with a nil key is a double splat.
	hashNode struct {
		span
		pairs []pairNode
		// bare marks keyword arguments written without braces.
		bare bool
	}
	pairNode  struct{ key, val node }
	rangeNode struct {
		span
		lo, hi node
		excl   bool
	}
)

// Variables and constants.
type (
	lvarNode struct {
		span
		name string
	}
	ivarNode struct {
		span
		name string
	}
	gvarNode struct {
		span
		name string
	}
	cvarNode struct {
		span
		name string
	}
	// nthRefNode is $1 and so on, or one of $& $` $' $+ (n == 0).
	nthRefNode struct {
		span
		n    int
		name string
	}
	constNode struct {
		span
		scope node // nil when bare
		top   bool // ::Name
		name  string
	}
)

// Assignment.
type (
	asgnNode struct {
		span
		target node
		val    node
	}
	opAsgnNode struct {
		span
		target node
		op     string // "||", "&&" or a binary operator
		val    node
	}
	// mlhsNode is the left side of a multiple assignment, or a destructuring
	// parameter.
	mlhsNode struct {
		span
		targets []node
		splat   int // index of the splat in targets, -1 for none
	}
	masgnNode struct {
		span
		left *mlhsNode
		val  node
	}
)

// Calls.
type (
	callNode struct {
		span
		recv     node // nil for a call on self
		name     string
		args     []node
		block    *blockNode
		blockArg node // &expr; an anonymous & is an lvarNode "&"
		safe     bool // &.
		// vcall marks a bare identifier which might have been a variable.
		vcall bool
	}
	superNode struct {
		span
		args     []node
		bare     bool // no parentheses: pass the method's own arguments
		block    *blockNode
		blockArg node
	}
	yieldNode struct {
		span
		args []node
	}
	splatNode struct {
		span
		val node
	}
	blockNode struct {
		span
		params *params
		body   node
		// numbered is the highest _1 … _9 used, when there are no parameters.
		numbered                     int
		hasNext, hasBreak, hasReturn bool
	}
	lambdaNode struct {
		span
		block *blockNode
	}
)

// params are the parameters of a method, block or lambda.
type params struct {
	req       []node // *lvarNode or *mlhsNode, before the optional ones
	opt       []optParam
	rest      string // "" for none, "*" for an anonymous one
	post      []node // after the rest
	kw        []kwParam
	kwrest    string // "" for none, "**" for an anonymous one
	block     string
	locals    []string // block-local variables
	trailing  bool     // |a,|: take apart an array argument all the same
	parenless bool     // no parameter list was written at all
}

type optParam struct {
	name string
	def  node
}

type kwParam struct {
	name string
	def  node // nil: required
}

// Operators and control flow.
type (
	andNode struct {
		span
		left, right node
	}
	orNode struct {
		span
		left, right node
	}
	notNode struct {
		span
		val node
	}
	definedNode struct {
		span
		val node
	}
	seqNode struct {
		span
		stmts []node
	}
	ifNode struct {
		span
		cond, then, alt node
	}
	whileNode struct {
		span
		cond, body node
		negate     bool // until
		bodyFirst  bool // begin … end while
		hasJump    bool // break or next inside
	}
	forNode struct {
		span
		target  node
		iter    node
		body    node
		hasJump bool
	}
	caseNode struct {
		span
		subject node
		whens   []whenNode
		alt     node
	}
	whenNode struct {
		conds []node
		body  node
	}
	beginNode struct {
		span
		body    node
		rescues []rescueNode
		alt     node
		ensure  node
	}
	rescueNode struct {
		classes []node
		target  node
		body    node
	}
	returnNode struct {
		span
		val node
	}
	breakNode struct {
		span
		val node
	}
	nextNode struct {
		span
		val node
	}
	retryNode struct{ span }
)

// Definitions.
type (
	defNode struct {
		span
		singleton node // def self.x
		name      string
		params    *params
		body      node
		hasReturn bool
	}
	classNode struct {
		span
		path   *constNode
		super  node
		body   node
		module bool
	}
	sclassNode struct {
		span
		obj  node
		body node
	}
	aliasNode struct {
		span
		to, from string
	}
	lineNode struct{ span }
	fileNode struct{ span }
)
