// Package yaml11 reads YAML the way Ruby's Psych 4.0.3 does over libyaml 0.2.5,
// and keeps the position of every value and key.
//
// kitchen.yml files are written against that reader, and the YAML libraries of Go follow YAML 1.2 or 1.1 only in part:
// `0644` must be 420, `1:30` must be 5400, `1e3` must stay a string, `:sym` must be a symbol. So nodes come from
// go.yaml.in/yaml (parse.go, build.go), and the rules that turn plain text into typed scalars are our own (resolve.go).
// The parser's errors are told in our words with line and column (explain.go). docs/decisions/0001-yaml.md says why.
//
// Only the first document of a file is read. Aliases are resolved while building: a value used twice is one *Value in
// the tree. Values are never changed after Parse has returned, so sub-trees may be shared freely.
//
// Depth, the number of nodes (counted with every alias written out) and the
// size of the source are limited, so a hostile file is refused quickly.
package yaml11
