package backendtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/galley-kitchen/galley/backend"
)

// Busybox is the reference of the image that every fake has from the start: the
// programs of the fake's shell, and users root and nobody.
const Busybox = "docker.io/library/busybox:latest"

// Fake is a container engine in memory. Its methods may be used concurrently.
type Fake struct {
	mu         sync.Mutex
	info       backend.Info
	asked      bool // for info
	serial     int
	nextPort   int
	images     map[string]*fakeImage // by ID
	tags       map[string]string     // reference to ID
	remote     map[string]*remoteImage
	layers     map[string]*fakeImage // build cache, by parent and step
	containers map[string]*box       // by ID
	volumeData map[string]*memFS
	networks   map[string]*fakeNetwork // by name
	hooks      []ExecHook

	log faultLog
}

var _ backend.ContainerBackend = (*Fake)(nil)

// Option changes a Fake before its first use.
type Option func(*Fake)

// WithInfo changes what the engine says of itself, and so what it refuses.
func WithInfo(change func(*backend.Info)) Option {
	return func(f *Fake) { change(&f.info) }
}

// WithImage adds a local image.
func WithImage(img ImageSpec) Option {
	return func(f *Fake) { f.addImage(img) }
}

// New returns a running engine with the image Busybox.
func New(options ...Option) *Fake {
	f := &Fake{
		info: backend.Info{
			Engine: "fake", Version: "1.0", APIVersion: "1", Endpoint: "fake://",
			OS: "linux", Arch: runtime.GOARCH, CgroupVersion: 2,
			Capabilities: backend.Capabilities{MemoryLimit: true, CPULimit: true, PidsLimit: true, NativeSystemd: true, RealPrivileged: true},
		},
		nextPort:   49152,
		images:     map[string]*fakeImage{},
		tags:       map[string]string{},
		remote:     map[string]*remoteImage{},
		layers:     map[string]*fakeImage{},
		containers: map[string]*box{},
		volumeData: map[string]*memFS{},
		networks:   map[string]*fakeNetwork{},
	}
	f.addImage(busybox())
	for _, o := range options {
		o(f)
	}
	return f
}

// newID returns an identifier that is the same in every run of a test. The caller
// holds the lock, or is New.
func (f *Fake) newID() string {
	f.serial++
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "fake %d", f.serial)))
}

// Info implements backend.ContainerBackend.
func (f *Fake) Info(ctx context.Context) (backend.Info, error) {
	call := newCall("Info")
	f.mu.Lock()
	if f.asked {
		call.APICalls = 0 // a backend remembers the answer
	}
	f.mu.Unlock()
	return do(ctx, f, call, func() (backend.Info, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = true
		return f.info, nil
	})
}

// Close implements backend.ContainerBackend. The engine goes on; a fake that is
// closed may be used again, as by the next process.
func (f *Fake) Close() error { return nil }

// List implements Volumes.
func (f *Fake) List(context.Context) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.volumeData)), nil
}

// Remove implements Volumes.
func (f *Fake) Remove(_ context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.volumeInUse(name) {
		return conflict("remove volume "+name, "it is in use")
	}
	delete(f.volumeData, name)
	return nil
}

func failure(kind error, op, detail string) error {
	return &backend.Error{Op: op, Kind: kind, Detail: detail}
}

func notFound(op, detail string) error { return failure(backend.ErrNotFound, op, detail) }

func conflict(op, detail string) error { return failure(backend.ErrConflict, op, detail) }

func invalid(op, detail string) error { return failure(backend.ErrInvalid, op, detail) }
