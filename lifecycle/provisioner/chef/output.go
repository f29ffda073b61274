package chef

import (
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
)

// output reads what runs of the client print.
type output struct {
	runs []clientRun
	// now is the run that is under way, once it has started, and resource what it is at.
	now      clientRun
	started  bool
	resource string
}

// clientRun is one finished or failed run.
type clientRun struct {
	text    string
	updated int
	failed  bool
	// changes are from the output's format, named from the handler.
	changes, named []string
}

var (
	doneLine = lazyregexp.New(`(?:[A-Za-z][\w-]* )*[\w-]*(?i:client|run|phase) ` +
		`(?:finished|complete|failed)[,.] (\d+)(?:/\d+)? resources (?:would have been )?updated.*`)
	resourceLine = lazyregexp.New(`^\s*\* ([a-z0-9_]+\[.*\]) action \S+`)
	// The minimal format lists what was updated at the end.
	updatedLine = lazyregexp.New(`^\* ([a-z0-9_]+\[.*\])$`)
	changeLine  = lazyregexp.New(`^\s+- \S`)
	headingLine = lazyregexp.New(`^(Recipe|Synchronizing|Running|Starting|Converging|Installing|` +
		`Compiling|Resolving|Loading|Infra Phase)\b`)
)

func (o *output) Line(text string) {
	if name, ok := strings.CutPrefix(text, updatedAgain); ok {
		o.handler(name)
		return
	}
	// Most lines are not worth the price of the expression, and some are very long.
	if strings.Contains(text, " updated") {
		if m := doneLine().FindStringSubmatch(text); m != nil {
			o.done(m)
			return
		}
	}
	switch m, updated := resourceLine().FindStringSubmatch(text), updatedLine().FindStringSubmatch(text); {
	case m != nil:
		o.resource, o.started = m[1], true
	case updated != nil:
		o.change(updated[1])
	case headingLine().MatchString(text):
		o.resource, o.started = "", true
	case o.resource != "" && changeLine().MatchString(text):
		o.change(o.resource)
	}
}

// change notes a resource that was updated.
func (o *output) change(resource string) {
	if !slices.Contains(o.now.changes, resource) {
		o.now.changes = append(o.now.changes, resource)
	}
}

// done ends a run. Some versions say twice that it has ended.
func (o *output) done(m []string) {
	n, err := strconv.Atoi(m[1])
	if err != nil || !o.started && len(o.runs) > 0 {
		return
	}
	o.now.text, o.now.updated, o.now.failed = strings.TrimSpace(m[0]), n, strings.Contains(m[0], "failed")
	*o = output{runs: append(o.runs, o.now)}
}

// handler takes a line of the handler, which may come before or after the run's last line.
func (o *output) handler(name string) {
	if last := len(o.runs) - 1; last >= 0 && !o.started {
		o.runs[last].named = append(o.runs[last].named, name)
		return
	}
	o.now.named = append(o.now.named, name)
}

// summary is that of all runs: a second run says what is left to say of the first.
func (o *output) Summary(int) converge.Summary {
	if len(o.runs) == 0 {
		return converge.Unknown()
	}
	s := converge.Summary{Failed: 0}
	var texts []string
	for _, r := range o.runs {
		texts = append(texts, r.text)
		s.Changed += r.updated
		s.Changes = append(s.Changes, r.changes...)
		if r.failed {
			s.Failed++
		}
	}
	s.Text = strings.Join(texts, "; then ")
	return s
}

// again is the error when the last of n runs updated anything, or nil. What the
// handler names counts also in an output format that has no last line.
func (o *output) again(n int) *converge.ChangedAgainError {
	last := clientRun{named: o.now.named}
	if len(o.runs) >= n {
		last = o.runs[len(o.runs)-1]
		last.named = slices.Concat(last.named, o.now.named)
	}
	// The client's own number also counts the resources inside of a custom one.
	changes, count := last.named, len(last.named)
	if count == 0 {
		changes, count = last.changes, last.updated
	}
	if count == 0 || last.failed {
		return nil
	}
	return &converge.ChangedAgainError{Thing: "resource", Count: count, Changes: changes}
}

// updatedAgain begins the lines by which the handler tells what a run updated. They are for galley alone.
const updatedAgain = converge.Marker + again

const again = "updated again: "

// strictHandler is an event handler of Chef: unlike a report handler's, its name is not printed. A handler's own
// failure does not fail a run, so galley reads its lines and decides.
const strictHandler = `require "chef/event_dispatch/base"

# Names the resources that a run has updated, in a run that should update none.
class GalleyUpdatedResources < Chef::EventDispatch::Base
  def run_started(run_status)
    @run_status = run_status
  end

  def run_completed(*)
    Array(@run_status && @run_status.updated_resources).each do |resource|
      place = [resource.cookbook_name, resource.recipe_name].compact.join("::")
      place += " line #{resource.source_line[/:(\d+)/, 1]}" if resource.source_line
      puts "\x1egalley: ` + again + `#{resource.declared_type}[#{resource.name}]#{" (#{place})" unless place.empty?}"
    end
    $stdout.flush
  end
end
`
