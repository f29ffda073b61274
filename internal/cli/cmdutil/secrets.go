package cmdutil

import (
	"context"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/credentials"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/report/text"
)

// findCredentials looks where the instance's settings allow it to. What it finds is a secret from now on.
func (f *Factory) findCredentials(ctx context.Context, i config.Instance, ref string) (*backend.Credentials, error) {
	finder := credentials.Finder{Home: HomeDir(), UID: os.Getuid(), Getenv: os.Getenv}
	c, err := finder.Find(ctx, ref, credentials.Source{File: i.Driver.CredsFile, DockerConfig: i.Driver.DockerConfigCreds})
	if c != nil {
		f.Secrets.Add(c.Password, c.IdentityToken)
	}
	return c, err
}

// Seen reports whether what is written to a stream is seen by people: on a terminal, or in the log of a CI system. A
// file or a program gets every byte as it is.
func Seen(to *os.File) bool {
	return term.IsTerminal(int(to.Fd())) || text.FoldFor(os.Getenv) != text.FoldNone
}

// Masked is a stream as it is shown, without secrets where people see it. close writes what was held back.
func (f *Factory) Masked(to *os.File) (w io.Writer, close func() error) {
	if !Seen(to) {
		return to, func() error { return nil }
	}
	masked := f.Secrets.Writer(to)
	return masked, masked.Close
}
