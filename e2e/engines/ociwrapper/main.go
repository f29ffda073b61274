//go:build linux

// Command ociwrapper stands before runc or crun (the name that it is called by) where even root lacks
// CAP_SYS_RESOURCE, takes out of the bundle what would need it, and becomes the real one. It is a program and no
// script since engines call it for each container and each command.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	// Up to 1.1, runc hands its own umask on to what it executes, and that of Docker 29 is 0.
	unix.Umask(0o022)
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "ociwrapper:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	runtime, err := realRuntime(filepath.Base(args[0]))
	if err != nil {
		return err
	}
	command, file := parse(args[1:])
	if command != "" {
		if err := rewrite(file, command == "exec", runtime); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return unix.Exec(runtime, args, os.Environ())
}

func realRuntime(name string) (string, error) {
	for _, dir := range []string{"/usr/bin", "/usr/sbin"} {
		if path := filepath.Join(dir, name); unix.Access(path, unix.X_OK) == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no %s in /usr/bin and /usr/sbin", name)
}

// parse finds the command that starts a process, or "", and the file that describes that process: a bundle's
// config.json, or what exec is given.
func parse(args []string) (command, file string) {
	previous := ""
	for _, arg := range args {
		option, value := previous, arg
		if strings.HasPrefix(arg, "--") && strings.Contains(arg, "=") {
			option, value, _ = strings.Cut(arg, "=")
		}
		switch option {
		case "--bundle", "-b":
			file = filepath.Join(value, "config.json")
		case "--process", "-p":
			file = value
		}
		if command == "" && slices.Contains([]string{"create", "run", "exec", "restore"}, arg) {
			command = arg
		}
		previous = arg
	}
	if file == "" && command != "exec" {
		file = "config.json"
	}
	return command, file
}

// rewrite changes a bundle's config.json, or exec's file of a process alone, so that it asks for nothing that needs
// CAP_SYS_RESOURCE.
func rewrite(file string, alone bool, runtime string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var config map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&config); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	process := config
	if !alone {
		process, _ = config["process"].(map[string]any)
		if linux, ok := config["linux"].(map[string]any); ok && loadsDeviceFilter(runtime) {
			if resources, ok := linux["resources"].(map[string]any); ok {
				delete(resources, "devices")
			}
		}
	}
	if err := lower(process); err != nil {
		return err
	}
	out, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(file, out, 0o600)
}

// loadsDeviceFilter reports whether the runtime raises RLIMIT_MEMLOCK to load cgroup2's filter of devices, as crun does
// up to 1.8.
func loadsDeviceFilter(runtime string) bool {
	if filepath.Base(runtime) != "crun" || unix.Access("/sys/fs/cgroup/cgroup.controllers", unix.F_OK) != nil {
		return false
	}
	version, err := exec.Command(runtime, "--version").Output()
	return err == nil && regexp.MustCompile(`(?m)^crun version 1\.[0-8]\.`).Match(version)
}

// lower takes CAP_SYS_RESOURCE from a process, and lowers its limits to the hard ones that hold here.
func lower(process map[string]any) error {
	capabilities, _ := process["capabilities"].(map[string]any)
	for set, names := range capabilities {
		if list, ok := names.([]any); ok {
			capabilities[set] = slices.DeleteFunc(list, func(name any) bool { return name == "CAP_SYS_RESOURCE" })
		}
	}
	limits, _ := process["rlimits"].([]any)
	for _, each := range limits {
		limit, _ := each.(map[string]any)
		most, ok := hardLimit(limit["type"])
		if !ok {
			continue
		}
		for _, which := range []string{"hard", "soft"} {
			if n, ok := number[uint64](limit[which]); ok && n > most {
				limit[which] = most
			}
		}
	}
	text, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return err
	}
	own, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	if n, ok := number[int](process["oomScoreAdj"]); process != nil && ok && n < own {
		process["oomScoreAdj"] = own
	}
	return nil
}

// number is a JSON number that was kept as it was written.
func number[T int | uint64](value any) (n T, ok bool) {
	written, _ := value.(json.Number)
	return n, json.Unmarshal([]byte(written), &n) == nil
}

// hardLimit is this process's hard limit of a kind that a bundle names; false when it has none.
func hardLimit(kind any) (uint64, bool) {
	resource, ok := map[any]int{
		"RLIMIT_NOFILE": unix.RLIMIT_NOFILE, "RLIMIT_NPROC": unix.RLIMIT_NPROC, "RLIMIT_MEMLOCK": unix.RLIMIT_MEMLOCK,
		"RLIMIT_CORE": unix.RLIMIT_CORE, "RLIMIT_STACK": unix.RLIMIT_STACK, "RLIMIT_SIGPENDING": unix.RLIMIT_SIGPENDING,
		"RLIMIT_MSGQUEUE": unix.RLIMIT_MSGQUEUE, "RLIMIT_NICE": unix.RLIMIT_NICE, "RLIMIT_RTPRIO": unix.RLIMIT_RTPRIO,
	}[kind]
	var limit unix.Rlimit
	if !ok || unix.Getrlimit(resource, &limit) != nil || limit.Max == unix.RLIM_INFINITY {
		return 0, false
	}
	return limit.Max, true
}
