package template

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/erb"
)

func render(t *testing.T, o Options, tmpl string) (string, error) {
	t.Helper()
	out, err := NewSession(o).Render(context.Background(), "kitchen.yml", []byte(tmpl))
	return string(out), err
}

func builtin() Options {
	env := []string{"HOME=/home/tester", "USER=tester", "PATH=/bin", "TZ=UTC"}
	return Options{Options: erb.Options{Env: env}, Mode: Builtin}
}

// TestStateSurvives checks what later files see of earlier ones.
func TestStateSurvives(t *testing.T) {
	for _, mode := range []Mode{Builtin, Ruby} {
		t.Run(string(mode), func(t *testing.T) {
			o := builtin()
			o.Mode = mode
			if mode == Ruby {
				o = withRuby(t)
				o.Mode = mode
			}
			s := NewSession(o)
			_, err := s.Render(context.Background(), "one.yml",
				[]byte("<% local = 1; @iv = ['a']; $gv = 2; CONST = 3; def helper(x); x * 2; end; ENV['SET'] = 'yes' %>"))
			require.NoError(t, err)
			out, err := s.Render(context.Background(), "two.yml",
				[]byte("<%= (local rescue 'nil') %> <%= @iv << 'b' %> <%= $gv %> <%= CONST %> <%= helper(4) %> <%= ENV['SET'] %>"))
			require.NoError(t, err)
			require.Equal(t, `nil ["a", "b"] 2 3 8 yes`, string(out))
		})
	}
}

func TestArguments(t *testing.T) {
	ruby := withRuby(t)
	ruby.Mode = Ruby
	for _, o := range []Options{builtin(), ruby} {
		o.Args = []string{"converge", "-c", "2"}
		out, err := NewSession(o).Render(context.Background(), "kitchen.yml",
			[]byte("<%= ARGV.first %> <%= ARGV.length %>"))
		require.NoError(t, err)
		require.Equal(t, "converge 3", string(out))
	}
}

func TestModeOff(t *testing.T) {
	o := builtin()
	o.Mode = Off
	text, err := render(t, o, "a <%= 1 %>")
	require.NoError(t, err)
	require.Equal(t, "a <%= 1 %>", text)
}

// withRuby gives options with the machine's ruby, and skips without one.
func withRuby(t *testing.T) Options {
	t.Helper()
	if _, err := exec.LookPath("ruby"); err != nil {
		t.Skip("no ruby on the PATH")
	}
	o := builtin()
	o.Env = append(o.Env, "PATH="+os.Getenv("PATH"))
	o.Commands = RunCommand
	o.Mode = Auto
	return o
}

func TestAutoFallsBackToRuby(t *testing.T) {
	o := withRuby(t)
	var out bytes.Buffer
	o.Stdout = &out
	s := NewSession(o)
	text, err := s.Render(context.Background(), "one.yml", []byte("<% @a = 1 %>x"))
	require.NoError(t, err)
	require.False(t, s.inRuby)
	require.Equal(t, "x", string(text))

	text, err = s.Render(context.Background(), "two.yml",
		[]byte("é <% case [1, @a]\nin [Integer => x, y] %><%= x + y %><% end; puts 'shown' %>"))
	require.NoError(t, err)
	require.True(t, s.inRuby)
	require.Equal(t, "é 2", string(text))
	require.Equal(t, "shown\n", out.String())

	_, err = s.Render(context.Background(), "three.yml", []byte("a\n<%= ENV.fetch('NOPE') %>"))
	var e *erb.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "three.yml", e.File)
	require.Equal(t, 2, e.Line)
	require.Equal(t, "KeyError", e.Class)

	_, err = s.Render(context.Background(), "four.yml", []byte("a\n\n<% if true %>\n"))
	require.ErrorAs(t, err, &e)
	require.Equal(t, "SyntaxError", e.Class)
	require.Equal(t, "four.yml", e.File)
	require.Positive(t, e.Col, "the message of this package is kept")
}

func TestAutoWithoutRuby(t *testing.T) {
	o := builtin()
	o.Mode = Auto
	o.Commands = RunCommand
	o.Env = []string{"PATH=" + t.TempDir()}
	_, err := render(t, o, "<% case 1\nin Integer %>x<% end %>")
	require.ErrorContains(t, err, "kitchen.yml:2:1: erb: case … in (pattern matching) is not in the subset")
	require.ErrorContains(t, err, "there is no ruby on the PATH nor in an installed Workstation, Chef or Cinc: install ruby")

	o.Mode = Ruby
	_, err = render(t, o, "<%= 1 %>")
	require.ErrorContains(t, err, "there is no ruby on the PATH nor in an installed Workstation, Chef or Cinc; install ruby")
}

