package erb

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// seeds adds some of the expressions that the other tests use, and what they do not.
func seeds(f *testing.F, template bool) {
	lists, err := filepath.Glob("testdata/expressions/*.rb")
	require.NoError(f, err)
	for _, name := range lists {
		b, err := os.ReadFile(name)
		require.NoError(f, err)
		for i, line := range slices.Collect(strings.Lines(string(b))) {
			if i%60 != 0 { // the others run in TestExpressions
				continue
			}
			if template {
				line = "<%= " + strings.TrimSuffix(line, "\n") + " %>\n"
			}
			f.Add(line)
		}
	}
	for _, s := range []string{
		"<% 3.times do |i| %>x<%= i %>\n<% end %>", "<%# c %>a<%% b %%>", "<% # c %> lost\nkept",
		"<% if true %>a<% else %>b<% end %>",
		"<%- x -%>", "<%= 'a %> b' %>", "<%= x", "<%=\n1\n%>\r\n<% y = <<~E\n a\nE\n%><%= y %>",
	} {
		f.Add(s)
	}
}

// sandboxed are options under which a template can do no harm.
func sandboxed() Options {
	dir, err := filepath.Abs("testdata/project")
	if err != nil {
		panic(err)
	}
	return Options{Dir: dir, Env: []string{"HOME=/home/tester", "USER=tester", "PATH=/bin"}}
}

// FuzzRender looks for templates that panic, hang or eat memory.
func FuzzRender(f *testing.F) {
	seeds(f, true)
	f.Fuzz(func(t *testing.T, tmpl string) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, err := newEvaluator(sandboxed()).Render(ctx, "kitchen.yml", []byte(tmpl))
		require.NotErrorIs(t, err, context.DeadlineExceeded, "%q", tmpl)
		if err != nil {
			require.NotContains(t, err.Error(), "internal error", "%q", tmpl)
		}
	})
}

// FuzzParse looks for programs that make the parser panic or hang.
func FuzzParse(f *testing.F) {
	seeds(f, false)
	f.Fuzz(func(t *testing.T, src string) {
		var prog *node
		err := newEvaluator(sandboxed()).caught(func() { prog = parse(&source{gen: src}) })
		require.True(t, (prog == nil) != (err == nil), "%q", src)
	})
}
