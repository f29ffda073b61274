package testbed

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"
)

// Kinds of engines.
const (
	Docker = "docker"
	Podman = "podman"
)

// Engine is a running engine.
type Engine struct {
	Name        string // as engines.sh calls it, for example "podman4-rootless"
	Kind        string // Docker or Podman
	Host        string // the API socket as seen from this machine: unix:///…
	Rootless    bool   // runs as a plain user
	UserNSRemap bool   // a Docker daemon with userns-remap
	SSH         SSH
	TLS         *TLS // nil where the engine has no TLS (Podman, rootless Docker)
}

// SSH says how to reach an engine through sshd, which runs in a world of its own: its
// processes and sockets are not this machine's, its ordinary directories are.
type SSH struct {
	Host       string // ssh://USER@127.0.0.1:PORT, for Podman with the socket's path
	Identity   string // the private key's file
	KnownHosts string // holds the engines' host keys
	Dir        string // put it first in PATH for programs that run plain "ssh"
}

// TLS says how to reach an engine over TCP with client certificates.
type TLS struct {
	Host     string // tcp://127.0.0.1:PORT
	CertPath string // directory with ca.pem, cert.pem and key.pem
}

// allEngines are those of distributions, newestEngines those that engines.sh builds from source, which takes minutes.
var (
	allEngines = []string{"docker20", "docker-userns", "podman4", "podman4-rootless", "docker26", "podman5",
		"podman5-rootless", "docker20-rootless"}
	newestEngines = []string{"docker29", "podman6", "podman6-rootless", "docker29-classic"}
)

// knownEngines returns all that engines.sh can start, older ones before newer ones.
func knownEngines() []string { return slices.Concat(allEngines, newestEngines) }

// bed is what this process found out about the test bed. Only loaded changes.
type bed struct {
	script  script
	engines []Engine
	reasons map[string]string // by engine: why it cannot run here
	images  map[string]Image
	loaded  sync.Map     // by engine and image: the ID that it got when this process loaded it
	inUse   *flock.Flock // shared until this process ends: engines in use are not stopped
	err     error        // engines.sh is broken, which is no reason to skip
}

// open starts the engines on its first call.
var open = sync.OnceValue(func() *bed {
	b := &bed{reasons: map[string]string{}, images: map[string]Image{}}
	b.err = b.start()
	return b
})

func (b *bed) start() error {
	names, err := wanted()
	if err != nil || len(names) == 0 {
		return err
	}
	if b.script, err = findScript(); err != nil {
		return err
	}
	for _, name := range names {
		if err := b.markInUse(); err != nil {
			return err
		}
		reason, err := b.script.try("up", name)
		if err != nil {
			return err
		}
		if reason != "" {
			b.reasons[name] = reason
			continue
		}
		e, err := b.describe(name)
		if err != nil {
			return err
		}
		b.engines = append(b.engines, e)
	}
	if len(b.engines) == 0 {
		return nil
	}
	if err := b.markInUse(); err != nil {
		return err
	}
	return b.buildImages(smallImages...)
}

// markInUse takes the lock that "make test" respects before it stops engines. There is no
// file to lock before the first engine was ever started here.
func (b *bed) markInUse() error {
	file := filepath.Join(enginesDir(), "users")
	if _, err := os.Stat(file); b.inUse != nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	lock := flock.New(file, flock.SetFlag(os.O_RDWR))
	if err := lock.RLock(); err != nil {
		return fmt.Errorf("marking the engines as used: %w", err)
	}
	b.inUse = lock
	return nil
}

// wanted reads GALLEY_TEST_ENGINES.
func wanted() ([]string, error) {
	list := os.Getenv("GALLEY_TEST_ENGINES")
	if list == "none" {
		return nil, nil
	}
	var names []string
	for _, name := range strings.Split(cmp.Or(list, "all"), ",") {
		switch {
		case name == "all":
			names = append(names, allEngines...)
		case name == "newest":
			names = append(names, newestEngines...)
		case slices.Contains(knownEngines(), name):
			names = append(names, name)
		default:
			return nil, fmt.Errorf("GALLEY_TEST_ENGINES: there is no engine %q: choose from all,newest,%s", name,
				strings.Join(knownEngines(), ","))
		}
	}
	return names, nil
}

// describe asks engines.sh how to reach an engine that is up.
func (b *bed) describe(name string) (Engine, error) {
	e := Engine{Name: name, Kind: Docker, Rootless: strings.HasSuffix(name, "-rootless"),
		UserNSRemap: name == "docker-userns"}
	if strings.HasPrefix(name, Podman) {
		e.Kind = Podman
	}
	variable := map[string]string{Docker: "DOCKER_HOST", Podman: "CONTAINER_HOST"}[e.Kind]
	local, err := b.script.env(name)
	if err != nil {
		return e, err
	}
	e.Host = local[variable]
	remote, err := b.script.env(name, "--ssh")
	if err != nil {
		return e, err
	}
	sshDir := filepath.Join(enginesDir(), "ssh")
	e.SSH = SSH{
		Host: remote[variable], Identity: filepath.Join(sshDir, "id"),
		KnownHosts: filepath.Join(sshDir, "known_hosts"), Dir: SSHDir(),
	}
	if e.Kind == Docker && !e.Rootless {
		secure, err := b.script.env(name, "--tls")
		if err != nil {
			return e, err
		}
		e.TLS = &TLS{Host: secure[variable], CertPath: secure["DOCKER_CERT_PATH"]}
	}
	return e, nil
}

