package yaml11

// Limits bound what Parse accepts. A zero field means the default.
type Limits struct {
	// MaxBytes is the size of the source; default 4 MiB.
	MaxBytes int
	// MaxDepth is how deep lists and mappings nest; default 500.
	MaxDepth int
	// MaxNodes is the number of keys, scalars, lists and mappings, counted with
	// every alias and merge key written out; default 500,000.
	MaxNodes int
}

func (l Limits) withDefaults() Limits {
	if l.MaxBytes == 0 {
		l.MaxBytes = 4 << 20
	}
	if l.MaxDepth == 0 {
		l.MaxDepth = 500
	}
	if l.MaxNodes == 0 {
		l.MaxNodes = 500_000
	}
	return l
}

// Options say how to parse.
type Options struct {
	Limits Limits
}
