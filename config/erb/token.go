package erb

// kind is the kind of a token.
type kind uint8

const (
	tEOF     kind = iota
	tNewline      // end of line, or ;
	tLiteral      // number, string, symbol, regexp, word list: see token.node
	tIdent        // foo, foo?, foo!
	tConst        // Foo
	tIvar         // @foo
	tCvar         // @@foo
	tGvar         // $foo
	tNth          // $1 $& $` $' $+
	tKeyword
	tLabel    // foo: in a hash or argument list
	tStrLabel // "foo": in a hash or argument list
	tOp
)

// token is one token of the generated Ruby source.
type token struct {
	kind       kind
	text       string
	node       node // tLiteral, tStrLabel
	start, end int
	space      bool // white space before it
	number     bool // a numeric literal
}

// lexState says what may follow, which decides what an ambiguous character
// means. The names are those that Ruby's own documentation of its lexer uses.
type lexState uint8

const (
	stBeg   lexState = iota // an operand must follow
	stMid                   // after return, break, next, rescue: an operand may follow
	stEnd                   // after a value
	stArg                   // after a method name: arguments may follow
	stDot                   // after a dot: a method name must follow
	stFname                 // after def, alias: a method name must follow
	stClass                 // after class
)

// keywords maps each reserved word to the state that follows it.
func keywordState(word string) (lexState, bool) {
	switch word {
	case "end", "self", "nil", "true", "false", "__FILE__", "__LINE__", "__ENCODING__", "redo", "retry":
		return stEnd, true
	case "if", "unless", "while", "until", "and", "or", "not", "when", "in", "then", "do", "else",
		"elsif", "begin", "ensure", "case", "module", "for", "BEGIN", "END":
		return stBeg, true
	case "class":
		return stClass, true
	case "def", "alias", "undef":
		return stFname, true
	case "rescue", "return", "break", "next":
		return stMid, true
	case "super", "yield", "defined?":
		return stArg, true
	}
	return stBeg, false
}

// operators are the punctuation tokens, longest first within a first byte.
var operators = [...]string{
	"**=", "<=>", "===", "...", "<<=", ">>=", "&&=", "||=", "&.",
	"**", "==", "!=", ">=", "<=", "&&", "||", "=~", "!~", "..", "::", "+=", "-=", "*=", "/=", "%=",
	"&=", "|=", "^=", "<<", ">>", "->", "=>",
	"+", "-", "*", "/", "%", "=", "<", ">", "!", "&", "|", "^", "~", "?", ":", ",", ".", "(", ")",
	"[", "]", "{", "}",
}

// operatorMethods are the operators that can be method names, longest first.
var operatorMethods = [...]string{
	"[]=", "<=>", "===", "**", "==", "=~", "!~", "!=", ">=", "<=", "<<", ">>", "[]", "+@", "-@", "~@",
	"!@", "+", "-", "*", "/", "%", "<", ">", "!", "&", "|", "^", "~", "`",
}

func isIdentStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isIdentByte(c byte) bool { return isIdentStart(c) || isDigit(c) }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isSpaceByte(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isUpperByte(c byte) bool { return c >= 'A' && c <= 'Z' }
