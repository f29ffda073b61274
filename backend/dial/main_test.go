package dial

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
)

// relayVariable makes this test's binary a `docker` or `podman` of a remote host: it
// holds the socket that those find by themselves.
const relayVariable = "GALLEY_TEST_RELAY"

func TestMain(m *testing.M) {
	if socket, ok := os.LookupEnv(relayVariable); ok {
		os.Exit(relay(socket))
	}
	os.Exit(m.Run())
}

// relay does what `system dial-stdio` does, with the socket that was asked for.
func relay(socket string) int {
	for _, a := range os.Args {
		if path, ok := strings.CutPrefix(a, "unix://"); ok {
			socket = path
		}
	}
	c, err := net.Dial("unix", socket)
	if err != nil {
		println(err.Error())
		return 1
	}
	go func() {
		if _, err := io.Copy(c, os.Stdin); err == nil {
			_ = c.(*net.UnixConn).CloseWrite() // the engine may have ended already
		}
	}()
	if _, err := io.Copy(os.Stdout, c); err != nil {
		return 1
	}
	return 0
}
