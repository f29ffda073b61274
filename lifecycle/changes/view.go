package changes

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	units "github.com/docker/go-units"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/rig"
)

// View is what a person reads of the changes of a container.
type View struct {
	Groups []Group `json:"groups"`
	// Noise are how many changes were left out, and Reasons why, the most frequent first.
	Noise   int      `json:"noise"`
	Reasons []string `json:"reasons,omitempty"`
	// Omitted are how many lines were cut off.
	Omitted int `json:"omitted,omitempty"`
}

// Group are the changes in one of the directories at the top.
type Group struct {
	// Top is such as /etc, or / for what lies at the top itself.
	Top      string `json:"top"`
	Lines    []Line `json:"lines"`
	Added    int    `json:"added"`
	Modified int    `json:"modified"`
	Deleted  int    `json:"deleted"`
	// Size is how large the files are that were added or modified.
	Size int64 `json:"size"`
}

// Line is one change, or several that are told as one.
type Line struct {
	Kind backend.ChangeKind `json:"kind"`
	// Path is the changed path, or the directory in which all of them are; it ends in a slash when it is one.
	Path string `json:"path"`
	// Size, Mode and Owner are those of what is there, or was there; empty when they are not known or mean nothing.
	Size  string `json:"size,omitempty"`
	Mode  string `json:"mode,omitempty"`
	Owner string `json:"owner,omitempty"`
	// Text says the rest.
	Text string `json:"text,omitempty"`
}

// packagePlaces are where packages put so many files that those of a directory are told as one.
var packagePlaces = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/var/lib/dpkg",
	"/var/lib/rpm", "/var/lib/pacman", "/var/lib/apk", "/var/lib/systemd", "/etc/alternatives", "/etc/rc0.d",
	"/etc/rc1.d", "/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d", "/etc/rc5.d", "/etc/rc6.d", "/etc/rcS.d"}

// isPackagePlace reports whether a path is in a place of packages.
func isPackagePlace(p string) bool {
	return rig.In(packagePlaces, p) && !rig.In([]string{"/usr/local"}, p)
}

// together is how many changes of a kind in a directory of packages are told as one.
const together = 3

// Fold groups the changes that Compare found. With all each has a line of its own, noise too.
func Fold(list []Change, all bool) View {
	var v View
	reasons := map[string]int{}
	var lines []folded
	for n := 0; n < len(list); n++ {
		c := list[n]
		if c.Noise != "" && !all {
			v.Noise++
			reasons[c.Noise]++
			continue
		}
		g := v.group(c.Path)
		g.count(c)
		f := folded{change: c}
		whole := !all && c.Kind == backend.ChangeAdded && c.New != nil && c.New.Type == Directory
		for whole && n+1 < len(list) && within(list[n+1].Path, c.Path) {
			n++
			if below := list[n]; below.Noise == "" {
				g.count(below)
				f.below.add(below.New)
			} else {
				v.Noise++
				reasons[below.Noise]++
			}
		}
		f.below.plus(c.Below)
		lines = append(lines, f)
	}
	if !all {
		lines = foldPackages(lines)
	}
	for _, f := range lines {
		g := v.group(f.change.Path)
		g.Lines = append(g.Lines, f.line())
	}
	slices.SortFunc(v.Groups, func(a, b Group) int { return strings.Compare(a.Top, b.Top) })
	v.Reasons = slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
	return v
}

// Numbers says how many changes there are, such as "3 added, 1 deleted".
func (g Group) Numbers() string {
	var words []string
	for _, n := range []struct {
		count int
		word  string
	}{{g.Added, "added"}, {g.Modified, "modified"}, {g.Deleted, "deleted"}} {
		if n.count > 0 {
			words = append(words, fmt.Sprintf("%d %s", n.count, n.word))
		}
	}
	return strings.Join(words, ", ")
}

// Cut returns a copy with no more than so many lines.
func (v View) Cut(lines int) View {
	v.Groups = slices.Clone(v.Groups)
	for n := range v.Groups {
		g := &v.Groups[n]
		kept := min(len(g.Lines), lines)
		v.Omitted += len(g.Lines) - kept
		g.Lines, lines = g.Lines[:kept], lines-kept
	}
	return v
}

// Sum adds the groups up.
func (v View) Sum() Group {
	var sum Group
	for _, g := range v.Groups {
		sum.Added, sum.Modified, sum.Deleted = sum.Added+g.Added, sum.Modified+g.Modified, sum.Deleted+g.Deleted
		sum.Size += g.Size
	}
	return sum
}

