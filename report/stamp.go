package report

import "github.com/galley-kitchen/galley/lifecycle"

// stampOf is when and of what an event is.
func stampOf(e lifecycle.Event) lifecycle.Stamp {
	switch e := e.(type) {
	case lifecycle.RunStarted:
		return e.Stamp
	case lifecycle.EngineReady:
		return e.Stamp
	case lifecycle.InstanceStarted:
		return e.Stamp
	case lifecycle.PhaseStarted:
		return e.Stamp
	case lifecycle.PhaseFinished:
		return e.Stamp
	case lifecycle.Output:
		return e.Stamp
	case lifecycle.Notice:
		return e.Stamp
	case lifecycle.Progress:
		return e.Stamp
	case lifecycle.ConvergeSummary:
		return e.Stamp
	case lifecycle.TestFinished:
		return e.Stamp
	case lifecycle.InstanceFinished:
		return e.Stamp
	case lifecycle.RunFinished:
		return e.Stamp
	default:
		return lifecycle.Stamp{}
	}
}
