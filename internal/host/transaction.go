package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/univrs/vudo/internal/fault"
)

var (
	errPending = errors.New("too many pending keys or bytes")
	errQuota   = errors.New("the namespace is full")
)

// transaction is the storage of one call as the call sees it. Reads go to the
// store and leave a note of what was found; writes stay here. commit looks in
// one step of the store whether every note still holds, and only then writes.
// So no transaction of the store outlives a host call, however long the guest
// is paused, and of two calls that touch the same key the first commit wins.
type transaction struct {
	store Store
	ns    Namespace
	quota uint64

	reads  map[string]uint64 // revision found; 0 = the key was absent
	ranges map[rangeRead][32]byte
	writes map[string]pending
	notes  int // keys and ranges noted
	bytes  int // their length, and that of pending values

	sizes map[string]int // stored size of keys to be written, -1 = absent: for the quota alone
	used  int64          // usage of the namespace with the writes made; -1 = not known yet
	lost  bool           // a key was met with two revisions
}

// pending is one write. A nil value deletes.
type pending struct{ value []byte }

// rangeRead is a page that the store listed. With the digest of its keys it is
// a note: the same question must have the same answer at commit, so keys that
// appear or vanish inside the page are noticed.
type rangeRead struct {
	prefix, after string
	limit         int
}

func newTransaction(store Store, ns Namespace, quota uint64) *transaction {
	return &transaction{
		store: store, ns: ns, quota: quota, used: -1,
		reads: map[string]uint64{}, ranges: map[rangeRead][32]byte{}, writes: map[string]pending{}, sizes: map[string]int{},
	}
}

// room reports whether a write of size bytes under key fits what may be
// pending. It asks nobody.
func (t *transaction) room(key string, size int) error {
	more, keys := size-len(t.writes[key].value), 0
	if _, ok := t.sizes[key]; !ok {
		more, keys = more+len(key), 1
	}
	if t.notes+keys > MaxPendingKeys || t.bytes+more > MaxPendingBytes {
		return errPending
	}
	return nil
}

// note makes room for one more remembered key or range.
func (t *transaction) note(size int) error {
	if t.notes+1 > MaxPendingKeys || t.bytes+size > MaxPendingBytes {
		return errPending
	}
	t.notes++
	t.bytes += size
	return nil
}

// saw remembers that key had this revision.
func (t *transaction) saw(key string, revision uint64) error {
	if was, ok := t.reads[key]; ok {
		if was != revision {
			t.lost = true
			return fault.ErrConflict
		}
		return nil
	}
	if err := t.note(len(key)); err != nil {
		return err
	}
	t.reads[key] = revision
	return nil
}

func (t *transaction) get(ctx context.Context, key string) (value []byte, found bool, err error) {
	if t.lost {
		return nil, false, fault.ErrConflict
	}
	if w, ok := t.writes[key]; ok {
		return slices.Clone(w.value), w.value != nil, nil
	}
	var revision uint64
	err = t.store.View(ctx, t.ns, func(v StoreView) (err error) {
		value, revision, err = v.Get([]byte(key))
		return err
	})
	if err == nil {
		err = t.saw(key, revision)
	}
	if err != nil {
		return nil, false, err
	}
	return value, revision != 0, nil
}

// measure learns what the quota needs to know about key, without noting it as
// read: a blind write is in nobody's way.
func (t *transaction) measure(ctx context.Context, key string) error {
	_, known := t.sizes[key]
	if known && t.used >= 0 {
		return nil
	}
	size, used := -1, t.used
	err := t.store.View(ctx, t.ns, func(v StoreView) error {
		n, revision, err := v.Stat([]byte(key))
		if err == nil && revision != 0 {
			size = n
		}
		if err == nil && used < 0 {
			var u uint64
			u, err = v.Usage()
			used = int64(u)
		}
		return err
	})
	if err != nil {
		return err
	}
	if !known {
		if err := t.note(len(key)); err != nil {
			return err
		}
		t.sizes[key] = size
	}
	t.used = used
	return nil
}

// weight is what key adds to the usage as things stand, with its write.
func (t *transaction) weight(key string) int64 {
	size := t.sizes[key]
	if w, ok := t.writes[key]; ok {
		size = len(w.value)
		if w.value == nil {
			size = -1
		}
	}
	if size < 0 {
		return 0
	}
	return int64(len(key) + size)
}

func (t *transaction) set(ctx context.Context, key string, value []byte) error {
	if t.lost {
		return fault.ErrConflict
	}
	if err := t.measure(ctx, key); err != nil {
		return err
	}
	grow := int64(len(key)+len(value)) - t.weight(key)
	if grow > 0 && uint64(t.used+grow) > t.quota {
		return errQuota
	}
	if value == nil {
		value = []byte{}
	}
	t.put(key, pending{value}, grow)
	return nil
}

func (t *transaction) put(key string, w pending, grow int64) {
	t.bytes += len(w.value) - len(t.writes[key].value)
	t.used += grow
	t.writes[key] = w
}

