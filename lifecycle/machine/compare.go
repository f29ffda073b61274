package machine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/changes"
)

// Machine is what is known of a machine.
type Machine struct {
	// Name is the name of its instance, and Source where its files are read.
	Name   string
	Source changes.Options
	Facts  Facts
	// Base are the facts of the image that the machine was made from, on the same engine; empty when they are not
	// known.
	Base Facts
	// Changed are the paths that converge changed.
	Changed []changes.Change
	// Entries are what is at paths, nil for nothing. A path that is missing here is as the machine's image has it.
	Entries map[string]*changes.Entry
	// Own are texts that are the machine's alone, besides those of Facts: its ID and its name.
	Own []string
	// Ignored is what kitchen.yml leaves out, and NotCompared says what cannot be compared.
	Ignored     []config.Ignored
	NotCompared []string
}

// ReadEntries reads what is at paths.
func (m *Machine) ReadEntries(ctx context.Context, paths []string) error {
	found, err := changes.Entries(ctx, m.Source, paths)
	if err != nil {
		return fmt.Errorf("read the files of %s: %w", m.Name, err)
	}
	m.Entries = map[string]*changes.Entry{}
	for _, p := range paths {
		m.Entries[p] = found[p]
	}
	return nil
}

// Compare finds in what machines differ of which all is known.
func Compare(a, b Machine, noise bool) Report {
	paths, left := Paths(a, b, noise)
	not := slices.Concat(a.NotCompared, b.NotCompared)
	slices.Sort(not)
	list := slices.Concat(Files(a, b, paths), Values(a, b))
	return NewReport(list, left, append([]string{}, slices.Compact(not)...), noise)
}

// Difference is one thing in which two machines differ.
type Difference struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
	// What says which part of it differs, when that is not the whole: content, mode, owner …
	What string `json:"what,omitempty"`
	// A and B are what the machines have, in words, empty where one has nothing.
	A string `json:"a"`
	B string `json:"b"`
	// Noise says why it is not worth a line, empty when it is.
	Noise string `json:"noise,omitempty"`
}

// Text says it to people, who call the machines a and b.
func (d Difference) Text(a, b string) string {
	only := func(value, where string) string {
		if value == "open" || value == "there" {
			return "only on " + where
		}
		return fmt.Sprintf("only on %s: %s", where, value)
	}
	text := fmt.Sprintf("%s on %s, %s on %s", d.A, a, d.B, b)
	switch {
	case d.What != "":
		return d.What + ": " + text
	case d.B == "":
		return only(d.A, a)
	case d.A == "":
		return only(d.B, b)
	}
	return text
}

// Paths are those to compare: what converge changed on either machine. With noise those of noise are among them;
// without they are counted by their reasons.
func Paths(a, b Machine, noise bool) (paths []string, left map[string]int) {
	rules := rulesFor(a, b)
	left = map[string]int{}
	seen := map[string]bool{}
	for _, c := range slices.Concat(a.Changed, b.Changed) {
		if seen[c.Path] {
			continue
		}
		seen[c.Path] = true
		if why := fileNoise(rules, c); why != "" && !noise {
			left[why]++
			continue
		}
		paths = append(paths, c.Path)
	}
	slices.Sort(paths)
	return paths, left
}

// fileNoise says why a change is not compared. That a file was written anew on one machine alone is no reason.
func fileNoise(rules []Rule, c changes.Change) string {
	if c.Noise != "" && !slices.Equal(c.Parts, []string{changes.PartTime}) {
		return c.Noise
	}
	return noiseOf(rules, File, c.Path)
}

// at is what a machine has at a path, which other changed perhaps: then it is as other's image had it.
func (m Machine) at(p string, other Machine) *changes.Entry {
	if e, known := m.Entries[p]; known {
		return e
	}
	for _, c := range other.Changed {
		if c.Path == p {
			return c.Old
		}
	}
	return nil
}

// Files compares the entries at paths.
func Files(a, b Machine, paths []string) []Difference {
	rules := rulesFor(a, b)
	reasons := map[string]string{}
	for _, c := range slices.Concat(a.Changed, b.Changed) {
		reasons[c.Path] = fileNoise(rules, c)
	}
	var list []Difference
	whole := "" // a directory that one machine alone has
	for _, p := range paths {
		x, y := a.at(p, b), b.at(p, a)
		if x == nil && y == nil || whole != "" && strings.HasPrefix(p, whole+"/") && (x == nil || y == nil) {
			continue
		}
		d := Difference{Kind: File, Name: p, Noise: reasons[p]}
		if x == nil || y == nil {
			d.A, d.B = entryText(x), entryText(y)
			if e := cmp.Or(x, y); e.Type == changes.Directory {
				whole = p
			}
			list = append(list, d)
			continue
		}
		for _, part := range changes.Differ(*x, *y) {
			d := d
			d.What = part
			switch part {
			case changes.PartContent:
				list = append(list, contentDifference(d, a, b, *x, *y))
				continue
			case changes.PartMode:
				d.A, d.B = x.Permissions(), y.Permissions()
			case changes.PartOwner:
				d.A, d.B = x.Owner(), y.Owner()
			case changes.PartTarget:
				d.A, d.B = x.Target, y.Target
			default:
				d.A, d.B = string(x.Type), string(y.Type)
			}
			list = append(list, d)
		}
	}
	return list
}

