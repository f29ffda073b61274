package erb

import (
	"context"
	"strings"
)

// Command is a command that a template runs with backticks or %x().
type Command struct {
	// Args are the program and its arguments. A single string with shell syntax comes as sh -c STRING.
	Args []string
	// Dir is the working directory.
	Dir string
	// Env is the whole environment, as KEY=value.
	Env []string
}

// CommandRunner runs the commands of templates. It returns what the command wrote to its standard output, and its exit
// status. The error is for a command that could not be run at all.
type CommandRunner func(ctx context.Context, cmd Command) (stdout []byte, status int, err error)

// shellSyntax are the characters for which Ruby asks a shell; a plain command
// with arguments is run directly, and its absence raises Errno::ENOENT.
const shellSyntax = "*?{}[]<>()~&|\\$;'`\"\n#=%"

func commandArgs(text string) []string {
	words := strings.Fields(text)
	if strings.ContainsAny(text, shellSyntax) || len(words) == 0 || isIn(shellBuiltins, words[0]) {
		return []string{"sh", "-c", text}
	}
	return words
}

// shellBuiltins are the commands that only a shell has.
const shellBuiltins = " . : break case continue do done elif else esac eval exec exit export fi for if in " +
	"readonly return set shift then times trap unset until while cd alias command source type ulimit umask "

// Ran is a command that a template ran, and what came of it. When a file that was
// evaluated here is evaluated again by a ruby, its commands are answered from that.
type Ran struct {
	// Key is the text of backticks, or the words of system with a NUL between.
	Key     string `json:"key"`
	Out     []byte `json:"out"`
	Status  int    `json:"status"`
	Missing bool   `json:"missing"` // there is no such command
}

// backticks runs `text` and keeps what came of it.
func (e *Evaluator) backticks(text string) value {
	args := commandArgs(text)
	if e.opts.Commands == nil {
		panic(&Error{
			Msg: "the template runs the command `" + strings.Join(args, " ") +
				"`, but commands in templates are switched off by erb_commands: false",
			Hint: "set erb_commands: true if you trust this file",
		})
	}
	out, code, err := e.opts.Commands(e.ctx, Command{Args: args, Dir: e.opts.Dir, Env: e.env.list()})
	if e.ctx.Err() != nil {
		e.stopped()
	}
	if err != nil {
		code = 127
	}
	e.ran = append(e.ran, Ran{Key: text, Out: out, Status: code, Missing: err != nil})
	if err != nil {
		e.raise("Errno::ENOENT", "No such file or directory - %s", strings.Fields(text + " ?")[0])
	}
	return e.str(string(out))
}
