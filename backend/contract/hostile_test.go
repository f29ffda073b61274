package contract_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
)

// What a hostile engine may cost the client; hostileTime is how long the context of a call lasts.
const hostileMemory = 200 << 20

// hostility is a way in which an engine does harm.
type hostility struct {
	name string
	// answer writes the body, or all of the answer when it takes the connection.
	answer http.HandlerFunc
	// mayPass: some calls need not fail, since what they read is in it.
	mayPass bool
	// alike: it is met before the answer is looked into, in the same way by all calls.
	alike bool
}

// oneOfEachWay are calls that go each way to an engine: a request, one with a body that is
// read piece by piece, and a connection of its own.
func oneOfEachWay() []string { return []string{"Info", "BuildImage", "Exec"} }

func hostilities() []hostility {
	forever := func(first, again string) http.HandlerFunc {
		block := []byte(strings.Repeat(again, 1+(64<<10)/len(again)))
		return func(w http.ResponseWriter, _ *http.Request) {
			_, err := io.WriteString(w, first)
			for err == nil {
				_, err = w.Write(block)
			}
		}
	}
	say := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	raw := func(do func(net.Conn)) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				do(conn)
				_ = conn.Close()
			}
		}
	}
	return []hostility{
		{name: "endless string", answer: forever(`{"Id":"`, "a")},
		{name: "endless list", answer: forever(`[`, `{"Id":"a","Labels":{}},`)},
		{name: "endless object", answer: forever(`{"Labels":{`, `"a":"b",`)},
		{name: "deep nesting", answer: forever("", "[")},
		{name: "page of a web server", answer: say("<html>It works!</html>"), mayPass: true},
		{name: "number", answer: say("5"), mayPass: true},
		{name: "list", answer: say(`["a", 5, null]`), mayPass: true},
		{name: "wrong types", answer: say(`{"Id":5,"State":"x","Config":[],"Mounts":{"a":1}}`), mayPass: true},
		{name: "null", answer: say("null"), mayPass: true},
		{name: "nothing", answer: say(""), mayPass: true},
		{name: "error without end", answer: func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			forever(`{"message":"`, "a")(w, r)
		}, alike: true},
		{name: "failure in a message without end",
			answer: forever(`{"stream":"x"}`+"\n"+`{"errorDetail":{"message":"`, "a"), mayPass: true},
		{name: "layers without end", answer: func(w http.ResponseWriter, _ *http.Request) {
			var err error
			for n := 0; err == nil; n++ {
				_, err = io.WriteString(w,
					`{"id":"`+strings.Repeat("x", n%4096)+
						`","status":"Downloading","progressDetail":{"current":1,"total":2}}`)
			}
		}, mayPass: true},
		{name: "header without end", answer: raw(func(c net.Conn) {
			_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for n := 0; err == nil; n++ {
				_, err = io.WriteString(c, "X-"+strings.Repeat("a", 1+n%1000)+": "+strings.Repeat("b", 8<<10)+"\r\n")
			}
		}), alike: true},
		{name: "header line without end", answer: raw(func(c net.Conn) {
			_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Y: ")
			for block := bytes.Repeat([]byte("a"), 64<<10); err == nil; {
				_, err = c.Write(block)
			}
		}), alike: true},
		{name: "frames of an unknown kind",
			answer: upgraded(func(w io.Writer) { _, _ = w.Write([]byte{9, 0, 0, 0, 0, 0, 0, 1, 'x'}) }), mayPass: true},
		{name: "frame that is cut off", answer: upgraded(func(w io.Writer) { _, _ = w.Write([]byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 'x'}) }), mayPass: true},
		{name: "error frame without end", answer: upgraded(func(w io.Writer) {
			_, err := w.Write(binary.BigEndian.AppendUint32([]byte{3, 0, 0, 0}, 1<<32-1))
			for block := bytes.Repeat([]byte("a"), 64<<10); err == nil; {
				_, err = w.Write(block)
			}
		}), mayPass: true},
	}
}

