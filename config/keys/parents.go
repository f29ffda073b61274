package keys

import (
	"fmt"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/config/yaml11"
	"github.com/galley-kitchen/galley/internal/suggest"
)

// place is where an instance is: a suite on a platform.
type place struct{ suite, platform string }

// places are the instances from which others may start, as the key `from` of suites says.
func places(c *kitchen.Config) map[place]int {
	index := map[place]int{}
	for n, i := range slices.Backward(c.Instances) { // the first of several counts
		if i.On == "" && i.Group == nil { // of a node there is no image that another suite could start from
			index[place{i.Suite, i.Platform}] = n
		}
	}
	return index
}

// parent returns the index of the instance from which another one starts. There is none when those that follow it come
// back to one of them.
func (r *resolver) parent(index int) (parent int, ok bool) {
	chain := []int{index}
	for at := index; ; {
		next, ok := r.startsFrom(at)
		switch n := slices.Index(chain, next); {
		case !ok && at == index:
			return 0, false
		case !ok:
			return chain[1], true
		case n >= 0:
			r.reportCycle(chain[n:])
			return 0, false
		}
		chain, at = append(chain, next), next
	}
}

// reportCycle reports instances that each start from the next one, and the last from the first. It is told in the same
// words wherever it was entered, and so once.
func (r *resolver) reportCycle(chain []int) {
	first := slices.Index(chain, slices.Min(chain))
	chain = slices.Concat(chain[first:], chain[:first+1])
	var suites []string
	for _, n := range chain {
		suites = append(suites, r.c.Instances[n].Suite)
	}
	r.diags.ErrorAt(r.c.Instances[chain[0]].From.Pos, "suites.from",
		"suites.from: none of these suites can be the first: "+strings.Join(suites, " starts from "),
		"remove `from` from one of them")
}

// startsFrom is the instance of the suite that `from` names, on the same platform.
func (r *resolver) startsFrom(index int) (int, bool) {
	i := r.c.Instances[index]
	if i.From == nil || i.From.Kind == yaml11.Null {
		return 0, false
	}
	bad := func(hint, format string, args ...any) (int, bool) {
		r.diags.ErrorAt(i.From.Pos, "suites.from", "suites.from: "+fmt.Sprintf(format, args...), hint)
		return 0, false
	}
	name, ok := i.From.Text()
	if !ok {
		return bad("write `from: NAME`", "expected the name of a suite")
	}
	if n, ok := r.places[place{name, i.Platform}]; ok {
		return n, true
	}
	var suites []string
	for _, other := range r.c.Instances {
		if other.Group != nil && other.Group.Suite == name {
			return bad("name a suite without nodes", "%s has nodes, and no suite can start from several machines", name)
		}
		suites = append(suites, other.Suite)
	}
	if slices.Contains(suites, name) {
		return bad(fmt.Sprintf("let %s run there, or list the platform in the `excludes` of %s", name, i.Suite),
			"%s does not run on the platform %s, on which %s starts from it", name, i.Platform, i.Suite)
	}
	if near := suggest.Nearest(name, suites); near != "" {
		return bad("did you mean `"+near+"`?", "there is no suite %s", name)
	}
	return bad("name a suite that runs on the same platforms", "there is no suite %s", name)
}