// delete removes key and reports whether it was there, which is a read.
func (t *transaction) delete(ctx context.Context, key string) (was bool, err error) {
	if t.lost {
		return false, fault.ErrConflict
	}
	if err := t.measure(ctx, key); err != nil {
		return false, err
	}
	if w, ok := t.writes[key]; ok {
		was = w.value != nil
	} else {
		var revision uint64
		err := t.store.View(ctx, t.ns, func(v StoreView) (err error) {
			_, revision, err = v.Stat([]byte(key))
			return err
		})
		if err == nil {
			err = t.saw(key, revision)
		}
		if err != nil {
			return false, err
		}
		was = revision != 0
	}
	t.put(key, pending{nil}, -t.weight(key))
	return was, nil
}

// list returns the keys that begin with prefix and are greater than after, as
// the call sees them: pages of the store, with the pending writes laid over.
func (t *transaction) list(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	if t.lost {
		return nil, fault.ErrConflict
	}
	mine := make([]string, 0, len(t.writes))
	for k := range t.writes {
		if strings.HasPrefix(k, prefix) && k > after {
			mine = append(mine, k)
		}
	}
	slices.Sort(mine)
	var out []string
	for cursor := after; ; {
		page, err := t.page(ctx, prefix, cursor, limit)
		if err != nil {
			return nil, err
		}
		full := len(page) == limit
		// Merge this page with my keys up to its last one, or with all of mine.
		for len(out) < limit && (len(page) > 0 || len(mine) > 0 && !full) {
			switch {
			case len(page) == 0 || len(mine) > 0 && mine[0] < page[0]:
				if t.writes[mine[0]].value != nil {
					out = append(out, mine[0])
				}
				mine = mine[1:]
			case len(mine) > 0 && mine[0] == page[0]: // mine decides, next round
				cursor, page = page[0], page[1:]
				if t.writes[mine[0]].value != nil {
					out = append(out, mine[0])
				}
				mine = mine[1:]
			default:
				out = append(out, page[0])
				cursor, page = page[0], page[1:]
			}
		}
		if len(out) == limit || !full {
			return out, nil
		}
	}
}

// page lists from the store and notes the answer.
func (t *transaction) page(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	var keys [][]byte
	err := t.store.View(ctx, t.ns, func(v StoreView) (err error) {
		keys, err = v.List([]byte(prefix), []byte(after), limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	r, digest := rangeRead{prefix, after, limit}, digestKeys(keys)
	if was, ok := t.ranges[r]; !ok {
		if err := t.note(len(prefix) + len(after) + len(digest)); err != nil {
			return nil, err
		}
		t.ranges[r] = digest
	} else if was != digest {
		t.lost = true
		return nil, fault.ErrConflict
	}
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = string(k)
	}
	return out, nil
}

func digestKeys(keys [][]byte) [32]byte {
	h := sha256.New()
	for _, k := range keys {
		fmt.Fprintf(h, "%d:%s", len(k), k)
	}
	var d [32]byte
	h.Sum(d[:0])
	return d
}

// commit makes the writes durable if everything that was read still stands,
// and returns fault.ErrConflict, having changed nothing, if not. The quota is
// checked again: it says conflict too, because only another call's writes can
// have filled the namespace since set looked.
func (t *transaction) commit(ctx context.Context) error {
	if t.lost {
		return fault.ErrConflict
	}
	if len(t.writes) == 0 {
		if len(t.reads) == 0 && len(t.ranges) == 0 {
			return nil
		}
		return t.store.View(ctx, t.ns, t.verify)
	}
	return t.store.Update(ctx, t.ns, func(tx StoreTx) error {
		if err := t.verify(tx); err != nil {
			return err
		}
		before, err := tx.Usage()
		if err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(t.writes)) {
			if w := t.writes[key]; w.value == nil {
				err = tx.Delete([]byte(key))
			} else {
				err = tx.Put([]byte(key), w.value)
			}
			if err != nil {
				return err
			}
		}
		after, err := tx.Usage()
		if err == nil && after > t.quota && after > before {
			err = fmt.Errorf("%w: the namespace was filled meanwhile", fault.ErrConflict)
		}
		return err
	})
}

// verify reports whether every note still holds.
func (t *transaction) verify(v StoreView) error {
	for _, key := range slices.Sorted(maps.Keys(t.reads)) {
		_, revision, err := v.Stat([]byte(key))
		if err != nil {
			return err
		}
		if revision != t.reads[key] {
			return fmt.Errorf("%w: a key was changed by another call", fault.ErrConflict)
		}
	}
	for r, digest := range t.ranges {
		keys, err := v.List([]byte(r.prefix), []byte(r.after), r.limit)
		if err != nil {
			return err
		}
		if digestKeys(keys) != digest {
			return fmt.Errorf("%w: keys with a listed prefix were changed by another call", fault.ErrConflict)
		}
	}
	return nil
}
