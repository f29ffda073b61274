// Package mask hides secrets in text that is shown or kept.
package mask

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

const (
	// shortest is the length of the shortest value that is masked: shorter ones occur by chance.
	shortest = 4
	// sure is the length from which a value is masked wherever it occurs, in other encodings too. A shorter one must
	// stand as a word of its own.
	sure = 8
)

// notSecret are values that say nothing, whatever the name of their key.
var notSecret = []string{"true", "false", "null", "none", "nil"}

// Masker hides secrets by their value: in strings, and in streams that are cut anywhere. A value is also found in
// base64 (at any offset), escaped for a URL or as JSON, and by each of its lines. The zero value hides nothing yet; a
// nil Masker never does. It is safe for concurrent use.
type Masker struct {
	mu     sync.Mutex
	values map[string]bool
	now    atomic.Pointer[matcher]
}

// New returns a Masker for values.
func New(values ...string) *Masker {
	m := &Masker{}
	m.Add(values...)
	return m
}

// Add adds values, such as the password of a registry that was just found.
func (m *Masker) Add(values ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string]bool{}
	}
	before := len(m.values)
	for _, v := range values {
		if v = strings.TrimSpace(v); len(v) >= shortest && !slices.Contains(notSecret, strings.ToLower(v)) {
			m.values[v] = true
		}
	}
	if len(m.values) > before {
		m.now.Store(newMatcher(m.values))
	}
}

// String hides the values, and what tells itself as a secret by its form: the password of a URL, a private key in PEM,
// the tokens of well-known services.
func (m *Masker) String(s string) string {
	if m == nil {
		return s
	}
	return byForm(m.now.Load().replace(s))
}

// Error returns an error with the same chain whose text hides the values.
func (m *Masker) Error(err error) error {
	if err == nil || m == nil {
		return err
	}
	return &maskedError{err, m}
}

type maskedError struct {
	error
	m *Masker
}

func (e *maskedError) Error() string { return e.m.String(e.error.Error()) }
func (e *maskedError) Unwrap() error { return e.error }

var (
	urlPassword = lazyregexp.New(`([a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@]*:)([^/\s@]+)@`)
	knownToken  = lazyregexp.New(`\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|` +
		`glpat-[A-Za-z0-9_-]{16,}|dckr_pat_[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16})\b`)
	privateKey = lazyregexp.New(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)`)
)

// tokenStarts are in the texts that knownToken matches: a regular expression would cost more than all the rest.
var tokenStarts = [...]string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "dckr_pat_",
	"xox", "AKIA"}

func byForm(s string) string {
	if strings.Contains(s, "PRIVATE KEY") {
		s = privateKey().ReplaceAllString(s, Hidden)
	}
	if strings.Contains(s, "://") {
		s = urlPassword().ReplaceAllString(s, "${1}"+Hidden+"@")
	}
	if slices.ContainsFunc(tokenStarts[:], func(start string) bool { return strings.Contains(s, start) }) {
		s = knownToken().ReplaceAllString(s, Hidden)
	}
	return s
}

// pattern is a text to hide; word means that no letter or digit may touch it.
type pattern struct {
	text string
	word bool
}

// matcher finds patterns. A nil one finds none.
type matcher struct {
	// byStart are the patterns by their first two bytes, the longest first, and starts tells quickly whether there is
	// one.
	byStart map[uint16][]pattern
	starts  [256]uint64
	firsts  [256]bool
	longest int
}

func newMatcher(values map[string]bool) *matcher {
	m := &matcher{byStart: map[uint16][]pattern{}}
	seen := map[string]bool{}
	for v := range values {
		for _, text := range forms(v) {
			if len(text) < shortest || seen[text] {
				continue
			}
			seen[text] = true
			key := start(text)
			m.byStart[key] = append(m.byStart[key], pattern{text, len(text) < sure})
			m.starts[text[0]] |= 1 << (text[1] % 64)
			m.firsts[text[0]] = true
			m.longest = max(m.longest, len(text))
		}
	}
	for _, list := range m.byStart {
		slices.SortFunc(list, func(a, b pattern) int {
			return cmp.Or(len(b.text)-len(a.text), strings.Compare(a.text, b.text))
		})
	}
	return m
}

func start(s string) uint16 { return uint16(s[0])<<8 | uint16(s[1]) }

// forms are the texts by which a value may occur.
func forms(v string) []string {
	out := []string{v}
	if len(v) < sure {
		return out
	}
	out = append(out, url.QueryEscape(v), url.PathEscape(v))
	for _, html := range []bool{true, false} {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(html)
		if enc.Encode(v) == nil { // a string always can be
			out = append(out, strings.Trim(strings.TrimSpace(b.String()), `"`))
		}
	}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		out = append(out, enc.EncodeToString([]byte(v)))
		for shift := range 3 {
			out = append(out, base64Core(enc, v, shift))
		}
	}
	for _, line := range strings.Split(v, "\n") {
		if line = strings.TrimSpace(line); len(line) >= sure {
			out = append(out, line)
		}
	}
	return out
}

// base64Core is what a value looks like within a text in base64 that has shift bytes (modulo 3) before it: without the
// characters that it shares with its neighbours.
func base64Core(enc *base64.Encoding, v string, shift int) string {
	text := enc.EncodeToString(append(make([]byte, shift), v...))
	if (shift+len(v))%3 != 0 {
		text = text[:len(text)-1]
	}
	if text = text[(shift*8+5)/6:]; len(text) < sure {
		return ""
	}
	return text
}

