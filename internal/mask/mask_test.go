package mask

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const secret = `S3cr&t "W\rd/ü+1`

func TestString(t *testing.T) {
	quoted, err := json.Marshal(secret)
	require.NoError(t, err)
	m := New(secret, "hunter2", "abc", "true", "first long line\nsecond long line\nend", "S3cr&t")
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"nothing here", "nothing here"},
		{secret, Hidden},
		{"a" + secret + secret + "b", "a" + Hidden + Hidden + "b"},
		{"q=" + url.QueryEscape(secret) + "&x", "q=" + Hidden + "&x"},
		{"/" + url.PathEscape(secret) + "/x", "/" + Hidden + "/x"},
		{`{"p":` + string(quoted) + `}`, `{"p":"` + Hidden + `"}`},
		{base64.StdEncoding.EncodeToString([]byte(secret)), Hidden + "="},
		{base64.URLEncoding.EncodeToString([]byte(secret)), Hidden + "="},
		// A short value must stand alone, and one of three characters is none.
		{"password hunter2, hunter22, xhunter2, hunter2", "password " + Hidden + ", hunter22, xhunter2, " + Hidden},
		{"abc true", "abc true"},
		// The lines of a value come one by one.
		{"  second long line", "  " + Hidden},
		{"end", "end"},
		// What tells itself as a secret.
		{"git clone https://me:pw@host/x", "git clone https://me:" + Hidden + "@host/x"},
		{"token ghp_0123456789abcdefghij0123", "token " + Hidden},
		{"-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nrest", Hidden + "\nrest"},
	} {
		require.Equal(t, tt.want, m.String(tt.in), tt.in)
	}
	require.Equal(t, secret, (*Masker)(nil).String(secret))
	require.Equal(t, secret, (&Masker{}).String(secret))
}

// A value is found in base64 whatever stands around it, as in user:password.
func TestBase64(t *testing.T) {
	const value = "correct-horse-battery"
	m := New(value)
	for before := range 6 {
		for after := range 6 {
			text := strings.Repeat("u", before) + value + strings.Repeat("x", after)
			for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
				masked := m.String(enc.EncodeToString([]byte(text)))
				require.Contains(t, masked, Hidden, text)
				require.LessOrEqual(t, len(masked), len(Hidden)+before*2+after*2+8)
			}
		}
	}
}

// However a stream is cut, the result is that of the whole.
func TestWriter(t *testing.T) {
	m := New(secret, "hunter2", "S3cr&t and more", "aaaaaaaab", "aaaaaaaa")
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{secret, "hunter2", "S3cr&t and", "S3cr&t and more", "aaaaaaaaa", "x", " ", "\n", "S3", "hunter",
		"aaaaaaaab"}
	for range 300 {
		var text string
		for range random.IntN(12) {
			text += pieces[random.IntN(len(pieces))]
		}
		want := m.now.Load().replace(text)
		var out strings.Builder
		w := m.Writer(&out)
		for rest := text; rest != ""; {
			n := 1 + random.IntN(min(len(rest), 7))
			got, err := io.WriteString(w, rest[:n])
			require.NoError(t, err)
			require.Equal(t, n, got)
			rest = rest[n:]
		}
		require.NoError(t, w.Close())
		require.Equal(t, want, out.String(), text)
	}
}

func TestWriterHoldsBackNoMoreThanItMust(t *testing.T) {
	var out strings.Builder
	w := New("S3CRET-VALUE").Writer(&out)
	for _, tt := range []struct{ in, want string }{
		{"login: ", "login: "}, {"S3", "login: "}, {"X\n", "login: S3X\n"}, {"S3CRET-VALUE", "login: S3X\n" + Hidden},
	} {
		_, err := io.WriteString(w, tt.in)
		require.NoError(t, err)
		require.Equal(t, tt.want, out.String())
	}
}

func TestError(t *testing.T) {
	m := New("hunter2hunter2")
	cause := errors.New("bad password hunter2hunter2")
	err := m.Error(fmt.Errorf("log in: %w", cause))
	require.EqualError(t, err, "log in: bad password "+Hidden)
	require.ErrorIs(t, err, cause)
	require.NoError(t, m.Error(nil))
}

func TestAddAtOnce(t *testing.T) {
	m := &Masker{}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			m.Add(fmt.Sprintf("value-number-%d", i))
			_ = m.String("value-number-0")
		})
	}
	wg.Wait()
	require.Equal(t, Hidden+" "+Hidden, m.String("value-number-3 value-number-7"))
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"ssh://user:pw@host/x":    "ssh://user:" + Hidden + "@host/x",
		"tcp://user:p/w@x:y@host": "tcp://user:" + Hidden + "@host",
		"user:pw@host:1":          "user:" + Hidden + "@host:1",
		"ssh://user@host:22":      "ssh://user@host:22",
		"unix:///run/docker.sock": "unix:///run/docker.sock",
		"tcp://[::1]:2375":        "tcp://[::1]:2375",
		"a:pw@b://c:pw@d":         "a:" + Hidden + "@b://c:" + Hidden + "@d",
	} {
		require.Equal(t, want, Address(in))
	}
}

func BenchmarkString(b *testing.B) {
	var values []string
	for i := range 50 {
		values = append(values, fmt.Sprintf("secret-value-%d-%x", i, i*7919))
	}
	m := New(values...)
	line := strings.Repeat("the quick brown fox jumps over the lazy dog ", 20)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		_ = m.String(line)
	}
}
