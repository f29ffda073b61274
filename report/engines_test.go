package report

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/machine"
	"github.com/galley-kitchen/galley/report/html"
	"github.com/galley-kitchen/galley/report/internal/sample"
	"github.com/galley-kitchen/galley/report/run"
)

// TestSeveralEngines: every report names all engines of a run, and has a column, or a property, for each.
func TestSeveralEngines(t *testing.T) {
	at := func(instance string) lifecycle.Stamp {
		return lifecycle.Stamp{Time: time.Unix(1e9, 0), RunID: "r", Instance: instance}
	}
	c := run.NewCollector()
	sample.Feed(c, []lifecycle.Event{
		lifecycle.RunStarted{Stamp: at(""), Action: "test", Instances: []string{"a@docker", "a@mine", "a@gone", "b@docker", "b@mine", "b@gone"}},
		lifecycle.EngineReady{Stamp: at(""), Engine: "podman", Version: "6.0.2", Endpoint: "unix:///p"},
		lifecycle.EngineReady{Stamp: at(""), Engine: "docker", Version: "29.1", Endpoint: "unix:///d"},
		lifecycle.InstanceStarted{Stamp: at("a@docker"), On: "docker"},
		lifecycle.PhaseStarted{Stamp: at("a@docker"), Phase: lifecycle.PhaseConverge, Endpoint: "unix:///d"},
		lifecycle.InstanceFinished{Stamp: at("a@docker"), Duration: time.Second},
		lifecycle.InstanceStarted{Stamp: at("a@mine"), On: "mine"},
		lifecycle.PhaseStarted{Stamp: at("a@mine"), Phase: lifecycle.PhaseConverge, Endpoint: "unix:///p"},
		lifecycle.InstanceFinished{Stamp: at("a@mine"), Duration: time.Second, Error: "x", FailedPhase: lifecycle.PhaseConverge},
		lifecycle.InstanceStarted{Stamp: at("a@gone"), On: "gone"},
		lifecycle.InstanceFinished{Stamp: at("a@gone"), Error: "it does not answer"},
		lifecycle.MachinesCompared{A: "a@docker", B: "a@mine", Report: machine.Report{
			Differences: []machine.Difference{{Kind: machine.File, Name: "/etc/<x>", What: "mode", A: "0644", B: "0600"}}}},
		lifecycle.RunFinished{Stamp: at(""), Duration: time.Second},
	})
	r := c.Result()
	require.Equal(t, []string{"mine: podman 6.0.2", "docker 29.1"}, r.EngineTitles())

	var md, page, junit bytes.Buffer
	require.NoError(t, WriteMarkdown(&md, r))
	require.Contains(t, md.String(), "galley test · 1.0s · mine: podman 6.0.2, docker 29.1\n")
	require.Contains(t, md.String(), "| Instance | docker 29.1 | mine: podman 6.0.2 | gone |\n|---|---|---|---|\n| a | ✓ 1.0s | ✗ converge | ✗ |\n")
	require.NoError(t, html.Write(&page, r))
	require.Contains(t, page.String(), "<dt>Engine</dt><dd>mine: podman 6.0.2</dd>\n<dt>Endpoint</dt><dd>unix:///p</dd>\n<dt>Engine</dt>")
	require.Contains(t, page.String(), "<th>docker 29.1</th><th>mine: podman 6.0.2</th><th>gone</th>")
	require.Contains(t, page.String(), `<tr><td>a</td><td class="passed-text">✓ 1.0s</td><td class="failed-text">✗ converge</td>`)
	require.Contains(t, page.String(), "<summary>a@docker and a@mine differ in one thing</summary><pre>  file     /etc/&lt;x&gt;  mode")
	require.NoError(t, WriteJUnit(&junit, r))
	for _, engine := range []string{"docker", "podman"} {
		require.Regexp(t, `<property name="engine" value="`+engine+`"></property>`, junit.String())
	}
}
