package external

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/internal/lines"
)

// version is that of the protocol of Test Kitchen 4.1 that galley speaks: schemas/external-provider-protocol.v1 there.
const version = "1.0"

// transport is the only one that galley has: a client of the engine, which runs commands in the runner.
const transport = "docker_exec"

// The bounds of what a provider may print: one document, and the state that is kept.
const (
	maxDocument = 1 << 20
	maxState    = 64 << 10
)

// capabilities is what a provider says of itself.
type capabilities struct {
	Version    string   `json:"protocol_version"`
	Commands   []string `json:"commands"`
	Transports []string `json:"supported_transports"`
}

// check fails for a provider that galley cannot work with.
func (c capabilities) check() error {
	if err := isVersion(c.Version); err != nil {
		return err
	}
	for _, command := range []string{"validate", "run"} {
		if !slices.Contains(c.Commands, command) {
			return fmt.Errorf("it has no command %s", command)
		}
	}
	if !slices.Contains(c.Transports, transport) {
		return fmt.Errorf("it reaches machines by %s, and a runner is only reached by %s",
			strings.Join(c.Transports, ", "), transport)
	}
	return nil
}

func isVersion(v string) error {
	if v != version {
		return fmt.Errorf("it speaks version %q of the protocol, and galley %s", v, version)
	}
	return nil
}

// validation is the answer of validate.
type validation struct {
	Version          string `json:"protocol_version"`
	Status           string `json:"status"`
	Errors, Warnings []message
}

type message struct{ Message string }

// check fails with what the provider says is wrong.
func (v validation) check() error {
	if err := isVersion(v.Version); err != nil || v.Status == "ok" {
		return err
	}
	var texts []string
	for _, m := range v.Errors {
		texts = append(texts, m.Message)
	}
	if len(texts) == 0 {
		return errors.New("it refuses the configuration and does not say why")
	}
	return errors.New(strings.Join(texts, "\n"))
}

// event is a line that run prints.
type event struct {
	Version string `json:"protocol_version"`
	Type    string
	Level   string
	Message string
	Stage   string
	Status  string
	State   struct{ Provider json.RawMessage }
}

// events reads the lines of run, and stops it at the first that is none of the protocol.
type events struct {
	// show prints a line, fail ends the program.
	show func(line string)
	fail func(error)
	// debug shows what is meant for finding mistakes.
	debug bool

	number int
	result *event
}

// writer takes what the program prints. A line is read in one piece: one that is too long is an error.
func (e *events) writer() *lines.Writer {
	return &lines.Writer{Emit: e.line, Piece: func(string) error {
		return e.broken(errors.New("it is too long"))
	}}
}

func (e *events) broken(why error) error {
	err := fmt.Errorf("line %d of what it printed is no event of the protocol: %w", e.number+1, why)
	e.fail(err)
	return err
}

func (e *events) line(text string) error {
	if strings.TrimSpace(text) == "" {
		e.number++
		return nil
	}
	var v event
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return e.broken(err)
	}
	if err := isVersion(v.Version); err != nil {
		return e.broken(err)
	}
	switch v.Type {
	case "log":
		if !slices.Contains([]string{"debug", "info", "warn", "error"}, v.Level) {
			return e.broken(fmt.Errorf("a log has no level %q", v.Level))
		}
		switch {
		case v.Level == "info":
			e.show(v.Message)
		case v.Level != "debug" || e.debug:
			e.show(v.Level + ": " + v.Message)
		}
	case "progress":
		e.show("[" + v.Stage + "] " + v.Message)
	case "result":
		if !slices.Contains([]string{"passed", "failed", "skipped"}, v.Status) {
			return e.broken(fmt.Errorf("a result has no status %q", v.Status))
		}
		if e.result != nil {
			return e.broken(errors.New("there was a result already"))
		}
		e.result = &v
	default:
		return e.broken(fmt.Errorf("there is no type %q", v.Type))
	}
	e.number++
	return nil
}

// document keeps what a program prints, up to a limit, and stops it there.
type document struct {
	text []byte
	fail func(error)
}

func (d *document) Write(p []byte) (int, error) {
	if len(d.text)+len(p) > maxDocument {
		err := fmt.Errorf("it printed more than %d bytes, and no answer is that long", maxDocument)
		d.fail(err)
		return 0, err
	}
	d.text = append(d.text, p...)
	return len(p), nil
}
