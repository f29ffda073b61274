//go:build linux

package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// hostileWords are what would act on a terminal, or on a CI, that shows them as they are.
const hostileWords = "\x1b]0;owned\x07\x1b[2J\r\n::error::owned\n##vso[task.setvariable variable=x]owned\n##teamcity[buildStop]"

// hostileRegistry answers to each repository with another attack, and remembers which logins it was given.
type hostileRegistry struct {
	mu     sync.Mutex
	logins []string
	asked  map[string]bool // the repositories
}

func (h *hostileRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	if login := r.Header.Get("Authorization"); login != "" {
		h.logins = append(h.logins, login)
	}
	_, rest, _ := strings.Cut(r.URL.Path, "/v2/galley/")
	attack, _, _ := strings.Cut(rest, "/")
	h.asked[attack] = true
	h.mu.Unlock()
	refuse := func(status int, message string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":%q}]}`, message)
	}
	switch {
	case r.URL.Path == "/token": // where it claims that the login of another registry belongs
		_, _ = io.WriteString(w, `{"token":"abc"}`)
	case attack == "login" && r.Header.Get("Authorization") == "":
		w.Header().Set("WWW-Authenticate",
			`Bearer realm="http://`+r.Host+`/token",service="registry.example.com",scope="repository:x:pull"`)
		refuse(http.StatusUnauthorized, "log in")
	case attack == "words", attack == "login":
		refuse(http.StatusForbidden, hostileWords)
	case attack == "long": // one without end keeps dockerd itself reading for ever
		refuse(http.StatusForbidden, strings.Repeat("a", 8<<20))
	case attack == "garbage":
		w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
		_, _ = io.WriteString(w, `{"schemaVersion":"x","layers":{"a":[1]},"config":5}`)
	case attack == "elsewhere":
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusTemporaryRedirect)
	}
}

// TestHostileRegistry: a registry that does all that it can to do harm makes a pull fail, in time and with little
// memory. No login of another registry reaches it, and what it says acts neither on the terminal nor on a CI.
func TestHostileRegistry(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		h := &hostileRegistry{asked: map[string]bool{}}
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		_, port, err := net.SplitHostPort(s.Listener.Addr().String())
		require.NoError(t, err)
		forwardPort(t, e, port)
		login := base64.StdEncoding.EncodeToString([]byte("canary:canary-of-another-registry"))
		p := newProject(t, e, map[string]string{"docker/config.json": fmt.Sprintf(
			`{"auths": {"registry.example.com": {"auth": %q}, "https://index.docker.io/v1/": {"auth": %q}}}`, login,
			login)})
		p.env = append(p.env, "DOCKER_CONFIG="+p.dir+"/docker", "GITHUB_ACTIONS=true")
		for _, attack := range []string{"login", "words", "long", "garbage", "elsewhere"} {
			p.write("kitchen.yml", driverKitchen("\nattack:\nimage: 127.0.0.1:"+port+"/galley/"+attack+
				":1\npull: always\n"))
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			cmd := p.command(ctx, "create")
			var said strings.Builder
			cmd.Stdout, cmd.Stderr = &said, &said
			err := cmd.Run()
			require.NoError(t, ctx.Err(), "%s: galley blocks: %s", attack, &said)
			cancel()
			require.Error(t, err, attack)
			require.Equal(t, 20, cmd.ProcessState.ExitCode(), "%s: %s", attack, &said)
			require.Less(t, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss/1024, int64(200), "MiB: %s", attack)
			require.NotContains(t, said.String(), "\x1b", attack)
			require.NotContains(t, said.String(), "canary-of-another-registry", attack)
			for line := range strings.Lines(said.String()) {
				for _, command := range []string{"::error::owned", "##vso[", "##teamcity["} {
					require.False(t, strings.HasPrefix(strings.TrimSpace(line), command), "%s: %q", attack, line)
				}
			}
			require.Less(t, said.Len(), 1<<20, attack)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if e.Kind == testbed.Docker { // the test bed's Podman speaks TLS only with a registry that it does not know
			require.Len(t, h.asked, 6, "the five repositories, and /v2/ itself: %v", h.asked)
		}
		for _, given := range h.logins {
			require.NotContains(t, given, login)
		}
	})
}

// forwardPort has a port of the engine's own loopback, where Docker speaks HTTP, lead to this machine's.
func forwardPort(t *testing.T, e testbed.Engine, port string) {
	t.Helper()
	gateway := strings.Fields(e.Exec(t, "ip", "-4", "route", "show", "default"))[2]
	var within []string
	if e.Kind == testbed.Docker && e.Rootless { // whose loopback is that of rootlesskit's namespace
		within = []string{"sh", "-c", `exec nsenter --user --net --preserve-credentials \
			--target "$(cat "$XDG_RUNTIME_DIR/rootlesskit/child_pid")" "$@"`, "sh"}
	}
	forward := e.Command(t.Context(), append(within, "sh", "-c", `socat "$@" & cat; kill $!`, "sh",
		"TCP4-LISTEN:"+port+",bind=127.0.0.1,reuseaddr,fork", "TCP4:"+gateway+":"+port)...)
	end, err := forward.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, forward.Start())
	t.Cleanup(func() {
		require.NoError(t, end.Close())
		_ = forward.Wait() // the shell's status is that of kill
	})
	e.Exec(t, append(within, "timeout", "60", "bash", "-c", "until : < /dev/tcp/127.0.0.1/"+port+"; do sleep 0.05; done 2> /dev/null")...)
}
