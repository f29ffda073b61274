package erb

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	gohash "hash"
	"html"
	"math"
	"net/url"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func mathMethods(t methodTable) {
	one := func(fn func(float64) float64, names ...string) {
		t.add(func(c *call) value { return fn(c.vm.needFloat(c.args[0])) }, 1, 1, names...)
	}
	domain := func(fn func(float64) float64, ok func(float64) bool, name string) {
		t.add(func(c *call) value {
			f := c.vm.needFloat(c.args[0])
			if !ok(f) {
				c.vm.raise("Math::DomainError", "Numerical argument is out of domain - %s", name)
			}
			return fn(f)
		}, 1, 1, name)
	}
	positive := func(f float64) bool { return !(f < 0) }
	domain(math.Sqrt, positive, "sqrt")
	domain(math.Log2, positive, "log2")
	domain(math.Log10, positive, "log10")
	one(math.Cbrt, "cbrt")
	one(math.Sin, "sin")
	one(math.Cos, "cos")
	one(math.Tan, "tan")
	one(math.Atan, "atan")
	one(math.Exp, "exp")
	t.add(func(c *call) value { return math.Hypot(c.vm.needFloat(c.args[0]), c.vm.needFloat(c.args[1])) }, 2, 2, "hypot")
	t.add(func(c *call) value { return math.Atan2(c.vm.needFloat(c.args[0]), c.vm.needFloat(c.args[1])) }, 2, 2, "atan2")
	t.add(func(c *call) value {
		f := c.vm.needFloat(c.args[0])
		if f < 0 {
			c.vm.raise("Math::DomainError", "Numerical argument is out of domain - log")
		}
		if len(c.args) == 2 {
			return math.Log(f) / math.Log(c.vm.needFloat(c.args[1]))
		}
		return math.Log(f)
	}, 1, 2, "log")
}

func randomMethods(t methodTable) {
	t.add(kernelRand, 0, 1, "rand")
	t.add(func(c *call) value { return int64(c.vm.rand.Uint64() >> 1) }, 0, 0, "new_seed")
}

// randomBytes are bytes fit for secrets.
func (c *call) randomBytes(n int) []byte {
	if n < 0 || n > 1<<20 {
		c.vm.argError("negative or too large string size")
	}
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		c.vm.raise("RuntimeError", "no random bytes: %s", err)
	}
	return b
}

