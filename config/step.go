package config

// Step is an entry of a suite's `steps:`. What it has is done in the order of the fields.
type Step struct {
	Name string
	// Reboot stops the runner and starts it again.
	Reboot bool
	// Commands are run as hooks are.
	Commands []Hook
	// Converge is false for a step that is there for something else.
	Converge bool
	// Provisioner is the instance's, with what the step says.
	Provisioner Provisioner
	// Verify is false for a step after which nothing is tested.
	Verify bool
	// Verifier is the instance's, with what the step says.
	Verifier Verifier
}