// upgraded answers to the start of an exec as an engine does and lets frames follow; all
// other requests get an ID that will do.
func upgraded(frames func(io.Writer)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/start") && strings.Contains(r.URL.Path, "/exec/"):
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
			frames(conn)
			_ = conn.Close()
		case strings.HasSuffix(r.URL.Path, "/logs"):
			frames(w)
		default:
			_, _ = io.WriteString(w, `{"Id":"abc"}`)
		}
	}
}

// eachAnswered runs a test on a backend of every kind, whose requests a handler answers.
func eachAnswered(t *testing.T, answer http.Handler, test func(t *testing.T, b backend.ContainerBackend)) {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	for _, engine := range engines() {
		t.Run(string(engine.Kind), func(t *testing.T) {
			b := open(t, backend.Endpoint{URI: "tcp://" + s.Listener.Addr().String(), Kind: engine.Kind,
				APIVersion: "1.43"})
			t.Cleanup(func() { require.NoError(t, b.Close()) })
			test(t, b)
		})
	}
}

// TestHostileEngine lets engines that do all they can to do harm answer to every call of a backend. None may take much
// memory, hang longer than its context, or panic; and what cannot be an answer is an error.
func TestHostileEngine(t *testing.T) {
	for _, h := range hostilities() {
		t.Run(h.name, func(t *testing.T) {
			eachAnswered(t, h.answer, h.endure)
		})
	}
}

// endure makes every call of a backend, and measures it.
func (h hostility) endure(t *testing.T, b backend.ContainerBackend) {
	for name, call := range everyCall(b) {
		if h.alike && !slices.Contains(oneOfEachWay(), name) {
			continue
		}
		peak := watchMemory(t)
		ctx, cancel := context.WithTimeout(t.Context(), hostileTime)
		began := time.Now()
		err := call(ctx)
		took := time.Since(began)
		cancel()
		require.Less(t, peak(), uint64(hostileMemory), name)
		require.Less(t, took, 10*time.Second, name) // a hang would be for ever
		if !h.mayPass {
			require.Error(t, err, name)
		}
		if err != nil {
			require.Less(t, len(err.Error()), 2<<20, name)
		}
	}
}

// watchMemory measures until the function that it returns is called, which tells the peak.
func watchMemory(t *testing.T) func() uint64 {
	t.Helper()
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			if now.HeapInuse > before.HeapInuse {
				peak.Store(max(peak.Load(), now.HeapInuse-before.HeapInuse))
			}
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(done)
		<-ended
		return peak.Load()
	}
}

// everyCall is each call of the interface that reads what an engine says.
func everyCall(b backend.ContainerBackend) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Info":         func(ctx context.Context) error { _, err := b.Info(ctx); return err },
		"InspectImage": func(ctx context.Context) error { _, err := b.InspectImage(ctx, "x"); return err },
		"PullImage": func(ctx context.Context) error {
			_, err := b.PullImage(ctx, backend.PullOptions{Ref: "docker.io/library/x:latest",
				Progress: func(backend.Progress) {}})
			return err
		},
		"BuildImage": func(ctx context.Context) error {
			_, err := b.BuildImage(ctx, backend.BuildOptions{Tag: "x", Context: strings.NewReader("")})
			return err
		},
		"ListImages": func(ctx context.Context) error { _, err := b.ListImages(ctx, nil); return err },
		"LoadImage": func(ctx context.Context) error {
			_, err := b.LoadImage(ctx, strings.NewReader("x"))
			return err
		},
		"ContainerChanges": func(ctx context.Context) error { _, err := b.ContainerChanges(ctx, "x"); return err },
		"CommitContainer": func(ctx context.Context) error {
			_, err := b.CommitContainer(ctx, "x", backend.CommitOptions{})
			return err
		},
		"CreateContainer": func(ctx context.Context) error {
			_, err := b.CreateContainer(ctx,
				backend.ContainerSpec{Name: "x", Image: "x", Tools: []backend.Tool{{Image: "sha256:x"}}})
			return err
		},
		"InspectContainer": func(ctx context.Context) error { _, err := b.InspectContainer(ctx, "x"); return err },
		"ListContainers":   func(ctx context.Context) error { _, err := b.ListContainers(ctx, nil); return err },
		"Exec": func(ctx context.Context) error {
			_, err := b.Exec(ctx, "x", backend.ExecSpec{Command: []string{"x"}, Stdin: strings.NewReader("x"),
				Stdout: io.Discard})
			return err
		},
		"ContainerLogs": func(ctx context.Context) error {
			return b.ContainerLogs(ctx, "x", backend.LogOptions{Stdout: io.Discard, Stderr: io.Discard})
		},
		"WaitContainer": func(ctx context.Context) error { _, err := b.WaitContainer(ctx, "x"); return err },
		"EnsureNetwork": func(ctx context.Context) error {
			_, err := b.EnsureNetwork(ctx, backend.NetworkSpec{Name: "x"})
			return err
		},
		"ListNetworks": func(ctx context.Context) error { _, err := b.ListNetworks(ctx, nil); return err },
	}
}