// group is that of a path.
func (v *View) group(p string) *Group {
	top := "/"
	if first, _, deeper := strings.Cut(p[1:], "/"); deeper {
		top += first
	}
	if n := slices.IndexFunc(v.Groups, func(g Group) bool { return g.Top == top }); n >= 0 {
		return &v.Groups[n]
	}
	v.Groups = append(v.Groups, Group{Top: top})
	return &v.Groups[len(v.Groups)-1]
}

func (g *Group) count(c Change) {
	switch c.Kind {
	case backend.ChangeAdded:
		g.Added++
	case backend.ChangeModified:
		g.Modified++
	case backend.ChangeDeleted:
		g.Deleted += 1 + c.Below.Files + c.Below.Directories
	}
	if c.New != nil && c.New.Type == File {
		g.Size += max(c.New.Size, 0)
	}
}

// folded is a change with what is below it, or several changes in one directory.
type folded struct {
	change Change
	below  Total
	// several is what is told as one of the directory change.Path, when there is more than one change.
	several Total
}

// foldPackages puts changes of one kind in one directory of packages together.
func foldPackages(lines []folded) []folded {
	type key struct {
		dir  string
		kind backend.ChangeKind
	}
	keyOf := func(f folded) key { return key{path.Dir(f.change.Path), f.change.Kind} }
	count := map[key]int{}
	for _, f := range lines {
		count[keyOf(f)]++
	}
	at := map[key]int{}
	var out []folded
	for _, f := range lines {
		k := keyOf(f)
		if count[k] < together || !isPackagePlace(k.dir) {
			out = append(out, f)
			continue
		}
		n, begun := at[k]
		if !begun {
			n, at[k] = len(out), len(out)
			out = append(out, folded{change: Change{Path: k.dir, Kind: k.kind}})
		}
		out[n].several.add(f.change.Entry())
		out[n].several.plus(f.below)
	}
	return out
}

func (f folded) line() Line {
	c := f.change
	l := Line{Kind: c.Kind, Path: c.Path}
	if f.several != (Total{}) {
		l.Path = strings.TrimSuffix(l.Path, "/") + "/"
		l.Size, l.Text = size(f.several.Size), f.several.String()
		return l
	}
	e := c.Entry()
	if e == nil {
		l.Text = "no more is known of it"
		return l
	}
	l.Mode, l.Owner = e.Permissions(), e.Owner()
	var words []string
	switch e.Type {
	case Directory:
		l.Path += "/"
		if f.below != (Total{}) {
			l.Size = size(f.below.Size)
			words = append(words, f.below.String())
		}
	case File:
		if l.Size = size(e.Size); e.Size < 0 {
			l.Size = ""
		}
	case Link:
		l.Mode = "link"
		words = append(words, "→ "+e.Target)
	default:
		l.Mode += " " + string(e.Type)
	}
	if c.Kind == backend.ChangeModified && len(c.Parts) == 0 {
		words = append(words, "owner or other attributes")
	} else if c.Kind == backend.ChangeModified {
		words = append(words, c.differences()...)
	}
	l.Text = strings.Join(words, ", ")
	return l
}

// differences says in what a modified path differs.
func (c Change) differences() []string {
	var words []string
	for _, part := range c.Parts {
		switch part {
		case PartType:
			part = "was a " + string(c.Old.Type)
		case PartContent:
			if c.Old.Size >= 0 && c.Old.Size != c.New.Size {
				part = "content, was " + size(c.Old.Size)
			}
		case PartTarget:
			part = "was → " + c.Old.Target
		case PartMode:
			part = "mode was " + c.Old.Permissions()
		case PartOwner:
			part = "owner was " + c.Old.Owner()
		}
		words = append(words, part)
	}
	return words
}

func size(n int64) string { return units.HumanSizeWithPrecision(float64(n), 3) }

// String is such as "12 files, 3 directories".
func (t Total) String() string {
	var words []string
	if t.Files > 0 || t.Directories == 0 {
		words = append(words, plural(t.Files, "file", "files"))
	}
	if t.Directories > 0 {
		words = append(words, plural(t.Directories, "directory", "directories"))
	}
	text := strings.Join(words, ", ")
	if t.More {
		text = "at least " + text
	}
	return text
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
