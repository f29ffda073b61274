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

// parents finds the instances from which others start, as the key `from` of suites says.
type parents struct {
	c     *kitchen.Config
	diags *kitchen.Diagnostics
	// index has the instances by their places.
	index map[place]int
}

func newParents(c *kitchen.Config, diags *kitchen.Diagnostics) parents {
	p := parents{c, diags, map[place]int{}}
	for n, i := range slices.Backward(c.Instances) { // the first of several counts
		if i.On != "" || i.Group != nil { // of a node there is no image that another suite could start from
			continue
		}
		p.index[place{i.Suite, i.Platform}] = n
	}
	return p
}

// of returns the index of the instance from which another one starts. There is none when those that follow it come back
// to one of them.
func (p parents) of(index int) (parent int, ok bool) {
	chain := []int{index}
	for at := index; ; {
		next, ok := p.next(at)
		switch n := slices.Index(chain, next); {
		case !ok && at == index:
			return 0, false
		case !ok:
			return chain[1], true
		case n >= 0:
			p.cycle(chain[n:])
			return 0, false
		}
		chain, at = append(chain, next), next
	}
}

// cycle reports instances that each start from the next one, and the last from the first. It is told in the same words
// wherever it was entered, and so once.
func (p parents) cycle(chain []int) {
	first := slices.Index(chain, slices.Min(chain))
	chain = slices.Concat(chain[first:], chain[:first+1])
	var suites []string
	for _, n := range chain {
		suites = append(suites, p.c.Instances[n].Suite)
	}
	p.diags.ErrorAt(p.c.Instances[chain[0]].From.Pos, "suites.from",
		"suites.from: none of these suites can be the first: "+strings.Join(suites, " starts from "),
		"remove `from` from one of them")
}

// next is the instance of the suite that `from` names, on the same platform.
func (p parents) next(index int) (int, bool) {
	i := p.c.Instances[index]
	if i.From == nil || i.From.Kind == yaml11.Null {
		return 0, false
	}
	bad := func(hint, format string, args ...any) (int, bool) {
		p.diags.ErrorAt(i.From.Pos, "suites.from", "suites.from: "+fmt.Sprintf(format, args...), hint)
		return 0, false
	}
	name, ok := i.From.Text()
	if !ok {
		return bad("write `from: NAME`", "expected the name of a suite")
	}
	if n, ok := p.index[place{name, i.Platform}]; ok {
		return n, true
	}
	var suites []string
	for _, other := range p.c.Instances {
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
