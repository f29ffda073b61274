package testrun

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
)

// maxResults bounds the results of one tool, in bytes, against a test that prints without end.
const maxResults = 64 << 20

// capture keeps what is written to it, up to maxResults.
type capture struct {
	buf  bytes.Buffer
	over bool
}

// Write never fails: that there was too much is told by bytes.
func (c *capture) Write(p []byte) (int, error) {
	if c.buf.Len()+len(p) > maxResults {
		c.over = true
		return len(p), nil
	}
	return c.buf.Write(p)
}

// ReadResults reads a file of results, up to the size that results may have.
func ReadResults(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := &capture{}
	if _, err := io.Copy(c, f); err != nil {
		return nil, err
	}
	return c.bytes()
}

func (c *capture) String() string { return c.buf.String() }

func (c *capture) bytes() ([]byte, error) {
	if c.over {
		return nil, fmt.Errorf("the tests printed more than %d MiB of results", maxResults>>20)
	}
	return c.buf.Bytes(), nil
}

// splitter passes a stream on up to a token, and keeps what comes after it. Not safe for concurrent use.
type splitter struct {
	token  []byte
	before io.Writer
	after  capture
	found  bool
	// held is the end of what came, when it may be the beginning of the token.
	held []byte
}

// Write passes on or keeps p.
func (s *splitter) Write(p []byte) (int, error) {
	n := len(p)
	if s.found {
		_, err := s.after.Write(p)
		return n, err
	}
	text := slices.Concat(s.held, p)
	s.held = nil
	if at := bytes.Index(text, s.token); at >= 0 {
		s.found = true
		if _, err := s.before.Write(text[:at]); err != nil {
			return 0, err
		}
		_, err := s.after.Write(text[at+len(s.token):])
		return n, err
	}
	keep := min(len(s.token)-1, len(text))
	for !bytes.HasSuffix(text, s.token[:keep]) {
		keep--
	}
	s.held = text[len(text)-keep:]
	if _, err := s.before.Write(text[:len(text)-keep]); err != nil {
		return 0, err
	}
	return n, nil
}

// flush passes on what was held back.
func (s *splitter) flush() error {
	if s.found || len(s.held) == 0 {
		return nil
	}
	_, err := s.before.Write(s.held)
	s.held = nil
	return err
}
