// Package memo does a thing once for each key.
package memo

import (
	"context"
	"errors"
	"sync"
)

// Memo calls a function once for each key, however many callers ask at the same time, and remembers its result and its
// error. An end of the caller's context is not remembered: the time of one caller may be over, and that of the others
// not. The zero value is ready to use; it is safe for concurrent use and must not be copied after its first use.
type Memo[T any] struct {
	mu      sync.Mutex
	entries map[string]*entry[T]
}

type entry[T any] struct {
	once  sync.Once
	value T
	err   error
	done  bool // guarded by Memo.mu
}

// Do returns the result of the first call with this key, and waits for it when it is under way.
func (m *Memo[T]) Do(key string, f func() (T, error)) (T, error) {
	for {
		e := m.entry(key)
		called := false
		e.once.Do(func() {
			called = true
			e.value, e.err = f()
			m.finish(key, e)
		})
		if called || !ended(e.err) {
			return e.value, e.err
		}
	}
}

func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func (m *Memo[T]) entry(key string) *entry[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil {
		m.entries = map[string]*entry[T]{}
	}
	e := m.entries[key]
	if e == nil {
		e = &entry[T]{}
		m.entries[key] = e
	}
	return e
}

func (m *Memo[T]) finish(key string, e *entry[T]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.done = true
	if ended(e.err) {
		delete(m.entries, key)
	}
}

// Values returns the results of the calls that have returned without an error, in no order.
func (m *Memo[T]) Values() []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []T
	for _, e := range m.entries {
		if e.done && e.err == nil {
			all = append(all, e.value)
		}
	}
	return all
}
