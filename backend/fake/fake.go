// Package fake is a container engine in memory, for the tests of those who use a backend.
//
// It remembers images, containers, their files, volumes and networks, and has neither a kernel nor a shell: commands
// and builds are answered by hooks of the test. Every call passes one place, where it is counted and where a test can
// make it fail. The cases of the contract that state alone can answer run against it, too.
package fake

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/galley-kitchen/galley/backend"
)

// Busybox is the reference of the image that every fake has from the start.
const Busybox = "docker.io/library/busybox:latest"

// Engine is a container engine in memory. Its methods may be used concurrently. Its fields are set before its use.
type Engine struct {
	// Build makes images; without it, and for what it does not handle, a build gives an image without files: the fake
	// reads no Dockerfile. It must not call the fake.
	Build BuildHook
	// Save gives an archive of images, a test's own: the fake's images have no layers.
	Save func(refs []string) ([]byte, error)

	mu         sync.Mutex
	serial     int
	images     map[string]*image // by ID
	tags       map[string]string // reference to ID
	remote     map[string]ImageSpec
	containers map[string]*container // by ID
	volumes    map[string]tree
	networks   map[string]backend.Network // by name
	execs      []ExecHook
	calls      []Call
	decide     func(Call) error // which calls fail, and how
	dead       bool             // the caller's process, until Revive
}

var _ backend.ContainerBackend = (*Engine)(nil)

// New returns a running engine with the image Busybox and others.
func New(images ...ImageSpec) *Engine {
	f := &Engine{
		images:     map[string]*image{},
		tags:       map[string]string{},
		remote:     map[string]ImageSpec{},
		containers: map[string]*container{},
		volumes:    map[string]tree{},
		networks:   map[string]backend.Network{},
	}
	f.addImage(ImageSpec{Ref: Busybox})
	for _, img := range images {
		f.addImage(img)
	}
	return f
}

// newID returns an identifier that is the same in every run of a test. The caller holds the lock, or is New.
func (f *Engine) newID() string {
	f.serial++
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "fake %d", f.serial)))
}

// Info implements backend.ContainerBackend.
func (f *Engine) Info(ctx context.Context) (backend.Info, error) {
	return locked(ctx, f, newCall("Info"), func() (backend.Info, error) {
		return backend.Info{Flavor: "fake", CgroupVersion: 2, NativeSystemd: true}, nil
	})
}

// RemapsUsers reports false.
func (f *Engine) RemapsUsers(context.Context) (bool, error) { return false, nil }

// Close implements backend.ContainerBackend. The engine goes on; a fake that is
// closed may be used again, as by the next process.
func (f *Engine) Close() error { return nil }

func failure(kind error, op, detail string) error {
	return &backend.Error{Op: op, Kind: kind, Detail: detail}
}
