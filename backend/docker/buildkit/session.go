// Package buildkit answers what Docker's newer builder, BuildKit, asks of its client during a build: secrets, the
// credentials of registries, and the user's ssh agent. BuildKit calls them by gRPC, over a connection that was opened
// by POST /session. These are five methods with messages of one or two fields, so net/http and a reader of Protocol
// Buffers are enough; docs/decisions/0029-buildkit.md tells what BuildKit's own packages would cost.
package buildkit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/galley-kitchen/galley/backend"
)

// The methods that a session answers.
const (
	methodHealth      = "/grpc.health.v1.Health/Check"
	methodCredentials = "/moby.filesync.v1.Auth/Credentials"
	methodSecret      = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
	methodCheckAgent  = "/moby.sshforward.v1.SSH/CheckAgent"
	methodAgent       = "/moby.sshforward.v1.SSH/ForwardAgent"
)

// Session is what a build may ask for.
type Session struct {
	ID string
	// Secrets are the values of `RUN --mount=type=secret` by id.
	Secrets map[string][]byte
	// Credentials are for images that the builder pulls.
	Credentials []backend.Credentials
	// Agent is the socket of the ssh agent for `RUN --mount=type=ssh`, or empty.
	Agent string
}

// Header is that of the request POST /session.
func (s *Session) Header() http.Header {
	return http.Header{
		"X-Docker-Expose-Session-Uuid": {s.ID},
		"X-Docker-Expose-Session-Name": {"galley"},
		"X-Docker-Expose-Session-Grpc-Method": {methodHealth, methodCredentials, methodSecret, methodCheckAgent,
			methodAgent},
	}
}

// Serve answers over a connection until it or ctx ends.
func (s *Session) Serve(ctx context.Context, conn net.Conn) error {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	listener := &oneConn{conn: conn, addr: conn.LocalAddr(), ended: make(chan struct{})}
	server := &http.Server{Handler: s, Protocols: protocols,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			_ = listener.Close()
		}
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// oneConn is a listener to whom one connection comes.
type oneConn struct {
	conn  net.Conn
	addr  net.Addr
	ended chan struct{}
	close sync.Once
}

func (l *oneConn) Accept() (net.Conn, error) {
	if conn := l.conn; conn != nil {
		l.conn = nil
		return conn, nil
	}
	<-l.ended
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	l.close.Do(func() { close(l.ended) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return l.addr }

// status is an error as gRPC tells it.
type status struct {
	code int
	text string
}

func (s *status) Error() string { return s.text }

// The codes of gRPC that a session answers.
const (
	codeUnknown       = 2
	codeNotFound      = 5
	codeUnimplemented = 12
)

// ServeHTTP answers a call of gRPC.
func (s *Session) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	_ = out.Flush() // what fails here fails below again
	code, text := 0, ""
	if err := s.answer(w, r); err != nil {
		var told *status
		if code, text = codeUnknown, err.Error(); errors.As(err, &told) {
			code = told.code
		}
	}
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", strconv.Itoa(code))
	w.Header().Set(http.TrailerPrefix+"Grpc-Message", url.PathEscape(text))
}

func (s *Session) answer(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path == methodAgent {
		return s.forwardAgent(w, r)
	}
	request, err := readMessage(r.Body)
	if err != nil {
		return err
	}
	asked := string(request)
	var answer []byte
	switch r.URL.Path {
	case methodHealth:
		answer = protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1) // SERVING
	case methodCredentials:
		answer = s.credentials(asked)
	case methodSecret:
		value, ok := s.Secrets[asked]
		if !ok {
			return &status{codeNotFound, fmt.Sprintf("driver.build_secrets has no %q", asked)}
		}
		answer = appendField(nil, 1, value)
	case methodCheckAgent:
		if err := s.checkAgent(asked); err != nil {
			return err
		}
	default:
		return &status{codeUnimplemented, "galley does not know " + r.URL.Path}
	}
	return writeMessage(w, answer)
}

// hubHost is how BuildKit calls the registry of Docker Hub.
const hubHost = "registry-1.docker.io"

// credentials answers with those of a registry; an empty answer is for anonymous calls.
func (s *Session) credentials(host string) []byte {
	if host == hubHost {
		host = "docker.io"
	}
	for _, c := range s.Credentials {
		switch {
		case c.Registry != host:
		case c.IdentityToken != "": // a token has no user
			return appendField(nil, 2, []byte(c.IdentityToken))
		default:
			return appendField(appendField(nil, 1, []byte(c.Username)), 2, []byte(c.Password))
		}
	}
	return nil
}

func appendField(message []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(message, number, protowire.BytesType), value)
}

// maxMessage is the longest message that is read.
const maxMessage = 4 << 20

// readMessage reads a message and returns its first field, which is all that a session needs of any.
func readMessage(r io.Reader) ([]byte, error) {
	var head [5]byte // whether it is compressed, and the length
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[1:])
	if head[0] != 0 || length > maxMessage {
		return nil, errors.New("the message is compressed or too long")
	}
	message := make([]byte, length)
	if _, err := io.ReadFull(r, message); err != nil {
		return nil, err
	}
	all, err := values(message)
	return all[1], err
}

// writeMessage sends a message.
func writeMessage(w http.ResponseWriter, message []byte) error {
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	if _, err := w.Write(append(frame, message...)); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
