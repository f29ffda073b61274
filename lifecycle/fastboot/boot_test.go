//go:build !windows

package fastboot

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// program is a Ruby program whose files are found along two directories.
type program struct {
	t         *testing.T
	dir, ruby string
}

func newProgram(t *testing.T) program {
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip("no ruby in PATH")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	p := program{t, dir, ruby}
	p.write("boot.rb", string(boot))
	p.write("main.rb", "require 'one'\nrequire 'deep/two'\nrequire 'one'\nputs [one, two, ENV['RUBYOPT'].inspect, __FILE__].join(' ')\n"+
		"fail_now if ARGV.first\n")
	p.write("first/one.rb", "require_relative 'beside'\ndef one; \"one#{beside}\"; end\n")
	p.write("first/beside.rb", "def beside; __LINE__; end\n")
	p.write("first/deep/other.rb", "")
	p.write("second/deep/two.rb", "def two; 'two'; end\ndef fail_now\n  raise 'no'\nend\n")
	return p
}

func (p program) write(name, text string) {
	p.t.Helper()
	file := filepath.Join(p.dir, name)
	require.NoError(p.t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(p.t, os.WriteFile(file, []byte(text), 0o644))
}

// run runs the program with what was recorded and returns what it printed.
func (p program) run(env []string, args ...string) string {
	p.t.Helper()
	cmd := exec.Command(p.ruby, append([]string{"-I", p.dir + "/first", "-I", p.dir + "/second", p.dir + "/main.rb"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if len(args) == 0 {
		require.NoError(p.t, err, out.String())
	}
	return out.String()
}

func (p program) plain(args ...string) string { return p.run([]string{"RUBYOPT="}, args...) }

func (p program) fast(args ...string) string {
	return p.run([]string{"RUBYOPT=-r" + p.dir + "/boot.rb"}, args...)
}

func (p program) record() []byte {
	p.run([]string{"RUBYOPT=-r" + p.dir + "/boot.rb", "GALLEY_BOOT_RECORD=1"})
	pack, err := os.ReadFile(filepath.Join(p.dir, "pack"))
	require.NoError(p.t, err)
	return pack
}

// used is a run of the program that also prints which names were taken from what was recorded.
func (p program) used() string {
	p.write("names.rb", "at_exit { puts GalleyBoot.instance_variable_get(:@names).to_h.keys.sort.join(' ') }\n")
	return p.run([]string{"RUBYOPT=-r" + p.dir + "/boot.rb -r" + p.dir + "/names.rb"})
}

func TestSameResults(t *testing.T) {
	p := newProgram(t)
	want := p.plain()
	require.Equal(t, "one1 two nil "+p.dir+"/main.rb\n", strings.Replace(want, `""`, "nil", 1))
	p.record()
	require.Contains(t, p.used(), "deep/two one", "it was recorded and taken")
	// An empty variable and none are the same to a Ruby.
	require.Equal(t, strings.Replace(want, `""`, "nil", 1), p.fast())
	require.Contains(t, p.fast("x"), p.dir+"/second/deep/two.rb:3:in")
	require.Contains(t, p.fast("x"), p.dir+"/main.rb:5:in")
}

// What has changed since is as it is now.
func TestChanges(t *testing.T) {
	p := newProgram(t)
	p.record()
	p.write("first/beside.rb", "def beside; 12345678; end\n") // as long as before
	p.write("first/deep/two.rb", "def two; 'before'; end\n")
	require.Contains(t, p.fast(), "one12345678 before", "one that comes first along the way")
}

// A pack that is damaged, cut off or another Ruby's is passed over.
func TestDamaged(t *testing.T) {
	p := newProgram(t)
	pack := p.record()
	want := p.fast()
	for name, data := range map[string][]byte{
		"empty": {}, "cut off": pack[:len(pack)/2], "of another Ruby": append([]byte("galley-boot-1 ruby 9.9\n"), pack...),
		"no pack": []byte("garbage"), "only the first line": pack[:bytes.IndexByte(pack, '\n')+1],
	} {
		p.write("pack", string(data))
		require.Equal(t, want, p.fast(), name)
	}
	for at := 40; at < len(pack); at += len(pack) / 4 {
		damaged := bytes.Clone(pack)
		damaged[at] ^= 0x20
		p.write("pack", string(damaged))
		require.Equal(t, want, p.fast(), "byte %d", at)
	}
	require.NoError(t, os.Remove(filepath.Join(p.dir, "pack")))
	require.Equal(t, want, p.fast(), "missing")
}
