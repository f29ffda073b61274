package lifecycle

import "sync"

// memo does a thing once for each key, however many ask at the same time, and
// remembers how it went. It lives as long as a run.
type memo[T any] struct {
	mu   sync.Mutex
	done map[string]*memoEntry[T]
}

type memoEntry[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (m *memo[T]) do(key string, f func() (T, error)) (T, error) {
	m.mu.Lock()
	if m.done == nil {
		m.done = map[string]*memoEntry[T]{}
	}
	e := m.done[key]
	if e == nil {
		e = &memoEntry[T]{}
		m.done[key] = e
	}
	m.mu.Unlock()
	e.once.Do(func() { e.value, e.err = f() })
	return e.value, e.err
}

// values are the results that came without an error. It must not be called
// while do is under way.
func (m *memo[T]) values() []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []T
	for _, e := range m.done {
		if e.err == nil {
			all = append(all, e.value)
		}
	}
	return all
}
