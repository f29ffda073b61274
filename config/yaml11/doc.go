// Package yaml11 reads YAML the way Ruby's Psych 4.0.3 does over libyaml 0.2.5,
// and keeps the position of every value and key.
//
// kitchen.yml files are written against that reader, and the YAML libraries of
// Go follow YAML 1.2 or 1.1 only in part: `0644` must be 420, `1:30` must be
// 5400, `1e3` must stay a string, `:sym` must be a symbol, and `[:sym]` must be
// refused. Neither do they give a column with every syntax error. So the package
// has a scanner and a parser of its own; the rules that turn plain text into
// typed scalars are in resolve.go.
//
// Only the first document of a file is read. Aliases are resolved while
// parsing: a value used twice is one *Value in the tree. Values are never
// changed after Parse has returned, so sub-trees may be shared freely.
//
// Depth, the number of nodes (counted with every alias written out) and the
// size of the source are limited, so a hostile file is refused quickly.
package yaml11
