package console

import (
	"os"

	"golang.org/x/sys/windows"
)

// enableEscapes has a console window interpret escape sequences. It reports whether it does; old ones cannot.
func enableEscapes(f *os.File) bool {
	var mode uint32
	h := windows.Handle(f.Fd())
	if err := windows.GetConsoleMode(h, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
