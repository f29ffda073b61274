package chef

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// parse feeds a text to a parser, line by line.
func parse(p converge.Parser, text string, code int) converge.Summary {
	for line := range strings.Lines(text) {
		p.Line(strings.TrimSuffix(line, "\n"))
	}
	return p.Summary(code)
}

const chefPrints = `Starting Chef Infra Client, version 18.5.0
Synchronizing cookbooks:
  - hello (0.1.0)
Converging 3 resources
Recipe: hello::default
  * file[/etc/motd] action create
    - create new file /etc/motd
    - update content in file /etc/motd from none to 5891b5
  * package[a] action install (up to date)
  * template[/etc/a b] action create[2024-01-01T00:00:00+00:00] INFO: x
    - update content
Running handlers:
`

func TestChefOutput(t *testing.T) {
	s := parse(&output{}, chefPrints+"Running handlers complete\nInfra Phase complete, 2/3 resources updated in 04 "+
		"seconds\nChef Infra Client finished, 2/3 resources updated in 05 seconds\n", 0)
	require.Equal(t, converge.Summary{Text: "Infra Phase complete, 2/3 resources updated in 04 seconds", Changed: 2,
		Changes: []string{"file[/etc/motd]", "template[/etc/a b]"}}, s)
	require.Equal(t, converge.Unknown(), parse(&output{}, "nothing of interest\n", 0))

	named := "\x1egalley: updated again: template[/etc/a b] (hello::default line 3)\n"
	// The number counts what is inside of custom resources, the handler does not.
	done := "Chef Infra Client finished, 2/3 resources updated in 05 seconds\n"
	for _, order := range []string{named + done, done + named} {
		o := &output{}
		parse(o, chefPrints+"Chef Infra Client finished, 2/3 resources updated in 05 seconds\n"+chefPrints+order, 0)
		require.Equal(t, []string{"template[/etc/a b] (hello::default line 3)"}, o.again(2).Changes)
		require.Equal(t, 1, o.again(2).Count)
		require.Nil(t, o.again(3), "the third run did not come to an end")
	}
	o := &output{}
	parse(o, chefPrints+done+chefPrints+"Cinc Client finished, 0/3 resources updated in 05 seconds\n", 0)
	require.Nil(t, o.again(2))
	o = &output{}
	s = parse(o, chefPrints+"Chef Infra Client failed. 2 resources updated in 05 seconds\n", 1)
	require.Equal(t, 1, s.Failed)
	require.Nil(t, o.again(1), "a failed run is not about idempotence")

	// Other formats: minimal, of old and new versions, and null.
	const minimal = "Starting Chef Infra Client, version 17.10.0\nSynchronizing cookbooks\n.done.\nConverging 2 " +
		"resources\nU.\nSystem converged.\n\n" +
		"resources updated this run:\n* file[/etc/motd]\n  - create new file /etc/motd\n\n"
	for _, client := range []string{"chef client", "chef-client", "Chef Infra Client", "Cinc Client"} {
		o = &output{}
		s = parse(o, minimal+client+" finished, 1 resources updated\n"+minimal+named+client+
			" finished, 1 resources updated\n", 0)
		require.Equal(t, 2, s.Changed)
		require.Equal(t, []string{"file[/etc/motd]", "file[/etc/motd]"}, s.Changes)
		require.Equal(t, []string{"template[/etc/a b] (hello::default line 3)"}, o.again(2).Changes)
	}
	o = &output{}
	require.Equal(t, converge.Unknown(), parse(o, named, 0))
	require.Equal(t, 1, o.again(2).Count)
	o = &output{}
	require.Equal(t, 3, parse(o, chefPrints+"Chef Infra Client finished, 3/3 resources would have been updated\n",
		0).Changed)
}
