// Package kitchen does what Test Kitchen does with a project's files: it finds kitchen.yml with its overlays, evaluates
// their templates, merges them, converts old forms, and cuts the result into suites on platforms. It does not know what
// keys mean: package keys gives the blocks of an instance their types.
package kitchen
