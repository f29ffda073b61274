package attach

import (
	"io"
	"strings"
	"sync"
)

// Keyboard shares what is typed among readers that come one after the other: a shell in a runner that has ended does
// not take the key that is for the next question. The zero value with In is ready.
type Keyboard struct {
	In io.Reader

	start  sync.Once
	chunks chan []byte
	mu     sync.Mutex
	rest   []byte
}

// Reader reads what is typed until it is closed; another one may read from then on.
func (k *Keyboard) Reader() io.ReadCloser {
	k.start.Do(func() {
		k.chunks = make(chan []byte)
		go k.read()
	})
	return &keys{Keyboard: k, closed: make(chan struct{})}
}

// read goes on for as long as the process lives: a read of a terminal cannot be called off.
func (k *Keyboard) read() {
	defer close(k.chunks)
	for {
		chunk := make([]byte, 1024)
		n, err := k.In.Read(chunk)
		if n > 0 {
			k.chunks <- chunk[:n]
		}
		if err != nil {
			return
		}
	}
}

// keys is one reader of a keyboard.
type keys struct {
	*Keyboard
	closed chan struct{}
	once   sync.Once
}

func (r *keys) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rest) == 0 {
		select {
		case <-r.closed:
			return 0, io.EOF
		case chunk, ok := <-r.chunks:
			if !ok {
				return 0, io.EOF
			}
			r.rest = chunk
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close ends a Read that is under way.
func (r *keys) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

// Line reads a line without the blanks around it; at the end of what is typed it is io.EOF.
func (k *Keyboard) Line() (string, error) {
	in := k.Reader()
	defer in.Close()
	var line []byte
	for c := make([]byte, 1); ; { // what comes after the line is for the next reader
		if _, err := in.Read(c); err != nil || c[0] == '\n' {
			return strings.TrimSpace(string(line)), err
		}
		line = append(line, c[0])
	}
}