// TestLocalFailures lets files of this machine fail in the middle of calls: what is read for
// the engine, and what its output is written to. Such a failure says nothing about the
// engine, so that it must be neither "unreachable" nor "no space", and must keep its words.
func TestLocalFailures(t *testing.T) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/exec/") && strings.HasSuffix(r.URL.Path, "/json") {
			_, _ = io.WriteString(w, `{"ExitCode":1}`) // it has ended: nothing has to wait for its start
			return
		}
		if strings.HasSuffix(r.URL.Path, "/archive") && r.Method == http.MethodHead {
			w.Header().Set("X-Docker-Container-Path-Stat", "eyJpc0RpciI6dHJ1ZX0=") // a directory
		}
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasSuffix(r.URL.Path, "/build") {
			_, _ = io.WriteString(w, `{"stream":"Step 1/1 : FROM x\n"}`)
			return
		}
		upgraded(func(w io.Writer) {
			_, _ = w.Write([]byte{1, 0, 0, 0, 0, 0, 0, 1, 'x'})
			if conn, ok := w.(net.Conn); ok {
				// A command that reads its input, as long as there may be some.
				_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				_, _ = io.Copy(io.Discard, conn)
			}
		})(w, r)
	})
	eachAnswered(t, answer, failLocally)
}

func failLocally(t *testing.T, b backend.ContainerBackend) {
	for _, cause := range []error{syscall.EACCES, syscall.ENOSPC, syscall.EPIPE, syscall.ECONNRESET,
		io.ErrUnexpectedEOF, os.ErrDeadlineExceeded} {
		local := &fs.PathError{Op: "read", Path: "/home/me/secret.rb", Err: cause}
		reader := io.MultiReader(strings.NewReader(strings.Repeat("x", 512)), iotest.ErrReader(local))
		for name, call := range map[string]func() error{
			"CopyTo": func() error { return b.CopyTo(t.Context(), "c", "/opt", reader) },
			"BuildImage": func() error {
				_, err := b.BuildImage(t.Context(), backend.BuildOptions{Tag: "x", Context: reader})
				return err
			},
			"LoadImage": func() error { _, err := b.LoadImage(t.Context(), reader); return err },
			"BuildImage, output": func() error {
				_, err := b.BuildImage(t.Context(),
					backend.BuildOptions{Tag: "x", Context: strings.NewReader(""), Output: failingWriter{local}})
				return err
			},
			"Exec, input": func() error {
				_, err := b.Exec(t.Context(), "c",
					backend.ExecSpec{Command: []string{"x"}, Stdin: iotest.ErrReader(local)})
				return err
			},
			"Exec, output": func() error {
				_, err := b.Exec(t.Context(), "c",
					backend.ExecSpec{Command: []string{"x"}, Stdout: failingWriter{local}})
				return err
			},
			"ContainerLogs": func() error {
				return b.ContainerLogs(t.Context(), "c", backend.LogOptions{Stdout: failingWriter{local}})
			},
		} {
			err := call()
			require.ErrorIs(t, err, cause, name)
			require.ErrorContains(t, err, "/home/me/secret.rb", name)
			var told *backend.Error
			if errors.As(err, &told) { // what was done about it may have failed as well
				require.NotErrorIs(t, told, cause, name)
			}
		}
	}
}

// failingWriter is a writer that fails.
type failingWriter struct{ err error }

// Write fails.
func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }
