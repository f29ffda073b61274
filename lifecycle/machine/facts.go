// Package machine tells in what two machines differ that were converged: what people, programs and other machines see
// of them. The facts are collected by a script inside each of them; nothing of a machine is trusted, and what is read
// of it is bounded.
package machine

import (
	"context"
	_ "embed" // for the script
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/internal/names"
)

// Kind is what a fact is about.
type Kind string

// The kinds of facts, in the order in which they are told.
const (
	File     Kind = "file"
	User     Kind = "user"
	Group    Kind = "group"
	Package  Kind = "package"
	Service  Kind = "service"
	Port     Kind = "port"
	Mount    Kind = "mount"
	Env      Kind = "env"
	Sysctl   Kind = "sysctl"
	Limit    Kind = "limit"
	Converge Kind = "converge"
)

// kinds are all of them.
var kinds = []Kind{File, User, Group, Package, Service, Port, Mount, Env, Sysctl, Limit, Converge}

// Facts are what is known of a machine, but for its files: a value in words by kind and name. A kind is missing where
// the machine cannot tell.
type Facts struct {
	Values map[Kind]map[string]string
	// Own are texts that are the machine's alone: its addresses and its host name.
	Own []string
}

// script prints sections of what the system has, as it has it. It is for the shells of all distributions.
//
//go:embed facts.sh
var script string

const (
	// maxFacts bounds what a machine may tell, and factsTime how long.
	maxFacts  = 16 << 20
	factsTime = time.Minute
)

// executor is a part of backend.Containers.
type executor interface {
	Exec(ctx context.Context, id string, e backend.ExecSpec) (exitCode int, err error)
}

// Collect asks a container that runs for its facts. Errors: that it has no shell.
func Collect(ctx context.Context, engine executor, container string) (Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, factsTime)
	defer cancel()
	mark := "galley-" + names.Random(12) // which nothing in the machine knows
	out := &bounded{left: maxFacts}
	code, err := engine.Exec(ctx, container,
		backend.ExecSpec{Command: []string{"sh", "-c", script, "sh", mark}, User: "0", Stdout: out})
	switch {
	case err != nil:
		return Facts{}, fmt.Errorf("collect what there is in the runner: %w", err)
	case code != 0:
		return Facts{}, fmt.Errorf("collect what there is in the runner: the shell there ended with code %d", code)
	}
	return parse(out.text.String(), mark), nil
}

// bounded keeps the beginning of a text.
type bounded struct {
	text strings.Builder
	left int
}

// Write writes what there is room for.
func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left {
		return 0, errors.New("the runner tells more than is read of it")
	}
	b.left -= len(p)
	return b.text.Write(p)
}

// parse reads what the script prints.
func parse(text, mark string) Facts {
	f := Facts{Values: map[Kind]map[string]string{}}
	for _, part := range strings.Split("\n"+text, "\n"+mark+" ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		if read := sections[name]; read != nil {
			read(&f, body)
		}
	}
	return f
}

// sections are the readers of what the script prints, by name.
var sections = map[string]func(f *Facts, body string){
	"passwd":  readUsers,
	"group":   readGroups,
	"dpkg":    readPackages,
	"rpm":     readPackages,
	"apk":     readApk,
	"units":   func(f *Facts, body string) { readUnits(f, body, "running") },
	"enabled": func(f *Facts, body string) { readUnits(f, body, "enabled") },
	"tcp":     func(f *Facts, body string) { readPorts(f, body, "tcp", "0A") },
	"udp":     func(f *Facts, body string) { readPorts(f, body, "udp", "07") },
	"mounts":  readMounts,
	"environ": readEnv,
	"sysctl":  readSysctls,
	"limits":  readLimits,
	"own":     func(f *Facts, body string) { f.Own = append(f.Own, strings.Fields(body)...) },
	"fib":     readAddresses,
}

// kind are the facts of a kind, which the machine can tell of.
func (f *Facts) kind(k Kind) map[string]string {
	if f.Values[k] == nil {
		f.Values[k] = map[string]string{}
	}
	return f.Values[k]
}

func readUsers(f *Facts, body string) {
	users := f.kind(User)
	for line := range strings.Lines(body) {
		if p := strings.Split(strings.TrimSpace(line), ":"); len(p) >= 7 {
			users[p[0]] = fmt.Sprintf("uid %s, gid %s, home %s, shell %s", p[2], p[3], p[5], p[6])
		}
	}
}

func readGroups(f *Facts, body string) {
	groups := f.kind(Group)
	for line := range strings.Lines(body) {
		if p := strings.Split(strings.TrimSpace(line), ":"); len(p) >= 4 {
			text := "gid " + p[2]
			if members := strings.FieldsFunc(p[3], func(r rune) bool { return r == ',' }); len(members) > 0 {
				slices.Sort(members)
				text += ", members " + strings.Join(members, " ")
			}
			groups[p[0]] = text
		}
	}
}

// readPackages reads a name and a version a line.
func readPackages(f *Facts, body string) {
	packages := f.kind(Package)
	for line := range strings.Lines(body) {
		if p := strings.Fields(line); len(p) == 2 {
			packages[p[0]] = strings.TrimPrefix(p[1], "(none):")
		}
	}
}

// readApk reads Alpine's database: a line "P:" with the name before one "V:" with the version.
func readApk(f *Facts, body string) {
	packages := f.kind(Package)
	name := ""
	for line := range strings.Lines(body) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case key == "P":
			name = value
		case key == "V" && name != "":
			packages[name] = value
			name = ""
		}
	}
}

// readUnits reads the names of systemd's services that are in a state.
func readUnits(f *Facts, body, state string) {
	services := f.kind(Service)
	for line := range strings.Lines(body) {
		unit, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, is := strings.CutSuffix(unit, ".service")
		switch had := services[name]; {
		case !is:
		case had != "" && had != state:
			services[name] = had + ", " + state
		default:
			services[name] = state
		}
	}
}

// readPorts reads the sockets of /proc/net in a state.
func readPorts(f *Facts, body, protocol, state string) {
	ports := f.kind(Port)
	for line := range strings.Lines(body) {
		p := strings.Fields(line)
		if len(p) < 4 || p[3] != state {
			continue
		}
		if at, ok := socket(p[1]); ok {
			ports[protocol+" "+at] = "open"
		}
	}
}

// socket reads an address of /proc/net: the words of it are in the order of the machine.
func socket(text string) (address string, ok bool) {
	words, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(words)
	number, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(raw)%4 != 0 {
		return "", false
	}
	for n := 0; n < len(raw); n += 4 {
		binary.BigEndian.PutUint32(raw[n:], binary.LittleEndian.Uint32(raw[n:]))
	}
	at, ok := netip.AddrFromSlice(raw)
	if ok && at.IsUnspecified() { // for IPv4, IPv6 or both, which is the programs' own affair
		return fmt.Sprintf("*:%d", number), true
	}
	return netip.AddrPortFrom(at, uint16(number)).String(), ok
}

// memoryTypes are the file systems that people mean by their type. All others are files of the engine's host.
var memoryTypes = []string{"tmpfs", "proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "nfs", "nfs4",
	"cifs", "fuse", "overlay", "squashfs", "hugetlbfs", "securityfs", "debugfs", "tracefs", "bpf"}

func readMounts(f *Facts, body string) {
	mounts := f.kind(Mount)
	for line := range strings.Lines(body) {
		p := strings.Fields(line)
		if len(p) < 4 {
			continue
		}
		kind, access := "files", "writable"
		if slices.Contains(memoryTypes, p[2]) {
			kind = p[2]
		}
		if slices.Contains(strings.Split(p[3], ","), "ro") {
			access = "read-only"
		}
		mounts[strings.ReplaceAll(p[1], `\040`, " ")] = kind + ", " + access
	}
}

func readEnv(f *Facts, body string) {
	env := f.kind(Env)
	for _, kv := range strings.Split(strings.TrimSuffix(body, "\n"), "\x00") {
		if name, value, ok := strings.Cut(kv, "="); ok {
			env[name] = value
		}
	}
}

// readSysctls reads lines such as /proc/sys/net/ipv4/ip_forward:1.
func readSysctls(f *Facts, body string) {
	sysctls := f.kind(Sysctl)
	for line := range strings.Lines(body) {
		path, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if name, is := strings.CutPrefix(path, "/proc/sys/"); ok && is {
			sysctls[strings.ReplaceAll(name, "/", ".")] = strings.Join(strings.Fields(value), " ")
		}
	}
}

// limit is a line of /proc/self/limits: the name, the soft and the hard limit in columns.
var limit = lazyregexp.New(`^Max (.+?) {2,}(\S+) +(\S+)`)

func readLimits(f *Facts, body string) {
	limits := f.kind(Limit)
	for line := range strings.Lines(body) {
		if m := limit().FindStringSubmatch(line); m != nil {
			limits[m[1]] = m[2]
		}
	}
}

// readAddresses reads the machine's own addresses from /proc/net/fib_trie.
func readAddresses(f *Facts, body string) {
	last := ""
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if at, ok := strings.CutPrefix(line, "|-- "); ok {
			last = at
		} else if strings.HasSuffix(line, "host LOCAL") && !strings.HasPrefix(last, "127.") && !slices.Contains(f.Own, last) {
			f.Own = append(f.Own, last)
		}
	}
}
