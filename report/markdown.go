package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// summaryBytes keeps below the 1 MiB that GitHub takes per step.
const summaryBytes = 900 << 10

// WriteMarkdown writes a run as a job summary in GitHub's Markdown: a table of the instances, then the details of what
// failed, as far as there is room for.
func WriteMarkdown(w io.Writer, r *run.Run) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s\n\n", statusMark(r.Status), run.Headline(r))
	fmt.Fprintf(&b, "galley %s · %s", markdown(r.Action), text.ShortDuration(r.Duration))
	if engines := r.EngineTitles(); len(engines) > 0 {
		fmt.Fprintf(&b, " · %s", markdown(strings.Join(engines, ", ")))
	}
	b.WriteString("\n\n| | Instance | Phases | Tests | Took |\n|---|---|---|---|---:|\n")
	for n, i := range r.Instances {
		row := markdownRow(i)
		if b.Len()+len(row) > summaryBytes/2 {
			fmt.Fprintf(&b, "\nand %d more instances.\n", len(r.Instances)-n)
			break
		}
		b.WriteString(row)
	}
	writeEngines(&b, r)
	for _, i := range r.Instances {
		if i.Status != run.Failed && i.Status != run.Unfinished {
			continue
		}
		details := markdownDetails(i)
		if b.Len()+len(details) > summaryBytes {
			b.WriteString("\nMore failures are left out here; they are in the log.\n")
			break
		}
		b.WriteString(details)
	}
	for _, i := range r.Instances {
		if i.Flaky() && b.Len() < summaryBytes {
			b.WriteString(markdownFlaky(i))
		}
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// writeEngines writes a table with a column for each engine of --on, and in what they differ.
func writeEngines(b *strings.Builder, r *run.Run) {
	t := r.ByEngine()
	if len(t.Rows) == 0 || b.Len() > summaryBytes/2 {
		return
	}
	b.WriteString("\n| Instance |")
	for _, e := range t.Titles {
		b.WriteString(" " + markdown(e) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(t.Engines)) + "\n")
	for _, row := range t.Rows {
		b.WriteString("| " + markdown(row.Name) + " |")
		for _, i := range row.Instances {
			b.WriteString(" " + i.Brief() + " |")
		}
		b.WriteString("\n")
	}
	for _, c := range r.Comparisons {
		if c.Real() == 0 || b.Len() > summaryBytes/2 {
			continue
		}
		for n, line := range c.Lines(c.A, c.B) {
			mark := "- "
			if n == 0 {
				mark = "\n"
			}
			b.WriteString(mark + markdown(strings.TrimSpace(line)) + "\n")
		}
	}
}

func statusMark(s run.Status) string {
	switch s {
	case run.Passed:
		return "✅"
	case run.Failed:
		return "❌"
	case run.Unfinished:
		return "⚠️"
	default:
		return "⏭️"
	}
}

func markdownRow(i *run.Instance) string {
	var phases []string
	for _, p := range i.Phases {
		s := fmt.Sprintf("%s %s", p.Name(), text.ShortDuration(p.Duration))
		if p.Status != run.Passed {
			s = "**" + s + " " + string(p.Status) + "**"
		}
		phases = append(phases, s)
	}
	took := text.ShortDuration(i.Duration)
	if i.Status == run.NotStarted {
		phases, took = []string{markdown(cmp.Or(i.Error, "not started"))}, ""
	}
	counts := strings.TrimPrefix(i.Counts(), "tests: ")
	mark := statusMark(i.Status)
	if i.Flaky() {
		mark += " flaky"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n",
		mark, markdown(i.Name), strings.Join(phases, ", "), counts, took)
}

func markdownDetails(i *run.Instance) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n<details><summary>%s: %s</summary>\n\n", markdown(i.Name), markdown(i.Reason()))
	for _, t := range i.FailedTests() {
		fmt.Fprintf(&b, "**%s**", markdown(t.CaseName()))
		if p := t.Place(); p != "" {
			fmt.Fprintf(&b, " (%s)", markdown(p))
		}
		b.WriteString("\n\n" + fenced(text.Lines(t.Message)))
	}
	if len(i.Tail) > 0 {
		b.WriteString("The last lines of the log:\n\n" + fenced(i.TailText()))
	}
	if i.LogPath != "" {
		fmt.Fprintf(&b, "The whole log: %s\n\n", markdown(i.LogPath))
	}
	b.WriteString("</details>\n")
	return b.String()
}

// markdownFlaky shows what each try of an instance printed last.
func markdownFlaky(i *run.Instance) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n<details><summary>%s passed only when done again</summary>\n\n", markdown(i.Name))
	for _, t := range i.Tests() {
		if t.FlakyMessage != "" {
			fmt.Fprintf(&b, "**%s**\n\n%s", markdown(t.CaseName()), fenced(text.Lines(t.FlakyMessage)))
		}
	}
	for _, p := range i.Tries() {
		fmt.Fprintf(&b, "%s %s:\n\n%s", p.Name(), p.Status, fenced(text.Lines(strings.Join(p.Tail, "\n"))))
	}
	b.WriteString("</details>\n")
	return b.String()
}

// markdown makes a text one line that Markdown and HTML take literally.
func markdown(s string) string {
	return markdownEscapes.Replace(strings.Join(strings.Fields(text.Lines(s)), " "))
}

var markdownEscapes = strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;", `\`, `\\`, "`", "\\`", "*", `\*`,
	"_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "#", `\#`, "!", `\!`, "~", `\~`, "@", `\@`)

// fenced is a block of code with a fence that the code does not contain.
func fenced(code string) string {
	if strings.TrimSpace(code) == "" {
		return ""
	}
	fence := "```"
	for strings.Contains(code, fence) {
		fence += "`"
	}
	return fence + "text\n" + strings.TrimRight(code, "\n") + "\n" + fence + "\n\n"
}
