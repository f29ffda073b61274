// Package names makes names of containers, hosts and files out of names that people chose. Two different names never
// become one, also where upper and lower case are the same.
package names

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxLabel is the longest name that also works as a DNS label on a network; maxFile is
// the longest file name, with room for an extension.
const (
	maxLabel = 63
	maxFile  = 200
)

// Label returns prefix and name as one name of a container or host: lower-case letters, digits, dots and dashes, at
// most 63 of them. When name had to be changed, a digest of it as it was written is appended.
func Label(prefix, name string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name)
	return distinct(prefix, clean, name, maxLabel)
}

// File returns a name as that of a file. Lower-case ASCII names stay as they are. Of others, what is special to a file
// system is replaced, and a digest of the name is appended, since file systems may take two of them for the same.
func File(name string) string {
	plain := true
	clean := strings.Map(func(r rune) rune {
		plain = plain && r < 0x7f && (r < 'A' || r > 'Z')
		if r < ' ' || r == 0x7f || r == 0xfffd || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, name)
	clean = strings.Trim(clean, ". ")
	if !plain {
		return cut(clean, maxFile-len(Digest(name))-1) + "-" + Digest(name)
	}
	return distinct("", clean, name, maxFile)
}

// distinct appends a digest of name when clean is not name, is empty or is too long.
func distinct(prefix, clean, name string, most int) string {
	if clean == name && clean != "" && len(prefix)+len(clean) <= most {
		return prefix + clean
	}
	digest := Digest(name)
	return prefix + cut(clean, most-len(prefix)-len(digest)-1) + "-" + digest
}

// cut returns at most n bytes of s, and no half of a letter.
func cut(s string, n int) string {
	return strings.ToValidUTF8(s[:min(len(s), n)], "")
}

// Digest returns ten hexadecimal digits that tell texts apart.
func Digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:10]
}

// Random returns a word that no other call returns, of so many random bytes in hexadecimal.
func Random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	return hex.EncodeToString(b)
}
