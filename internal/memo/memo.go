// Package memo does a thing once for each key.
package memo

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Memo calls a function once for each key, however many callers ask at the same time, and remembers its result and its
// error. An end of the caller's context is not remembered: the time of one caller may be over, and that of the others
// not. The zero value is ready to use; it is safe for concurrent use and must not be copied after its first use.
type Memo[T any] struct{ entries sync.Map }

// entry is one call. Its value and error may be read when it is done.
type entry[T any] struct {
	once  sync.Once
	value T
	err   error
	done  atomic.Bool
}

// Do returns the result of the first call with this key, and waits for it when it is under way.
func (m *Memo[T]) Do(key string, f func() (T, error)) (T, error) {
	for {
		found, _ := m.entries.LoadOrStore(key, &entry[T]{})
		e := found.(*entry[T])
		called := false
		e.once.Do(func() {
			called = true
			e.value, e.err = f()
			e.done.Store(true)
			if ended(e.err) {
				m.entries.Delete(key)
			}
		})
		if called || !ended(e.err) {
			return e.value, e.err
		}
	}
}

func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Values returns the results of the calls that have returned without an error, in no order.
func (m *Memo[T]) Values() []T {
	var all []T
	m.entries.Range(func(_, found any) bool {
		if e := found.(*entry[T]); e.done.Load() && e.err == nil {
			all = append(all, e.value)
		}
		return true
	})
	return all
}
