package erb

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config/ruby"
)

func render(t *testing.T, o Options, tmpl string) (string, error) {
	t.Helper()
	out, err := NewSession(o).Render(context.Background(), "kitchen.yml", []byte(tmpl))
	return string(out), err
}

func builtin() Options {
	o := sandboxed()
	o.Env = append(o.Env, "TZ=UTC")
	return o
}

func TestRenderText(t *testing.T) {
	for name, c := range map[string]struct{ tmpl, want string }{
		"no tags":                 {"a: 1\n", "a: 1\n"},
		"output":                  {"a: <%= 1 + 1 %>\n", "a: 2\n"},
		"code":                    {"<% x = 1 %>a: <%= x %>\n", "a: 1\n"},
		"nil is empty":            {"a: <%= nil %>|", "a: |"},
		"empty tag":               {"a<%=  %>b<% %>c", "abc"},
		"comment tag":             {"a<%# raise %>b", "ab"},
		"literal open":            {"<%% x %>", "<% x %>"},
		"literal close":           {"<%= '%%>' %>", "%>"},
		"three percent":           {"<%%%", "<%%"},
		"lone close":              {"a %> b", "a %> b"},
		"unclosed tag is text":    {"a<%= 1", "a 1"},
		"ruby comment eats":       {"a <% # c %> lost\nlost<% 1 %> kept", "a  kept"},
		"ruby comment keeps line": {"<% x = 1 # c %>\n<%= x %>", "1"},

		"loop":                  {"<% 2.times do |i| %>x<%= i %>\n<% end %>", "x0\nx1\n"},
		"braces":                {"<% [1].each { |i| %>y<%= i %><% } %>", "y1"},
		"if else":               {"<% if false %>a<% else %>b<% end %>", "b"},
		"lines":                 {"1\n<%= __LINE__ %>\n<%\n\n%><%= __LINE__ %>\n<%= __LINE__ %>", "1\n2\n5\n6"},
		"file":                  {"<%= __FILE__ %>", "kitchen.yml"},
		"erbout":                {"<% _erbout << 'x' %>", "x"},
		"crlf":                  {"a\r\n<% if true %>\r\nb\r\n<% end %>", "a\r\n\r\nb\r\n"},
		"crlf inside code":      {"<%\r\nx = 1\r\n%><%= x %>", "1"},
		"bytes pass":            {"\xff<%= 1 %>\xe9", "\xff1\xe9"},
		"unicode":               {"é<%= 'ü' %>☃", "éü☃"},
		"quotes and hashes":     {"\"#{x}\" #$y \\ <%= 1 %>", "\"#{x}\" #$y \\ 1"},
		"interpolated quote":    {`<%= "#{"}"}" %>`, "}"},
		"multi-line expression": {"<%= [1,\n2].map { |x|\n x + 1 }.join(\n'-') %>", "2-3"},
		"several statements":    {"<%= 1; 2 %>", "2"},
		"rescue modifier":       {"<%= Integer('x') rescue 'r' %>", "r"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := render(t, builtin(), c.tmpl)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestErrorsSayWhereAndHow(t *testing.T) {
	for name, c := range map[string]struct{ tmpl, want string }{
		"variable":     {"a\n<%= foo %>", "kitchen.yml:2:5: erb: NameError: undefined local variable or method `foo' for main:Object; quote it if it is text, or define it in this file (local variables do not survive from file to file)"},
		"env":          {"a: <%= ENV.fetch('NOPE') %>", "kitchen.yml:1:8: erb: KeyError: key not found: \"NOPE\" in `ENV.fetch('NOPE')`; set that environment variable, or give ENV.fetch a default as its second argument"},
		"nil":          {"é: <%= ENV['NOPE'].downcase %>", "kitchen.yml:1:8: erb: NoMethodError: undefined method `downcase' for nil:NilClass in `ENV['NOPE'].downcase`; the value is nil, perhaps an environment variable that is not set: use `&.`, `.to_s` or `|| 'default'`"},
		"file":         {"<%= File.read('nope') %>", "kitchen.yml:1:5: erb: Errno::ENOENT: No such file or directory @ rb_sysopen - nope in `File.read('nope')`; paths are relative to the project directory; test with File.exist? first"},
		"raise":        {"\n\n<% raise 'set FOO' unless ENV['FOO'] %>", "kitchen.yml:3:4: erb: RuntimeError: set FOO in `raise 'set FOO'`"},
		"in a method":  {"<% def f(x)\n  x.foo\nend %>\n<%= f(1) %>", "kitchen.yml:2:3: erb: NoMethodError: undefined method `foo' for 1:Integer in `x.foo`"},
		"type":         {"<%= 'a' + 1 %>", "kitchen.yml:1:5: erb: TypeError: no implicit conversion of Integer into String in `'a' + 1`"},
		"exit":         {"<% exit 3 %>", "kitchen.yml:1:4: erb: SystemExit: exit in `exit 3`; the template asked to stop"},
		"commands off": {"<%= `ls` %>", "kitchen.yml:1:5: erb: the template runs the command `ls`, but commands in templates are switched off by erb_commands: false; set erb_commands: true if you trust this file"},
		"outside":      {"a\n<% resp = Net::HTTP.get_response(1) %>", "kitchen.yml:2:11: erb: Net is not in the subset of Ruby that galley evaluates; " + hintOutside},
		"method":       {"<%= 'a'.crypt('b') %>", "kitchen.yml:1:5: erb: String#crypt is not in the subset of Ruby that galley evaluates; " + hintOutside},
		"pattern":      {"<% case 1\nin Integer %>x<% end %>", "kitchen.yml:2:1: erb: case … in (pattern matching) is not in the subset of Ruby that galley evaluates; " + hintOutside},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := render(t, builtin(), c.tmpl)
			require.EqualError(t, err, c.want)
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	for name, c := range map[string]struct{ tmpl, want string }{
		"no end":            {"a\n<% if true %>\nb\n", "end-of-input, expecting `end'"},
		"trim mode":         {"a\n<% if true -%>\nb\n<% end -%>", "kitchen.yml:2:13: erb: syntax error, unexpected ';'"},
		"trim mode twice":   {"<%- if true -%>\nb\n<%- end -%>", "syntax error"},
		"block in output":   {"<%= [1].each do |x| %>y<% end %>", "unexpected ')'"},
		"case with a gap":   {"<% case 1 %>\n<% when 1 %>x<% end %>", "expecting `when'"},
		"open call":         {"a: <%= foo( %>", "kitchen.yml:1:"},
		"comment in output": {"<%= 1 # one %>", "syntax error"},
		"close in a string": {"<%= 'x %> y' %>", "unterminated string"},
		"stray end":         {"<% end %>", "unexpected `end'"},
		"break":             {"<% break %>", "LocalJumpError"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := render(t, builtin(), c.tmpl)
			require.ErrorContains(t, err, c.want)
			require.Contains(t, err.Error(), "kitchen.yml:")
		})
	}
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
			_, err := s.Render(context.Background(), "one.yml", []byte("<% local = 1; @iv = ['a']; $gv = 2; CONST = 3; def helper(x); x * 2; end; ENV['SET'] = 'yes' %>"))
			require.NoError(t, err)
			out, err := s.Render(context.Background(), "two.yml", []byte("<%= (local rescue 'nil') %> <%= @iv << 'b' %> <%= $gv %> <%= CONST %> <%= helper(4) %> <%= ENV['SET'] %>"))
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
		out, err := NewSession(o).Render(context.Background(), "kitchen.yml", []byte("<%= ARGV.first %> <%= ARGV.length %>"))
		require.NoError(t, err)
		require.Equal(t, "converge 3", string(out))
	}
}

// TestErrorNamesTheFileOfTheMethod checks that an error inside a method of an
// earlier file points there.
func TestErrorNamesTheFileOfTheMethod(t *testing.T) {
	s := NewSession(builtin())
	_, err := s.Render(context.Background(), "one.yml", []byte("<% def helper\n nope\nend %>"))
	require.NoError(t, err)
	_, err = s.Render(context.Background(), "two.yml", []byte("\n\n<%= helper %>"))
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "one.yml", e.File)
	require.Equal(t, 2, e.Line)
}

func TestCommands(t *testing.T) {
	var ran []Command
	o := builtin()
	o.Dir = t.TempDir()
	o.Commands = func(_ context.Context, cmd Command) ([]byte, int, error) {
		ran = append(ran, cmd)
		if cmd.Args[0] == "missing" {
			return nil, 0, exec.ErrNotFound
		}
		return []byte("out\n"), 3, nil
	}
	text, err := render(t, o, "<% ENV['A'] = 'b' %><%= `git describe`.chomp %> <%= %x(a | b).chomp %> <%= (`missing` rescue 'none') %>")
	require.NoError(t, err)
	require.Equal(t, "out out none", text)
	var args [][]string
	for _, c := range ran {
		args = append(args, c.Args)
		require.Equal(t, o.Dir, c.Dir)
		require.Contains(t, c.Env, "A=b")
	}
	require.Equal(t, [][]string{{"git", "describe"}, {"sh", "-c", "a | b"}, {"missing"}}, args)
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
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip("no ruby on the PATH")
	}
	o := builtin()
	o.Env = append(o.Env, "PATH="+os.Getenv("PATH"))
	o.RubyPath = ruby
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

	text, err = s.Render(context.Background(), "two.yml", []byte("é <% case [1, @a]\nin [Integer => x, y] %><%= x + y %><% end; puts 'shown' %>"))
	require.NoError(t, err)
	require.True(t, s.inRuby)
	require.Equal(t, "é 2", string(text))
	require.Equal(t, "shown\n", out.String())

	_, err = s.Render(context.Background(), "three.yml", []byte("a\n<%= ENV.fetch('NOPE') %>"))
	var e *Error
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

// TestRubyIsNotTakenFromTheProject checks that a relative PATH entry, which the
// project could fill, is not searched.
func TestRubyIsNotTakenFromTheProject(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ruby"), []byte("#!/bin/sh\necho owned\n"), 0o755))
	o := Options{Dir: dir, Env: []string{"PATH=."}, Mode: Ruby, Commands: RunCommand}
	_, err := render(t, o, "<%= 1 %>")
	require.ErrorContains(t, err, "there is no ruby on the PATH")
}

// TestCommandsOffKeepsFromRuby checks that erb_commands: false is not undone by
// handing a file to a ruby.
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
	o.Mode, o.RubyPath, o.Commands = Ruby, ruby, RunCommand
	_, err := render(t, o, "<%= 1 %>")
	require.ErrorContains(t, err, `exit status 1: "no such gem"`)
}

