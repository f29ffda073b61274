package sandbox

import (
	"bytes"
	"fmt"
	"io"
)

// Script is a file for a shell in the runner. One with the line ends of Windows, as
// git may check it out there, is converted: no shell of Linux can run it, and its
// "#!" would name a program that ends in a carriage return. A byte order mark is taken
// away, since Linux sees no "#!" behind it.
func Script(f File) (File, error) {
	in, _, err := OpenRegular(f.Source)
	if err != nil {
		return f, fmt.Errorf("read the script: %w", err)
	}
	defer in.Close()
	all, err := io.ReadAll(in)
	if err != nil {
		return f, fmt.Errorf("read the script: %w", err)
	}
	text := bytes.TrimPrefix(all, []byte("\ufeff"))
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.HasSuffix(first, []byte("\r")) {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	if len(text) < len(all) {
		f.Source, f.seen, f.Data = "", nil, text
	}
	return f, nil
}
