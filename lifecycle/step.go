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
	StepServices   Step = "services" // with services
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
	StepReboot    Step = "reboot"
	StepCommands  Step = "commands" // of a step of kitchen.yml
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

// recordedStep is step for a step of create, which is recorded when it is done.
func (i *instanceRun) recordedStep(s Step, do func() error) error {
	if err := i.step(s, do); err != nil {
		return err
	}
	return i.record(s)
}

// stepError is an error with the step that it ended. Its text is the error's own.
type stepError struct {
	step Step
	error
}

func (e *stepError) Unwrap() error { return e.error }
