package sandbox

import (
	"bytes"
	"fmt"
	"os"
)

// Script is a file for a shell in the runner. One with the line ends of Windows, as
// git may check it out there, is converted: no shell of Linux can run it, and its
// "#!" would name a program that ends in a carriage return.
func Script(f File) (File, error) {
	text, err := os.ReadFile(f.Source)
	if err != nil {
		return f, fmt.Errorf("read the script: %w", err)
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if !bytes.HasSuffix(first, []byte("\r")) {
		return f, nil
	}
	f.Source, f.seen = "", nil
	f.Data = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return f, nil
}
