package lifecycle

import "slices"

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

// The phases that leave an instance where it is in its life.
const (
	PhasePublish Phase = "publish"
	PhasePackage Phase = "package"
)

// order is Test Kitchen's list of transitions.
var order = [...]Phase{PhaseDestroy, PhaseCreate, PhaseConverge, PhaseSetup, PhaseVerify}

// The words for the phases, by their place in order.
var (
	doneWords  = [...]string{"<Not Created>", "Created", "Converged", "Set Up", "Verified"}
	doingWords = [...]string{"Destroying", "Creating", "Converging", "Setting up", "Verifying"}
)

// transitions lists the phases that lead from last, the last one that succeeded (empty for none), to desired. A phase
// that was reached before is done again, alone.
func transitions(last, desired Phase) []Phase {
	from, to := place(last), place(desired)
	if to == 0 || from >= to {
		return []Phase{desired}
	}
	return order[from+1 : to+1]
}

// place is a phase's index in order; no phase at all counts as destroyed.
func place(p Phase) int {
	return max(0, slices.Index(order[:], p))
}

// previous is the phase before p, empty before create.
func previous(p Phase) Phase {
	if n := place(p); n > place(PhaseCreate) {
		return order[n-1]
	}
	return ""
}

// Done is the phase in the past tense, for lists and messages.
func (p Phase) Done() string { return doneWords[place(p)] }

// Doing is the phase in the present tense: "Converging".
func (p Phase) Doing() string {
	switch p {
	case PhasePublish:
		return "Publishing"
	case PhasePackage:
		return "Packaging"
	}
	return doingWords[place(p)]
}

// DestroyMode says when `test` destroys an instance at the end.
type DestroyMode string

// The modes of `galley test --destroy`.
const (
	DestroyPassing DestroyMode = "passing"
	DestroyAlways  DestroyMode = "always"
	DestroyNever   DestroyMode = "never"
)
