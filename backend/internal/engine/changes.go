package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// ChangeFrom translates a change in an engine's words: 0 is modified, 1 added, 2 deleted.
func ChangeFrom(path string, kind int) (backend.Change, error) {
	kinds := []backend.ChangeKind{backend.ChangeModified, backend.ChangeAdded, backend.ChangeDeleted}
	if kind < 0 || kind >= len(kinds) {
		return backend.Change{}, fmt.Errorf("%s: the engine tells a change of an unknown kind, %d", path, kind)
	}
	return backend.Change{Path: path, Kind: kinds[kind]}, nil
}

// SortChanges sorts changes by their paths, so that what is in a directory comes after it.
func SortChanges(changes []backend.Change) {
	slices.SortFunc(changes, func(a, b backend.Change) int { return strings.Compare(a.Path, b.Path) })
}