func secureRandomMethods(t methodTable) {
	t.add(func(c *call) value { return newStr(hex.EncodeToString(c.randomBytes(c.optInt(0, 16)))) }, 0, 1, "hex")
	t.add(func(c *call) value { return newStr(base64.StdEncoding.EncodeToString(c.randomBytes(c.optInt(0, 16)))) }, 0, 1, "base64")
	t.add(func(c *call) value {
		return newStr(base64.RawURLEncoding.EncodeToString(c.randomBytes(c.optInt(0, 16))))
	}, 0, 2, "urlsafe_base64")
	t.add(func(c *call) value { return &str{b: c.randomBytes(c.optInt(0, 16))} }, 0, 1, "random_bytes", "bytes")
	t.add(func(c *call) value {
		b := c.randomBytes(16)
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		return newStr(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
	}, 0, 0, "uuid")
	t.add(func(c *call) value {
		const set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		b := c.randomBytes(c.optInt(0, 16))
		for i, x := range b {
			b[i] = set[int(x)*len(set)/256]
		}
		return &str{b: b}
	}, 0, 1, "alphanumeric")
	t.add(kernelRand, 0, 1, "random_number", "rand")
}

func (vm *vm) pid() value { return int64(os.Getpid()) }

func processMethods(t methodTable) {
	t.add(func(c *call) value { return c.vm.pid() }, 0, 0, "pid")
	t.add(func(c *call) value { return int64(os.Getppid()) }, 0, 0, "ppid")
	t.add(func(c *call) value { return int64(os.Getuid()) }, 0, 0, "uid")
	t.add(func(c *call) value { return int64(os.Geteuid()) }, 0, 0, "euid")
	t.add(func(c *call) value { return int64(os.Getgid()) }, 0, 0, "gid")
	t.add(func(c *call) value { return int64(os.Getegid()) }, 0, 0, "egid")
	t.add(func(c *call) value { return float64(time.Now().UnixNano()) / 1e9 }, 1, 2, "clock_gettime")
}

func etcMethods(t methodTable) {
	t.add(func(c *call) value { return newStr(c.currentUser().Username) }, 0, 0, "getlogin")
	t.add(func(c *call) value { return int64(runtime.NumCPU()) }, 0, 0, "nprocessors")
	entry := func(c *call) value {
		u := c.currentUser()
		h := newHash()
		set := func(k string, v value) { h.set(symbol(k), v) }
		set("name", newStr(u.Username))
		set("dir", newStr(u.HomeDir))
		set("gecos", newStr(u.Name))
		set("uid", looseInt(u.Uid, 10))
		set("gid", looseInt(u.Gid, 10))
		return &object{class: c.vm.class("OpenStruct"), data: h}
	}
	t.add(entry, 0, 1, "getpwuid")
	t.add(entry, 1, 1, "getpwnam")
}

// currentUser is the user asked for, or the one running galley.
func (c *call) currentUser() *user.User {
	u, err := user.Current()
	switch v := c.arg(0).(type) {
	case *str:
		u, err = user.Lookup(v.String())
	case int64:
		u, err = user.LookupId(itoa(int(v)))
	}
	if err != nil {
		c.vm.argError("can't find user: %s", err)
	}
	return u
}

func socketMethods(t methodTable) {
	t.add(func(c *call) value {
		name, err := os.Hostname()
		if err != nil {
			c.vm.raise("SystemCallError", "gethostname: %s", err)
		}
		return newStr(name)
	}, 0, 0, "gethostname")
}

func shellwordsMethods(t methodTable) {
	t.add(func(c *call) value { return newStr(shellEscape(c.str(0))) }, 1, 1, "escape", "shellescape")
	t.add(func(c *call) value { return strList(c.shellSplit(c.str(0))) }, 1, 1, "split", "shellsplit", "shellwords")
	t.add(func(c *call) value {
		var parts []string
		for _, v := range c.vm.toArr(c.args[0]).elems {
			parts = append(parts, shellEscape(c.vm.toS(v)))
		}
		return newStr(strings.Join(parts, " "))
	}, 1, 1, "join", "shelljoin")
}

func shellEscape(s string) string {
	if s == "" {
		return "''"
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString("'\n'")
		case r < 0x80 && !isIdentByte(byte(r)) && strings.IndexByte("-.,:+/@", byte(r)) < 0:
			b.WriteString("\\" + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// shellSplit cuts a command line into words as a shell does.
func (c *call) shellSplit(s string) []string {
	var out []string
	var word []byte
	in := false
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		ch := s[i]
		switch {
		case quote == '\'' && ch != '\'', quote == '"' && ch != '"' && ch != '\\':
			word = append(word, ch)
		case quote != 0 && ch == quote:
			quote = 0
		case ch == '\\' && i+1 < len(s):
			i++
			if quote == '"' && strings.IndexByte("$`\"\\\n", s[i]) < 0 {
				word = append(word, '\\')
			}
			word = append(word, s[i])
			in = true
		case ch == '\'' || ch == '"':
			quote, in = ch, true
		case isSpaceByte(ch):
			if in {
				out = append(out, string(word))
				word, in = nil, false
			}
		default:
			word = append(word, ch)
			in = true
		}
	}
	if quote != 0 {
		c.vm.argError("Unmatched quote: %s", s)
	}
	if in {
		out = append(out, string(word))
	}
	return out
}

func base64Methods(t methodTable) {
	decode := func(enc *base64.Encoding, c *call) value {
		b, err := enc.DecodeString(strings.TrimRight(strings.NewReplacer("\n", "", "\r", "").Replace(c.str(0)), "="))
		if err != nil && c.name != "decode64" {
			c.vm.argError("invalid base64")
		}
		return &str{b: b}
	}
	t.add(func(c *call) value { return newStr(base64.StdEncoding.EncodeToString([]byte(c.str(0)))) }, 1, 1, "strict_encode64")
	t.addKw(func(c *call) value { return newStr(base64.URLEncoding.EncodeToString([]byte(c.str(0)))) }, 1, 1, "urlsafe_encode64")
	t.add(func(c *call) value {
		text := base64.StdEncoding.EncodeToString([]byte(c.str(0)))
		var b strings.Builder
		for len(text) > 0 {
			n := min(60, len(text))
			b.WriteString(text[:n] + "\n")
			text = text[n:]
		}
		return c.newStr(b.String())
	}, 1, 1, "encode64")
	t.add(func(c *call) value { return decode(base64.RawStdEncoding, c) }, 1, 1, "decode64", "strict_decode64")
	t.add(func(c *call) value { return decode(base64.RawURLEncoding, c) }, 1, 1, "urlsafe_decode64")
}

func digestMethods(t methodTable) {
	sum := func(c *call) []byte {
		var h gohash.Hash
		switch c.self.(*class).name {
		case "Digest::MD5":
			h = md5.New()
		case "Digest::SHA1":
			h = sha1.New()
		case "Digest::SHA384":
			h = sha512.New384()
		case "Digest::SHA512":
			h = sha512.New()
		default:
			h = sha256.New()
		}
		data := []byte(nil)
		if c.name == "file" {
			data = c.vm.readFile(c.pathArg(0))
		} else {
			data = []byte(c.str(0))
		}
		c.vm.steps += len(data) >> 5
		h.Write(data)
		return h.Sum(nil)
	}
	t.add(func(c *call) value { return newStr(hex.EncodeToString(sum(c))) }, 1, 1, "hexdigest")
	t.add(func(c *call) value { return &str{b: sum(c)} }, 1, 1, "digest")
	t.add(func(c *call) value { return newStr(base64.StdEncoding.EncodeToString(sum(c))) }, 1, 1, "base64digest")
	t.add(func(c *call) value {
		h := newHash()
		h.set(symbol("hexdigest"), newStr(hex.EncodeToString(sum(c))))
		h.set(symbol("to_s"), newStr(hex.EncodeToString(sum(c))))
		return &object{class: c.vm.class("OpenStruct"), data: h}
	}, 1, 1, "file")
}

func uriMethods(t methodTable) {
	t.add(func(c *call) value {
		u, err := url.Parse(c.str(0))
		if err != nil {
			c.vm.raise("URI::InvalidURIError", "bad URI(is not URI?): %s", c.vm.inspect(c.args[0]))
		}
		return c.uriObject(u)
	}, 1, 1, "parse")
	t.add(func(c *call) value { return newStr(url.QueryEscape(c.vm.toS(c.args[0]))) }, 1, 2, "encode_www_form_component")
	t.add(func(c *call) value {
		s, err := url.QueryUnescape(c.str(0))
		if err != nil {
			c.vm.argError("invalid %%-encoding (%s)", c.str(0))
		}
		return newStr(s)
	}, 1, 2, "decode_www_form_component")
	t.add(func(c *call) value {
		var parts []string
		c.vm.each(c.args[0], func(v value) bool {
			pair := c.vm.toAry(v)
			text := url.QueryEscape(c.vm.toS(pair[0]))
			if len(pair) > 1 {
				text += "=" + url.QueryEscape(c.vm.toS(pair[1]))
			}
			parts = append(parts, text)
			return true
		})
		return newStr(strings.Join(parts, "&"))
	}, 1, 1, "encode_www_form")
	t.add(func(c *call) value {
		c.vm.outside("URI." + c.name)
		return nil
	}, 0, -1, "join", "extract", "regexp", "split", "open")
}

// uriObject has the parts of a URI as fields.
func (c *call) uriObject(u *url.URL) value {
	h := newHash()
	set := func(k, v string) {
		if v == "" {
			h.set(symbol(k), nil)
		} else {
			h.set(symbol(k), newStr(v))
		}
	}
	set("scheme", u.Scheme)
	set("host", u.Hostname())
	set("hostname", u.Hostname())
	h.set(symbol("path"), newStr(u.Path))
	set("query", u.RawQuery)
	set("fragment", u.Fragment)
	set("user", u.User.Username())
	password, _ := u.User.Password()
	set("password", password)
	h.set(symbol("to_s"), newStr(u.String()))
	port := map[string]int64{"http": 80, "https": 443, "ftp": 21}[u.Scheme]
	if n, err := strconv.ParseInt(u.Port(), 10, 64); err == nil {
		port = n
	}
	h.set(symbol("port"), nil)
	if port != 0 {
		h.set(symbol("port"), port)
	}
	return &object{class: c.vm.class("URI::Generic"), data: h}
}

// uriGenericMethods read the parts of a URI.
func uriGenericMethods(t methodTable) {
	for _, name := range []string{"scheme", "host", "hostname", "path", "query", "fragment", "user", "password", "to_s", "port"} {
		t.add(func(c *call) value { return c.self.(*object).data.(*hash).sym(name) }, 0, 0, name)
	}
	t.add(func(c *call) value {
		return newStr("#<URI::Generic " + c.vm.toS(c.self) + ">")
	}, 0, 0, "inspect")
}

func cgiMethods(t methodTable) {
	t.add(func(c *call) value { return newStr(url.QueryEscape(c.str(0))) }, 1, 1, "escape")
	t.add(func(c *call) value {
		s, err := url.QueryUnescape(c.str(0))
		if err != nil {
			return newStr(c.str(0))
		}
		return newStr(s)
	}, 1, 1, "unescape")
	t.add(func(c *call) value {
		return newStr(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(c.str(0)))
	}, 1, 1, "escapeHTML", "escape_html", "h")
	t.add(func(c *call) value { return newStr(html.UnescapeString(c.str(0))) }, 1, 1, "unescapeHTML", "unescape_html")
}

func encodingMethods(t methodTable) {
	t.add(func(c *call) value { return newStr(c.self.(*object).data.(string)) }, 0, 0, "to_s", "name")
	t.add(func(c *call) value { return newStr("#<Encoding:" + c.self.(*object).data.(string) + ">") }, 0, 0, "inspect")
}
