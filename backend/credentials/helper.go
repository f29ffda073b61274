package credentials

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/galley-kitchen/galley/internal/process"
)

const (
	// helperTime bounds how long a helper may take: one that opens a keychain may have to wait for a person.
	helperTime = 2 * time.Minute
	// helperStop is how long a helper may take to end when it is asked to, and what it has started may hold its output
	// open after the helper has ended.
	helperStop = time.Second
	// tokenUser is the name under which a helper keeps an identity token.
	tokenUser = "<token>"
)

// askHelper asks a credential helper, which is a program of its own. Docker's client would do so without a limit, and a
// helper that hangs would hold up an image that anybody may pull. What the helper does not have is empty.
func askHelper(ctx context.Context, helper, key string) (types.AuthConfig, error) {
	ctx, cancel := context.WithTimeout(ctx, helperTime)
	defer cancel()
	name := "docker-credential-" + helper
	if strings.ContainsAny(helper, `/\`) { // it would not be looked for in PATH, but below the working directory
		return types.AuthConfig{}, fmt.Errorf("%q is not the name of a credential helper", helper)
	}
	var said process.Tail
	answer, err := client.Get(func(args ...string) client.Program {
		cmd := process.Command(ctx, helperStop, name, args...)
		cmd.Stderr = &said
		return program{cmd}
	}, key)
	switch {
	case ctx.Err() != nil:
		return types.AuthConfig{}, fmt.Errorf("%s did not answer: %w", name, ctx.Err())
	case credentials.IsErrCredentialsNotFound(err):
		return types.AuthConfig{}, nil
	case err != nil:
		return types.AuthConfig{}, fmt.Errorf("%s: %w%s", name, err, lastLine(said.String()))
	case answer.Username == tokenUser:
		return types.AuthConfig{IdentityToken: answer.Secret}, nil
	}
	return types.AuthConfig{Username: answer.Username, Password: answer.Secret}, nil
}

// program is a command as the helpers' library wants it.
type program struct{ *process.Cmd }

// Input is what the program will read.
func (p program) Input(in io.Reader) { p.Stdin = in }

// maxSaid is how much of a line of a helper's is shown.
const maxSaid = 300

// lastLine is the end of what a helper wrote to its standard error, to stand behind an error.
func lastLine(said string) string {
	said = said[strings.LastIndexByte(said, '\n')+1:]
	if len(said) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%q)", said[:min(len(said), maxSaid)])
}
