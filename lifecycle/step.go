package lifecycle

// Step is a named part of a phase.
type Step string

// The steps of create, in their order. They are recorded when they are done.
const (
	StepPreCreate  Step = "pre_create"
	StepImages     Step = "images"
	StepTool       Step = "tool"
	StepNetwork    Step = "network"
	StepSandbox    Step = "sandbox"
	StepContainer  Step = "container"
	StepStart      Step = "start"
	StepVolumes    Step = "volumes" // when a snapshot is restored
	StepBoot       Step = "boot"
	StepPostCreate Step = "post_create"
)

// The steps of converge and verify that are not hooks. A hook's step has the name of the hook, as pre_converge.
const (
	StepPrepare   Step = "prepare"
	StepUploads   Step = "uploads"
	StepRun       Step = "run"
	StepDownloads Step = "downloads"
	StepRemove    Step = "remove"
	StepClean     Step = "clean"
)

// The steps of publish and package.
const (
	StepCommit  Step = "commit"
	StepImage   Step = "image"
	StepPush    Step = "push"
	StepPackage Step = "package"
)

// step does a step of the phase under way, between the events that tell of it. What fails carries the step's name.
func (i *instanceRun) step(s Step, do func() error) error {
	start := i.run.o.Now()
	i.emit(StepStarted{Stamp: i.stamp(), Phase: i.phase, Step: s})
	err := do()
	done := StepFinished{Stamp: i.stamp(), Phase: i.phase, Step: s, Duration: i.run.o.Now().Sub(start)}
	if err != nil {
		done.Error = err.Error()
		err = &stepError{s, err}
	}
	i.emit(done)
	return err
}

// recorded is step for a step of create, which is recorded when it is done.
func (i *instanceRun) recorded(s Step, do func() error) error {
	if err := i.step(s, do); err != nil {
		return err
	}
	return i.record(s)
}

// record adds a step that is done to the state. It may be called by several goroutines.
func (i *instanceRun) record(s Step) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.state.has(s) {
		i.state.Steps = append(i.state.Steps, s)
	}
	return i.save()
}

// stepError is an error with the step that it ended. Its text is the error's own.
type stepError struct {
	step Step
	error
}

func (e *stepError) Unwrap() error { return e.error }
