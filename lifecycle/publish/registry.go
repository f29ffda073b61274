package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sync/errgroup"

	"github.com/galley-kitchen/galley/backend"
)

// uploads is how many blobs are sent side by side.
const uploads = 4

// Registry is one repository of a registry.
type Registry struct {
	repo   name.Repository
	o      RegistryOptions
	client *http.Transport
	// after is until when the registry wants to be left alone, in nanoseconds since 1970.
	after atomic.Int64

	mu sync.Mutex
	// told has the notices, and when each was given last: blobs that are sent side by side fail side by side.
	told map[string]time.Time
}

// RegistryOptions say how a registry is spoken to.
type RegistryOptions struct {
	// Credentials are for the registry, nil for an anonymous user.
	Credentials *backend.Credentials
	// CertDirs are where its certificates may be; see CertDirs.
	CertDirs []string
	// UserAgent names galley and its version.
	UserAgent string
	// Notice tells what is tried again.
	Notice func(text string)
	// Sent, when set, is told of bytes on their way; they may be sent again.
	Sent func(n int)
	// Waits are the times before each further try; nil means those that suit registries.
	Waits []time.Duration
}

// NewRegistry prepares to speak to a repository. It sends nothing yet. The caller closes it.
func NewRegistry(repo name.Repository, o RegistryOptions) (*Registry, error) {
	conf, err := tlsFor(repo.RegistryStr(), o.CertDirs)
	if err != nil {
		return nil, err
	}
	if o.Waits == nil {
		o.Waits = []time.Duration{time.Second, 3 * time.Second, 10 * time.Second}
	}
	return &Registry{repo: repo, o: o, told: map[string]time.Time{}, client: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute,
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 15 * time.Second, MaxIdleConnsPerHost: uploads,
		ResponseHeaderTimeout: 5 * time.Minute, // a registry may think for long about a large blob
	}}, nil
}

// Close ends what connections there are.
func (r *Registry) Close() { r.client.CloseIdleConnections() }

