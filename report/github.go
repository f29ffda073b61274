package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report/files"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// GitHub tells GitHub Actions what it can show outside of the log: annotations (workflow commands on the job's standard
// output) and the job summary.
type GitHub struct {
	out       *text.Checked
	summary   string
	collector *run.Collector
}

// NewGitHub writes annotations to out and, at the end, appends the summary to the file that GITHUB_STEP_SUMMARY names;
// "-" means out, and an empty name no summary.
func NewGitHub(out io.Writer, summary string) *GitHub {
	return &GitHub{out: &text.Checked{W: out}, summary: summary, collector: run.NewCollector()}
}

// Handle annotates warnings and failed instances as they come. Failed tests wait for Close: GitHub shows ten errors per
// step, and the instances go first.
func (g *GitHub) Handle(e lifecycle.Event) {
	g.collector.Handle(e)
	switch e := e.(type) {
	case lifecycle.Notice:
		command := map[lifecycle.Level]string{lifecycle.LevelWarn: "warning", lifecycle.LevelError: "error"}[e.Level]
		if command != "" {
			g.annotate(command, annotation{title: cmp.Or(e.Instance, "galley"), text: e.Text})
		}
	case lifecycle.InstanceFinished:
		if e.Error != "" {
			title := e.Instance + " failed"
			if e.FailedPhase != "" {
				title = fmt.Sprintf("%s: %s failed", e.Instance, e.FailedPhase)
			}
			g.annotate("error", annotation{title: title, text: e.Error + "\nThe whole log: " + e.LogPath})
		}
	}
}

// annotation is what a workflow command says.
type annotation struct {
	title, text, file string
	line              int
}

func (g *GitHub) annotate(command string, a annotation) {
	properties := "title=" + text.GitHubProperty(text.Line(a.title))
	if a.file != "" {
		properties += ",file=" + text.GitHubProperty(a.file)
		if a.line > 0 {
			properties += fmt.Sprintf(",line=%d", a.line)
		}
	}
	g.out.Print(fmt.Sprintf("::%s %s::%s\n", command, properties, text.GitHubData(text.Lines(a.text))))
}

// Close annotates the failed tests and writes the summary.
func (g *GitHub) Close() error {
	all := g.collector.Result()
	for _, i := range all.Instances {
		for _, t := range i.FailedTests() {
			g.annotate("error", annotation{
				title: i.Name + ": " + t.CaseName(), text: cmp.Or(strings.TrimSpace(t.Message), "failed"),
				file: t.File, line: t.Line,
			})
		}
	}
	return errors.Join(g.out.Err, g.writeSummary(all))
}

// writeSummary appends, since other commands of the step may have written too.
func (g *GitHub) writeSummary(run *run.Run) error {
	if g.summary == "" {
		return nil
	}
	if g.summary == "-" {
		return WriteMarkdown(g.out.W, run)
	}
	f, err := files.Open(g.summary, "", false)
	if err != nil {
		return fmt.Errorf("job summary: %w", err)
	}
	return errors.Join(WriteMarkdown(f, run), f.Close())
}
