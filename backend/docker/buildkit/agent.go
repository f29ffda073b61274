package buildkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// agentID is the header with the id of `RUN --mount=type=ssh,id=…`.
const agentID = "Buildkit.ssh.id"

// checkAgent refuses an agent that there is not. Another id than the default one was meant for other keys.
func (s *Session) checkAgent(id string) error {
	switch {
	case s.Agent == "":
		return &status{codeNotFound, "there is no ssh agent: SSH_AUTH_SOCK is not set"}
	case id != "" && id != "default":
		return &status{codeNotFound, "galley has one ssh agent: leave out id=" + id + " of --mount=type=ssh"}
	}
	return nil
}

// forwardAgent lets a build use the keys of the user's ssh agent, until the call ends.
func (s *Session) forwardAgent(w http.ResponseWriter, r *http.Request) error {
	if err := s.checkAgent(r.Header.Get(agentID)); err != nil {
		return err
	}
	conn, err := (&net.Dialer{}).DialContext(r.Context(), "unix", s.Agent)
	if err != nil {
		return fmt.Errorf("ssh agent: %w", err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(r.Context(), func() { _ = conn.Close() })() // an agent may wait for its user
	err = agent.ServeAgent(readOnlyAgent{agent.NewClient(conn)}, &agentStream{w: w, r: r.Body})
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// readOnlyAgent is an agent that a build cannot change.
type readOnlyAgent struct{ agent.ExtendedAgent }

var errReadOnly = errors.New("a build cannot change the ssh agent")

func (readOnlyAgent) Add(agent.AddedKey) error { return errReadOnly }
func (readOnlyAgent) RemoveAll() error         { return errReadOnly }
func (readOnlyAgent) Lock([]byte) error        { return errReadOnly }
func (readOnlyAgent) Unlock([]byte) error      { return errReadOnly }

func (readOnlyAgent) Remove(ssh.PublicKey) error { return errReadOnly }

func (readOnlyAgent) Extension(string, []byte) ([]byte, error) {
	return nil, agent.ErrExtensionUnsupported
}

// agentStream is the bytes of a connection to the agent, which come and go as the first field of messages.
type agentStream struct {
	w    http.ResponseWriter
	r    io.Reader
	left []byte
}

// Read reads on in the message that came last, or in the next.
func (a *agentStream) Read(p []byte) (int, error) {
	for len(a.left) == 0 {
		var err error
		if a.left, err = readMessage(a.r); err != nil {
			return 0, err
		}
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}

// Write sends a message.
func (a *agentStream) Write(p []byte) (int, error) {
	if err := writeMessage(a.w, appendField(nil, 1, p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
