package runner

import "fmt"

// Error tells what ended with which code, and what that means.
func (e *ExitError) Error() string {
	msg := fmt.Sprintf("%s exited with code %d", e.What, e.Code)
	switch {
	case e.Hint != "":
		msg += ": " + e.Hint
	case e.Code == 126:
		msg += ": it exists in the runner but cannot be executed"
	case e.Code == 127:
		msg += ": it was not found in the runner"
	case e.Code > 128 && e.Code < 160:
		msg += fmt.Sprintf(": killed by signal %d", e.Code-128)
	}
	return msg
}
