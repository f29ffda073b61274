package result

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// ErrNoResults says that a text holds no test results of the format wanted, not even the statement that there are none.
var ErrNoResults = errors.New("there are no test results in it")

var (
	tapPlan = lazyregexp.New(`^1\.\.(\d+)(?:\s*#\s*(.*))?$`)
	tapLine = lazyregexp.New(`^(not )?ok\b(?: +(\d+))?(.*)$`)
	// tapDirective starts at a "#" that is not escaped.
	tapDirective = lazyregexp.New(`(?i)(?:^|[^\\])#\s*(skip|todo)\S*\s*(.*)$`)
)

// ParseTAP reads the Test Anything Protocol, versions 12 to 14, as bats and others print it. Lines that are not TAP are
// passed over. Tests that are to do count as skipped. A plan that was not kept is a failed case of its own.
//
// Errors: ErrNoResults when there is neither a plan nor a test.
func ParseTAP(data []byte) ([]TestCase, error) {
	p := NewTAPStream()
	for line := range strings.Lines(string(data)) {
		p.line(strings.TrimSuffix(line, "\n"))
	}
	p.finish()
	if p.planned < 0 && len(p.cases) == 0 && !p.bailed {
		return nil, ErrNoResults
	}
	return p.end(), nil
}

// TAPStream finds the cases in TAP while it comes, line by line, as [ParseTAP] does in the whole of it.
type TAPStream struct {
	planned int // -1 before the plan
	cases   []TestCase
	told    int // how many of the cases Line has returned
	notes   []string
	yaml    bool // between "  ---" and "  ..."
	bailed  bool
}

// NewTAPStream returns a stream of which nothing has come.
func NewTAPStream() *TAPStream { return &TAPStream{planned: -1} }

// Line takes a line, and returns the cases that have ended by it. Of one that failed, what comes next tells why: it has
// ended when another one has.
func (p *TAPStream) Line(line string) []TestCase {
	p.line(line)
	end := len(p.cases)
	if end > 0 && p.cases[end-1].Outcome == Failed {
		end--
	}
	ended := p.cases[p.told:end]
	p.told = end
	return ended
}

func (p *TAPStream) line(s string) {
	s = strings.TrimRight(s, "\r") // a terminal adds one, also to one that is there
	trimmed := strings.TrimSpace(s)
	switch {
	case p.yaml && trimmed == "...":
		p.yaml = false
	case p.yaml:
		p.notes = append(p.notes, strings.TrimPrefix(s, "  "))
	case strings.HasPrefix(s, " ") && trimmed == "---":
		p.yaml = true
	case strings.HasPrefix(s, "#"):
		p.notes = append(p.notes, strings.TrimPrefix(strings.TrimPrefix(s, "#"), " "))
	case strings.HasPrefix(s, "Bail out!"):
		p.finish()
		p.bailed = true
		p.cases = append(p.cases, TestCase{Title: "bail out", Outcome: Failed,
			Message: strings.TrimSpace(strings.TrimPrefix(s, "Bail out!"))})
	default:
		p.planOrTest(s)
	}
}

func (p *TAPStream) planOrTest(s string) {
	if m := tapPlan().FindStringSubmatch(s); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			p.planned = n
		}
		return
	}
	m := tapLine().FindStringSubmatch(s)
	if m == nil {
		return
	}
	p.finish()
	c := TestCase{Outcome: Passed}
	if m[1] != "" {
		c.Outcome = Failed
	}
	title := m[3]
	if d := tapDirective().FindStringSubmatchIndex(title); d != nil {
		c.Outcome, c.Message = Skipped, title[d[4]:d[5]]
		title = title[:strings.LastIndex(title[:d[2]], "#")]
	}
	title = strings.TrimPrefix(strings.TrimSpace(title), "- ")
	if title == "" { // bats before 1.0: "ok 3 # skip (reason) title"
		if rest, ok := strings.CutPrefix(c.Message, "("); ok {
			if reason, name, ok := strings.Cut(rest, ") "); ok {
				c.Message, title = reason, name
			}
		}
	}
	c.Title = strings.TrimSpace(strings.ReplaceAll(cmp.Or(title, "test "+m[2]), `\#`, "#"))
	p.cases = append(p.cases, c)
}

// finish gives the notes read so far to the test before them.
func (p *TAPStream) finish() {
	p.yaml = false
	if n := len(p.cases); n > 0 && len(p.notes) > 0 && p.cases[n-1].Outcome == Failed {
		p.cases[n-1].Message = strings.TrimSpace(p.cases[n-1].Message + "\n" + strings.Join(p.notes, "\n"))
	}
	p.notes = nil
}

func (p *TAPStream) end() []TestCase {
	if missing := p.planned - len(p.cases); missing > 0 && !p.bailed {
		p.cases = append(p.cases, TestCase{Title: "all planned tests run", Outcome: Failed,
			Message: fmt.Sprintf("%d of %d tests did not run", missing, p.planned)})
	}
	return p.cases
}
