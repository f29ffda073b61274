package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/result"
)

// summaryBytes keeps below the 1 MiB that GitHub takes per step.
const summaryBytes = 900 << 10

// WriteMarkdown writes a run as a job summary in GitHub's Markdown: a table of the
// instances, then the details of what failed, as far as there is room for.
func WriteMarkdown(w io.Writer, r *Run) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s\n\n", statusMark(r.Status), headline(r))
	fmt.Fprintf(&b, "galley %s · %s", markdown(r.Action), shortDuration(r.Duration))
	if r.Engine != nil {
		fmt.Fprintf(&b, " · %s %s", markdown(r.Engine.Name), markdown(r.Engine.Version))
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
	for _, i := range r.Instances {
		if i.Status != Failed && i.Status != Unfinished {
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

func statusMark(s Status) string {
	switch s {
	case Passed:
		return "✅"
	case Failed:
		return "❌"
	case Unfinished:
		return "⚠️"
	default:
		return "⏭️"
	}
}

func markdownRow(i *Instance) string {
	var phases []string
	for _, p := range i.Phases {
		s := fmt.Sprintf("%s %s", p.Phase, shortDuration(p.Duration))
		if p.Status != Passed {
			s = "**" + s + " " + string(p.Status) + "**"
		}
		phases = append(phases, s)
	}
	took := shortDuration(i.Duration)
	if i.Status == NotStarted {
		phases, took = []string{"not started"}, ""
	}
	counts := strings.TrimPrefix(newHTMLInstance(i).Counts, "tests: ")
	mark := statusMark(i.Status)
	if i.Flaky() {
		mark += " flaky"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n",
		mark, markdown(i.Name), strings.Join(phases, ", "), counts, took)
}

func markdownDetails(i *Instance) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n<details><summary>%s: %s</summary>\n\n", markdown(i.Name), markdown(i.reason()))
	for _, t := range i.Tests() {
		if t.Outcome != result.Failed {
			continue
		}
		fmt.Fprintf(&b, "**%s**", markdown(caseName(t.TestCase)))
		if p := place(t.TestCase); p != "" {
			fmt.Fprintf(&b, " (%s)", markdown(p))
		}
		b.WriteString("\n\n" + fenced(printableText(t.Message)))
	}
	if len(i.Tail) > 0 {
		b.WriteString("The last lines of the log:\n\n" + fenced(i.tailText()))
	}
	if i.LogPath != "" {
		fmt.Fprintf(&b, "The whole log: %s\n\n", markdown(i.LogPath))
	}
	b.WriteString("</details>\n")
	return b.String()
}

// markdownFlaky shows what each try of an instance printed last.
func markdownFlaky(i *Instance) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n<details><summary>%s passed only when done again</summary>\n\n", markdown(i.Name))
	for _, t := range i.Tests() {
		if t.FlakyMessage != "" {
			fmt.Fprintf(&b, "**%s**\n\n%s", markdown(caseName(t.TestCase)), fenced(printableText(t.FlakyMessage)))
		}
	}
	for _, p := range i.Tries() {
		fmt.Fprintf(&b, "%s %s:\n\n%s", p.Phase, p.Status, fenced(printableText(strings.Join(p.Tail, "\n"))))
	}
	b.WriteString("</details>\n")
	return b.String()
}

// markdown makes a text one line that Markdown and HTML take literally.
func markdown(s string) string {
	s = strings.Join(strings.Fields(printableText(s)), " ")
	var b strings.Builder
	for _, r := range s {
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '\\', '`', '*', '_', '[', ']', '|', '#', '!', '~', '@':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

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
