package erb

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
)

// Command is a command that a template runs with backticks, %x() or system.
type Command struct {
	// Args are the program and its arguments. A single string with shell syntax
	// comes as sh -c STRING.
	Args []string
	// Dir is the working directory.
	Dir string
	// Env is the whole environment, as KEY=value.
	Env []string
}

// CommandRunner runs the commands of templates. It returns what the command
// wrote to its standard output, and its exit status. The error is for a command
// that could not be run at all.
type CommandRunner func(ctx context.Context, cmd Command) (stdout []byte, status int, err error)

// RunCommand is the CommandRunner that runs commands on this machine. What they
// write to standard error is dropped.
func RunCommand(ctx context.Context, cmd Command) ([]byte, int, error) {
	c := exec.CommandContext(ctx, cmd.Args[0], cmd.Args[1:]...)
	c.Dir, c.Env = cmd.Dir, cmd.Env
	var out bytes.Buffer
	c.Stdout = &out
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return out.Bytes(), exit.ExitCode(), nil
	}
	return out.Bytes(), 0, err
}

// shellSyntax are the characters for which Ruby asks a shell; a plain command
// with arguments is run directly, and its absence raises Errno::ENOENT.
const shellSyntax = "*?{}[]<>()~&|\\$;'`\"\n#=%"

func commandArgs(text string) []string {
	words := strings.Fields(text)
	if strings.ContainsAny(text, shellSyntax) || len(words) == 0 || shellBuiltin(words[0]) {
		return []string{"sh", "-c", text}
	}
	return words
}

// shellBuiltin names the commands that only a shell has.
func shellBuiltin(s string) bool {
	switch s {
	case ".", ":", "break", "case", "continue", "do", "done", "elif", "else", "esac", "eval", "exec", "exit", "export", "fi", "for", "if",
		"in", "readonly", "return", "set", "shift", "then", "times", "trap", "unset", "until", "while", "cd", "alias", "command", "source", "type", "ulimit", "umask":
		return true
	}
	return false
}

// command runs backticks.
func (vm *vm) command(at span, f *frame, text string) value {
	vm.at, vm.src = at, f.src
	out, err := vm.run(commandArgs(text))
	if err != nil {
		vm.raise("Errno::ENOENT", "No such file or directory - %s", strings.Fields(text + " ?")[0])
	}
	vm.charge(len(out))
	return &str{b: out}
}

// run hands a command to the runner.
func (vm *vm) run(args []string) ([]byte, error) {
	if vm.opts.Commands == nil {
		vm.stop(&Error{
			Msg:  "the template runs the command `" + strings.Join(args, " ") + "`, but commands in templates are switched off by erb_commands: false",
			Hint: "set erb_commands: true if you trust this file",
		})
	}
	out, status, err := vm.opts.Commands(vm.ctx, Command{Args: args, Dir: vm.opts.Dir, Env: vm.env.list()})
	if vm.ctx.Err() != nil {
		vm.stop(&Error{Msg: "stopped: " + vm.ctx.Err().Error(), Err: vm.ctx.Err()})
	}
	if err != nil {
		status = 127
	}
	vm.status, vm.ran = int64(status), true
	return out, err
}

// kernelSystemCall is system: true for success, nil when there is no such
// command.
func kernelSystemCall(c *call) value {
	args := c.args
	if env, ok := args[0].(*hash); ok {
		saved := newEnviron(c.vm.env.list())
		defer func() { *c.vm.env = *saved }()
		for _, e := range env.pairs() {
			c.vm.env.set(c.vm.toS(e.key), c.vm.toS(e.val))
		}
		args = args[1:]
	}
	var words []string
	for _, a := range args {
		words = append(words, c.vm.toStr(a).String())
	}
	if len(words) == 0 {
		c.vm.argError("wrong number of arguments (given 0, expected 1+)")
	}
	if len(words) == 1 {
		words = commandArgs(words[0])
	}
	out, err := c.vm.run(words)
	if err != nil {
		return nil
	}
	c.vm.writeOut(c.vm.stdout, string(out))
	return c.vm.status == 0
}

// lastStatus is $?.
func (vm *vm) lastStatus() value {
	if !vm.ran {
		return nil
	}
	return &object{class: vm.class("Process::Status"), data: vm.status}
}

func statusMethods(t methodTable) {
	code := func(c *call) int64 { return c.self.(*object).data.(int64) }
	t.add(func(c *call) value { return code(c) }, 0, 0, "exitstatus")
	t.add(func(c *call) value { return code(c) << 8 }, 0, 0, "to_i")
	t.add(func(c *call) value { return code(c) == 0 }, 0, 0, "success?")
	t.add(func(c *call) value { return true }, 0, 0, "exited?")
	t.add(func(c *call) value {
		if n, ok := c.args[0].(int64); ok {
			return n == code(c)<<8
		}
		return false
	}, 1, 1, "==")
	t.add(func(c *call) value { return newStr("exit " + itoa(int(code(c)))) }, 0, 0, "to_s")
	t.add(func(c *call) value { return newStr("#<Process::Status: exit " + itoa(int(code(c))) + ">") }, 0, 0, "inspect")
}
