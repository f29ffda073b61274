package publish

import (
	"bytes"
	"errors"
	"io"
)

// ErrSecret means that a file of the image holds the value of a secret.
var ErrSecret = errors.New("it holds the value of a secret")

// secretGuard reads a file, and fails with ErrSecret where that holds one of the secrets.
type secretGuard struct {
	r       io.Reader
	secrets []string
	// tail is the end of what was read, in which a secret may have begun.
	tail []byte
}

// Read reads on.
func (g *secretGuard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.tail = append(g.tail, p[:n]...)
	longest := 1
	for _, secret := range g.secrets {
		if bytes.Contains(g.tail, []byte(secret)) {
			return 0, ErrSecret
		}
		longest = max(longest, len(secret))
	}
	g.tail = append(g.tail[:0], g.tail[max(0, len(g.tail)-longest+1):]...)
	return n, err
}
