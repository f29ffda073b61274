package runner

import "fmt"

// Error says what ended with which code, and what that means.
func (e *ExitError) Error() string {
	msg := fmt.Sprintf("%s exited with code %d", e.What, e.Code)
	where := "in the runner"
	if e.OnHost {
		where = "on this machine"
	}
	switch {
	case e.Hint != "":
		msg += ": " + e.Hint
	case e.Code == 126:
		msg += ": it, or a command in it, cannot be executed " + where
	case e.Code == 127:
		msg += ": it, or a command in it, was not found " + where
	case e.Code > 128 && e.Code < 160:
		msg += fmt.Sprintf(": killed by signal %d", e.Code-128)
	}
	return msg
}
