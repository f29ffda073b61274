//go:build !windows

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/keys"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/report"
)

// fakeScale measures the life cycle alone, on an engine in memory: its time, memory, descriptors and goroutines with
// more and more instances at once.
func (b *bencher) fakeScale() error {
	t := b.page.table("Many instances at once, on an engine in memory", "instances", "time", "each",
		"memory", "descriptors", "goroutines")
	for _, n := range []int{16, 64, 200} {
		if err := b.fakeRun(t, n); err != nil {
			return err
		}
	}
	return nil
}

func (b *bencher) fakeRun(t *table, n int) error {
	dir, err := b.project(loads()[0], 1, n)
	if err != nil {
		return err
	}
	conf, err := kitchen.Load(context.Background(), kitchen.Options{Dir: dir})
	if err != nil {
		return err
	}
	instances, _ := keys.Resolve(conf, keys.ResolveOptions{})
	engine := fake.New(fake.ImageSpec{Ref: "docker.io/library/busybox:latest"})
	var descriptors, goroutines, memory atomic.Int64
	// All instances are in their converge at once: each waits for the last one.
	var waiting atomic.Int64
	all := make(chan struct{})
	engine.OnExec(func(ctx context.Context, _ backend.Container, _ backend.ExecSpec) (int, error) {
		switch waiting.Add(1) {
		case int64(n):
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			memory.Store(int64(m.HeapInuse + m.StackInuse))
			goroutines.Store(int64(runtime.NumGoroutine()))
			list, _ := os.ReadDir("/proc/self/fd") // none where it is not there
			descriptors.Store(int64(len(list)))
			close(all)
		default:
			select {
			case <-all:
			case <-ctx.Done():
			}
		}
		return 0, fake.ErrNotHandled
	})
	start := time.Now()
	if err := runFake(dir, engine, instances); err != nil {
		return err
	}
	took := time.Since(start)
	t.row(n, took, took/time.Duration(n), mebibytes(memory.Load()), descriptors.Load(), goroutines.Load())
	return nil
}

// runFake tests instances on an engine in memory, all at once.
func runFake(dir string, engine *fake.Engine, instances []config.Instance) (err error) {
	project, err := lifecycle.NewProject(dir)
	if err != nil {
		return err
	}
	r, err := lifecycle.New(lifecycle.Options{Project: project, Version: "bench", Concurrency: len(instances),
		Sink: report.NewMulti(), TestBase: filepath.Join(dir, "test"),
		Open: func(context.Context, string, string) (backend.ContainerBackend, backend.Endpoint, error) {
			return engine, backend.Endpoint{URI: "fake://bench"}, nil
		}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.Do(context.Background(), lifecycle.ActionTest, instances); err != nil {
		return fmt.Errorf("on the engine in memory: %w", err)
	}
	return nil
}