func TestErrorUnwraps(t *testing.T) {
	cause := errors.New("cause")
	require.ErrorIs(t, &Error{Msg: "x", Err: cause}, cause)
}

// TestSourceIsUntouched checks that rendering changes no input.
func TestSourceIsUntouched(t *testing.T) {
	src := []byte(strings.Repeat("a <%= 'x' << 'y' %> %%>\n", 3))
	before := string(src)
	_, err := NewSession(builtin()).Render(context.Background(), "kitchen.yml", src)
	require.NoError(t, err)
	require.Equal(t, before, string(src))
}

func BenchmarkRender(b *testing.B) {
	tmpl := []byte("<% %w(a b c).each do |x| %>- name: <%= x %>-<%= ENV['USER'] || 'none' %>\n<% end %>")
	for b.Loop() {
		if _, err := NewSession(builtin()).Render(context.Background(), "kitchen.yml", tmpl); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRenderLoop(b *testing.B) {
	tmpl := []byte("<% 10_000.times do |x| %>- name: n<%= x %>\n<% end %>")
	for b.Loop() {
		if _, err := NewSession(builtin()).Render(context.Background(), "kitchen.yml", tmpl); err != nil {
			b.Fatal(err)
		}
	}
}

// TestCommandsRunOnce checks that no command runs twice when a file turns out to
// need a ruby after its commands ran, and when later files make it run again.
func TestCommandsRunOnce(t *testing.T) {
	o := withRuby(t)
	o.Dir = t.TempDir()
	var out bytes.Buffer
	o.Stdout = &out
	s := NewSession(o)
	text, err := s.Render(t.Context(), "one.yml", []byte("<%= `echo one >> log; echo said`.chomp %> <%= `echo two >> log` %>"))
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
	var got ruby.Program
	o.ImageRuby = func(_ context.Context, template []byte, p ruby.Program) ([]byte, error) {
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

	o.ImageRuby = func(context.Context, []byte, ruby.Program) ([]byte, error) { return nil, ruby.ErrNone }
	s = NewSession(o)
	s.root = t.TempDir()
	_, err = s.Render(t.Context(), "kitchen.yml", []byte("<%= Struct.new(:a) %>"))
	require.ErrorContains(t, err, "kitchen.yml:1:5: erb: Struct is not in the subset")
	require.ErrorIs(t, err, ruby.ErrNone)
}

// TestCommandsOffHoldsForEveryMode checks that erb: ruby does not undo erb_commands: false.
func TestCommandsOffHoldsForEveryMode(t *testing.T) {
	o := builtin()
	o.Mode, o.RubyPath = Ruby, "/nothing/runs/this"
	_, err := render(t, o, "<%= 1 %>")
	require.ErrorContains(t, err, "the file needs a ruby; it was not handed to a ruby, which could run any command, because of erb_commands: false")
}
