package changes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/lines"
)

// readOwners asks a container who owns what is at paths, for engines whose copies do not tell. A container that does
// not run, or has no xargs and stat, leaves the owners unknown.
func readOwners(ctx context.Context, source Source, id string, found map[string]*Entry) error {
	paths := slices.Sorted(maps.Keys(found))
	for _, e := range found {
		e.UID, e.GID = -1, -1
	}
	if len(paths) == 0 {
		return nil
	}
	var owners []string
	out := &lines.Writer{Emit: func(line string) error {
		if len(owners) <= len(paths) {
			owners = append(owners, line)
		}
		return nil
	}}
	code, err := source.Exec(ctx, id, backend.ExecSpec{Command: []string{"xargs", "-0", "stat", "-c", "%u:%g"}, User: "0",
		Stdin: strings.NewReader(strings.Join(paths, "\x00") + "\x00"), Stdout: out})
	switch {
	case errors.Is(err, backend.ErrNotRunning), errors.Is(err, backend.ErrNotFound):
		return nil
	case err != nil:
		return err
	case code != 0 || len(owners) != len(paths): // something is gone meanwhile, and no line tells which
		return nil
	}
	for n, p := range paths {
		e := found[p]
		if _, err := fmt.Sscanf(owners[n], "%d:%d", &e.UID, &e.GID); err != nil {
			e.UID, e.GID = -1, -1
		}
	}
	return nil
}
