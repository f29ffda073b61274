package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/distribution/reference"

	"github.com/galley-kitchen/galley/internal/limits"
	"github.com/galley-kitchen/galley/internal/mirrors"
)

// MaxConcurrency is what -c without a number means: as many as there are instances.
const MaxConcurrency = 9999

// definition is one setting. The same parser reads it from every source.
type definition struct {
	name, short, usage string
	// standard is the value that holds when nothing sets it, in the text form of a flag.
	standard string
	// bare is the value of the flag when it is given without one.
	bare  string
	parse func(text string) (any, error)
	// words are the values that parse takes, where they can be listed.
	words []string
	// list is true when the setting has many values; parse reads one of them.
	list bool
	// check looks at all values of a list together; nil allows every list.
	check func(values []string) error
	// pairs is true when a file may have the list as a mapping of names to values, which are NAME=VALUE elsewhere.
	pairs bool
	// refuse says why a project's file may not set this value, given the one that holds
	// without that file, or "". Nil allows every value.
	refuse func(p project, value, without any) string
}

// definitions is the table of all settings, in the order in which `galley config` prints them.
var definitions = sync.OnceValue(func() []definition {
	text := func(s string) (any, error) { return strings.TrimSpace(s), nil }
	table := []definition{
		{name: "engine", words: []string{"docker", "podman"}, refuse: project.refuseEngine,
			usage: "the engine to use: docker or podman (default: whichever answers first)"},
		{name: "host", parse: text, refuse: project.refuseChange,
			usage: "the engine's address: unix://, tcp://, ssh:// or npipe://"},
		{name: "tls-cert-path", parse: text, refuse: project.refuseChange,
			usage: "the directory with ca.pem, cert.pem and key.pem for a tcp:// address (default: DOCKER_CERT_PATH)"},
		flag("tls-verify", "", "true", "check the certificate of an engine at a tcp:// address").refusing(false),
		{name: "erb", standard: "auto", words: erbModes(), refuse: project.refuseERB,
			usage: "who evaluates <% %> in kitchen.yml: auto, builtin, ruby or off"},
		flag("erb-commands", "", "true", "let templates run commands with backticks and %x(), or a Ruby").refusing(true),
		{name: "log-level", short: "l", standard: "info", words: []string{"debug", "info", "warn", "error", "fatal"},
			usage: "what to print: debug, info, warn, error or fatal"},
		flag("quiet", "q", "false", "print warnings and what failed, and nothing else"),
		flag("verbose", "", "false", "print all there is to say, as --log-level debug does"),
		flag("log-overwrite", "", "true", "start the log files anew instead of appending"),
		flag("color", "", "true", "use colours on a terminal (NO_COLOR turns them off too)"),
		{name: "concurrency", short: "c", standard: "1", bare: strconv.Itoa(MaxConcurrency), parse: number(1),
			usage: "how many instances run side by side; -c alone means all"},
		flag("parallel", "p", "false", "run all instances side by side"),
		flag("fail-fast", "f", "false", "start no further instance after one failed"),
		flag("debug", "D", "false", "let provisioner and verifier say more"),
		{name: "test-base-path", short: "t", parse: text, usage: "the directory of the tests (default: test/integration)"},
		flag("idempotence", "", "false", "converge twice, and fail when the second time changes anything"),
		flag("recreate", "", "true", "make a runner anew when its configuration changed"),
		{name: "reuse", standard: ReuseOff, bare: ReuseLocal, words: []string{ReuseOff, ReuseLocal}, parse: repository,
			usage: "start from a checkpoint when nothing that goes into converge has changed: " +
				"off, local, or a repository to look in too"},
		{name: "reuse-push", standard: PushOff, bare: PushOn, words: []string{PushOff, PushOn, PushStrict}, parse: push,
			refuse: project.refuseChange,
			usage: "push checkpoints whose tests have passed to the repository of reuse: " +
				"off, on, or strict, which fails when that does"},
		{name: "reuse-max-age", parse: duration(1, "write a duration such as 24h or 90m"),
			usage: "how old a checkpoint may be that is used, such as 24h (default: any age)"},
		{name: "pull", words: []string{"always", "missing", "newer", "never"},
			usage: "when to pull images, whatever kitchen.yml says: always, missing, newer or never"},
		{name: "images", parse: text, list: true, pairs: true, refuse: project.refuseChange,
			check: func(entries []string) error { _, err := mirrors.Parse(entries); return err },
			usage: "take the images of a registry from elsewhere: docker.io=mirror.example/dockerhub; may be repeated"},
		flag("locked", "", "false", "use exactly the images that galley.lock has, which galley lock writes").refusing(false),
		flag("require-tests", "", "false", "fail an instance whose verifier found no tests"),
		flag("report-changes", "", "false", "tell in html and json reports what converge changed in the files of runners"),
		{name: "retry", standard: "0", parse: number(0),
			usage: "how many more times to run tests that failed; one that passes then is reported as flaky"},
		{name: "timeout", parse: text, list: true, pairs: true,
			check: func(entries []string) error { _, err := limits.Parse(entries); return err },
			usage: "end the run after a time, or a phase of an instance: 1h, converge=30m; may be repeated"},
		flag("wait", "", "true", "wait for another galley that is busy with an instance"),
		{name: "lease", parse: duration(time.Minute, "write a time from 1m up, longer than a run takes, such as 2h"),
			usage: "let galley prune of any project remove runners so long after they were made: 2h"},
		{name: "destroy", short: "d", standard: "passing", words: []string{"passing", "always", "never"},
			usage: "when to destroy at the end: passing, always or never"},
		{name: "shard", parse: text, usage: "only a part of the instances: I/N, such as 1/4, for CI jobs side by side"},
		{name: "shard-times", parse: text, list: true,
			usage: "a json or ndjson report of an earlier run, to make the parts of --shard equally long; may be repeated"},
		{name: "report", parse: text, list: true, refuse: project.refuseReports,
			usage: "write a report: junit=FILE, json=FILE, ndjson=FILE or html=FILE; may be repeated"},
		{name: "trace", parse: text, refuse: project.refuseChange,
			usage: "write what took how long, each call to the engine too: FILE.json for Perfetto and Chrome, or FILE.ndjson"},
		{name: "pprof", parse: text, refuse: project.refuseChange,
			usage: "write profiles of galley itself into that directory, for go tool pprof"},
	}
	for i, d := range table {
		if d.words != nil && d.parse == nil {
			table[i].parse = d.choice
		}
	}
	return table
})

// Words are the values that a setting can have, where they can be listed.
func Words(name string) []string {
	d, _, _ := lookup(name)
	return d.words
}

func flag(name, short, standard, usage string) definition {
	return definition{name: name, short: short, standard: standard, usage: usage, bare: "true",
		parse: func(s string) (any, error) { return ParseBool(s) }}
}

// refusing has a project's file not set a boolean to a value that gives power.
func (d definition) refusing(power bool) definition {
	d.refuse = func(p project, value, without any) string {
		if value != power {
			return ""
		}
		return p.refuseChange(value, without)
	}
	return d
}

func (d definition) boolean() bool { return d.bare == "true" }

// value is the setting's value in a text, or in several for a list.
func (d definition) value(texts []string) (any, error) {
	if !d.list {
		return d.parse(texts[0])
	}
	values := make([]string, 0, len(texts))
	for _, text := range texts {
		v, err := d.parse(text)
		if err != nil {
			return nil, err
		}
		values = append(values, v.(string))
	}
	if d.check != nil {
		if err := d.check(values); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// fallback is the value that holds when nothing sets it. The table's own values parse.
func (d definition) fallback() any {
	if d.list {
		return []string{}
	}
	v, err := d.parse(d.standard)
	if err != nil {
		panic(fmt.Sprintf("settings: the default of %s: %v", d.name, err))
	}
	return v
}

// ParseBool reads yes, on, true, t and 1, and their opposites, in any case and with blanks around.
func ParseBool(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "yes", "on", "true", "t", "1":
		return true, nil
	case "no", "off", "false", "f", "0":
		return false, nil
	}
	return false, errors.New("write yes or no (true, on and 1, false, off and 0 are the same)")
}

// choice reads one of the words, or nothing where nothing is the default.
func (d definition) choice(text string) (any, error) {
	word := strings.ToLower(strings.TrimSpace(text))
	if slices.Contains(d.words, word) || word == d.standard {
		return word, nil
	}
	last := len(d.words) - 1
	return nil, fmt.Errorf("write %s or %s", strings.Join(d.words[:last], ", "), d.words[last])
}

// duration reads a time that is not shorter than least, or nothing; hint says what to write in place of anything else.
func duration(least time.Duration, hint string) func(string) (any, error) {
	return func(text string) (any, error) {
		text = strings.TrimSpace(text)
		if d, err := time.ParseDuration(text); text != "" && (err != nil || d < least) {
			return nil, errors.New(hint)
		}
		return text, nil
	}
}

// The values of reuse besides repositories.
const (
	ReuseOff   = "off"
	ReuseLocal = "local"
)

// repository reads off, local, or the name of a repository with its registry.
func repository(text string) (any, error) {
	text = strings.TrimSpace(text)
	if word := strings.ToLower(text); word == ReuseOff || word == ReuseLocal {
		return word, nil
	}
	named, err := reference.ParseNormalizedNamed(text)
	host, _, slash := strings.Cut(text, "/")
	if err != nil || !reference.IsNameOnly(named) || !slash || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return nil, errors.New("write off, local, or a repository with its registry and without a tag, such as " +
			"registry.example.com/team/checkpoints")
	}
	return named.Name(), nil
}

// The values of reuse-push.
const (
	PushOff    = "off"
	PushOn     = "on"
	PushStrict = "strict"
)

// push reads yes, no or strict.
func push(text string) (any, error) {
	if strings.ToLower(strings.TrimSpace(text)) == PushStrict {
		return PushStrict, nil
	}
	on, err := ParseBool(text)
	switch {
	case err != nil:
		return nil, errors.New("write on, off or strict")
	case on:
		return PushOn, nil
	}
	return PushOff, nil
}

func number(least int) func(string) (any, error) {
	return func(text string) (any, error) {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < least {
			return nil, fmt.Errorf("write a number from %d up", least)
		}
		return n, nil
	}
}
