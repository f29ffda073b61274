package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
)

// part is a phase, of one of kitchen.yml's `steps` where it has some and the phase is converge or verify.
type part struct {
	phase Phase
	step  *config.Step
}

// isLast reports whether no step follows.
func (p part) isLast(steps []config.Step) bool {
	return p.step == nil || p.step.Name == steps[len(steps)-1].Name
}

// partsOf puts the steps into the phases: converge is that of each step, with the verify after it. The phase verify is
// that of the last step.
func partsOf(phases []Phase, steps []config.Step) []part {
	var list []part
	for _, p := range phases {
		switch {
		case len(steps) == 0 || p != PhaseConverge && p != PhaseVerify:
			list = append(list, part{phase: p})
		case p == PhaseVerify:
			list = append(list, part{p, &steps[len(steps)-1]})
		default:
			for n := range steps {
				list = append(list, part{p, &steps[n]})
				if steps[n].Verify && n+1 < len(steps) {
					list = append(list, part{PhaseVerify, &steps[n]})
				}
			}
		}
	}
	return list
}

// inStep does something to the instance as it is in a step, nil for none.
func (i *instanceRun) inStep(s *config.Step, do func() error) error {
	if s == nil {
		return do()
	}
	whole := i.inst
	i.current, i.inst.Provisioner, i.inst.Verifier = s, s.Provisioner, s.Verifier
	i.usePlugins()
	defer func() {
		i.current, i.inst = nil, whole
		i.usePlugins()
	}()
	if err := do(); err != nil {
		return fmt.Errorf("step %s: %w", s.Name, err)
	}
	return nil
}

// stepName is the name of the step under way, empty without steps.
func (i *instanceRun) stepName() string {
	if i.current == nil {
		return ""
	}
	return i.current.Name
}

// stepsFollow reports whether a step is under way that is not the last one.
func (i *instanceRun) stepsFollow() bool { return !part{step: i.current}.isLast(i.inst.Steps) }

// beforeConverge does what a step has to do before its converge.
func (i *instanceRun) beforeConverge(ctx context.Context) error {
	if i.container == nil {
		return fmt.Errorf("%s has no runner\nRun `galley create %s` first", i.inst.Name, i.inst.Name)
	}
	if i.current.Reboot {
		if err := i.reboot(ctx); err != nil {
			return err
		}
	}
	return i.runHooks(ctx, StepCommands, "a command of the step", i.current.Commands)
}

// rebootTime is how long PID 1 may take to end.
const rebootTime = 30 * time.Second

// Reboots implements runner.Runner. It is nil without an init.
func (l *liveRunner) Reboots() func(context.Context) error { return l.reboot }

// reboot stops the runner and starts it again. Until it has booted, the record says that it has not.
func (i *instanceRun) reboot(ctx context.Context) error {
	return i.step(StepReboot, func() error {
		last, steps := i.state.LastAction, slices.Clone(i.state.Steps)
		i.state.LastAction, i.state.Stopping = "", true
		if err := i.save(); err != nil {
			return err
		}
		if err := i.removeFaultHelper(ctx); err != nil { // what it would heal ends with the network
			return err
		}
		if err := i.eng.StopContainer(ctx, i.container.ID, rebootTime); err != nil {
			return err
		}
		i.container.State = backend.StateExited
		if err := i.start(ctx); err != nil {
			return err
		}
		if err := i.recordedStep(StepBoot, func() error { return i.awaitBoot(ctx, backend.Image{}) }); err != nil {
			return err
		}
		i.state.LastAction, i.state.Steps = last, steps
		return i.save()
	})
}