// TestRubyIsNotTakenFromTheProject checks that a relative PATH entry, which the project could fill, is not searched.
func TestRubyIsNotTakenFromTheProject(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ruby"), []byte("#!/bin/sh\necho owned\n"), 0o755))
	o := Options{Options: erb.Options{Dir: dir, Env: []string{"PATH=."}, Commands: RunCommand}, Mode: Ruby}
	_, err := render(t, o, "<%= 1 %>")
	require.ErrorContains(t, err, "there is no ruby on the PATH")
}

// TestCommandsOffKeepsFromRuby checks that erb_commands: false is not undone by handing a file to a ruby.
func TestCommandsOffKeepsFromRuby(t *testing.T) {
	o := withRuby(t)
	o.Commands = nil
	_, err := render(t, o, "<% case 1\nin Integer %>x<% end %>")
	require.ErrorContains(t, err, "erb_commands: false")
}

func TestBrokenRuby(t *testing.T) {
	dir := t.TempDir()
	ruby := filepath.Join(dir, "ruby")
	require.NoError(t, os.WriteFile(ruby, []byte("#!/bin/sh\necho 'no such gem' >&2\nexit 1\n"), 0o755))
	o := builtin()
	o.Mode, o.Env, o.Commands = Ruby, []string{"PATH=" + dir}, RunCommand
	_, err := render(t, o, "<%= 1 %>")
	require.ErrorContains(t, err, `exit status 1: "no such gem"`)
}

// TestCommandsRunOnce checks that no command runs twice when a file turns out to
// need a ruby after its commands ran, and when later files make it run again.
func TestCommandsRunOnce(t *testing.T) {
	o := withRuby(t)
	o.Dir = t.TempDir()
	var out bytes.Buffer
	o.Stdout = &out
	s := NewSession(o)
	text, err := s.Render(t.Context(), "one.yml",
		[]byte("<%= `echo one >> log; echo said`.chomp %> <%= `echo two >> log` %>"))
	require.NoError(t, err)
	require.Equal(t, "said ", string(text))
	text, err = s.Render(t.Context(), "two.yml",
		[]byte("<%= `echo three >> log; exit 3` %><%= $?.exitstatus %> <%= `missing-command` rescue 'no' %> <% puts 'shown' %><%= Struct.new(:a).new(1).a %>"))
	require.NoError(t, err)
	require.Equal(t, "3 no 1", string(text))
	require.True(t, s.inRuby)
	text, err = s.Render(t.Context(), "three.yml", []byte("<%= `echo four >> log` %>x"))
	require.NoError(t, err)
	require.Equal(t, "x", string(text))
	_, err = s.Render(t.Context(), "four.yml", []byte("<% puts 'at last' %>"))
	require.NoError(t, err)
	log, err := os.ReadFile(filepath.Join(o.Dir, "log"))
	require.NoError(t, err)
	require.Equal(t, "one\ntwo\nthree\nfour\n", string(log))
	require.Equal(t, "shown\nat last\n", out.String(), "what a template prints is shown once")
}

// TestRubyOfAnImage checks that an image's ruby is the last resort.
func TestRubyOfAnImage(t *testing.T) {
	o := builtin()
	o.Mode, o.Commands = Auto, RunCommand
	o.Env = []string{"PATH=" + t.TempDir()}
	var got RubyProgram
	o.ImageRuby = func(_ context.Context, template []byte, p RubyProgram) ([]byte, error) {
		require.Contains(t, string(template), "Struct")
		got = p
		return []byte(`{"out": "aGk=", "ran": []}`), nil
	}
	s := NewSession(o)
	s.root = t.TempDir()
	text, err := s.Render(t.Context(), "kitchen.yml", []byte("<%= Struct.new(:a) %>"))
	require.NoError(t, err)
	require.Equal(t, "hi", string(text))
	require.Equal(t, "--", got.Args[len(got.Args)-1])
	require.Contains(t, string(got.Stdin), `"kitchen.yml"`)

	o.ImageRuby = func(context.Context, []byte, RubyProgram) ([]byte, error) { return nil, ErrNoRuby }
	s = NewSession(o)
	s.root = t.TempDir()
	_, err = s.Render(t.Context(), "kitchen.yml", []byte("<%= Struct.new(:a) %>"))
	require.ErrorContains(t, err, "kitchen.yml:1:5: erb: Struct is not in the subset")
	require.ErrorIs(t, err, ErrNoRuby)
}

// TestCommandsOffHoldsForEveryMode checks that erb: ruby does not undo erb_commands: false.
func TestCommandsOffHoldsForEveryMode(t *testing.T) {
	o := builtin()
	o.Mode = Ruby
	_, err := render(t, o, "<%= 1 %>")
	require.ErrorContains(t, err, "the file needs a ruby; it was not handed to a ruby, which could run any command, because of erb_commands: false")
}
