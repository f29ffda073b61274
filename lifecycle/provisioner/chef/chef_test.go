package chef

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

func TestRuby(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "nil"}, {true, "true"}, {1, "1"}, {1.5, "1.5"}, {2.0, "2.0"}, {":sym", ":sym"}, {"", `""`},
		{`a "b" \c`, `"a \"b\" \\c"`}, {"a\nb", `"a\nb"`}, {"a#b", `"a#b"`}, {"#{x} #$y #@z", `"\#{x} \#$y \#@z"`},
		{[]any{"a", 1, nil}, `["a", 1, nil]`}, {config.Hash{{Key: "b", Value: 1}, {Key: "a", Value: ":c"}},
			`{"b" => 1, "a" => :c}`},
	} {
		require.Equal(t, c.want, ruby(c.value))
	}
}

// TestNodeName: the tool has no @ in the name of a node, by which --on tells instances apart.
func TestNodeName(t *testing.T) {
	c := Chef{converge.Base{Instance: config.Instance{Name: "default-debian@podman", On: "podman"}}}
	require.Equal(t, "default-debian", c.nodeName())
}

func TestCookbookName(t *testing.T) {
	for text, want := range map[string]string{
		"name 'a'": "a", `name "b-c"`: "b-c", "name('d')": "d", "\n\n  name   'e' # x\n": "e",
		"# name 'no'\nname 'f'": "f",
		"name %q(g)":            "g", "maintainer 'x'\nname 'h'": "h", "name ( \"i\" )": "i",
		"\ufeffname 'bom'": "bom", "\ufeff# encoding: utf-8\r\nname 'crlf'\r\n": "crlf",
		"maintainer 'x'\rname 'cr'\rversion '1'\r": "cr",
		"=begin\nname 'no'\n=end\nname 'begin'":    "begin", "name 'first'\n=begin\nname 'no'\n=end": "first",
		"long_description <<-EOH\n  name 'no'\n  EOH\nname 'heredoc'":  "heredoc",
		"long_description <<~'EOH', 1\nname 'no'\nEOH\nname 'quoted'":  "quoted",
		"a <<A, <<B\nname 'no'\nA\nname 'no'\nB\nname 'two'":           "two",
		"long_description 'text\nname \"no\"\n'\nname 'multi'":         "multi",
		"long_description %q(text (in brackets)\nname 'no')\nname 'p'": "p",
		"version '1'; name 'semicolon'; license 'x'":                   "semicolon",
		"name %q|bar|": "bar", "name %Q[square]": "square", "name %{curly}": "curly", "name %q<angle>": "angle",
		"name %q!bang!":                  "bang",
		"name 'end'\n__END__\nname 'no'": "end", "name \\\n  'continued'": "continued", "name(\n  'paren'\n)": "paren",
		"name 'it' # name 'no'": "it", "names 'no'\nname 'exact'": "exact", "depends 'x', '~> 1.0'\nname 'd'": "d",
		"name File.basename(__dir__)": "DIR", "name File.basename(File.dirname(__FILE__))": "DIR",
		"name(File.basename(__dir__))":                         "DIR",
		"name File.basename(File.expand_path('..', __FILE__))": "DIR",
		"name ::File.basename(File.realpath(__dir__))":         "DIR",
		"x = 'a'[/'?(.*)/]; y =~ /\"/\nname 'regexp'":          "regexp",
		"x = 'a'.sub /#'/, ''\nz = 4 / 2\nname 'slash' # /":    "slash",
		"x = ?'\ny = $\"\nz = a ? 'b' : 'c'\nname 'character'": "character",
		"text <<EOH\n  EOH\nname 'no'\nEOH\nname 'flush'":      "flush",
		"x [%q:it's:]\nname %q~delimiter~":                     "delimiter",
		"name'tight'":                                          "tight", "name 'frozen'.freeze": "frozen",
		"name = 'no'\nname('call')": "call",
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "metadata.rb"), []byte(text), 0o644))
		got, err := CookbookName(dir)
		require.NoError(t, err, text)
		if want == "DIR" {
			want = filepath.Base(dir)
		}
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"version '1'", "name compute", "name \"a#{b}\"", "=begin\nname 'no'",
		"<<X\nname 'no'\n",
		"name File.basename(__dir__).sub('x', 'y')",
		"name 'a' + 'b'", "name 'a' 'b'", "name 'A'.downcase", "name 'A'\n  # why\n  .downcase",
		"name 'a'\nname 'b' if x",
		"name <<~N.strip\n  a\nN"} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "metadata.rb"), []byte(text), 0o644))
		_, err := CookbookName(dir)
		require.ErrorContains(t, err, "names no cookbook", text)
	}
	for _, name := range []string{"../x", "a/b", "..", "."} {
		for file, text := range map[string]string{"metadata.rb": "name '" + name + "'",
			"metadata.json": `{"name": "` + name + `"}`} {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644))
			_, err := CookbookName(dir)
			require.ErrorContains(t, err, file+" names the cookbook ", name)
		}
	}
}

// The tool that resolves cookbooks gets the proxies and the licence, and nothing else of galley's own environment.
func TestResolveEnv(t *testing.T) {
	var c Chef
	c.Environ = []string{"http_proxy=http://proxy", "CHEF_LICENSE=accept", "PASSWORD=no", "TKENV_X=1"}
	c.Provisioner.Chef.LicenseKey, c.Provisioner.Proxy.HTTPS = "key", "http://other"
	require.Equal(t, map[string]string{"TEST_KITCHEN": "1", "X": "1", "http_proxy": "http://proxy",
		"HTTP_PROXY":  "http://proxy",
		"https_proxy": "http://other", "HTTPS_PROXY": "http://other", "CHEF_LICENSE": "accept",
		"CHEF_LICENSE_KEY": "key"},
		c.request("").Env)
}