// Upload brings an image into the repository: its layers, its configuration, and at last its manifest under its digest.
// It gives it no name.
func (r *Registry) Upload(ctx context.Context, img v1.Image) error {
	blobs, err := blobsOf(img)
	if err != nil {
		return err
	}
	op := "push to " + r.repo.Name()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(uploads)
	for _, l := range blobs {
		if r.o.Sent != nil {
			l = meteredLayer{l, r.o.Sent}
		}
		g.Go(func() error {
			return r.patiently(gctx, op, func(o []remote.Option) error { return remote.WriteLayer(r.repo, l, o...) })
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	return r.Put(ctx, r.repo.Digest(digest.String()), img)
}

// blobsOf are the layers of an image and its configuration.
func blobsOf(img v1.Image) ([]v1.Layer, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	conf, err := partial.ConfigLayer(img)
	return append(layers, conf), err
}

// Manifest is that of an image or of an index.
type Manifest interface {
	remote.Taggable
	Digest() (v1.Hash, error)
}

// Put puts a manifest under a name or under its digest. All that it speaks of must be there.
func (r *Registry) Put(ctx context.Context, ref name.Reference, manifest Manifest) error {
	return r.patiently(ctx, "push "+ref.Name(), func(o []remote.Option) error { return remote.Put(ref, manifest, o...) })
}

// Digest is that of the manifest, or of the index, that a name stands for. Errors: backend.ErrNotFound,
// backend.ErrUnauthorized, backend.ErrUnreachable.
func (r *Registry) Digest(ctx context.Context, tag name.Tag) (digest v1.Hash, err error) {
	err = r.patiently(ctx, "ask for "+Text(tag), func(o []remote.Option) error {
		found, err := remote.Head(tag, o...)
		if err == nil {
			digest = found.Digest
		}
		return err
	})
	var e *backend.Error
	if errors.As(err, &e) && e.Kind != nil { // what there is to do is not that of a push
		e.Remedy = map[error]string{
			backend.ErrNotFound:     "Check the image's name and tag.",
			backend.ErrUnauthorized: "Log in to the registry, and check the image's name and that you may read it.",
			backend.ErrUnreachable:  "Check that this machine reaches the registry, or try again later.",
		}[e.Kind]
	}
	return digest, err
}

// patiently takes a step that can be taken again, as often as Waits says.
func (r *Registry) patiently(ctx context.Context, op string, step func([]remote.Option) error) error {
	for n := 0; ; n++ {
		err := step(r.options(ctx))
		if err == nil {
			return nil
		}
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		failed := explain(op, r.repo, err)
		if n == len(r.o.Waits) || !failed.passing {
			return failed.err
		}
		wait := max(r.o.Waits[n], min(time.Until(time.Unix(0, r.after.Load())).Round(time.Second), maxWait))
		first, _, _ := strings.Cut(failed.err.Error(), "\n")
		r.notice(fmt.Sprintf("%s; trying again in %s", first, wait), wait)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// notice tells that something is tried again after a wait, unless that was told just now of another blob.
func (r *Registry) notice(text string, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, told := r.told[text]; r.o.Notice == nil || told && time.Since(last) < wait {
		return
	}
	r.told[text] = time.Now()
	r.o.Notice(text)
}

// maxWait is how long a registry may ask to wait.
const maxWait = time.Minute

// options are those of one step. What is tried again is decided by patiently alone.
func (r *Registry) options(ctx context.Context) []remote.Option {
	auth := authn.Anonymous
	if c := r.o.Credentials; c != nil {
		auth = authn.FromConfig(authn.AuthConfig{Username: c.Username, Password: c.Password, IdentityToken: c.IdentityToken})
	}
	return []remote.Option{
		remote.WithContext(ctx), remote.WithAuth(auth), remote.WithTransport(guard{r}),
		remote.WithRetryPredicate(func(error) bool { return false }), remote.WithRetryStatusCodes(),
		remote.WithUserAgent(r.o.UserAgent),
	}
}

// guard is the way to a registry. It speaks plain HTTP with this machine only, and hides from the library what it would
// try again by itself.
type guard struct{ r *Registry }

// RoundTrip implements http.RoundTripper.
func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !isLoopback(req.URL.Host) {
		return nil, &connectionError{host: req.URL.Host, plain: true,
			cause: errors.New("plain HTTP is for registries on this machine only")}
	}
	ctx, cancel := context.WithCancel(req.Context())
	resp, err := g.r.client.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		if speaksPlain(err) && isLoopback(req.URL.Host) {
			return nil, err // the library asks over plain HTTP next, and that answer counts
		}
		return nil, &connectionError{host: req.URL.Host, cause: err}
	}
	if seconds, err := strconv.ParseInt(resp.Header.Get("Retry-After"), 10, 32); err == nil {
		g.r.after.Store(time.Now().Add(time.Duration(seconds) * time.Second).UnixNano())
	}
	body := &answer{Reader: io.LimitReader(resp.Body, maxAnswer), body: resp.Body, cancel: cancel}
	body.timer = time.AfterFunc(answerTime, cancel)
	resp.Body = body
	return resp, nil
}

// What a registry answers to a push is short. The library reads it to its end, which there need not be.
const (
	maxAnswer  = 1 << 20
	answerTime = time.Minute
)

// answer is the body of an answer, which ends in time.
type answer struct {
	io.Reader
	body   io.Closer
	timer  *time.Timer
	cancel context.CancelFunc
}

// Close ends the request.
func (a *answer) Close() error {
	a.timer.Stop()
	err := a.body.Close()
	a.cancel()
	return err
}

// meteredLayer is a layer whose bytes are counted as they are sent.
type meteredLayer struct {
	v1.Layer
	sent func(int)
}

// Compressed reads the layer and tells of it.
func (m meteredLayer) Compressed() (io.ReadCloser, error) {
	r, err := m.Layer.Compressed()
	return meteredReader{r, m.sent}, err
}

type meteredReader struct {
	io.ReadCloser
	sent func(int)
}

func (m meteredReader) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	m.sent(n)
	return n, err
}
