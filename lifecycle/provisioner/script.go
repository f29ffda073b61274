package provisioner

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
)

// tkEnvPrefix marks variables of galley's environment that are handed on to
// commands in runners, without the prefix.
const tkEnvPrefix = "TKENV_"

// script is a shell script for a runner: exports, then command lines. Values are
// quoted, so that none of them can break out.
type script struct {
	env   map[string]string
	lines []string
}

func (s *script) add(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

// commandEnv is what every command in a runner finds in its environment: the
// proxies in both cases, TEST_KITCHEN, CI, the licence, TKENV_ variables.
func commandEnv(p Project, i config.Instance) map[string]string {
	env := map[string]string{"TEST_KITCHEN": "1"}
	proxy := i.Provisioner.Proxy
	for name, value := range map[string]string{
		"http_proxy": proxy.HTTP, "https_proxy": proxy.HTTPS, "ftp_proxy": proxy.FTP, "no_proxy": proxy.No,
	} {
		if value == "" {
			for _, n := range []string{name, strings.ToUpper(name)} {
				if v, ok := p.Environ(n); ok && v != "" {
					value = v
				}
			}
		}
		if value != "" {
			env[name], env[strings.ToUpper(name)] = value, value
		}
	}
	for _, name := range []string{"CI", "CHEF_LICENSE"} {
		if v, ok := p.Environ(name); ok && v != "" {
			env[name] = v
		}
	}
	for _, kv := range p.EnvList {
		k, v, _ := strings.Cut(kv, "=")
		if name, ok := strings.CutPrefix(k, tkEnvPrefix); ok && name != "" {
			env[name] = v
		}
	}
	maps.Copy(env, i.Provisioner.Env)
	return env
}

// String renders the script for the plainest of shells.
func (s script) String() string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n")
	for _, k := range slices.Sorted(maps.Keys(s.env)) {
		fmt.Fprintf(&b, "%s=%s; export %s\n", k, quote(s.env[k]), k)
	}
	for _, l := range s.lines {
		b.WriteString(l + "\n")
	}
	return b.String()
}

// prefixed puts command_prefix in front of a command.
func prefixed(p config.Provisioner, command string) string {
	if p.CommandPrefix == "" {
		return command
	}
	return p.CommandPrefix + " " + command
}

// quote makes one word of the shell of any text.
func quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
