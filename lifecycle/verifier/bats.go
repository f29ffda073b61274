package verifier

import (
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/lifecycle/result"
)

var (
	batsTiming = lazyregexp.New(` in (\d+m?s)(?:ec)?$`)
	// batsTest is a test's beginning; its name is in quotes, or bare.
	batsTest  = lazyregexp.New(`^[ \t]*@test[ \t]+(.+?)[ \t]*\{`)
	batsPlace = lazyregexp.New(`in (?:test )?file (\S.*), line (\d+)\)`)
)

// batsSource is where a test is written.
type batsSource struct {
	title, file string
	line        int
}

// refineBats finds the places of tests, which TAP does not tell, in the files, and takes the timing off their titles.
// bats runs files in the order given, and tests in that of the file.
func refineBats(t tests) func(*result.TestCase) {
	var known []batsSource
	for _, test := range t.run {
		known = append(known, batsTitles(t.source[test], test)...)
	}
	return func(c *result.TestCase) {
		isIt := func(k batsSource) bool { return k.title == c.Title }
		at := slices.IndexFunc(known, isIt)
		if at < 0 {
			if m := batsTiming().FindStringSubmatch(c.Title); m != nil {
				c.Duration, _ = time.ParseDuration(m[1]) // one that is no number of 64 bits is 0
				c.Title = strings.TrimSuffix(c.Title, m[0])
				at = slices.IndexFunc(known, isIt)
			}
		}
		if at >= 0 {
			c.Suite, c.File, c.Line = path.Base(known[at].file), known[at].file, known[at].line
			known = known[at+1:]
		}
		// The place of the failure is better than that of the test.
		if all := batsPlace().FindAllStringSubmatch(c.Message, -1); c.Outcome == result.Failed && all != nil {
			last := all[len(all)-1]
			if line, err := strconv.Atoi(last[2]); err == nil {
				c.File, c.Line = last[1], line
			}
		}
	}
}

// batsTitles lists the tests of a file. What cannot be read has none: bats itself will complain of it.
func batsTitles(source, name string) []batsSource {
	text, err := os.ReadFile(source)
	if err != nil {
		return nil
	}
	var list []batsSource
	for n, line := range strings.Split(string(text), "\n") {
		if m := batsTest().FindStringSubmatch(line); m != nil {
			list = append(list, batsSource{unquoteShell(m[1]), name, n + 1})
		}
	}
	return list
}

// unquoteShell takes the quotes and backslashes off a word of the shell.
func unquoteShell(s string) string {
	if len(s) < 2 || s[0] != s[len(s)-1] {
		return s
	}
	switch s[0] {
	case '\'':
		return s[1 : len(s)-1]
	case '"':
		return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`").Replace(s[1 : len(s)-1])
	}
	return s
}
