package report

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/report/run"
	"github.com/galley-kitchen/galley/report/text"
)

// The elements of JUnit's XML, with what the schema of Jenkins' xunit plugin allows in them and no more.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Time     string       `xml:"time,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Log        string          `xml:"log,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Err        string          `xml:"system-err,omitempty"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	Classname string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Skipped   *junitOutcome `xml:"skipped"`
	Error     *junitOutcome `xml:"error"`
	Failure   *junitOutcome `xml:"failure"`
	Flaky     *junitOutcome `xml:"flakyFailure"`
	Out       string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes a run as JUnit XML: a test suite per instance, in it a test case per test and per phase that has no
// tests to tell of it.
func WriteJUnit(w io.Writer, r *run.Run) error {
	doc := junitSuites{Name: "galley " + r.Action, Time: seconds(r.Duration)}
	for _, i := range r.Instances {
		s := newJUnitSuite(r, i)
		doc.Tests += s.Tests
		doc.Failures += s.Failures
		doc.Errors += s.Errors
		doc.Suites = append(doc.Suites, s)
	}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	// encoding/xml spells line ends out as well. Only texts have any, attributes are printable lines, so they can be as
	// they were.
	text = bytes.ReplaceAll(text, []byte("&#xA;"), []byte("\n"))
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

func newJUnitSuite(r *run.Run, i *run.Instance) junitSuite {
	s := junitSuite{Name: text.Line(i.Name), Time: seconds(i.Duration), Log: text.Line(i.LogPath),
		Properties: junitProperties(r, i)}
	if !i.Started.IsZero() {
		s.Timestamp = i.Started.UTC().Format("2006-01-02T15:04:05")
	}
	s.Cases = junitCases(r, i)
	for _, c := range s.Cases {
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	var notices []string
	for _, n := range i.Notices {
		notices = append(notices, string(n.Level)+": "+text.Lines(n.Text))
	}
	s.Err = strings.Join(notices, "\n")
	return s
}

func junitProperties(r *run.Run, i *run.Instance) []junitProperty {
	all := []junitProperty{
		{"suite", i.Suite}, {"platform", i.Platform}, {"run_id", r.RunID}, {"galley_version", r.Version},
	}
	if e := r.EngineOf(i); e != nil {
		all = append(all, junitProperty{"engine", e.Name}, junitProperty{"engine_version", e.Version})
	}
	var out []junitProperty
	for _, p := range all {
		if p.Value != "" {
			p.Value = text.Line(p.Value)
			out = append(out, p)
		}
	}
	return out
}

func junitCases(r *run.Run, i *run.Instance) []junitCase {
	if i.Status == run.NotStarted {
		c := newJUnitCase(i, r.Action, 0)
		c.Skipped = &junitOutcome{Message: text.Line(cmp.Or(i.Error, "the instance was not started"))}
		return []junitCase{c}
	}
	var out []junitCase
	for n, p := range i.Phases {
		if i.Repeated(n) {
			continue
		}
		for _, t := range p.Tests {
			out = append(out, junitTest(i, t))
		}
		if !p.ToldByTests() {
			out = append(out, junitPhase(i, p))
		}
	}
	// A failure outside of any phase, or one whose phase's events are missing.
	if !i.Explained() {
		c := newJUnitCase(i, r.Action, i.Duration)
		c.Error = &junitOutcome{Type: string(i.Status), Message: text.Line(i.Reason()), Text: i.TailText()}
		out = append(out, c)
	}
	return out
}

func newJUnitCase(i *run.Instance, name string, d time.Duration) junitCase {
	return junitCase{Name: text.Line(name), Classname: text.Line(i.Name), Time: seconds(d)}
}

func junitPhase(i *run.Instance, p *run.Phase) junitCase {
	c := newJUnitCase(i, p.Name(), p.Duration)
	outcome := &junitOutcome{Type: string(p.Phase), Message: text.Line(text.First(p.Error)), Text: text.Lines(p.Error)}
	if tail := i.TailText(); tail != "" {
		outcome.Text += "\n\nThe last lines of the log:\n" + tail
	}
	switch {
	case p.Status == run.Failed && p.Phase == lifecycle.PhaseVerify:
		c.Failure = outcome
	case p.Status == run.Failed:
		c.Error = outcome
	case p.Status == run.Unfinished:
		outcome.Message = "the run ended while this was going on"
		outcome.Text = strings.TrimSpace(outcome.Text)
		c.Error = outcome
	default:
		c.Out = text.Lines(p.Summary)
	}
	return c
}

func junitTest(i *run.Instance, t run.Test) junitCase {
	c := newJUnitCase(i, t.CaseName(), t.Duration)
	if t.Suite != "" {
		c.Classname += "." + text.Line(t.Suite)
	}
	shown := text.Lines(t.Message)
	if place := t.Place(); place != "" {
		shown = place + "\n" + shown
	}
	switch {
	case t.Outcome == result.Failed:
		c.Failure = &junitOutcome{Type: "test", Message: text.Line(text.First(t.Message)), Text: shown}
	case t.Outcome == result.Skipped:
		c.Skipped = &junitOutcome{Message: text.Line(text.First(t.Message))}
	case t.FlakyMessage != "":
		c.Flaky = &junitOutcome{Type: "test", Message: text.Line(text.First(t.FlakyMessage)),
			Text: text.Lines(t.FlakyMessage)}
		c.Out = triesText(i)
	}
	return c
}

// triesText is what each try of a phase that was done again printed last.
func triesText(i *run.Instance) string {
	var b strings.Builder
	for _, p := range i.Tries() {
		if len(p.Tail) > 0 {
			fmt.Fprintf(&b, "The last lines of the %s that %s:\n%s\n", p.Name(), p.Status,
				text.Lines(strings.Join(p.Tail, "\n")))
		}
	}
	return b.String()
}

// seconds with milliseconds, never negative, as the schema wants it.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%.3f", max(d, 0).Seconds())
}