// at returns the length of the longest pattern at s[i:], or 0. before is the byte before s. more means that s may go
// on, so a longer pattern, or a word, may still come: then undecided is true.
func (m *matcher) at(s string, i int, before byte, more bool) (length int, undecided bool) {
	rest := s[i:]
	if len(rest) < 2 {
		return 0, more && m.firsts[rest[0]]
	}
	if i > 0 {
		before = s[i-1]
	}
	for _, p := range m.byStart[start(rest)] {
		switch {
		case p.word && wordByte(before):
		case more && len(p.text) >= len(rest) && strings.HasPrefix(p.text, rest) && (len(p.text) > len(rest) || p.word):
			return 0, true
		case strings.HasPrefix(rest, p.text) && !(p.word && len(rest) > len(p.text) && wordByte(rest[len(p.text)])):
			return len(p.text), false
		}
	}
	return 0, false
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

func (m *matcher) replace(s string) string {
	out, _ := m.replaceSome(s, 0, false)
	return out
}

// replaceSome replaces the patterns in s. With more, held is how many bytes at the end may be the beginning of a
// pattern; they are not in out.
func (m *matcher) replaceSome(s string, before byte, more bool) (out string, held int) {
	if m == nil {
		return s, 0
	}
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); {
		if i+1 < len(s) && m.starts[s[i]]&(1<<(s[i+1]%64)) == 0 { // most of them
			i++
			continue
		}
		length, undecided := m.at(s, i, before, more)
		if undecided {
			held = len(s) - i
			break
		}
		if length == 0 {
			i++
			continue
		}
		b.WriteString(s[done:i])
		b.WriteString(Hidden)
		i += length
		done = i
	}
	if done == 0 {
		return s[:len(s)-held], held
	}
	b.WriteString(s[done : len(s)-held])
	return b.String(), held
}

// Hidden stands in place of a secret.
const Hidden = "********"

// Address hides the password in an address such as ssh://user:password@host, however malformed it is: all between the
// first ":" and the last "@" counts as the password.
func Address(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return userinfo(text)
	}
	return userinfo(scheme) + "://" + userinfo(rest)
}

func userinfo(text string) string {
	colon, at := strings.IndexByte(text, ':'), strings.LastIndexByte(text, '@')
	if colon < 0 || at < colon {
		return text
	}
	return text[:colon+1] + Hidden + text[at:]
}

// AddressError returns what is wrong with an address, without the address, which the errors of net/url quote.
func AddressError(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	var escape url.EscapeError
	switch {
	case errors.As(err, &escape):
		return errors.New("there is a % that is not followed by two hexadecimal digits")
	case strings.Contains(err.Error(), "invalid port"): // which may be a piece of a password
		return errors.New("what stands behind the host is not a port")
	}
	return err
}

// Stream hides a Masker's values in a text that comes in pieces, cut anywhere. What may be the beginning of a value is
// held back until more comes. It is not safe for concurrent use.
type Stream struct {
	m      *Masker
	held   string
	before byte
}

// Stream returns a new stream.
func (m *Masker) Stream() *Stream { return &Stream{m: m} }

// Next returns what can be shown after one more piece. With more false the text ends (or a line of it does, at which no
// value goes on) and nothing is held back.
func (s *Stream) Next(piece string, more bool) string {
	if s.m == nil {
		return piece
	}
	text := s.held + piece
	matcher := s.m.now.Load()
	out, held := matcher.replaceSome(text, s.before, more)
	s.held = text[len(text)-held:]
	if shown := len(text) - held; shown > 0 {
		s.before = text[shown-1]
	}
	if !more {
		s.before = 0
	}
	return out
}

// Writer hides a Masker's values in what is written through it.
type Writer struct {
	w io.Writer
	s *Stream
}

// Writer returns a writer to w. Close must be called at the end. It is not safe for concurrent use.
func (m *Masker) Writer(w io.Writer) *Writer { return &Writer{w, m.Stream()} }

// Write writes all but what may be the beginning of a value.
func (w *Writer) Write(p []byte) (int, error) {
	if out := w.s.Next(string(p), true); out != "" {
		if _, err := io.WriteString(w.w, out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Close writes what was held back. The underlying writer stays open.
func (w *Writer) Close() error {
	out := w.s.Next("", false)
	if out == "" {
		return nil
	}
	_, err := io.WriteString(w.w, out)
	return err
}

// Texts returns a copy of a struct in which form, such as [Masker.String], has made the texts anew: those in its
// exported fields and in structs and slices there, not those in maps, arrays, pointers and interfaces. The fields named
// in except are left alone, and so are texts that have a type of their own: they are words of galley's, such as a
// phase.
func Texts[T any](value T, form func(string) string, except ...string) T {
	v := reflect.New(reflect.TypeOf(value)).Elem()
	v.Set(reflect.ValueOf(value))
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !slices.Contains(except, f.Name) {
			formTexts(v.Field(i), form)
		}
	}
	return v.Interface().(T)
}

// formTexts has form make the texts in a value anew. Its lists are copied, since others may have them too.
func formTexts(v reflect.Value, form func(string) string) {
	switch {
	case v.Type() == reflect.TypeFor[string]():
		v.SetString(form(v.String()))
	case v.Kind() == reflect.Slice && !v.IsNil():
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(list, v)
		for i := range list.Len() {
			formTexts(list.Index(i), form)
		}
		v.Set(list)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				formTexts(v.Field(i), form)
			}
		}
	}
}
