package erb

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func render(t *testing.T, o Options, tmpl string) (string, error) {
	t.Helper()
	out, err := newEvaluator(o).Render(context.Background(), "kitchen.yml", []byte(tmpl))
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
		"time and number":         {"<%= Time.now == 1 %>", "false"},
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
		"variable": {"a\n<%= foo %>",
			"kitchen.yml:2:5: erb: NameError: undefined local variable or method `foo' for main:Object; quote it if it is text, or define it in this file (local variables do not survive from file to file)"},
		"env": {"a: <%= ENV.fetch('NOPE') %>",
			"kitchen.yml:1:8: erb: KeyError: key not found: \"NOPE\" in `ENV.fetch('NOPE')`; set that environment variable, or give ENV.fetch a default as its second argument"},
		"nil": {"é: <%= ENV['NOPE'].downcase %>",
			"kitchen.yml:1:8: erb: NoMethodError: undefined method `downcase' for nil:NilClass in `ENV['NOPE'].downcase`; the value is nil, perhaps an environment variable that is not set: use `&.`, `.to_s` or `|| 'default'`"},
		"file": {"<%= File.read('nope') %>",
			"kitchen.yml:1:5: erb: Errno::ENOENT: No such file or directory @ rb_sysopen - nope in `File.read('nope')`; paths are relative to the project directory; test with File.exist? first"},
		"raise": {"\n\n<% raise 'set FOO' unless ENV['FOO'] %>",
			"kitchen.yml:3:4: erb: RuntimeError: set FOO in `raise 'set FOO'`"},
		"in a method": {"<% def f(x)\n  x.foo\nend %>\n<%= f(1) %>",
			"kitchen.yml:2:3: erb: NoMethodError: undefined method `foo' for 1:Integer in `x.foo`"},
		"type": {"<%= 'a' + 1 %>",
			"kitchen.yml:1:5: erb: TypeError: no implicit conversion of Integer into String in `'a' + 1`"},
		"exit": {"<% exit 3 %>",
			"kitchen.yml:1:4: erb: SystemExit: exit in `exit 3`; the template asked to stop"},
		"commands off": {"<%= `ls` %>", "kitchen.yml:1:5: erb: the template runs the command `ls`, but commands in templates are switched off by erb_commands: false; set erb_commands: true if you trust this file"},
		"outside": {"a\n<% resp = Net::HTTP.get_response(1) %>",
			"kitchen.yml:2:11: erb: Net is not in the subset of Ruby that galley evaluates; " + hintOutside},
		"method": {"<%= 'a'.crypt('b') %>",
			"kitchen.yml:1:5: erb: String#crypt is not in the subset of Ruby that galley evaluates; " + hintOutside},
		"list": {"<% x = 1, 2 %>",
			"kitchen.yml:1:9: erb: a list without brackets is not in the subset of Ruby that galley evaluates; " + hintOutside},
		"list with an operator": {"<% x ||= 1, 2 %>",
			"kitchen.yml:1:11: erb: a list without brackets is not in the subset of Ruby that galley evaluates; " + hintOutside},
		"splat": {"<% x = *y %>",
			"kitchen.yml:1:8: erb: a splat without brackets is not in the subset of Ruby that galley evaluates; " + hintOutside},
		"attribute": {"<% x.y = 1 %>",
			"kitchen.yml:1:4: erb: an assignment to an attribute is not in the subset of Ruby that galley evaluates; " + hintOutside},
		"pattern": {"<% case 1\nin Integer %>x<% end %>",
			"kitchen.yml:2:1: erb: case … in (pattern matching) is not in the subset of Ruby that galley evaluates; " +
				hintOutside},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := render(t, builtin(), c.tmpl)
			require.EqualError(t, err, c.want)
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	for name, c := range map[string]struct{ tmpl, want string }{
		"no end": {"a\n<% if true %>\nb\n", "end-of-input, expecting `end'"},
		"trim mode": {"a\n<% if true -%>\nb\n<% end -%>",
			"kitchen.yml:2:13: erb: syntax error, unexpected ';'"},
		"trim mode twice":    {"<%- if true -%>\nb\n<%- end -%>", "syntax error"},
		"block in output":    {"<%= [1].each do |x| %>y<% end %>", "unexpected ')'"},
		"case with a gap":    {"<% case 1 %>\n<% when 1 %>x<% end %>", "expecting `when'"},
		"open call":          {"a: <%= foo( %>", "kitchen.yml:1:"},
		"comment in output":  {"<%= 1 # one %>", "syntax error"},
		"close in a string":  {"<%= 'x %> y' %>", "unterminated string"},
		"sum assigned to":    {"<% 1 + x = 2 %>", "syntax error"},
		"result assigned to": {"<% f = 1; f.() = 2 %>", "erb"},
		"stray end":          {"<% end %>", "unexpected `end'"},
		"break":              {"<% break %>", "LocalJumpError"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := render(t, builtin(), c.tmpl)
			require.ErrorContains(t, err, c.want)
			require.Contains(t, err.Error(), "kitchen.yml:")
		})
	}
}

// TestErrorNamesTheFileOfTheMethod checks that an error inside a method of an earlier file points there.
func TestErrorNamesTheFileOfTheMethod(t *testing.T) {
	s := newEvaluator(builtin())
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

func TestErrorUnwraps(t *testing.T) {
	cause := errors.New("cause")
	require.ErrorIs(t, &Error{Msg: "x", Err: cause}, cause)
}

// TestSourceIsUntouched checks that rendering changes no input.
func TestSourceIsUntouched(t *testing.T) {
	src := []byte(strings.Repeat("a <%= 'x' << 'y' %> %%>\n", 3))
	before := string(src)
	_, err := newEvaluator(builtin()).Render(context.Background(), "kitchen.yml", src)
	require.NoError(t, err)
	require.Equal(t, before, string(src))
}

func BenchmarkRender(b *testing.B) {
	tmpl := []byte("<% %w(a b c).each do |x| %>- name: <%= x %>-<%= ENV['USER'] || 'none' %>\n<% end %>")
	for b.Loop() {
		if _, err := New(builtin()).Render(context.Background(), "kitchen.yml", tmpl); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRenderLoop(b *testing.B) {
	tmpl := []byte("<% 10_000.times do |x| %>- name: n<%= x %>\n<% end %>")
	for b.Loop() {
		if _, err := New(builtin()).Render(context.Background(), "kitchen.yml", tmpl); err != nil {
			b.Fatal(err)
		}
	}
}
