package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
)

// View reads one namespace as it was when the view began. A revision is
// greater than 0 and no two writes of a key share one; 0 stands for an absent
// key.
type View = interface {
	Get(key []byte) (value []byte, revision uint64, err error)
	Stat(key []byte) (size int, revision uint64, err error)
	List(prefix, after []byte, limit int) (keys [][]byte, err error)
	Usage() (bytes uint64, err error)
}

// Tx reads and changes one namespace.
type Tx = interface {
	Get(key []byte) (value []byte, revision uint64, err error)
	Stat(key []byte) (size int, revision uint64, err error)
	List(prefix, after []byte, limit int) (keys [][]byte, err error)
	Usage() (bytes uint64, err error)
	Put(key, value []byte) error
	Delete(key []byte) error
}

// View runs f on an unchanging view of the namespace and returns its error.
func (s *Store) View(ctx context.Context, ns [32]byte, f func(View) error) error {
	t, err := begin(ctx, s.read, ns)
	if err != nil {
		return err
	}
	defer t.sql.Rollback() // nothing was written
	return f(t)
}

// Update runs f as the only writer of the file and makes its changes durable,
// all or, when f fails, none.
func (s *Store) Update(ctx context.Context, ns [32]byte, f func(Tx) error) error {
	t, err := begin(ctx, s.write, ns)
	if err != nil {
		return err
	}
	defer t.sql.Rollback() // does nothing after Commit
	if err := f(t); err != nil {
		return err
	}
	if err := t.finish(); err != nil {
		return err
	}
	return t.sql.Commit()
}

// transaction is one transaction in one namespace.
type transaction struct {
	ctx    context.Context
	sql    *sql.Tx
	ns     [32]byte
	id     int64 // of the namespace's row; 0 = none yet
	keys   int64
	bytes  int64
	number int64 // the revision of this transaction's writes; 0 = nothing written
}

func begin(ctx context.Context, db *sql.DB, ns [32]byte) (*transaction, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	t := &transaction{ctx: ctx, sql: tx, ns: ns}
	err = tx.QueryRowContext(ctx, "SELECT id, keys, bytes FROM namespace WHERE digest = ?", ns[:]).Scan(&t.id, &t.keys, &t.bytes)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		tx.Rollback()
		return nil, err
	}
	return t, nil
}

// Get returns the value and its revision.
func (t *transaction) Get(key []byte) (value []byte, revision uint64, err error) {
	err = t.sql.QueryRowContext(t.ctx, "SELECT value, revision FROM entry WHERE namespace = ? AND key = ?", t.id, key).Scan(&value, &revision)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err == nil && value == nil {
		value = []byte{}
	}
	return value, revision, err
}

// Stat is Get without reading the value.
func (t *transaction) Stat(key []byte) (size int, revision uint64, err error) {
	err = t.sql.QueryRowContext(t.ctx, "SELECT length(value), revision FROM entry WHERE namespace = ? AND key = ?", t.id, key).Scan(&size, &revision)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return size, revision, err
}

// List returns the keys that begin with prefix and are greater than after, in
// bytewise order, at most limit.
func (t *transaction) List(prefix, after []byte, limit int) ([][]byte, error) {
	query := "SELECT key FROM entry WHERE namespace = ? AND key >= ? AND key > ?"
	args := []any{t.id, blob(prefix), blob(after)}
	if end := prefixEnd(prefix); end != nil {
		query += " AND key < ?"
		args = append(args, end)
	}
	rows, err := t.sql.QueryContext(t.ctx, query+" ORDER BY key LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys [][]byte
	for rows.Next() {
		var k []byte
		if err := rows.Scan(&k); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// Usage is the sum of the lengths of all keys and values.
func (t *transaction) Usage() (uint64, error) { return uint64(t.bytes), nil }

// Put writes value under key.
func (t *transaction) Put(key, value []byte) error {
	if err := t.writable(); err != nil {
		return err
	}
	size, revision, err := t.Stat(key)
	if err != nil {
		return err
	}
	_, err = t.sql.ExecContext(t.ctx,
		"INSERT INTO entry (namespace, key, revision, value) VALUES (?, ?, ?, ?) "+
			"ON CONFLICT (namespace, key) DO UPDATE SET revision = excluded.revision, value = excluded.value",
		t.id, key, t.number, blob(value))
	if err != nil {
		return err
	}
	if revision == 0 {
		t.keys++
		t.bytes += int64(len(key))
	}
	t.bytes += int64(len(value) - size)
	return nil
}

// Delete removes key; it is no error when there is none.
func (t *transaction) Delete(key []byte) error {
	size, revision, err := t.Stat(key)
	if err != nil || revision == 0 {
		return err
	}
	if err := t.writable(); err != nil {
		return err
	}
	if _, err := t.sql.ExecContext(t.ctx, "DELETE FROM entry WHERE namespace = ? AND key = ?", t.id, key); err != nil {
		return err
	}
	t.keys--
	t.bytes -= int64(len(key) + size)
	return nil
}

// writable takes the transaction's revision, and makes the namespace's row.
func (t *transaction) writable() error {
	if t.number != 0 {
		return nil
	}
	if err := t.sql.QueryRowContext(t.ctx, "UPDATE sequence SET last = last + 1 RETURNING last").Scan(&t.number); err != nil {
		return err
	}
	if t.id != 0 {
		return nil
	}
	return t.sql.QueryRowContext(t.ctx, "INSERT INTO namespace (digest) VALUES (?) RETURNING id", t.ns[:]).Scan(&t.id)
}

// finish writes the namespace's totals.
func (t *transaction) finish() error {
	if t.number == 0 {
		return nil
	}
	_, err := t.sql.ExecContext(t.ctx, "UPDATE namespace SET keys = ?, bytes = ? WHERE id = ?", t.keys, t.bytes, t.id)
	return err
}

// blob keeps an empty slice from becoming NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// prefixEnd returns the first key after all that begin with prefix; nil when
// there is none.
func prefixEnd(prefix []byte) []byte {
	for n := len(prefix); n > 0; n-- {
		if prefix[n-1] < math.MaxUint8 {
			end := append([]byte(nil), prefix[:n]...)
			end[n-1]++
			return end
		}
	}
	return nil
}
