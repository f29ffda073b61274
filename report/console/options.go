// Package console shows a run: Console on a terminal, Plain as lines for pipes and the logs of CI systems.
package console

import (
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/text"
)

// Options are what Plain and Console have in common. The zero value prints what Test Kitchen prints by default, without
// colours.
type Options struct {
	// Level is the lowest level shown; empty means info. What commands print counts as info. What failed is shown at
	// every level.
	Level lifecycle.Level
	// Color turns colours on; ask UseColor.
	Color bool
	// Fold wraps the output of each phase into sections that a CI system can fold; ask text.FoldFor. Only Plain folds.
	Fold text.Fold
	// Now is the clock that Console measures running time by; nil means time.Now.
	Now func() time.Time
	// Ticks tell Console when to redraw; nil means ten times a second.
	Ticks <-chan time.Time
}
