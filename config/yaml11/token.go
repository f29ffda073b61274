package yaml11

type tokenKind uint8

const (
	tokStreamEnd tokenKind = iota
	tokVersion
	tokTagDirective
	tokDocStart
	tokDocEnd
	tokBlockSeqStart
	tokBlockMapStart
	tokBlockEnd
	tokFlowSeqStart
	tokFlowSeqEnd
	tokFlowMapStart
	tokFlowMapEnd
	tokBlockEntry
	tokFlowEntry
	tokKey
	tokValue
	tokAlias
	tokAnchor
	tokTag
	tokScalar
)

// tokenNames say in messages what was found.
var tokenNames = [...]string{
	tokStreamEnd:     "the end of the file",
	tokVersion:       "a %YAML directive",
	tokTagDirective:  "a %TAG directive",
	tokDocStart:      "a document start `---`",
	tokDocEnd:        "a document end `...`",
	tokBlockSeqStart: "a list",
	tokBlockMapStart: "a mapping",
	tokBlockEnd:      "the end of the block",
	tokFlowSeqStart:  "`[`",
	tokFlowSeqEnd:    "`]`",
	tokFlowMapStart:  "`{`",
	tokFlowMapEnd:    "`}`",
	tokBlockEntry:    "`-`",
	tokFlowEntry:     "`,`",
	tokKey:           "a key",
	tokValue:         "`:`",
	tokAlias:         "an alias",
	tokAnchor:        "an anchor",
	tokTag:           "a tag",
	tokScalar:        "text",
}

type token struct {
	kind       tokenKind
	start, end mark
	// value is the text of a scalar, the name of an anchor or alias, the handle
	// of a tag or %TAG directive, or the version of a %YAML directive.
	value string
	// suffix is the rest of a tag, or the prefix of a %TAG directive.
	suffix string
	// plain is set for scalars without quotes or block indicator.
	plain bool
}
