package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/sqlite"
)

func storagePath(home string) string { return filepath.Join(home, "storage", "storage.db") }

// lazyStore opens the storage file when a guest first uses it: a run that
// stores nothing neither waits for it nor makes one. It labels each namespace
// that is written to, so that people can tell them apart.
type lazyStore struct {
	path  string
	label string

	mu      sync.Mutex
	store   *sqlite.Store
	empty   host.MemoryStore // stands in for a file that does not exist yet
	labeled map[host.Namespace]bool
}

func (l *lazyStore) open() (*sqlite.Store, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.store == nil {
		store, err := sqlite.Open(l.path)
		if err != nil {
			return nil, err
		}
		l.store = store
	}
	return l.store, nil
}

// View implements vudo.Store.
func (l *lazyStore) View(ctx context.Context, ns host.Namespace, f func(host.StoreView) error) error {
	if _, err := os.Stat(l.path); errors.Is(err, fs.ErrNotExist) {
		return l.empty.View(ctx, ns, f)
	}
	store, err := l.open()
	if err != nil {
		return err
	}
	return store.View(ctx, ns, f)
}

// Update implements vudo.Store.
func (l *lazyStore) Update(ctx context.Context, ns host.Namespace, f func(host.StoreTx) error) error {
	store, err := l.open()
	if err != nil {
		return err
	}
	if err := store.Update(ctx, ns, f); err != nil {
		return err
	}
	l.mu.Lock()
	first := !l.labeled[ns]
	if l.labeled == nil {
		l.labeled = map[host.Namespace]bool{}
	}
	l.labeled[ns] = true
	l.mu.Unlock()
	if first {
		// The data is committed; a label that cannot be written costs a name only.
		_ = store.Label(ctx, ns, l.label)
	}
	return nil
}

func (l *lazyStore) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.store == nil {
		return nil
	}
	return l.store.Close()
}

// labelOf is what a namespace is called: the Spirit's name, and on a second
// line what it belongs to.
func labelOf(t *target) string {
	if t.project != nil {
		return t.name + "\nproject " + t.project.Dir
	}
	return t.name + "\nfile " + t.digest()
}

// space is one namespace as the storage commands show it.
type space struct {
	Name   string `json:"name"`
	Origin string `json:"origin"` // "project PATH" or "file DIGEST"
	ID     string `json:"id"`     // 64 hex digits
	Keys   int64  `json:"keys"`
	Bytes  int64  `json:"bytes"`

	digest [32]byte
}

// openStorage opens the file of this home; nil without an error when there is none.
func (s *session) openStorage() (*sqlite.Store, error) {
	path := storagePath(s.home)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	store, err := sqlite.Open(path)
	if err != nil {
		f := fail("io", "vudo doctor checks it; move it away to begin with empty storage", "%v", err)
		f.cause = err
		return nil, f
	}
	return store, nil
}

func spacesOf(ctx context.Context, store *sqlite.Store) ([]space, error) {
	spaces := []space{}
	if store == nil {
		return spaces, nil
	}
	list, err := store.Namespaces(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		name, origin, _ := strings.Cut(n.Label, "\n")
		id := fmt.Sprintf("%x", n.Digest)
		if name == "" {
			name = id[:12]
		}
		spaces = append(spaces, space{name, origin, id, n.Keys, n.Bytes, n.Digest})
	}
	return spaces, nil
}

// findSpace finds the namespace that word means: a name that only one has, or
// the first four or more digits of an id.
func findSpace(spaces []space, word string) (*space, error) {
	var found []*space
	var names []string
	for i := range spaces {
		x := &spaces[i]
		names = append(names, x.Name)
		if x.Name == word || len(word) >= 4 && strings.HasPrefix(x.ID, word) {
			found = append(found, x)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fail("not-found", didYouMean(word, names, "vudo storage list shows the namespaces"), "no namespace %q", word)
	}
	var ids []string
	for _, x := range found {
		ids = append(ids, x.ID[:12]+" ("+x.Origin+")")
	}
	return nil, usage("name one by its id: "+strings.Join(ids, ", "), "%q names %d namespaces", word, len(found))
}

// checkStorage is the doctor's look at the storage file.
func (s *session) checkStorage() check {
	c := check{Name: "storage", Verdict: verdictOK, Text: "nothing stored"}
	store, err := s.openStorage()
	if err == nil && store != nil {
		defer store.Close()
		var spaces []space
		if spaces, err = spacesOf(context.Background(), store); err == nil {
			var keys, bytes int64
			for _, x := range spaces {
				keys, bytes = keys+x.Keys, bytes+x.Bytes
			}
			c.Text = fmt.Sprintf("%s, %s, %s", plural(len(spaces), "namespace"), plural(int(keys), "key"), size(uint64(bytes)))
		}
	}
	if err != nil {
		c.Verdict, c.Text = verdictFail, err.Error()
		c.Repair = "restore it from a copy, or move " + storagePath(s.home) + " away to begin with empty storage"
	}
	return c
}
