package buildkit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh/agent"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/galley-kitchen/galley/backend"
)

// client is what an engine does with a session: calls of gRPC over its connection.
type client struct {
	t    *testing.T
	http *http.Client
	// end ends the session, as the end of a build does.
	end context.CancelFunc
}

func serve(t *testing.T, s *Session) client {
	t.Helper()
	ours, theirs := net.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, ours) }()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols, MaxConnsPerHost: 1, // there is one, as an engine has
		DialContext: func(context.Context, string, string) (net.Conn, error) { return theirs, nil }}
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return client{t, &http.Client{Transport: transport}, cancel}
}

func frame(field string) []byte {
	message := appendField(nil, 1, []byte(field))
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// post begins a call with a header, if that is given.
func (c client) post(method string, body io.Reader, header ...string) *http.Response {
	c.t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://session"+method, body)
	require.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/grpc")
	if len(header) > 0 {
		req.Header.Set(header[0], header[1])
	}
	resp, err := c.http.Do(req)
	require.NoError(c.t, err)
	return resp
}

// call returns the fields of the answer by number, and the status.
func (c client) call(method, asked string, header ...string) (answer map[protowire.Number]string, code, text string) {
	c.t.Helper()
	resp := c.post(method, bytes.NewReader(frame(asked)), header...)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	answer = map[protowire.Number]string{}
	if len(body) > 0 {
		require.NoError(c.t, fields(body[5:], func(n protowire.Number, value []byte) error {
			answer[n] = string(value)
			return nil
		}))
	}
	return answer, resp.Trailer.Get("Grpc-Status"), resp.Trailer.Get("Grpc-Message")
}

func TestSession(t *testing.T) {
	c := serve(t, &Session{Secrets: map[string][]byte{"npm": []byte("value")}, Credentials: []backend.Credentials{
		{Registry: "docker.io", Username: "me", Password: "pw"}, {Registry: "r.test:5000", IdentityToken: "token"}}})
	for _, test := range []struct {
		method, asked string
		answer        map[protowire.Number]string
		code, text    string
	}{
		{methodSecret, "npm", map[protowire.Number]string{1: "value"}, "0", ""},
		{methodSecret, "nope", map[protowire.Number]string{}, "5", "driver.build_secrets%20has%20no%20%22nope%22"},
		{methodCredentials, hubHost, map[protowire.Number]string{1: "me", 2: "pw"}, "0", ""},
		{methodCredentials, "r.test:5000", map[protowire.Number]string{2: "token"}, "0", ""},
		{methodCredentials, "other.test", map[protowire.Number]string{}, "0", ""},
		{methodCheckAgent, "default", map[protowire.Number]string{}, "5",
			"there%20is%20no%20ssh%20agent:%20SSH_AUTH_SOCK%20is%20not%20set"},
		{methodHealth, "", map[protowire.Number]string{1: ""}, "0", ""},
		{"/moby.filesync.v1.FileSync/DiffCopy", "", map[protowire.Number]string{}, "12",
			"galley%20does%20not%20know%20%2Fmoby.filesync.v1.FileSync%2FDiffCopy"},
	} {
		answer, code, text := c.call(test.method, test.asked)
		require.Equal(t, test.answer, answer, test)
		require.Equal(t, test.code, code, test)
		require.Equal(t, test.text, text, test)
	}
}

// TestAgent: a build can list the keys of the agent, and cannot remove them.
func TestAgent(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(agent.NewKeyring(), conn) }()
		}
	}()
	c := serve(t, &Session{Agent: socket})
	for id, want := range map[string]string{"": "0", "default": "0", "deploy": "5"} {
		_, code, _ := c.call(methodCheckAgent, id)
		require.Equal(t, want, code, id)
	}
	_, code, text := c.call(methodAgent, "", agentID, "deploy")
	require.Equal(t, "5", code)
	require.Equal(t, "galley%20has%20one%20ssh%20agent:%20leave%20out%20id=deploy%20of%20--mount=type=ssh", text)

	toAgent, send := io.Pipe()
	resp := c.post(methodAgent, toAgent, agentID, "default")
	defer resp.Body.Close()
	for _, test := range []struct{ request, answer string }{
		{"\x00\x00\x00\x01\x0b", "\x00\x00\x00\x05\x0c\x00\x00\x00\x00"}, // list: none
		{"\x00\x00\x00\x01\x13", "\x00\x00\x00\x01\x05"},                 // remove all: refused
	} {
		_, err = send.Write(frame(test.request))
		require.NoError(t, err)
		var got []byte
		for len(got) < len(test.answer) {
			piece, err := readMessage(resp.Body)
			require.NoError(t, err)
			got = append(got, piece...)
		}
		require.Equal(t, test.answer, string(got))
	}
	require.NoError(t, send.Close())
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.Equal(t, "0", resp.Trailer.Get("Grpc-Status"))
}

