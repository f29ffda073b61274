package provisioner

import "strings"

// fnmatch reports whether name is of a shell's pattern, as Ruby's File.fnmatch
// has it. With paths true, only ** crosses a slash; else every star does.
func fnmatch(pattern, name string, paths bool) bool {
	for pattern != "" {
		switch {
		case paths && strings.HasPrefix(pattern, "**/"):
			rest := pattern[3:]
			for {
				if fnmatch(rest, name, paths) {
					return true
				}
				i := strings.IndexByte(name, '/')
				if i < 0 {
					return false
				}
				name = name[i+1:]
			}
		case pattern[0] == '*':
			pattern = strings.TrimLeft(pattern, "*")
			for i := 0; ; i++ {
				if fnmatch(pattern, name[i:], paths) {
					return true
				}
				if i == len(name) || paths && name[i] == '/' {
					return false
				}
			}
		}
		ok, rest, left := one(pattern, name, paths)
		if !ok {
			return false
		}
		pattern, name = rest, left
	}
	return name == ""
}

// one matches one character with the head of a pattern, which is not a star.
func one(pattern, name string, paths bool) (ok bool, rest, left string) {
	if name == "" || paths && name[0] == '/' && pattern[0] != '/' {
		return false, "", ""
	}
	switch pattern[0] {
	case '?':
		return true, pattern[1:], name[1:]
	case '[':
		if set, after, found := strings.Cut(pattern[1:], "]"); found && set != "" {
			return inSet(set, name[0]), after, name[1:]
		}
	case '\\':
		if len(pattern) > 1 {
			pattern = pattern[1:]
		}
	}
	return pattern[0] == name[0], pattern[1:], name[1:]
}

// inSet reports whether c is of a set such as "a-z_" or "^0-9".
func inSet(set string, c byte) bool {
	not := set[0] == '^' || set[0] == '!'
	if not {
		set = set[1:]
	}
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			if set[i] <= c && c <= set[i+2] {
				return !not
			}
			i += 2
			continue
		}
		if set[i] == c {
			return !not
		}
	}
	return not
}

// braces writes a pattern's alternatives out: "a.{b,c}" is "a.b" and "a.c".
func braces(pattern string) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return []string{pattern}
	}
	depth, start := 0, open+1
	var parts []string
	for i := open; i < len(pattern); i++ {
		switch pattern[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ',':
			if depth == 1 {
				parts = append(parts, pattern[start:i])
				start = i + 1
			}
		}
		if depth > 0 {
			continue
		}
		parts = append(parts, pattern[start:i])
		var all []string
		for _, p := range parts {
			all = append(all, braces(pattern[:open]+p+pattern[i+1:])...)
		}
		return all
	}
	return []string{pattern} // a brace that is never closed is itself
}
