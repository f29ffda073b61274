package provisioner

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

// parse feeds a text to a parser, line by line.
func parse(p parser, text string, code int) Summary {
	for line := range strings.Lines(text) {
		p.line(strings.TrimSuffix(line, "\n"))
	}
	return p.summary(code)
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
  - GalleyUpdatedResources
`

func TestChefOutput(t *testing.T) {
	s := parse(&chefOutput{}, chefPrints+"Running handlers complete\nInfra Phase complete, 2/3 resources updated in 04 seconds\nChef Infra Client finished, 2/3 resources updated in 05 seconds\n", 0)
	require.Equal(t, Summary{Text: "Infra Phase complete, 2/3 resources updated in 04 seconds", Changed: 2,
		Changes: []string{"file[/etc/motd]", "template[/etc/a b]"}}, s)
	require.Equal(t, unknown(), parse(&chefOutput{}, "nothing of interest\n", 0))

	named := "galley: updated again: template[/etc/a b] (hello::default line 3)\n"
	// The number counts what is inside of custom resources, the handler does not.
	done := "Chef Infra Client finished, 2/3 resources updated in 05 seconds\n"
	for _, order := range []string{named + done, done + named} {
		o := &chefOutput{}
		parse(o, chefPrints+"Chef Infra Client finished, 2/3 resources updated in 05 seconds\n"+chefPrints+order, 0)
		require.Equal(t, []string{"template[/etc/a b] (hello::default line 3)"}, o.again(2).Changes)
		require.Equal(t, 1, o.again(2).Count)
		require.Nil(t, o.again(3), "the third run did not come to an end")
	}
	o := &chefOutput{}
	parse(o, chefPrints+done+chefPrints+"Cinc Client finished, 0/3 resources updated in 05 seconds\n", 0)
	require.Nil(t, o.again(2))
	o = &chefOutput{}
	s = parse(o, chefPrints+"Chef Infra Client failed. 2 resources updated in 05 seconds\n", 1)
	require.Equal(t, 1, s.Failed)
	require.Nil(t, o.again(1), "a failed run is not about idempotence")

	// Other formats: minimal, of old and new versions, and null.
	const minimal = "Starting Chef Infra Client, version 17.10.0\nSynchronizing cookbooks\n.done.\nConverging 2 resources\nU.\nSystem converged.\n\n" +
		"resources updated this run:\n* file[/etc/motd]\n  - create new file /etc/motd\n\n"
	for _, client := range []string{"chef client", "chef-client", "Chef Infra Client", "Cinc Client"} {
		o = &chefOutput{}
		s = parse(o, minimal+client+" finished, 1 resources updated\n"+minimal+named+client+" finished, 1 resources updated\n", 0)
		require.Equal(t, 2, s.Changed)
		require.Equal(t, []string{"file[/etc/motd]", "file[/etc/motd]"}, s.Changes)
		require.Equal(t, []string{"template[/etc/a b] (hello::default line 3)"}, o.again(2).Changes)
	}
	o = &chefOutput{}
	require.Equal(t, unknown(), parse(o, named, 0))
	require.Equal(t, 1, o.again(2).Count)
	o = &chefOutput{}
	require.Equal(t, 3, parse(o, chefPrints+"Chef Infra Client finished, 3/3 resources would have been updated\n", 0).Changed)
}

func TestPuppetOutput(t *testing.T) {
	s := parse(&puppetOutput{}, `Notice: Compiled catalog for dokken in environment production in 0.04 seconds
Notice: /Stage[main]/Hello/File[/etc/hello]/ensure: defined content as '{sha256}460d'
Notice: /Stage[main]/Hello/File[/etc/hello]/mode: mode changed '0644' to '0640'
Notice: /Stage[main]/Main/Exec[again and again]/returns: executed successfully
Notice: Applied catalog in 0.03 seconds
Application:
   Initial environment: production
Changes:
            Total: 3
Events:
          Failure: 1
          Success: 3
            Total: 4
Resources:
           Failed: 1
          Skipped: 2
          Changed: 2
      Out of sync: 3
            Total: 9
Time:
             File: 0.01
         Last run: 1795222661
            Total: 0.05
`, 6)
	require.Equal(t, Summary{Text: "2 changed, 1 failed, 2 skipped of 9 resources", Changed: 2, Failed: 1,
		Changes: []string{"File[/etc/hello]", "Exec[again and again]"}}, s)
	require.Equal(t, Summary{Text: "0 changed, 0 failed of 8 resources"}, parse(&puppetOutput{}, "Resources:\n            Total: 8\n", 0))
	require.Equal(t, 1, parse(&puppetOutput{}, "Error: nothing readable\n", 2).Changed)
	require.Equal(t, unknown(), parse(&puppetOutput{}, "Error: Could not parse\n", 1))
}

func TestAnsibleOutput(t *testing.T) {
	s := parse(&ansibleOutput{}, `
PLAY [all] *********************************************************************

TASK [Gathering Facts] *********************************************************
ok: [one]

TASK [hello : say hello] *******************************************************
changed: [one]
changed: [one] => (item=2)

RUNNING HANDLER [hello : tell] *************************************************
changed: [one]

PLAY RECAP *********************************************************************
one                        : ok=3    changed=2    unreachable=0    failed=0    skipped=1    rescued=0    ignored=0
two                        : ok=1    changed=0    unreachable=1    failed=1    skipped=0    rescued=0    ignored=0
`, 0)
	require.Equal(t, Summary{Text: "ok=4 changed=2 failed=2 skipped=1", Changed: 2, Failed: 2, Changes: []string{"hello : say hello", "hello : tell"}}, s)
	require.Equal(t, unknown(), parse(&ansibleOutput{}, "ERROR! no\n", 4))
}

func TestToolOutput(t *testing.T) {
	for _, c := range []struct {
		keys config.ToolProvisioner
		text string
		code int
		want Summary
	}{
		{text: "x\n", want: Summary{Changed: -1, Failed: -1}},
		{keys: config.ToolProvisioner{ChangedPattern: `^wrote (\S+)`, SummaryPattern: `\d+ in all`}, text: "wrote a\nwrote b\n 1 in all\n 2 in all.\n",
			want: Summary{Text: "2 in all", Changed: 2, Failed: -1, Changes: []string{"a", "b"}}},
		{keys: config.ToolProvisioner{ChangedPattern: `changed=(\d+)`}, text: "changed=2\nchanged=3\n", want: Summary{Changed: 5, Failed: -1}},
		{keys: config.ToolProvisioner{ChangedPattern: `^\+.*`}, text: "+ a\n", want: Summary{Changed: 1, Failed: -1, Changes: []string{"+ a"}}},
		{keys: config.ToolProvisioner{ChangedExitCodes: []int{2}}, code: 2, want: Summary{Changed: 1, Failed: -1}},
		{keys: config.ToolProvisioner{ChangedExitCodes: []int{2}}, want: Summary{Changed: 0, Failed: -1}},
	} {
		read, err := newToolOutput(c.keys)
		require.NoError(t, err)
		require.Equal(t, c.want, parse(read(), c.text, c.code))
	}
	_, err := newToolOutput(config.ToolProvisioner{ChangedPattern: "("})
	require.ErrorContains(t, err, "provisioner.changed_pattern")
}

// Lines reach the parser whole, however they come, without colours; the stream
// itself is passed on as it is, with an end for its last line.
func TestTap(t *testing.T) {
	var to lockedBuffer
	var lines []string
	x := &tap{to: &to, mu: new(sync.Mutex), each: func(l string) { lines = append(lines, l) }}
	for _, p := range []string{"a", "b\r\nc\n\x1b[31m", "d\x1b[0m\n\ne"} {
		n, err := x.Write([]byte(p))
		require.NoError(t, err)
		require.Equal(t, len(p), n)
	}
	x.close()
	require.Equal(t, []string{"ab", "c", "d", "", "e"}, lines)
	require.Equal(t, "ab\r\nc\n\x1b[31md\x1b[0m\n\ne\n", to.String())
}

func TestChangedAgainError(t *testing.T) {
	e := &ChangedAgainError{What: "x", Thing: "file", Count: 25}
	for range 25 {
		e.Changes = append(e.Changes, "f")
	}
	require.Equal(t, "not idempotent: the second run of x changed 25 files"+strings.Repeat("\n  f", 20)+"\n  and 5 more", e.Error())
}