// TestAgentWaits: an agent that waits for its user is left when the build ends.
func TestAgentWaits(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer l.Close()
	c := serve(t, &Session{Agent: socket})
	toAgent, send := io.Pipe()
	defer send.Close()
	resp := c.post(methodAgent, toAgent)
	defer resp.Body.Close()
	conn, err := l.Accept()
	require.NoError(t, err)
	defer conn.Close()
	list := "\x00\x00\x00\x01\x0b"
	_, err = send.Write(frame(list))
	require.NoError(t, err)
	_, err = io.ReadFull(conn, make([]byte, len(list)))
	require.NoError(t, err)

	c.end()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

// message makes a message of fields that are texts.
func message(pairs ...any) []byte {
	var m []byte
	for n := 0; n < len(pairs); n += 2 {
		m = appendField(m, protowire.Number(pairs[n].(int)), []byte(pairs[n+1].(string)))
	}
	return m
}

func TestTrace(t *testing.T) {
	var trace Trace
	text := func(parts ...any) string {
		got, err := trace.Text([]byte(`"` + base64.StdEncoding.EncodeToString(message(parts...)) + `"`))
		require.NoError(t, err)
		return got
	}
	vertex := func(parts ...any) string { return string(message(parts...)) }
	require.Empty(t, text(1, vertex(1, "i", 3, "[internal] load", 5, "now"), 1, vertex(1, "c", 3, "copy /context /", 5, "now")))
	require.Empty(t, text(1, vertex(1, "a", 3, "[2/2] RUN a")), "it has not started")
	require.Equal(t, "[2/2] RUN a\n[1/2] FROM x\n", text(1, vertex(1, "a", 3, "[2/2] RUN a", 5, "now"),
		1, vertex(1, "b", 3, "[1/2] FROM x", 5, "now")))
	require.Equal(t, "one\n", text(1, vertex(1, "a", 3, "[2/2] RUN a", 5, "now"), 3, vertex(1, "a", 4, "one\n")))
	require.Equal(t, "other\n", text(3, vertex(1, "b", 4, "other\n")))
	require.Empty(t, trace.Failed())
	text(1, vertex(1, "b", 3, "[1/2] FROM x", 7, "x: context canceled"), 1, vertex(1, "a", 3, "[2/2] RUN a", 7, "exit code: 1"))
	require.Equal(t, "[2/2] RUN a\none", trace.Failed())
	text(3, vertex(1, "a", 4, strings.Repeat("compiling\n", 5000)), 3, vertex(1, "a", 4, "boom\n"))
	require.True(t, strings.HasPrefix(trace.Failed(), "[2/2] RUN a\n"))
	require.True(t, strings.HasSuffix(trace.Failed(), "compiling\nboom"), "the end says why")
	require.Less(t, len(trace.Failed()), 10<<10)

	for _, bad := range []string{`{}`, `"!"`, `"AQ=="`} {
		_, err := trace.Text([]byte(bad))
		require.Error(t, err, bad)
	}
}

// Fields that galley does not read take no memory, however many a message has.
func TestValues(t *testing.T) {
	var many []any
	for number := range 1000 {
		many = append(many, number+1, "x")
	}
	kept, err := values(message(many...))
	require.NoError(t, err)
	require.Len(t, kept, lastField)
}

func FuzzTrace(f *testing.F) {
	f.Add(message(1, string(message(1, "a", 3, "[2/2] RUN a", 5, "now", 7, "exit code: 1")), 3, string(message(1, "a", 4, "one"))))
	f.Fuzz(func(_ *testing.T, status []byte) {
		var trace Trace
		_, _ = trace.Text([]byte(`"` + base64.StdEncoding.EncodeToString(status) + `"`))
		_ = trace.Failed()
	})
}
