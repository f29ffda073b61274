//go:build !windows

package console

import "os"

// enableEscapes has nothing to do: terminals interpret escape sequences.
func enableEscapes(*os.File) bool { return true }