// entryText is an entry in words, nothing for none.
func entryText(e *changes.Entry) string {
	if e == nil {
		return ""
	}
	words := []string{string(e.Type)}
	if e.Type == changes.Link {
		words = append(words, "to "+e.Target)
	} else {
		words = append(words, e.Permissions())
	}
	if e.Owner() != "" {
		words = append(words, e.Owner())
	}
	return strings.Join(words, " ")
}

// contentDifference tells the first line in which two texts differ. Texts that only differ in times, IDs and the
// machines' own names and addresses are alike.
func contentDifference(d Difference, a, b Machine, x, y changes.Entry) Difference {
	d.A, d.B = fmt.Sprintf("%d bytes", x.Size), fmt.Sprintf("%d bytes", y.Size)
	if x.Size == y.Size {
		d.A, d.B = "other bytes", "other bytes"
	}
	textA, textB := x.Text, y.Text
	if textA == nil && x.Size > 0 || textB == nil && y.Size > 0 || strings.ContainsRune(string(textA)+string(textB), 0) {
		return d
	}
	linesA, linesB := strings.Split(string(textA), "\n"), strings.Split(string(textB), "\n")
	ownA, ownB := a.own(), b.own()
	for n := range max(len(linesA), len(linesB)) {
		lineA, hasA := nth(linesA, n)
		lineB, hasB := nth(linesB, n)
		if hasA && hasB && (lineA == lineB || neutral(lineA, ownA) == neutral(lineB, ownB)) {
			continue
		}
		d.What, d.A, d.B = fmt.Sprint("line ", n+1), quoted(lineA, hasA), quoted(lineB, hasB)
		return d
	}
	d.What, d.A, d.B = "content", "its own names, addresses or times", "others"
	d.Noise = cmp.Or(d.Noise, ownNames)
	return d
}

func nth(lines []string, n int) (string, bool) {
	if n < len(lines) {
		return lines[n], true
	}
	return "", false
}

// ownNames is the reason of texts that are the same but for the moment and the machine.
const ownNames = "times, IDs, host names and addresses in texts"

// widest is how much of a line is shown.
const widest = 60

func quoted(line string, there bool) string {
	if !there {
		return "nothing"
	}
	line = strings.Join(strings.Fields(line), " ")
	if r := []rune(line); len(r) > widest {
		line = string(r[:widest]) + "…"
	}
	return strconv.Quote(line)
}

// own are all texts that are the machine's alone, longer ones first, so that none spoils another.
func (m Machine) own() *strings.Replacer {
	list := slices.Concat(m.Own, m.Facts.Own)
	slices.SortFunc(list, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, text := range list {
		if len(text) > 3 { // a host may be called "a"
			pairs = append(pairs, text, "…")
		}
	}
	return strings.NewReplacer(pairs...)
}

const month = `(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)`

// moments are times and random IDs in texts.
var moments = lazyregexp.New(`\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?([.,]\d+)?)?( ?(Z|UTC|[+-]\d\d:?\d\d))?` +
	`|((Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(` + month + ` +\d+|\d+ ` + month + `)` +
	`[ \d:.]*\d\d:\d\d(:\d\d)?( [A-Z]{3,4})?( [+-]\d{4})?( \d{4})?` +
	`|\b\d\d:\d\d:\d\d\b|\b1[5-9]\d{8}(\.\d+)?\b` +
	`|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b`)

// neutral is a line without what is of the moment and of the machine.
func neutral(line string, own *strings.Replacer) string {
	return moments().ReplaceAllString(own.Replace(line), "…")
}

// Values compares all but files. What each machine has as its image has it on its engine is no difference that its
// converge made.
func Values(a, b Machine) []Difference {
	rules := rulesFor(a, b)
	ownA, ownB := a.own(), b.own()
	var list []Difference
	for _, k := range kinds {
		ofA, ofB := a.Facts.Values[k], b.Facts.Values[k]
		if ofA == nil || ofB == nil {
			continue // one cannot tell, as where there is no package manager
		}
		all := maps.Clone(ofA)
		maps.Copy(all, ofB)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			valueA, hasA := ofA[name]
			valueB, hasB := ofB[name]
			if hasA == hasB && valueA == valueB {
				continue
			}
			if a.unchanged(k, name) && b.unchanged(k, name) {
				continue
			}
			d := Difference{Kind: k, Name: name, A: word(valueA, hasA), B: word(valueB, hasB), Noise: noiseOf(rules, k, name)}
			if hasA && hasB && neutral(valueA, ownA) == neutral(valueB, ownB) {
				d.Noise = cmp.Or(d.Noise, ownNames)
			}
			list = append(list, d)
		}
	}
	return list
}

func word(value string, there bool) string {
	if there && value == "" {
		return "empty"
	}
	return value
}

// unchanged reports whether a machine has a fact as its image has it.
func (m Machine) unchanged(k Kind, name string) bool {
	base := m.Base.Values[k]
	if base == nil {
		return false
	}
	was, had := base[name]
	is, has := m.Facts.Values[k][name]
	return had == has && was == is
}
