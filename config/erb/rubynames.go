package erb

import (
	_ "embed"
	"strings"
	"sync"
)

// ruby31 lists what Ruby 3.1 has: a line per class with its public instance methods, a line per class with a dot behind
// its name for class methods, one named "main" for the functions, one named "constants" for constants.
//
//go:embed ruby31.txt
var ruby31 string

var rubyNames = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(ruby31) {
		class, names, _ := strings.Cut(strings.TrimSpace(line), " ")
		out[class] = " " + names + " "
	}
	return out
})

// rubyHas reports whether a class of Ruby itself has a method. It is asked only when the subset has none of the name,
// to tell an error of the template from Ruby that is outside the subset.
func rubyHas(class, name string) bool { return isIn(rubyNames()[class], name) }

// rubyHasConst reports whether Ruby with its standard library has a constant.
func rubyHasConst(name string) bool {
	top, _, _ := strings.Cut(name, "::")
	return isIn(rubyNames()["constants"], top)
}