// Engines returns the engines to test. For each one that cannot run on this machine it
// adds a subtest that is skipped with the reason. Without any engine it skips the test.
// It fails the test if an engine that GALLEY_REQUIRE_ENGINES names does not run.
func Engines(t *testing.T) []Engine {
	t.Helper()
	Require(t)
	b := opened(t)
	if len(b.engines) == 0 {
		t.Skip(b.whyNone())
	}
	for _, name := range knownEngines() {
		if reason, ok := b.reasons[name]; ok {
			t.Run(name, func(t *testing.T) { t.Skip(reason) })
		}
	}
	for _, e := range b.engines {
		noteUse(t, e.Name)
	}
	return b.engines
}

// Run runs test once for every engine, as a subtest with the engine's name. Engines
// share nothing, so their subtests run side by side; one engine has one at a time.
// It returns before they have ended: what is to be done then belongs in a t.Cleanup.
func Run(t *testing.T, test func(t *testing.T, e Engine)) {
	t.Helper()
	runOn(t, Engines(t), test)
}

// RunOn is Run for the engines of one kind, Docker or Podman.
func RunOn(t *testing.T, kind string, test func(t *testing.T, e Engine)) {
	t.Helper()
	engines := slices.DeleteFunc(slices.Clone(Engines(t)), func(e Engine) bool { return e.Kind != kind })
	if len(engines) == 0 {
		t.Skipf("no %s is among the engines that are tested", kind)
	}
	runOn(t, engines, test)
}

// RunOnEachKind is Run for one engine of each kind, the newest that runs: a Docker, a Podman and a rootless Podman. It
// is for what takes long and does not care for an engine's version: large programs inside a runner, and galley's own
// work around calls that the contract tests on every engine.
func RunOnEachKind(t *testing.T, test func(t *testing.T, e Engine)) {
	t.Helper()
	runOn(t, newestOfEachKind(Engines(t)), test)
}

// newestOfEachKind expects older engines before newer ones.
func newestOfEachKind(engines []Engine) []Engine {
	type kind struct {
		engine   string
		rootless bool
	}
	newest := map[kind]string{}
	for _, e := range engines {
		newest[kind{e.Kind, e.Rootless}] = e.Name
	}
	return slices.DeleteFunc(slices.Clone(engines), func(e Engine) bool {
		return newest[kind{e.Kind, e.Rootless}] != e.Name
	})
}

func runOn(t *testing.T, engines []Engine, test func(t *testing.T, e Engine)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

// Require fails the test if one of the engines that GALLEY_REQUIRE_ENGINES names (a list with
// commas) does not run, so that what a continuous integration relies on cannot go missing unnoticed.
func Require(t *testing.T) {
	t.Helper()
	b := opened(t)
	for _, name := range strings.FieldsFunc(os.Getenv("GALLEY_REQUIRE_ENGINES"), func(r rune) bool { return r == ',' }) {
		if !slices.ContainsFunc(b.engines, func(e Engine) bool { return e.Name == name }) {
			reason := cmp.Or(b.reasons[name], "it is not among GALLEY_TEST_ENGINES")
			t.Fatalf("GALLEY_REQUIRE_ENGINES names %s, which does not run: %s", name, reason)
		}
	}
}

func opened(t *testing.T) *bed {
	t.Helper()
	b := open()
	if b.err != nil {
		t.Fatal(b.err)
	}
	return b
}

func (b *bed) whyNone() string {
	if len(b.reasons) == 0 {
		return "GALLEY_TEST_ENGINES=none"
	}
	var lines []string
	for _, name := range knownEngines() {
		if reason, ok := b.reasons[name]; ok {
			lines = append(lines, name+": "+reason)
		}
	}
	return strings.Join(lines, "; ")
}

// noteUse leaves a file by which "make test" tells which engines were really tested.
func noteUse(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(enginesDir(), "ran", name), nil, 0o666); err != nil {
		t.Fatal(err)
	}
}

// SSHDir is the directory of an ssh that reaches all engines: every Engine.SSH.Dir.
func SSHDir() string { return filepath.Join(enginesDir(), "ssh", "bin") }

// enginesDir is engines.sh's ENGINES_DIR.
func enginesDir() string {
	if dir := os.Getenv("ENGINES_DIR"); dir != "" {
		return dir
	}
	return filepath.Join(os.TempDir(), "galley-engines")
}
