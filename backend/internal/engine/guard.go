package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/galley-kitchen/galley/internal/lazyregexp"
)

// The limits of what an engine may take: long enough for a busy one, and short enough
// that one which hangs is told within a coffee.
const (
	// askTime is for questions, to which an engine knows the answer.
	askTime = time.Minute
	// doTime is for what it has to do, such as to fill a volume or kill a container.
	doTime = 5 * time.Minute
	// maxAnswer is the largest answer that is read as a whole: a list of thousands.
	maxAnswer = 16 << 20
	// maxList is the largest one that names files: half a million of them.
	maxList = 4 * maxAnswer
	// maxHeader bounds the header of an answer.
	maxHeader = 1 << 20
)

// SlowError says that an engine did not answer in time.
type SlowError struct{ After time.Duration }

// Error says how long the engine had.
func (e *SlowError) Error() string {
	return fmt.Sprintf("the engine did not answer within %v", e.After)
}

// errLong is in the error of an answer that was cut off, since it is longer than any sensible one.
var errLong = errors.New("it is not read on")

// boundedReader bounds how much is read.
type boundedReader struct {
	io.Reader
	// what, such as "answer", and limit, in bytes, are for the error.
	what        string
	limit, left int64
}

// Read reads on. Errors: errLong.
func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the engine's %s is longer than %d KiB; %w", b.what, b.limit>>10, errLong)
	}
	n, err := b.Reader.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Guard sends requests, makes an error of an answer that is one, and bounds how long an answer may take and be. What
// has no end by nature (the output of a command, a log, a pull, a build, a copy, an image, to wait for the end of a
// container) it lets pass; its caller's context is what ends that. A copy out of a container must go on.
type Guard struct {
	next     http.RoundTripper
	ask, do  time.Duration
	maxBytes int64
}

// NewGuard returns a guard over a transport.
func NewGuard(next http.RoundTripper) *Guard {
	return &Guard{next: next, ask: askTime, do: doTime, maxBytes: maxAnswer}
}

// The paths of requests whose answers may be as long as they like, since they are read
// piece by piece, and of those that may take as long as they like.
var (
	streams = lazyregexp.New(`/(build|logs|archive|attach|images/(create|pull|load|get|export)|exec/[^/]+/start)$`)
	endless = lazyregexp.New(`/(wait|stop|init|volumes/prune|commit)$`)
	// lists are those whose answers name each file of a container.
	lists = lazyregexp.New(`/changes$`)
	// copiesOut are those whose answers may be long, but must not stop: a container that puts a pipe in the place of a
	// file makes an engine wait there for ever.
	copiesOut = lazyregexp.New(`/archive$`)
)

// RoundTrip sends a request. Errors: *StatusError for an answer that is one; also while the answer is read, *SlowError,
// errLong and those of the transport, *BrokenError before there is an answer; what the context ends, ends with the
// context's error. net/http would give its cause, which looks like a connection that broke.
func (g *Guard) RoundTrip(req *http.Request) (*http.Response, error) {
	limit, most := g.do, g.maxBytes
	watched := copiesOut().MatchString(req.URL.Path) && req.Method == http.MethodGet
	switch {
	case watched:
		most = math.MaxInt64
	case lists().MatchString(req.URL.Path): // an engine compares all files
		most = maxList
	case endless().MatchString(req.URL.Path):
		limit = math.MaxInt64
	case streams().MatchString(req.URL.Path) && req.Method != http.MethodHead:
		limit, most = math.MaxInt64, math.MaxInt64
	case req.Method == http.MethodGet || req.Method == http.MethodHead:
		limit = g.ask
	}
	slow := &SlowError{limit}
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(limit, func() { cancel(slow) })
	resp, err := g.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		timer.Stop()
		defer cancel(nil)
		return nil, Ended(req.Context(), &BrokenError{slowOr(ctx, slow, err)})
	}
	if watched {
		timer.Stop()
	}
	resp.Body = &guardedBody{
		ReadCloser: resp.Body, bounded: &boundedReader{Reader: resp.Body, what: "answer", limit: most, left: most},
		caller: req.Context(), ctx: ctx, cancel: cancel, slow: slow, timer: timer, watched: watched,
	}
	if resp.StatusCode >= http.StatusBadRequest && req.URL.Path != pingPath {
		defer func() { _ = resp.Body.Close() }()
		return nil, ReadStatusError(resp)
	}
	return resp, nil
}

// pingPath is where an engine tells its versions, in the header of any answer. Docker's client looks for them itself.
const pingPath = "/_ping"

// guardedBody ends with the time or the size that an answer may have. Of a watched one each
// Read has the time of its own.
type guardedBody struct {
	io.ReadCloser
	bounded *boundedReader
	// caller is the context of the request, and ctx that of the limit within it.
	caller, ctx context.Context

	cancel  context.CancelCauseFunc
	slow    *SlowError
	timer   *time.Timer
	watched bool
}

// Read reads on.
func (b *guardedBody) Read(p []byte) (int, error) {
	if b.watched { // the time between two calls is the reader's own
		b.timer.Reset(b.slow.After)
		defer b.timer.Stop()
	}
	n, err := b.bounded.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = Ended(b.caller, slowOr(b.ctx, b.slow, err))
	}
	return n, err
}

// Close ends the request.
func (b *guardedBody) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close()
}

// slowOr is slow, where that is why a context ended, and else err.
func slowOr(ctx context.Context, slow *SlowError, err error) error {
	if errors.Is(context.Cause(ctx), slow) {
		return slow
	}
	return err
}
