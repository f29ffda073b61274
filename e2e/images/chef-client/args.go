package main

import (
	"fmt"
	"strings"
)

// options is the part of the command line that changes what is done.
type options struct {
	localMode  bool
	config     string
	attributes string
	formatter  string
	runList    string
	logfile    string
	logLevel   string
	whyRun     bool
	version    bool
}

// flag describes one option of the real program: whether it takes a value, and where
// the value goes (nowhere, for those that make no difference here).
type flag struct {
	takesValue bool
	set        func(o *options, value string)
}

func ignored(*options, string) {}

// flags is the real program's table as far as Test Kitchen and its users go.
var flags = func() map[string]flag {
	config := flag{true, func(o *options, v string) { o.config = v }}
	attributes := flag{true, func(o *options, v string) { o.attributes = v }}
	formatter := flag{true, func(o *options, v string) { o.formatter = v }}
	level := flag{true, func(o *options, v string) { o.logLevel = v }}
	logfile := flag{true, func(o *options, v string) { o.logfile = v }}
	local := flag{false, func(o *options, _ string) { o.localMode = true }}
	whyRun := flag{false, func(o *options, _ string) { o.whyRun = true }}
	runList := flag{true, func(o *options, v string) { o.runList = v }}
	show := flag{false, func(o *options, _ string) { o.version = true }}
	with, without := flag{true, ignored}, flag{false, ignored}
	return map[string]flag{
		"-z": local, "--local-mode": local,
		"-c": config, "--config": config,
		"-j": attributes, "--json-attributes": attributes,
		"-F": formatter, "--format": formatter,
		"-l": level, "--log_level": level,
		"-L": logfile, "--logfile": logfile,
		"-W": whyRun, "--why-run": whyRun,
		"-o": runList, "--override-runlist": runList,
		"-v": show, "--version": show,
		"-E": with, "--environment": with,
		"-N": with, "--node-name": with,
		"-n": with, "--named-run-list": with,
		"--chef-zero-host": with, "--chef-zero-port": with,
		"--chef-license": with, "--lockfile": with,
		"--force-formatter": without, "--force-logger": without,
		"--color": without, "--no-color": without,
		"--fork": without, "--no-fork": without, "-f": without,
		"--once": without, "--profile-ruby": without, "--no-profile-ruby": without,
		"--slow-report": without, "--no-listen": without, "--listen": without,
	}
}()

// parseArgs reads the command line: of options given twice the last one holds, what is
// no option is refused, as is an option without its value.
func parseArgs(args []string) (options, error) {
	o := options{formatter: "doc", logLevel: "auto"}
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		f, known := flags[name]
		switch {
		case !known && strings.HasPrefix(name, "-"):
			return o, fmt.Errorf("invalid option: %s", args[i])
		case !known:
			return o, fmt.Errorf("unexpected argument: %s", args[i])
		case !f.takesValue && joined:
			return o, fmt.Errorf("needless argument: %s", args[i])
		case f.takesValue && !joined:
			i++
			if i == len(args) {
				return o, fmt.Errorf("missing argument: %s", name)
			}
			value = args[i]
		case name == "--slow-report" && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-"):
			i++ // its number may be left out
		}
		f.set(&o, value)
	}
	switch o.formatter {
	case "doc", "min", "minimal", "null":
	default:
		return o, fmt.Errorf("unknown formatter: %s", o.formatter)
	}
	switch o.logLevel {
	case "auto", "trace", "debug", "info", "warn", "error", "fatal":
	default:
		return o, fmt.Errorf("unknown log level: %s", o.logLevel)
	}
	return o, nil
}
