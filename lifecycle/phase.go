package lifecycle

import "fmt"

// Phase is a step of an instance's life.
type Phase string

// The phases, in the order of an instance's life.
const (
	PhaseDestroy  Phase = "destroy"
	PhaseCreate   Phase = "create"
	PhaseConverge Phase = "converge"
	PhaseSetup    Phase = "setup"
	PhaseVerify   Phase = "verify"
)

// order is Test Kitchen's list of transitions.
var order = [...]Phase{PhaseDestroy, PhaseCreate, PhaseConverge, PhaseSetup, PhaseVerify}

// transitions lists the phases that lead from last, the last one that succeeded
// (empty for none), to desired. A phase that was reached before is done again,
// alone.
func transitions(last, desired Phase) []Phase {
	from, to := place(last), place(desired)
	if to == 0 || from >= to {
		return []Phase{desired}
	}
	return order[from+1 : to+1]
}

// place is a phase's index in order; no phase at all counts as destroyed.
func place(p Phase) int {
	for i, q := range order {
		if p == q {
			return i
		}
	}
	return 0
}

// previous is the phase before p, empty before create.
func previous(p Phase) Phase {
	if n := place(p); n > place(PhaseCreate) {
		return order[n-1]
	}
	return ""
}

// Done is the phase in the past tense, for lists and messages.
func (p Phase) Done() string {
	switch p {
	case PhaseCreate:
		return "Created"
	case PhaseConverge:
		return "Converged"
	case PhaseSetup:
		return "Set Up"
	case PhaseVerify:
		return "Verified"
	default:
		return "<Not Created>"
	}
}

// Doing is the phase in the present tense: "Converging".
func (p Phase) Doing() string {
	switch p {
	case PhaseCreate:
		return "Creating"
	case PhaseConverge:
		return "Converging"
	case PhaseSetup:
		return "Setting up"
	case PhaseVerify:
		return "Verifying"
	default:
		return "Destroying"
	}
}

// DestroyMode says when `test` destroys an instance at the end.
type DestroyMode string

// The modes of `galley test --destroy`.
const (
	DestroyPassing DestroyMode = "passing"
	DestroyAlways  DestroyMode = "always"
	DestroyNever   DestroyMode = "never"
)

// ParseDestroyMode reads a mode from the command line.
func ParseDestroyMode(s string) (DestroyMode, error) {
	switch m := DestroyMode(s); m {
	case DestroyPassing, DestroyAlways, DestroyNever:
		return m, nil
	}
	return "", fmt.Errorf("--destroy %q: write passing, always or never", s)
}
