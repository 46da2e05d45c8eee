package host

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
)

// MemoryStore keeps storage in memory: for embedders that need none on disk,
// and for tests. "Durable" means for as long as the value lives. The zero
// value is ready; it is safe for concurrent use.
type MemoryStore struct {
	mu       sync.RWMutex
	spaces   map[Namespace]*memorySpace
	revision uint64
}

type memorySpace struct {
	entries map[string]memoryEntry
	order   []string // keys, sorted
	usage   uint64
}

type memoryEntry struct {
	value    []byte
	revision uint64
}

// View implements Store.
func (m *MemoryStore) View(ctx context.Context, ns Namespace, f func(StoreView) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return f(&memoryTx{space: m.space(ns)})
}

// Update implements Store. f works on the namespace itself; what it changed is
// put back when it fails.
func (m *MemoryStore) Update(ctx context.Context, ns Namespace, f func(StoreTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	space := m.space(ns)
	tx := &memoryTx{space: space, revision: m.revision + 1}
	done := false
	defer func() {
		if !done {
			for i := len(tx.undo) - 1; i >= 0; i-- {
				tx.undo[i]()
			}
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	done = true
	m.revision++
	if m.spaces == nil {
		m.spaces = make(map[Namespace]*memorySpace)
	}
	m.spaces[ns] = space
	return nil
}

func (m *MemoryStore) space(ns Namespace) *memorySpace {
	if s := m.spaces[ns]; s != nil {
		return s
	}
	return &memorySpace{entries: map[string]memoryEntry{}}
}

type memoryTx struct {
	space    *memorySpace
	revision uint64
	undo     []func()
}

func (t *memoryTx) Get(key []byte) ([]byte, uint64, error) {
	e, ok := t.space.entries[string(key)]
	if !ok {
		return nil, 0, nil
	}
	return append([]byte{}, e.value...), e.revision, nil
}

func (t *memoryTx) Stat(key []byte) (int, uint64, error) {
	e := t.space.entries[string(key)]
	return len(e.value), e.revision, nil
}

func (t *memoryTx) List(prefix, after []byte, limit int) ([][]byte, error) {
	from := string(prefix)
	if bytes.Compare(after, prefix) >= 0 {
		from = string(after) + "\x00" // the least key above after
	}
	i, _ := slices.BinarySearch(t.space.order, from)
	var keys [][]byte
	for ; i < len(t.space.order) && len(keys) < limit && strings.HasPrefix(t.space.order[i], string(prefix)); i++ {
		keys = append(keys, []byte(t.space.order[i]))
	}
	return keys, nil
}

func (t *memoryTx) Usage() (uint64, error) { return t.space.usage, nil }

func (t *memoryTx) Put(key, value []byte) error {
	k := string(key)
	t.remember(k)
	t.remove(k)
	t.insert(k, memoryEntry{bytes.Clone(value), t.revision})
	return nil
}

func (t *memoryTx) Delete(key []byte) error {
	k := string(key)
	t.remember(k)
	t.remove(k)
	return nil
}

func (t *memoryTx) remember(k string) {
	e, ok := t.space.entries[k]
	t.undo = append(t.undo, func() {
		t.remove(k)
		if ok {
			t.insert(k, e)
		}
	})
}

func (t *memoryTx) insert(k string, e memoryEntry) {
	t.space.entries[k] = e
	t.space.usage += uint64(len(k) + len(e.value))
	i, _ := slices.BinarySearch(t.space.order, k)
	t.space.order = slices.Insert(t.space.order, i, k)
}

func (t *memoryTx) remove(k string) {
	e, ok := t.space.entries[k]
	if !ok {
		return
	}
	delete(t.space.entries, k)
	t.space.usage -= uint64(len(k) + len(e.value))
	i, _ := slices.BinarySearch(t.space.order, k)
	t.space.order = slices.Delete(t.space.order, i, i+1)
}
