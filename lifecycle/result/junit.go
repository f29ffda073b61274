package result

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// junitNode is an element of JUnit's XML. Suites may lie in suites.
type junitNode struct {
	XMLName xml.Name
	Name    string      `xml:"name,attr"`
	Suites  []junitNode `xml:"testsuite"`
	Cases   []junitTest `xml:"testcase"`
}

type junitTest struct {
	Name      string       `xml:"name,attr"`
	Classname string       `xml:"classname,attr"`
	File      string       `xml:"file,attr"`
	Line      string       `xml:"line,attr"`
	Time      string       `xml:"time,attr"`
	Failures  []junitCause `xml:"failure"`
	Errors    []junitCause `xml:"error"`
	Skipped   *junitCause  `xml:"skipped"`
	Out       string       `xml:"system-out"`
	Err       string       `xml:"system-err"`
}

type junitCause struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// ParseJUnit reads JUnit's XML as pytest, bats, InSpec and many others write it: a <testsuites> or a <testsuite>, as
// deep as they nest. Lines that pytest counts from 0 are left as they are.
//
// Errors: ErrNoResults when the document is something else; otherwise what is wrong with the XML.
func ParseJUnit(data []byte) ([]TestCase, error) {
	dec := xml.NewDecoder(bytes.NewReader(data))
	// Every encoding that is told is taken for UTF-8, as which it is nearly always written.
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var root junitNode
	if err := dec.Decode(&root); errors.Is(err, io.EOF) {
		return nil, ErrNoResults
	} else if err != nil {
		return nil, fmt.Errorf("read JUnit XML: %w", err)
	}
	if n := root.XMLName.Local; n != "testsuites" && n != "testsuite" {
		return nil, fmt.Errorf("read JUnit XML: its root is <%s>: %w", n, ErrNoResults)
	}
	return root.cases(nil), nil
}

func (n *junitNode) cases(list []TestCase) []TestCase {
	for i := range n.Cases {
		list = append(list, n.Cases[i].testCase(n.Name))
	}
	for i := range n.Suites {
		list = n.Suites[i].cases(list)
	}
	return list
}

func (t *junitTest) testCase(suite string) TestCase {
	c := TestCase{Suite: cmp.Or(t.Classname, suite), Title: t.Name, Outcome: Passed, Duration: seconds(t.Time),
		File: t.File}
	if line, err := strconv.Atoi(t.Line); err == nil && line > 0 {
		c.Line = line
	}
	causes := slices.Concat(t.Failures, t.Errors)
	switch {
	case len(causes) > 0:
		var texts []string
		for _, cause := range causes {
			texts = append(texts, cause.text())
		}
		texts = append(texts, strings.TrimSpace(t.Out), strings.TrimSpace(t.Err))
		c.Outcome, c.Message = Failed, strings.TrimSpace(strings.Join(texts, "\n"))
	case t.Skipped != nil:
		c.Outcome, c.Message = Skipped, cmp.Or(t.Skipped.Message, strings.TrimSpace(t.Skipped.Text))
	}
	return c
}

// text is the message, and the text below it unless that repeats it.
func (c junitCause) text() string {
	message, text := strings.TrimSpace(c.Message), strings.TrimSpace(c.Text)
	switch {
	case message == "" || strings.HasPrefix(text, message):
		return text
	case text == "":
		return message
	default:
		return message + "\n" + text
	}
}

// seconds reads a decimal number of seconds; what is none is 0.
func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	if err != nil {
		return 0
	}
	return duration(f)
}

// duration turns seconds into a duration; impossible ones are 0.
func duration(s float64) time.Duration {
	if math.IsNaN(s) || s < 0 || s > math.MaxInt64/float64(time.Second) {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}
