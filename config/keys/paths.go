package keys

import (
	"strings"
)

// isDrivePath reports whether p begins with a Windows drive: C:\ or C:/. The
// answer does not depend on the machine galley runs on.
func isDrivePath(p string) bool {
	return len(p) >= 3 && p[1] == ':' && (p[2] == '\\' || p[2] == '/') && isLetter(p[0])
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// isAbsoluteTarget reports whether p is absolute inside a container, of Linux or of Windows.
func isAbsoluteTarget(p string) bool {
	return strings.HasPrefix(p, "/") || isDrivePath(p)
}

// looksLikePath reports whether p is a path of the client rather than the name of a volume.
func looksLikePath(p string) bool {
	return p == "." || p == ".." || p == "~" || isDrivePath(p) || strings.ContainsAny(p, `/\`)
}

// splitMount splits "source:target:options" at its colons, leaving those of Windows drives alone.
func splitMount(s string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] == ':' && !(i == start+1 && isDrivePath(s[start:])) {
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}
