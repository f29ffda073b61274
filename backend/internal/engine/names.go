package engine

import "sync"

// Names is a set of names that is safe for concurrent use.
type Names struct {
	mu  sync.Mutex
	set map[string]struct{}
}

// NewNames returns an empty set.
func NewNames() *Names { return &Names{set: map[string]struct{}{}} }

// Add puts a name into the set.
func (n *Names) Add(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.set[name] = struct{}{}
}

// Remove takes a name out of the set.
func (n *Names) Remove(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.set, name)
}

// Has tells whether a name is in the set.
func (n *Names) Has(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, found := n.set[name]
	return found
}
