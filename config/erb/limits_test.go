package erb

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHostileTemplatesEnd renders templates that would run for ever or take all memory. Each must end with an error
// that says why; the time they take is watched by BenchmarkHostile, not here.
func TestHostileTemplatesEnd(t *testing.T) {
	for name, c := range hostile() {
		t.Run(name, func(t *testing.T) {
			s := newEvaluator(sandboxed())
			s.most = 60_000
			_, err := s.Render(t.Context(), "kitchen.yml", []byte(c.tmpl))
			require.ErrorContains(t, err, "kitchen.yml:")
			require.NotContains(t, err.Error(), "internal error")
			var e *Error
			if require.ErrorAs(t, err, &e); !e.Unsupported { // else it is left to a ruby, which has a time limit
				require.ErrorContains(t, err, c.want)
			}
		})
	}
}

type hostileCase struct{ tmpl, want string }

func hostile() map[string]hostileCase {
	return map[string]hostileCase{
		"endless loop":           {"<% loop { } %>", "steps"},
		"endless while":          {"<% while true; end %>", "steps"},
		"endless while rescued":  {"<% begin; while true; end; rescue Exception; end; while true; end %>", "steps"},
		"endless retry":          {"<% begin; raise 'x'; rescue; retry; end %>", "steps"},
		"endless redefinition":   {"<% def f; f; end; f %>", "stack level too deep"},
		"mutual recursion":       {"<% def a; b; end; def b; a; end; a %>", "stack level too deep"},
		"lambda recursion":       {"<% f = ->(x) { f.(x) }; f.(1) %>", "stack level too deep"},
		"recursion rescued":      {"<% def f; f rescue f; end; f %>", ""},
		"string multiplication":  {"<%= 'x' * 10_000_000_000 %>", "MiB"},
		"string doubling":        {"<% s = 'x'; loop { s += s } %>", ""},
		"string append":          {"<% s = 'x' * 1000; loop { s << s } %>", ""},
		"array multiplication":   {"<%= [0] * 10_000_000_000 %>", "steps"},
		"array growth":           {"<% a = []; loop { a.concat(a); a << 1 } %>", ""},
		"array index":            {"<% a = []; a[10_000_000_000] = 1 %>", "steps"},
		"big range":              {"<%= (1..10_000_000_000).to_a.size %>", ""},
		"endless range":          {"<%= (1..).map { |x| x } %>", ""},
		"endless cycle":          {"<%= [1].cycle { } %>", "steps"},
		"big power":              {"<%= 2 ** 10_000_000_000 %>", "bits"},
		"power tower":            {"<%= 9 ** 9 ** 9 ** 9 %>", "bits"},
		"big shift":              {"<%= 1 << 10_000_000_000 %>", "bits"},
		"factorial":              {"<% f = 1; i = 1; loop { f *= i += 1 } %>", ""},
		"big padding":            {"<%= 'x'.rjust(10_000_000_000) %>", "MiB"},
		"big format":             {"<%= '%10000000000d' % 1 %>", "MiB"},
		"big precision":          {"<%= '%.10000000000f' % 1 %>", "MiB"},
		"regexp blow-up":         {`<%= ('a' * 40) =~ /(a+)+b/; raise 'done' %>`, "done"},
		"regexp blow-up in gsub": {`<%= ('a' * 60).gsub(/(([a-z])+.)+[A-Z]([a-z])+/, ''); raise 'done' %>`, "done"},
		"deep nesting of values": {"<% a = []; 1_000.times { a = [a] } %><%= a.inspect %>", "stack level too deep"},
		"deep nesting flattened": {"<% a = []; 1_000.times { a = [a] } %><%= a.flatten %>", "stack level too deep"},
		"deep nesting compared": {"<% f = -> { a = []; 1_000.times { a = [a] }; a } %><%= f.() == f.() %>",
			"stack level too deep"},
		"value inside itself": {"<% a = []; a << a %><%= a.inspect %>", "stack level too deep"},
		"deep parentheses":    {"<%= " + strings.Repeat("(", 10_000) + " %>", "nesting"},
		"deep arrays":         {"<%= " + strings.Repeat("[", 10_000) + " %>", "nesting"},
		"deep interpolation": {"<%= " + strings.Repeat(`"#{`, 10_000) + "1" + strings.Repeat(`}"`, 10_000) + " %>",
			"nesting"},
		"deep negation":          {"<%= " + strings.Repeat("!", 10_000) + "1 %>", "nesting"},
		"deep blocks":            {"<% " + strings.Repeat("f { ", 10_000) + " %>", "nesting"},
		"deep ifs":               {strings.Repeat("<% if true %>", 10_000), "nesting"},
		"permutations":           {"<%= (1..20).to_a.permutation.to_a.size %>", ""},
		"product":                {"<%= a = (1..1000).to_a; a.product(a, a).size %>", ""},
		"zip of endless":         {"<%= [1].zip(1..) %>", ""},
		"endless lazy":           {"<%= (1..).lazy.select { |x| x < 0 }.first(1) %>", "steps"},
		"endless inject":         {"<%= (1..).inject(:+) %>", "steps"},
		"endless sum":            {"<%= (1..).sum %>", "steps"},
		"endless step":           {"<%= 1.step { } %>", "steps"},
		"json bomb":              {"<%= JSON.parse('[' * 100_000) %>", ""},
		"yaml bomb":              {"<%= YAML.load(\"k0: &k0 [x, x]\\n\" + (1..40).map { |i| \"k#{i}: &k#{i} [*k#{i - 1}, *k#{i - 1}]\\n\" }.join, aliases: true).size %>", "Psych::SyntaxError"},
		"huge hash":              {"<% h = {}; loop { |i| h[h.size] = 1 } %>", ""},
		"symbols":                {"<% i = 0; loop { (i += 1).to_s.to_sym } %>", "steps"},
		"endless succ":           {"<% s = 'a' * 100; loop { s = s.succ } %>", ""},
		"index of a long string": {"<% s = 'é' * 1_000_000; loop { s[500_000] } %>", "steps"},
		"sleep":                  {"<% sleep %>", "never end"},
		"device":                 {"<%= File.read('/dev/zero') %>", "regular file"},
		"missing method loop":    {"<% class C; def method_missing(*a) = foo(*a); end; C.new.x %>", "MiB"},
		"inspect loop": {"<% class C; def inspect = [self].inspect; end; C.new.inspect %>",
			"stack level too deep"},
		"to_s loop":         {"<% class C; def to_s = \"#{self}\"; end %><%= C.new %>", "stack level too deep"},
		"hash default loop": {"<% h = Hash.new { |h, k| h[k + 1] } %><%= h[1] %>", "stack level too deep"},
		"ensure loop":       {"<% def f; f; ensure; f; end; f %>", ""},
		"case loop":         {"<% x = 1; until x == 0; x += 1; end %>", "steps"},
		"brace glob":        {"<%= Dir.glob('{a,b}' * 60).size; raise 'done' %>", ""},
		"unpack count":      {"<%= ''.unpack('C999999999').size; raise 'done' %>", ""},
	}
}

// BenchmarkHostile shows how long each hostile template takes to end.
func BenchmarkHostile(b *testing.B) {
	for name, c := range hostile() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := newEvaluator(sandboxed()).Render(context.Background(), "kitchen.yml",
					[]byte(c.tmpl)); err == nil {
					b.Fatal("no error")
				}
			}
		})
	}
}

// TestCancellation stops a template whose context is done.
func TestCancellation(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := newEvaluator(sandboxed()).Render(ctx, "kitchen.yml", []byte("<% loop { } %>"))
	require.ErrorIs(t, err, context.Canceled)
}
